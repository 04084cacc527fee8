# SPDX-License-Identifier: GPL-2.0-or-later
"""A pseudo-terminal with a program in it, and a person who reads what it asks, and answers."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from typing import Protocol

BOLD_LINES = re.compile(r"(?:\x1b\[1m[^\n]*?\x1b\[0m\r?\n)+")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PROMPT = re.compile(r"> $")


class Screen(Protocol):
    """A terminal, here or on an emulated machine."""

    def read(self) -> str:
        """Return everything that was shown so far."""

    def type(self, text: str) -> None:
        """Type something."""

    def status(self) -> int | None:
        """Return the program's exit status; None while it runs."""


class Terminal:
    """A program in a pseudo-terminal of this machine."""

    def __init__(self, command: Sequence[str], columns: int = 80, **more: object) -> None:
        """Start it; `more` is for subprocess.Popen. It has the terminal for its own, so that Ctrl-C works."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # in tests there are no threads yet
            **more,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self._shown = b""

    def read(self) -> str:
        """Return everything that was shown so far."""
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nothing now, or the program has ended
                break
            if not data:
                break
            self._shown += data
        return self._shown.decode(errors="replace")

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self._master, text.encode())

    def status(self) -> int | None:
        """Return the program's exit status; None while it runs."""
        return self.process.poll()

    def close(self) -> None:
        """End the program, and the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Reader:
    """Reads one question after the other from a screen."""

    def __init__(self, screen: Screen, limit_s: float = 60.0) -> None:
        self.screen = screen
        self._limit_s = limit_s
        self._read = 0

    def next_question(self) -> str | None:
        """Wait for a prompt, and return what stands in bold before it; None: the program has ended.

        Raises TimeoutError, with what is shown instead.
        """
        end = time.monotonic() + self._limit_s
        while True:
            status = self.screen.status()
            shown = self.screen.read()
            new = shown[self._read :]
            if PROMPT.search(new):
                self._read = len(shown)
                return plain_question(new)
            if status is not None:
                return None
            if time.monotonic() > end:
                raise TimeoutError(f"no prompt within {self._limit_s} s; shown: {shown[-2000:]}")
            time.sleep(0.01)

    def type(self, text: str) -> None:
        """Type an answer, and Enter."""
        self._read = len(self.screen.read())
        self.screen.type(text + "\r")


def plain_question(shown: str) -> str:
    """Return the last thing that is asked for in bold, in one line; or all that is shown."""
    asked = BOLD_LINES.findall(shown)
    text = asked[-1] if asked else shown
    return " ".join(ESCAPE.sub("", text).split())


def play(
    reader: Reader, answer: Callable[[str], str], choose: Callable[[], None] | None = None
) -> list[tuple[str, str]]:
    """Answer until the program ends; return what was asked and answered.

    `choose` is what is done when it is asked which device is the pendant; then nothing is typed.
    """
    said = []
    while (question := reader.next_question()) is not None:
        if choose and "Which one is the pendant?" in question:
            reader._read = len(reader.screen.read())
            choose()
            said.append((question, "(the wheel is turned)"))
            continue
        text = answer(question)
        reader.type(text)
        said.append((question, text))
        assert len(said) < 200, reader.screen.read()[-3000:]
    return said
