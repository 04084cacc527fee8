# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands on a serial pendant, for a driver in another process: a Unix socket, and whoever holds the pendant.

`PtyBench` has its pendant at a pseudo-terminal; SerialGadget (serial_gadget.py), at USB. Both have plug(),
unplug() and a Speaker, `hand`, and both start the firmware anew when they are plugged in.
"""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.beds.serial_pendant import Firmware, Noise, PtyPendant, Speaker


class Bench(Protocol):
    """A pendant that can be plugged in, and hands on it."""

    @property
    def hand(self) -> Speaker:
        """What hands are on while it is plugged in."""

    def plug(self, port: int | None = None) -> None:
        """Plug it in."""

    def unplug(self) -> float:
        """Pull the plug; return when that was, monotonic."""


class PtyBench:
    """A pendant at a pseudo-terminal; `path` is a link that is there while it is plugged in."""

    def __init__(self, path: Path, firmware: Firmware) -> None:
        self.path = path
        self.boots = 0
        self._firmware = firmware
        self._pendant: PtyPendant | None = None

    @property
    def hand(self) -> Speaker:
        """What hands are on. Raises RuntimeError where it is not plugged in."""
        if self._pendant is None:
            raise RuntimeError("the pendant is not plugged in")
        return self._pendant.speaker

    def plug(self, port: int | None = None) -> None:
        """Plug it in, and let its firmware start; `port` means nothing here."""
        self.boots += 1
        old = self._firmware
        new = Firmware(old.controls, old.name, self.boots, old.state_s).as_it_stands(old)
        self._pendant = PtyPendant(new)
        Path(self._pendant.path).chmod(0o666)
        self.path.symlink_to(self._pendant.path)

    def unplug(self) -> float:
        """Pull the plug: whoever has it open reads its end. Return when that was, monotonic."""
        self.path.unlink(missing_ok=True)
        pulled_at = time.monotonic()
        if self._pendant:
            self._firmware = self.hand.firmware
            self._pendant.close()
            self._pendant = None
        return pulled_at


class Acts:
    """What a driver may ask for; times are of the monotonic clock."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def turn(self, detents: int, rate: float = 20.0) -> None:
        """Turn the wheel."""
        self._bench.hand.turn(detents, rate)

    def select(self, axis: str | int | None = None, scale: str | int | None = None) -> None:
        """Set the selectors."""
        self._bench.hand.select(axis, scale)

    def set(self, switch: str, closed: bool) -> float:
        """Close or open a contact; return when."""
        self._bench.hand.set(switch, closed)
        return self._bench.hand.sent_at

    def silence(self, silent: bool) -> float:
        """Say nothing any more; return when the last line left."""
        self._bench.hand.silent = silent
        return self._bench.hand.sent_at

    def noise(self, flipped: float, cut: float, merged: float, seed: int) -> int:
        """Put a bad wire between (or a good one); return how many lines the one before spoiled."""
        spoiled = self._bench.hand.noise.spoiled
        self._bench.hand.noise = Noise(flipped, cut, merged, seed)
        return spoiled

    def restart(self, boot: int) -> None:
        """Let the firmware start anew."""
        self._bench.hand.restart(boot)

    def plug(self, port: int | None = None) -> None:
        """Plug it in."""
        self._bench.plug(port)

    def unplug(self) -> float:
        """Pull the plug; return when that was."""
        return self._bench.unplug()

    def lamps(self) -> dict[str, bool]:
        """Return which lamps are lit."""
        return self._bench.hand.firmware.lamps

    def lines(self) -> list[int]:
        """Return how many lines were sent, and how many could not be."""
        return [self._bench.hand.sent, self._bench.hand.refused]


@contextmanager
def served(bench: Bench, socket: Path) -> Iterator[Acts]:
    """Let drivers use the pendant through a socket: a line ["act", argument, ...], a line [error, value]."""
    acts = Acts(bench)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(json.dumps(_answer(acts, json.loads(line))).encode() + b"\n")

    with socketserver.ThreadingUnixStreamServer(str(socket), Handler) as server:
        server.daemon_threads = True
        socket.chmod(0o666)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield acts
        finally:
            server.shutdown()


def _answer(acts: Acts, words: list[Any]) -> list[Any]:
    act, *arguments = words
    try:
        return ["", getattr(acts, act)(*arguments)]
    except Exception as error:  # noqa: BLE001  # whatever it is, the driver raises it
        return [repr(error), None]


PROFILE = """\
name: The bed's line pendant
source: serial
match:
  - {MATCH}
serial: {silence: SILENCE}
protocol: hal_mpg
greeting: "GREETING"
increments:
  x1:   {mm: 0.001, inch: 0.0001, degree: 0.01}
  x10:  {mm: 0.01,  inch: 0.001,  degree: 0.1}
  x100: {mm: 0.1,   inch: 0.01,   degree: 1.0}
"""


def write_profile(path: Path, match: str, silence_s: float, greeting: str) -> Path:
    """Write a profile for the pendant; `match` is one alternative, without its braces. Return the path."""
    text = PROFILE.replace("MATCH", match).replace("SILENCE", str(silence_s)).replace("GREETING", greeting)
    path.write_text(text)
    path.chmod(0o644)
    return path
