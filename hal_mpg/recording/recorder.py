# SPDX-License-Identifier: GPL-2.0-or-later
"""Records nodes of an input device in evemu's format: what it is, how its switches stand, what it says."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from hal_mpg import __version__
from hal_mpg.errors import DeviceError
from hal_mpg.evdev_library import InputDevice, open_node
from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_SYN, SYN_DROPPED, SYN_REPORT, Change
from hal_mpg.input_node import absolute_value, held_keys, use_monotonic_clock
from hal_mpg.recording.evemu_format import EV_SW, AbsRange, RawEvent, Recording, description, event_line
from hal_mpg.recording.text_file import write_lines
from hal_mpg.sources.frames import INPUT_EVENT

EVIOCGSW = 0x8008451B
"""Of linux/input.h, for eight bytes of switches."""

READ_BYTES = 256 * INPUT_EVENT.size
KEY_ENTER, KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_C = 28, 29, 97, 46


class NodeRecorder:
    """One open node and the file that it is recorded to."""

    def __init__(self, path: str, comments: Iterable[str] = (), others: Sequence[str] = ()) -> None:
        """Open the node. Raises DeviceError."""
        self.path = path
        self.events = 0
        self.last: RawEvent | None = None
        self._comments, self._others = list(comments), tuple(others)
        try:
            self.device: InputDevice = open_node(path)
        except OSError as error:
            why = {
                errno.EACCES: "you may not read it; sudo hal_mpg install-udev, or run this with sudo",
                errno.ENOENT: "no such device; hal_mpg list shows what is there",
            }.get(error.errno or 0, f"cannot be opened: {error.strerror}; hal_mpg list shows what is there")
            raise DeviceError(f"{path}: {why}") from None
        self.has_monotonic_stamps = use_monotonic_clock(self.device.fd)
        self._rest = b""
        self._is_void = False
        self._keys: set[int] = set()
        self._began = 0.0
        self._file: IO[str] | None = None

    @property
    def descriptor(self) -> int:
        """What to wait for."""
        return int(self.device.fd)

    def held(self) -> frozenset[int]:
        """Return which keys are held now. Raises OSError."""
        return held_keys(self.descriptor) if EV_KEY in self._capabilities() else frozenset()

    def grab(self) -> None:
        """Keep the node's events from others. Raises DeviceError where another program did that before."""
        try:
            self.device.grab()
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise DeviceError(
                    f"{self.path}: another program has grabbed it, so nothing can be heard; end that one "
                    f"(LinuxCNC with hal_mpg, perhaps)"
                ) from None
            raise self._lost(error) from None

    def ungrab(self) -> None:
        """Let others have the events, too."""
        with suppress(OSError):
            self.device.ungrab()

    def begin(self, file: IO[str], now: float) -> None:
        """Write the description, and how the switches stand at the time `now` of the events' clock."""
        self._file, self._began = file, now
        try:
            recording = self._describe()
        except OSError as error:
            raise self._lost(error) from None
        comments = [f"hal_mpg {__version__}, kernel {platform.release()}, {self.path}", *self._comments]
        self._write(description(recording, comments))

    def _capabilities(self) -> dict[int, list[int]]:
        return dict(self.device.capabilities(absinfo=False))

    def _describe(self) -> Recording:
        device, info = self.device, self.device.info
        codes = {kind: frozenset(numbers) for kind, numbers in self._capabilities().items() if kind}
        ranges = {}
        for code, found in device.capabilities(absinfo=True).get(EV_ABS, ()):
            ranges[code] = AbsRange(found.min, found.max, found.fuzz, found.flat, found.resolution)
        lit = set(device.leds()) if EV_LED in codes else set()
        properties: frozenset[int] = frozenset()
        with suppress(OSError, AttributeError):
            properties = frozenset(device.input_props())
        state = self._state()
        self._keys = {code for kind, code, value in state if kind == EV_KEY}
        return Recording(
            name=device.name or "",
            ids=(info.bustype, info.vendor, info.product, info.version),
            properties=properties,
            codes=codes,
            ranges=ranges,
            leds={code: int(code in lit) for code in sorted(codes.get(EV_LED, ()))},
            switches=self._switches(codes.get(EV_SW, frozenset())),
            state=state,
            others=self._others,
        )

    def _state(self) -> tuple[Change, ...]:
        """Return how keys and absolute axes stand, as the events that would make it so."""
        keys = [(EV_KEY, key, 1) for key in sorted(self.held())]
        codes = self._capabilities().get(EV_ABS, ())
        return (*keys, *((EV_ABS, code, absolute_value(self.descriptor, code)) for code in codes))

    def _switches(self, codes: frozenset[int]) -> dict[int, int]:
        if not codes:
            return {}
        try:
            bits = fcntl.ioctl(self.descriptor, EVIOCGSW, bytes(8))
        except OSError:
            return {}
        return {code: bits[code // 8] >> code % 8 & 1 for code in sorted(codes) if code < 64}

    def read(self, now: float) -> None:
        """Write what the node has to say; `now` is for events without a time of ours.

        Raises DeviceError where the device has gone.
        """
        try:
            data = os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise self._lost(OSError(errno.ENODEV, "it has gone"))
        data = self._rest + data
        whole = len(data) - len(data) % INPUT_EVENT.size
        self._rest = data[whole:]
        lines: list[str] = []
        for seconds, micros, kind, code, value in INPUT_EVENT.iter_unpack(data[:whole]):
            time = seconds + micros * 1e-6 if self.has_monotonic_stamps else now
            event = RawEvent(max(0.0, time - self._began), kind, code, value)
            if kind == EV_SYN and code == SYN_REPORT and self._is_void:
                lines += map(event_line, self._missed(event.time))
            self._note(event)
            lines.append(event_line(event))
        self._write(lines)

    def _note(self, event: RawEvent) -> None:
        if event.type == EV_SYN:
            self._is_void = event.code == SYN_DROPPED or (self._is_void and event.code != SYN_REPORT)
            return
        self.events += 1
        self.last = event
        if event.type == EV_KEY:
            (self._keys.add if event.value else self._keys.discard)(event.code)

    def _missed(self, time: float) -> list[RawEvent]:
        """Return, after lost events, how the switches stand now, as events."""
        try:
            now = self._state()
        except OSError:
            return []
        held = {code for kind, code, _ in now if kind == EV_KEY}
        changes = [(EV_KEY, key, 0) for key in sorted(self._keys - held)]
        changes += [change for change in now if change[0] == EV_ABS or change[1] not in self._keys]
        self._keys = held
        return [RawEvent(time, *change) for change in changes]

    @property
    def asks_to_stop(self) -> bool:
        """Whether Ctrl-C is held on the device itself, of which no terminal knows while it is grabbed."""
        return KEY_C in self._keys and not self._keys.isdisjoint((KEY_LEFTCTRL, KEY_RIGHTCTRL))

    def _write(self, lines: Iterable[str]) -> None:
        assert self._file is not None
        write_lines(self._file, lines)

    def _lost(self, error: OSError) -> DeviceError:
        return DeviceError(f"{self.path}: the device has gone ({error.strerror}); plug it in again")

    def close(self) -> None:
        """Close the node, which also ends the grab."""
        self.device.close()


def file_names(file: str, count: int) -> list[str]:
    """Return the files for several nodes: NAME.evemu, NAME-2.evemu, ..."""
    path = Path(file)
    return [file, *(str(path.with_name(f"{path.stem}-{n}{path.suffix}")) for n in range(2, count + 1))]
