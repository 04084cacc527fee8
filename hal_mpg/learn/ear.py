# SPDX-License-Identifier: GPL-2.0-or-later
"""Listens to all nodes of one device, grabbed, so that what is pressed does not act on the desktop."""

from __future__ import annotations

import errno
import os
import select
import time
from contextlib import suppress
from types import TracebackType

from hal_mpg.devices.inventory import Device
from hal_mpg.errors import DeviceError
from hal_mpg.evdev_library import EvdevError, InputDevice, open_node
from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL, EventsLost, Frame, NodeState
from hal_mpg.input_node import absolute_value, check_alive, held_keys, use_monotonic_clock
from hal_mpg.learn.observation import EV_SW, Observation, merged
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder

QUIET_S = 0.08
"""What the device says after a person has said "done", until it is quiet for so long, belongs to it."""

MOST_S = 1.0
"""At most so long after; some devices never are quiet."""

MAX_FRAMES = 20_000
"""More than a person can make in one step; of what comes after, nothing is kept."""

MEANT = (EV_KEY, EV_REL, EV_ABS, EV_SW)
"""Types of events that come from a person's hand."""


class Ear:
    """Open nodes of one device. A context manager; leaving it gives the device back."""

    def __init__(self, device: Device, grab: bool = True) -> None:
        """Open and grab the nodes. Raises DeviceError, saying what to do."""
        self.device = device
        self._nodes: list[InputDevice] = []
        self._builders: list[FrameBuilder] = []
        self._frames: list[Frame] = []
        self._lost = False
        self._axes: list[list[int]] = []
        try:
            for node in device.nodes:
                self._open(node.path, grab)
        except OSError as error:
            self.close()
            raise DeviceError(_why_not(node.path, error)) from None
        self._ranges: dict[int, tuple[int, int]] = {}
        self._fuzz: dict[int, int] = {}
        self._read_ranges()
        self._before = self.state()

    def _open(self, path: str, grab: bool) -> None:
        node = open_node(path)
        self._nodes.append(node)
        self._builders.append(FrameBuilder(len(self._builders), use_monotonic_clock(node.fd)))
        if grab:
            node.grab()
        codes = node.capabilities(absinfo=False)
        self._axes.append(list(codes.get(EV_ABS, ())))

    def __enter__(self) -> Ear:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all nodes, which also ends the grab."""
        nodes, self._nodes = self._nodes, []
        for node in nodes:
            with suppress(OSError, SystemError):
                node.close()

    def _read_ranges(self) -> None:
        for node, codes in zip(self._nodes, self._axes, strict=True):
            for code in codes:
                with suppress(OSError, SystemError):
                    found = node.absinfo(code)
                    self._ranges.setdefault(code, (found.min, found.max))
                    if found.fuzz:
                        self._fuzz.setdefault(code, found.fuzz)

    def descriptors(self) -> list[int]:
        """Return the descriptors of the nodes, to poll."""
        return [node.fd for node in self._nodes]

    def state(self) -> NodeState:
        """Return how the switches stand now, as the kernel has it. Raises DeviceError where it has gone."""
        try:
            return merged(
                NodeState(
                    held_keys(node.fd),
                    {code: absolute_value(node.fd, code) for code in axes},
                )
                for node, axes in zip(self._nodes, self._axes, strict=True)
            )
        except OSError:
            raise self._gone() from None

    def begin(self) -> None:
        """Begin a step: what was heard before is forgotten."""
        self.read()
        self._frames, self._lost = [], False
        self._before = self.state()

    def read(self) -> int:
        """Take what the nodes have to say; return how many events that were. Raises DeviceError."""
        events = 0
        for node, builder in zip(self._nodes, self._builders, strict=True):
            try:
                events += self._read_node(node, builder)
            except OSError:
                raise self._gone() from None
        return events

    def _read_node(self, node: InputDevice, builder: FrameBuilder) -> int:
        events = 0
        for _ in range(64):  # a device that never stops must not stop the rest
            try:
                data = os.read(node.fd, 64 * INPUT_EVENT.size)
            except BlockingIOError:
                check_alive(node.fd)
                break
            if not data:
                raise OSError(errno.ENODEV, "end of file")
            for news in builder.feed(data, time.monotonic()):
                if isinstance(news, EventsLost):
                    self._lost = True
                elif any(kind in MEANT for kind, _, _ in news.changes):
                    events += 1
                    if len(self._frames) < MAX_FRAMES:
                        self._frames.append(news)
        return events

    def finish(self) -> Observation:
        """End a step; return what was heard in it. Raises DeviceError where the device has gone."""
        end = time.monotonic() + MOST_S
        while self._wait(QUIET_S) and time.monotonic() < end:
            self.read()
        frames = sorted(self._frames, key=lambda frame: frame.time)
        return Observation(self._before, frames, self.state(), self._lost, self._ranges, self._fuzz)

    def heard_so_far(self) -> list[Frame]:
        """Return the frames of this step up to now."""
        return self._frames

    def _wait(self, seconds: float) -> bool:
        poll = select.poll()
        for descriptor in self.descriptors():
            poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(int(1000 * seconds)))

    def lamps(self) -> list[int]:
        """Return the lamps (EV_LED) of all nodes."""
        found: set[int] = set()
        for node in self._nodes:
            with suppress(OSError, SystemError):
                found |= set(node.capabilities(absinfo=False).get(EV_LED, ()))
        return sorted(found)

    def light(self, lamp: int, lit: bool) -> str:
        """Switch a lamp; return why that does not work, or ""."""
        for node in self._nodes:
            try:
                if lamp in node.capabilities(absinfo=False).get(EV_LED, ()):
                    node.set_led(lamp, int(lit))
            except (OSError, EvdevError, SystemError) as error:
                return str(error)
        return ""

    def _gone(self) -> DeviceError:
        return DeviceError(
            f"learn: {self.device.name} has gone while it was learned; nothing was written. Plug it in and "
            f"start again (a wireless pendant may have fallen asleep)"
        )


def _why_not(path: str, error: OSError) -> str:
    if error.errno == errno.EBUSY:
        return (
            f"{path}: another program has grabbed it; end that one (a LinuxCNC with hal_mpg, perhaps), "
            f"then start again"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path}: this user may not read it; see `hal_mpg list` for what to do"
    if error.errno in (errno.ENODEV, errno.ENOENT, errno.ENXIO):
        return f"{path}: it has just gone; plug it in and start again"
    return f"{path}: cannot be opened: {error.strerror}"
