# SPDX-License-Identifier: GPL-2.0-or-later
"""Pendants that the kernel shows as input devices.

One USB device may show as several nodes (keyboard, consumer control, mouse). Those of them that carry
a code of the profile are opened, grabbed, read and lost together. A pendant is found by what it is, on
any port, and not by its node's number.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    EV_REL,
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    NodeState,
    Snapshot,
)
from hal_mpg.input_node import (
    InputNode,
    absolute_range,
    absolute_value,
    check_alive,
    held_keys,
    open_node,
    stop_smoothing,
    use_monotonic_clock,
)
from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import AbsoluteWheel, Code, Profile
from hal_mpg.sources import Untimed
from hal_mpg.sources.evdev_nodes import GONE, Found, Nodes, pendant_of
from hal_mpg.sources.evdev_stale import state_may_be_old
from hal_mpg.sources.frames import FIRST_BYTES, INPUT_EVENT, FrameBuilder
from hal_mpg.sources.hotplug import Hotplug
from hal_mpg.sources.node_paths import NOT_READABLE, is_node, unreadable_nodes

SETTLE_S = 1.0
"""How long a device that lacks codes of the profile is watched before it is taken as it is.

The kernel makes the nodes of one device one after the other, and udev gives access to them one by one;
while it is being unplugged, they go in the same way.
"""

MAX_PASSES = 8
"""How often all nodes of a device are read in turn, where they never fall silent."""

READ_BYTES = 256 * INPUT_EVENT.size


class Node(NamedTuple):
    """An open node, with what was found of it."""

    number: int
    device: InputNode
    descriptor: int
    found: Found
    builder: FrameBuilder


class EvdevSource(Untimed):
    """Finds and reads the pendant of one profile.

    `device` is a node to use instead of the profile's match; `grab` keeps others, the desktop above
    all, from seeing the pendant's events; `sums_up`: detents that have queued up may be told as one event.
    """

    def __init__(
        self, profile: Profile, device: str | None = None, grab: bool = True, sums_up: bool = True
    ) -> None:
        self._profile = profile
        # Of what reports where it stands, a sum would be nonsense.
        places = {analog.code for analog in profile.analog}
        is_place = isinstance(profile.wheel, AbsoluteWheel) or any(code.type == EV_REL for code in places)
        self._sums_up = sums_up and not is_place
        self._sticks = {code.number for code in places if code.type == EV_ABS}
        self._device = device
        self._grab = grab
        self._codes = {code for _, code in profile.input_codes()} | {code for _, code in profile.leds}
        self._nodes: list[Node] = []
        self._single: int | None = None  # the descriptor of a single node that dates its events as we do
        self._taken_up = b""  # what was read of it elsewhere
        self._nodes_seen = Nodes()
        self._unreadable_since: dict[str, float] = {}
        self._incomplete: dict[tuple[str, ...], float] = {}  # paths of a device -> seen since
        self._hotplug = Hotplug()

    def search(self, now: float) -> list[DeviceEvent]:
        """Open the first device that fits and that nobody else has grabbed."""
        seen, self._incomplete = self._incomplete, {}
        devices = self._nodes_seen.devices()
        for device in (self._wanted(device, devices) for device in devices):
            if not device:
                continue
            paths = tuple(found.path for found in device)
            missing = self._missing_codes(device)
            if missing:
                self._incomplete[paths] = seen.get(paths, now)
                if now - self._incomplete[paths] < SETTLE_S:
                    continue
            if self._hides_estop(missing):
                self._nodes_seen.tell_once(
                    f"{device[0].identity.name} at {paths[0]} lacks the profile's normally open E-stop, and "
                    f"is not used; correct the profile's estop"
                )
                continue
            connected = self._open([found for found in device if self._carries_code(found)], now)
            if connected:
                return connected
            if not any(self._carries_code(found) for found in device):
                name = device[0].identity.name
                self._nodes_seen.tell_once(
                    f"{name} at {paths[0]} has no code of the profile; is it another one's?"
                )
        self._tell_unreadable(now)
        return []

    def _hides_estop(self, missing: list[tuple[str, Code]]) -> bool:
        """Tell whether an E-stop could not be seen: of a normally open one, no key means released.

        A normally closed one that is missing counts as actuated, which is safe.
        """
        estop = self._profile.estop
        return bool(estop and not estop.normally_closed and ("estop", estop.key) in missing)

    def _tell_unreadable(self, now: float) -> None:
        """Say which of the pendant's nodes may not be read, once they had the time to become so."""
        seen = self._unreadable_since
        unreadable = unreadable_nodes(self._profile, self._device)
        self._unreadable_since = {path: seen.get(path, now) for path in unreadable}
        for path, since in self._unreadable_since.items():
            if now - since >= SETTLE_S:
                self._nodes_seen.tell_once(f"{path}: {NOT_READABLE}")

    def _wanted(self, device: list[Found], devices: list[list[Found]]) -> list[Found]:
        """Return the nodes of the pendant that a device is, or is a part of; none: it is another one."""
        if self._device and not any(is_node(self._device, found.path) for found in device):
            return []
        nodes = pendant_of(self._profile, device, devices)
        if nodes or not self._device:
            return nodes
        parts = [match for match in self._profile.match if match.all_of]
        is_part = any(match.fits(found.identity) for match in parts for found in device)
        return [] if is_part else device  # what is missing of it may still come

    def _carries_code(self, found: Found) -> bool:
        return any(code.number in found.codes.get(code.type, ()) for code in self._codes)

    def _open(self, group: list[Found], now: float) -> list[DeviceEvent]:
        """Open and grab the nodes of one device, and read the state of their switches."""
        nodes: list[Node] = []
        try:
            for number, found in enumerate(group):
                device = open_node(found.path)
                has_stamps = use_monotonic_clock(device.fd)
                builder = FrameBuilder(number, has_stamps, self._sums_up and len(group) == 1)
                nodes.append(Node(number, device, device.fd, found, builder))
                if self._grab:
                    device.grab()
                self._stop_smoothing(nodes[-1])
            states = tuple(self._state_of(node) for node in nodes)
        except OSError as error:
            for node in nodes:
                node.device.close()
            if error.errno in GONE:
                return []
            busy = "another program has grabbed it; end that one, or use --no-grab"
            why = busy if error.errno == errno.EBUSY else error.strerror
            self._nodes_seen.tell_once(f"{group[0].path} ({group[0].identity.name}): {why}")
            return []
        if not nodes:
            return []
        self._nodes = nodes
        if len(nodes) == 1 and nodes[0].builder.has_stamps:
            self._single = nodes[0].descriptor
        self._nodes_seen.tell_again()
        self._warn_of_missing_codes()
        may_be_old = any(state_may_be_old(node.found.path, node.found.identity) for node in nodes)
        return [Connected(now, states, may_be_old)]

    def _stop_smoothing(self, node: Node) -> None:
        """Have every count of the profile's absolute axes told; a device that refuses is used as it is."""
        for code in self._absolutes(node.found):
            if code in self._sticks:
                continue  # it trembles, and every tremor would be a command to motion
            try:
                stop_smoothing(node.device.fd, code)
            except OSError as error:
                if error.errno in GONE:
                    raise
                self._nodes_seen.tell_once(
                    f"{node.found.path}: the kernel swallows small movements of absolute axis {code}, and "
                    f"that cannot be switched off: {error.strerror}"
                )

    def _missing_codes(self, device: list[Found]) -> list[tuple[str, Code]]:
        """Return the codes of the profile that no node of a device carries, with their controls."""
        return [
            (control, code)
            for control, code in self._profile.input_codes()
            if not any(code.number in found.codes.get(code.type, ()) for found in device)
        ]

    def _warn_of_missing_codes(self) -> None:
        for control, code in self._missing_codes([node.found for node in self._nodes]):
            name = self._nodes[0].found.identity.name
            self._nodes_seen.tell_once(f"{name} has no code {code.number:#x}, the profile's {control}")

    def _state_of(self, node: Node) -> NodeState:
        absolutes = {code: absolute_value(node.device.fd, code) for code in self._absolutes(node.found)}
        keys: frozenset[int] = held_keys(node.device.fd) if EV_KEY in node.found.codes else frozenset()
        ranges = {code: absolute_range(node.device.fd, code) for code in self._sticks & absolutes.keys()}
        return NodeState(keys, absolutes, ranges)

    def _absolutes(self, found: Found) -> list[int]:
        """Return the absolute axes of a node that the profile uses."""
        on_node = found.codes.get(EV_ABS, ())
        return [
            code.number
            for _, code in self._profile.input_codes()
            if code.type == EV_ABS and code.number in on_node
        ]

    @property
    def description(self) -> str:
        """What is open, for people."""
        names = {node.found.identity.name for node in self._nodes}
        return f"{', '.join(sorted(names))} at {', '.join(node.found.path for node in self._nodes)}"

    def descriptors(self) -> list[int]:
        """Return the descriptors of the open nodes."""
        return [node.descriptor for node in self._nodes]

    def read(self, descriptors: Collection[int], now: float) -> list[DeviceEvent]:
        """Read the nodes that have something to say, or to complain of.

        After a Disconnected the device is still open, for closing takes the kernel its time: the pins come
        first.
        """
        events: list[DeviceEvent] = []
        try:
            for node in self._nodes:
                if node.descriptor in descriptors and not self._read_node(node, now, events):
                    check_alive(node.descriptor)  # ready, and nothing to read: perhaps a hang-up
            if len(self._nodes) > 1:
                self._read_all(now, events)
                events.sort(key=_time_of)
        except OSError as error:
            events.sort(key=_time_of)
            events.append(Disconnected(now, f"{self._nodes[0].found.path}: {error.strerror}"))
        return events

    def _read_all(self, now: float, events: list[DeviceEvent]) -> None:
        """Read every node until all are silent at once.

        Another node may have spoken since the first ones were found ready, and before what was read of
        them. What is not there by the end is later than all that is.
        """
        for _ in range(MAX_PASSES):
            spoke = [self._read_node(node, now, events) for node in self._nodes]
            if not any(spoke):
                return

    def _read_node(self, node: Node, now: float, events: list[DeviceEvent]) -> bool:
        """Append what one node has to say; return whether that was anything. Raises OSError."""
        data, self._taken_up = self._taken_up, b""
        if not data:
            try:
                data = os.read(node.descriptor, READ_BYTES)
            except BlockingIOError:
                return False
            if not data:
                raise OSError(errno.ENODEV, "end of file")
        elif len(data) == FIRST_BYTES:
            data += _read_on(node.descriptor)
        news = node.builder.feed(data, now)
        events += news
        for event in news:
            if type(event) is EventsLost:
                # The state is newer than all that was read, so it comes after it.
                events.append(Snapshot(news[-1].time, node.number, self._state_of(node)))
                break
        return True

    def sole_node(self) -> int | None:
        """Return the node of a device that has one, and dates its events as we do."""
        return self._single

    def take_up(self, data: bytes) -> None:
        """Take what was read of the node elsewhere, for `read`."""
        self._taken_up = data

    def hotplug_descriptor(self) -> int | None:
        """Return udev's monitor of input devices, where there is one."""
        return self._hotplug.descriptor()

    def drain_hotplug(self) -> None:
        """Take the events of udev's monitor; what there is now is found by searching."""
        self._hotplug.drain()

    def set_led(self, name: str, lit: bool) -> None:
        """Switch a lamp on the node that carries it."""
        kind, number = dict(self._profile.leds)[name]
        values = {lamp: (off, on) for lamp, on, off in self._profile.lamp_values}
        for node in self._nodes:
            if number in node.found.codes.get(kind, ()):
                try:
                    node.device.set_led(number, values.get(name, (0, 1))[lit], kind)
                except OSError as error:
                    self._nodes_seen.tell_once(
                        f"{node.found.path}: the lamp {name} cannot be switched: {error}"
                    )

    def close(self) -> None:
        """Close all nodes; that also ends the grab."""
        nodes, self._nodes = self._nodes, []
        self._single, self._taken_up = None, b""
        for node in nodes:
            node.device.close()


def _read_on(descriptor: int) -> bytes:
    """Return what follows the first part of what was there; what is wrong with the node is met next time."""
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError:
        return b""


def _time_of(event: DeviceEvent) -> float:
    return event.time
