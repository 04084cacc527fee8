# SPDX-License-Identifier: GPL-2.0-or-later
"""Records a raw HID device: its report descriptor, and the reports that it sends; nothing is sent to it."""

from __future__ import annotations

import errno
import os
import platform
import select
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from hal_mpg import __version__
from hal_mpg.errors import DeviceError
from hal_mpg.messages import printable
from hal_mpg.profile import Profile
from hal_mpg.recording.hid_format import MOST_BYTES, HidRecording, Report, head_lines, report_line
from hal_mpg.recording.text_file import write_lines
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw_nodes import HidNode, nodes_of
from hal_mpg.sources.node_paths import NOT_READABLE
from hal_mpg.status_line import StatusLine
from hal_mpg.stop_signals import StopSignals

LOOK_S = 0.2
"""How often the progress is shown, and the end of the time looked at."""


def node_at(path: str) -> HidNode:
    """Return the raw HID node that a path, a symbolic link perhaps, is. Raises DeviceError."""
    real = os.path.realpath(path)
    for node in hidraw_nodes.hid_nodes():
        if os.path.realpath(node.path) == real:
            return node
    raise DeviceError(f"--device {path}: there is no such raw HID device; hal_mpg list shows what is there")


def node_of(profile: Profile) -> HidNode:
    """Return the node of the pendant that a profile is for. Raises DeviceError."""
    found = nodes_of(profile, None)
    if not found:
        raise DeviceError(f"{profile.name}: is not plugged in; hal_mpg list shows what is there")
    return found[0]


class HidRecorder:
    """One open raw HID node, and the file that it is recorded to. DeviceError: it cannot be had."""

    def __init__(self, node: HidNode) -> None:
        self.node = node
        self.reports = 0
        self.last = b""
        """The report that came last."""
        try:
            self.descriptor = self._open(node.path)
        except OSError as error:
            refused = error.errno in (errno.EACCES, errno.EPERM)
            why = NOT_READABLE if refused else f"cannot be opened: {error.strerror}"
            raise DeviceError(f"{node.path}: {why}") from None
        self._began = 0.0
        self._file: IO[str] | None = None

    def _open(self, path: str) -> int:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def begin(self, file: IO[str], now: float, pendant: str) -> None:
        """Write the head of the recording; its times begin now. `pendant`: its profile's name, or ""."""
        self._file, self._began = file, now
        said = self.node.identity
        whole = HidRecording(
            (),
            self._report_descriptor(),
            printable(said.name),
            printable(said.phys),
            (self._bus(), said.vendor, said.product),
        )
        comments = [f"# hal_mpg {__version__}, kernel {platform.release()}, {self.node.path}"]
        self._write([*([f"# pendant: {pendant}"] if pendant else []), *comments, *head_lines(whole)])

    def read(self, now: float) -> None:
        """Write down the reports that have come. Raises DeviceError where the device has gone."""
        while True:
            try:
                data = os.read(self.descriptor, MOST_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                raise self._gone(str(error.strerror)) from None
            if not data:
                raise self._gone("no more comes")
            self.reports += 1
            self.last = data
            self._write([report_line(Report(now - self._began, data))])

    def _gone(self, why: str) -> DeviceError:
        return DeviceError(f"{self.node.path}: the device has gone ({why}); plug it in again")

    def close(self) -> None:
        """Close the node."""
        os.close(self.descriptor)

    def _folder(self) -> Path:
        return Path(hidraw_nodes.SYS_HIDRAW, Path(self.node.path).name, "device")

    def _report_descriptor(self) -> bytes:
        try:
            return (self._folder() / "report_descriptor").read_bytes()
        except OSError:
            return b""

    def _bus(self) -> int:
        """Return the bus, by which the kernel's name of a HID device begins: BUS:VENDOR:PRODUCT.NUMBER."""
        try:
            return int(self._folder().resolve().name.partition(":")[0], 16)
        except ValueError:
            return 0

    def _write(self, lines: Iterable[str]) -> None:
        assert self._file is not None
        write_lines(self._file, lines)


def record(recorder: HidRecorder, file: IO[str], pendant: str, seconds: float | None) -> float:
    """Record until a signal, or the end of the time; return how long it took, in seconds."""
    began = time.monotonic()
    recorder.begin(file, began, pendant)
    status = StatusLine(LOOK_S)
    with StopSignals() as stop:
        poll = select.poll()
        poll.register(stop.descriptor, select.POLLIN)
        poll.register(recorder.descriptor, select.POLLIN)
        while not stop.number:
            now = time.monotonic()
            recorder.read(now)
            if seconds is not None and now >= began + seconds:
                break
            left = LOOK_S if seconds is None else min(LOOK_S, began + seconds - now)
            poll.poll(max(1, round(left * 1000)))
            if status.is_due(now):
                what = f"last: {recorder.last.hex(' ')}" if recorder.last else "turn, press and select"
                shown = f"{now - began:5.0f} s, {recorder.reports} reports; {what}; Ctrl-C ends it"
                status.show(shown, now)
        status.clear()
    return time.monotonic() - began
