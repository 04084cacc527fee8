# SPDX-License-Identifier: GPL-2.0-or-later
"""Boards that speak other people's protocols, at pseudo-terminals: written from what is public of them.

They import nothing of hal_mpg. `ConnectorBoard` does what the README of LinuxCNC_ArduinoConnector version 1
says, and what its sketch does beside it: an input is told only where it is not 0 at first, nothing twice, and
after 10 s without a word from the computer all inputs anew.
"""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress

TICK_S = 0.005


class Board:
    """Something at a pseudo-terminal; `path` is where the computer opens it."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()  # the slave is kept, or each closing would hang up
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.heard = b""
        self._lock = threading.Lock()
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Board:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        self._thread.join(10)
        os.close(self._slave)
        os.close(self._master)

    def say(self, data: bytes) -> float:
        """Send bytes, all of them; return when they had left."""
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 1.0)
        return time.monotonic()

    def hands(self, act: Callable[[], None]) -> None:
        """Do something between two ticks."""
        with self._lock:
            act()

    def _run(self) -> None:
        while not self._ends:
            with self._lock:
                with suppress(BlockingIOError):
                    self.heard += os.read(self._master, 4096)
                self.tick(time.monotonic())
            time.sleep(TICK_S)

    def tick(self, now: float) -> None:
        """Do what the board does all the time."""


class ConnectorBoard(Board):
    """A board with the connector's sketch: inputs by their pins (0: closed to ground), one encoder."""

    def __init__(self, inputs: dict[int, int]) -> None:
        super().__init__()
        self.inputs = inputs
        self.count = 0
        self.outputs: dict[int, int] = {}
        self.is_late = False
        """It does not call yet, but hears."""
        self._switch_on()

    def _switch_on(self) -> None:
        self._told = dict.fromkeys(self.inputs, 0)
        self._told_count = self.count = 0
        self._commands = b""
        self._is_answered = False
        self._called_at = 0.0

    def restart(self) -> None:
        """Press its reset button."""
        self.hands(self._switch_on)

    def tick(self, now: float) -> None:
        """Call until it is answered; then tell what has changed."""
        self._commands, self.heard = self._commands + self.heard, b""
        *lines, self._commands = self._commands.split(b"\n")
        for line in lines:
            self._obey(line)
        if not self._is_answered:
            if now > self._called_at + 0.2 and not self.is_late:
                self._called_at = now
                self.say(b"E0:0\r\n")
            return
        for pin, state in self.inputs.items():
            if self._told[pin] != state:
                self._told[pin] = state
                self.say(b"I%d:%d\r\n" % (pin, state))
        if self._told_count != self.count:
            self._told_count = self.count
            self.say(b"R0:%d\r\n" % ((self.count + 32768) % 65536 - 32768))

    def _obey(self, line: bytes) -> None:
        command, _, value = line.partition(b":")
        self._is_answered = True  # whatever it was
        if command[:1] == b"O":
            self.outputs[int(command[1:])] = int(value)
