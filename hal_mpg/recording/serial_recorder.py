# SPDX-License-Identifier: GPL-2.0-or-later
"""Records a serial pendant: which bytes come and go, and when.

With a profile, what the pendant is to hear (questions, keep-alive) is sent as the component would send it:
some pendants say nothing without. Without one, nothing is sent.
"""

from __future__ import annotations

import os
import platform
import select
import time
from collections.abc import Iterable
from math import inf
from typing import IO

from hal_mpg import __version__
from hal_mpg.errors import DeviceError
from hal_mpg.messages import printable, tell
from hal_mpg.profile import Profile
from hal_mpg.protocols import Decoder, decoder_of
from hal_mpg.recording.serial_format import HEADER, Chunk, to_line
from hal_mpg.recording.text_file import write_lines
from hal_mpg.serial_line import SerialLine
from hal_mpg.sources.open_line import Line, open_line, why_not_open
from hal_mpg.sources.serial import STALE_AT_OPENING_S
from hal_mpg.sources.serial_ports import is_url
from hal_mpg.status_line import StatusLine
from hal_mpg.stop_signals import StopSignals

LOOK_S = 0.2
"""How often the progress is shown, and the end of the time looked at."""


class SerialRecorder:
    """One open port and the file that it is recorded to. Raises DeviceError where the port cannot be had."""

    def __init__(self, place: str, settings: SerialLine, profile: Profile | None) -> None:
        self.place = place
        self.bytes = 0
        self.last = b""
        """The end of what came last."""
        self._decoder: Decoder | None = decoder_of(profile) if profile else None
        try:
            self._line: Line = open_line(place, settings)
        except OSError as error:
            raise DeviceError(f"{place}: {why_not_open(error)}") from None
        self._began = 0.0
        self._file: IO[str] | None = None

    @property
    def descriptor(self) -> int:
        """What to wait for."""
        return self._line.fileno()

    @property
    def result(self) -> str:
        """What the profile makes of what came, in words; "" without one."""
        if self._decoder is None:
            return ""
        words = f"{self._decoder.understood} understood, {self._decoder.garbled} refused"
        return f"{words}; the last: {self._decoder.complaint}" if self._decoder.complaint else words

    def begin(self, file: IO[str], now: float, comments: Iterable[str]) -> None:
        """Write the head of the recording; its times begin now."""
        self._file, self._began = file, now
        self._write([HEADER, *(f"# {printable(comment)}" for comment in comments)])

    def read(self, now: float) -> None:
        """Write down what has come. Raises DeviceError where the port has gone."""
        try:
            data = self._line.read()
        except OSError as error:
            raise self._lost(error) from None
        if data and now >= self._began + STALE_AT_OPENING_S:
            self.bytes += len(data)
            self.last = (self.last + data)[-80:]
            self._write([to_line(Chunk(now - self._began, False, data))])
            if self._decoder:
                self._decoder.feed(data, now)

    def next_send(self) -> float:
        """Return when there is something to send."""
        return max(self._began + STALE_AT_OPENING_S, self._decoder.next_send()) if self._decoder else inf

    def send(self, now: float) -> None:
        """Send what is due, and write that down, too."""
        for complaint in self._line.complaints():
            tell(f"{self.place}: {complaint}")
        if self._decoder is None or now < self.next_send():
            return
        data = self._decoder.to_send(now)
        if data:
            try:
                self._line.write(data)
            except OSError as error:
                raise self._lost(error) from None
            self._write([to_line(Chunk(now - self._began, True, data))])

    def _lost(self, error: OSError) -> DeviceError:
        return DeviceError(f"{self.place}: the port has gone ({error.strerror}); plug it in again")

    def _write(self, lines: Iterable[str]) -> None:
        assert self._file is not None
        write_lines(self._file, lines)

    def close(self) -> None:
        """Close the port."""
        self._line.close()


def comments_of(place: str, settings: SerialLine, what: str, profile: str) -> list[str]:
    """Return what a recording says of its pendant: no serial number, which lasting names of ports have.

    `profile`: its name, or "".
    """
    named = [f"pendant: {profile}"] if profile else []
    versions = f"hal_mpg {__version__}, kernel {platform.release()}"
    port = place if is_url(place) else os.path.realpath(place)
    return [*named, f"{versions}, {port}, {settings.baud} {settings.framing}", *([what] if what else [])]


def record(recorder: SerialRecorder, file: IO[str], comments: Iterable[str], seconds: float | None) -> float:
    """Record until a signal, or the end of the time; return how long that was, in seconds."""
    began = time.monotonic()
    recorder.begin(file, began, comments)
    status = StatusLine(LOOK_S)
    with StopSignals() as stop:
        try:
            while not stop.number:
                now = time.monotonic()
                if seconds is not None and now >= began + seconds:
                    break
                recorder.send(now)
                end = inf if seconds is None else began + seconds
                wait_s = max(0.0, min(recorder.next_send(), now + LOOK_S, end) - now)
                ready, _, _ = select.select([stop.descriptor, recorder.descriptor], [], [], wait_s)
                if recorder.descriptor in ready:
                    recorder.read(time.monotonic())
                if status.is_due(now):
                    status.show(_progress(recorder, now - began), now)
        finally:
            status.clear()
    return time.monotonic() - began


def _progress(recorder: SerialRecorder, passed: float) -> str:
    """Return how far it is."""
    last = recorder.last.rstrip(b"\r\n").rpartition(b"\n")[2].decode("ascii", "replace")
    what = f"last: {printable(last)}" if last else "turn, press and select"
    return f"{passed:5.0f} s, {recorder.bytes} bytes; {what}; Ctrl-C ends it"
