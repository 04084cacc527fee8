# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants that the kernel shows as raw HID: found by what they are, on any port, opened, read and lost.

What the reports mean is for the decoder. The input nodes that the kernel has made of the same device are
grabbed, so that the pendant types into nobody's window.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Collection
from math import inf

from hal_mpg.device_state import OVERRUN
from hal_mpg.events import Connected, DeviceEvent, Disconnected, Garbled
from hal_mpg.input_node import InputNode, open_node
from hal_mpg.messages import tell
from hal_mpg.profile import Profile
from hal_mpg.protocols.hid_reports import HidReports
from hal_mpg.sources import NoInputNode
from hal_mpg.sources.hidraw_nodes import (
    NOT_WRITABLE,
    HidNode,
    has_reports,
    hid_nodes,
    input_nodes_of,
    is_written_to,
    nodes_of,
)
from hal_mpg.sources.hotplug import Hotplug
from hal_mpg.sources.node_paths import NOT_READABLE

QUEUE = 63
"""Reports that the kernel keeps for a reader; while it has so many, it drops each new one in silence.

HIDRAW_BUFFER_SIZE of linux/hidraw.h, less the place that tells a full ring from an empty one (hidraw.c).
"""

LATE_S = 0.15
"""Where nobody has looked for so long (the process was stopped, or hung), what is read may be as old as that.

Reports carry no time, so they are taken to be of the time of the last look.
"""

LOOK_S = 0.1
"""How often it is looked when nothing comes."""

SETTLE_S = 1.0
"""How long a node may refuse to be opened before that is told: udev gives access a moment later."""

GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO)
"""What opening a node fails with that has just gone."""

NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
BUSY = "another program has it; end that one (another hal_mpg, perhaps)"


class HidrawSource(NoInputNode):
    """Finds and reads the raw HID pendant of one profile.

    `device` is a node to use instead of the profile's match. `before_closing` is called with the descriptor
    of the node each time before that is closed.
    """

    def __init__(self, profile: Profile, device: str | None = None, grab: bool = True) -> None:
        assert profile.hid is not None
        self._profile = profile
        self._device = device
        self._grab = grab
        self._may_only_read = not is_written_to(profile)
        self.decoder = HidReports(profile)
        self.descriptor: int | None = None
        """Of the open node; None while there is none."""
        self.node: HidNode | None = None
        """What is open, or was last."""
        self.before_closing: Callable[[int], None] = _nothing
        self._grabbed: dict[str, InputNode] = {}
        self._is_gone = False  # what was connected; it is closed when the pins are safe
        self._opened_at = self._looked_at = 0.0
        self._garbled = 0  # that were told of
        self._refused: dict[str, float] = {}  # what could not be opened -> since when
        self._told: set[str] = set()
        self._hotplug = Hotplug()

    @property
    def description(self) -> str:
        """What is open, for people."""
        return f"{self.node.identity.name} at {self.node.path}" if self.node else self._profile.name

    def search(self, now: float) -> list[DeviceEvent]:
        """Open the first node that fits; it has yet to speak."""
        if self.descriptor is not None:
            return []
        there = nodes_of(self._profile, self._device)
        self._refused = {node.path: self._refused[node.path] for node in there if node.path in self._refused}
        for node in there:
            try:
                self.descriptor = self._open(node.path)
            except OSError as error:
                self._refuse(node, error, now)
                continue
            self.node = node
            self._opened_at = self._looked_at = now
            self.decoder.reset()
            self._grab_inputs(now)
            self._tell_of(node)
            break
        return []

    def _open(self, path: str) -> int:
        """Open a node for us alone. Raises OSError."""
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(path, os.O_RDWR | flags)
        except OSError as error:
            if error.errno not in NOT_ALLOWED or not self._may_only_read:
                raise
            descriptor = os.open(path, os.O_RDONLY | flags)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _refuse(self, node: HidNode, error: OSError, now: float) -> None:
        """Say why a node cannot be opened, once udev had the time to give access to it."""
        if error.errno in GONE or now - self._refused.setdefault(node.path, now) < SETTLE_S:
            return
        if error.errno in NOT_ALLOWED:
            why = NOT_READABLE
            if os.access(node.path, os.R_OK):
                why = NOT_WRITABLE
        else:
            why = BUSY if error.errno == errno.EWOULDBLOCK else str(error.strerror)
        self._tell_once(f"{node.path} ({node.identity.name}): {why}")

    def _tell_of(self, node: HidNode) -> None:
        if not has_reports(self._profile, node):
            nodes = sum(other.place == node.place for other in hid_nodes())
            nor = f", and neither has any other of its {nodes} nodes" if nodes > 1 else ""
            self._tell_once(
                f"{node.path} ({node.identity.name}) says that it has not all of the profile's reports{nor}; "
                f"is the profile another one's?"
            )
        self._tell_once(
            f"{node.identity.name} is there, at {node.path}; turn its wheel or press a key, for it says how "
            f"it stands only then"
        )

    def _grab_inputs(self, now: float) -> None:
        """Grab the input nodes of the device; those that refuse for long are told of."""
        for path in input_nodes_of(self.node.path) if self._grab and self.node else ():
            if path in self._grabbed:
                continue
            try:
                node = open_node(path)
            except OSError as error:
                self._not_grabbed(path, error, now)
                continue
            try:
                node.grab()
            except OSError as error:
                node.close()
                self._not_grabbed(path, error, now)
            else:
                self._grabbed[path] = node

    def _not_grabbed(self, path: str, error: OSError, now: float) -> None:
        if error.errno not in GONE and now - self._opened_at >= SETTLE_S:
            self._tell_once(f"{path} cannot be grabbed ({error.strerror}): keys may reach the desktop, too")

    def descriptors(self) -> list[int]:
        """Return the open node's descriptor."""
        return [] if self.descriptor is None else [self.descriptor]

    def next_deadline(self) -> float:
        """Return when `tick` has something to do."""
        return inf if self.descriptor is None or self._is_gone else self._looked_at + LOOK_S

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Return what the reports that have come mean."""
        if self.descriptor is None or self.descriptor not in descriptors or self._is_gone:
            return []
        return self._read(self.descriptor, now)

    def _read(self, descriptor: int, now: float) -> list[DeviceEvent]:
        since, self._looked_at = self._looked_at, now
        at = since if now - since > LATE_S else now
        events: list[DeviceEvent] = []
        try:
            for _ in range(QUEUE):
                report = os.read(descriptor, self.decoder.read_bytes)
                if not report:
                    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
                events += self.decoder.feed(report, at)
        except BlockingIOError:
            pass
        except OSError as error:
            return [*self._told_of(events, now), *self._gone(error, now)]
        else:
            # The queue was full, or might have been: what would have come next is not known to be the next.
            if self.decoder.is_connected:
                events.append(Disconnected(now, OVERRUN))
            self.decoder.lost()
        return self._told_of(events, now)

    def _told_of(self, events: list[DeviceEvent], now: float) -> list[DeviceEvent]:
        """Return the events, and how many reports were refused, if that has changed."""
        if any(isinstance(event, Connected) for event in events):
            self._told.clear()
        if self.decoder.garbled != self._garbled:
            self._garbled = self.decoder.garbled
            events.append(Garbled(now, self._garbled))
        return events

    def _gone(self, error: OSError, now: float) -> list[DeviceEvent]:
        """Return the loss, where there was a pendant; its node is closed when the pins are safe."""
        was_connected = self.decoder.is_connected
        self.decoder.lost()
        if was_connected:
            self._is_gone = True
            path = self.node.path if self.node else ""
            return [Disconnected(now, f"{path}: {error.strerror}")]
        self.close()
        return []

    def tick(self, now: float) -> list[DeviceEvent]:
        """Look whether something came, so that it is known to be new."""
        if self.descriptor is None or self._is_gone:
            return []
        if now - self._opened_at < SETTLE_S + LOOK_S + LATE_S:
            self._grab_inputs(now)  # udev may have given access a moment later
        return self._read(self.descriptor, now) if self._looked_at < now else []

    def let_go(self) -> None:
        """Close a pendant that was lost, if it is gone; one that is asleep may wake up."""
        if self._is_gone:
            self.close()

    def _tell_once(self, message: str) -> None:
        """Say something on stderr, but not each time that it is found to be so again."""
        if message not in self._told:
            self._told.add(message)
            tell(message)

    def hotplug_descriptor(self) -> int | None:
        """Return udev's monitor, where there is one."""
        return self._hotplug.descriptor()

    def drain_hotplug(self) -> None:
        """Take the events of udev's monitor; what there is now is found by searching."""
        self._hotplug.drain()

    def set_led(self, name: str, lit: bool) -> None:
        """Nothing: to write may take the device long, so that is left to others (see hid_runner)."""

    def close(self) -> None:
        """Close the pendant, if it is open; that also ends the grabs."""
        descriptor, self.descriptor = self.descriptor, None
        self._is_gone = False
        for node in self._grabbed.values():
            node.close()
        self._grabbed.clear()
        if descriptor is None:
            return
        self.decoder.lost()
        self.before_closing(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # whoever shares it would keep the lock
        except OSError:
            pass
        os.close(descriptor)


def _nothing(descriptor: int) -> None:
    """Do nothing before a node is closed."""
