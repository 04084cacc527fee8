# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal that a person is asked in: plain text, line by line, also over ssh and through a pipe."""

from __future__ import annotations

import os
import select
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from hal_mpg.learn.acts import Left

BOLD, PLAIN, CLEAR_LINE = "\x1b[1m", "\x1b[0m", "\r\x1b[K"
MAX_WIDTH = 78
MAX_LINE = 1000
"""Bytes of one line that are taken."""


class Console:
    """Reads lines while other descriptors are watched, and writes what fits the terminal."""

    def __init__(
        self,
        input_descriptor: int = 0,
        output: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._input = input_descriptor
        self._output = output or sys.stdout
        self._typed = b""
        is_terminal = self._output.isatty() and environment.get("TERM", "dumb") != "dumb"
        self._moves = is_terminal
        self._bold = is_terminal and not environment.get("NO_COLOR")
        self._echoes = os.isatty(self._input)
        self._status = ""

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        """Write a paragraph, in lines that fit; all but the first are indented by `hang`."""
        self._clear_status()
        width = max(20, min(MAX_WIDTH, shutil.get_terminal_size((MAX_WIDTH + 1, 24)).columns - 1))
        for part in text.split("\n"):
            hanging = indent + (hang or " " * (len(part) - len(part.lstrip())))
            lines = textwrap.wrap(
                part,
                width,
                initial_indent=indent,
                subsequent_indent=hanging,
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in lines or [""]:
                self._write(f"{BOLD}{line}{PLAIN}\n" if bold and self._bold else f"{line}\n")
        self._output.flush()

    def raw(self, line: str) -> None:
        """Write one line as it is: a file's name, or a command to copy."""
        self._clear_status()
        self._write(line + "\n")
        self._output.flush()

    def line(
        self,
        prompt: str,
        watched: Sequence[int] = (),
        heard: Callable[[], str | None] = lambda: None,
    ) -> str | None:
        """Return the line that is typed, without spaces around it.

        `heard` is called whenever one of the `watched` descriptors has something; what it returns is shown
        behind the prompt, for the person to see that the device is heard. It ends the wait by raising Heard,
        and then None is returned. Raises Left at the end of the input.
        """
        self._write(prompt)
        self._output.flush()
        self._status = ""
        poll = select.poll()
        poll.register(self._input, select.POLLIN)
        for descriptor in watched:
            poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._typed:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._input in ready:
                self._take()
            if ready - {self._input}:
                try:
                    status = heard() or ""
                except Heard:
                    self._write("\n")
                    return None
                if b"\n" not in self._typed:
                    self._show(prompt, status)
        line, _, self._typed = self._typed.partition(b"\n")
        if not self._echoes:
            self._write("\n")
        elif self._status:
            self._write(CLEAR_LINE)  # it may have come after the Enter that the terminal has shown
        self._status = ""
        text = line.decode(errors="replace").strip()
        if text.lower() in ("q", "quit", "exit"):
            raise Left("learn: left; nothing was written")
        return text

    def _take(self) -> None:
        try:
            data = os.read(self._input, 4096)
        except OSError:
            data = b""
        if not data and self._typed:
            data = b"\n"  # a last line without an end
        if not data:
            self._write("\n")
            raise Left("learn: the input has ended; nothing was written. Run it in a terminal")
        self._typed = (self._typed + data)[-MAX_LINE * 100 :]

    def _show(self, prompt: str, status: str) -> None:
        if self._moves and status != self._status:
            self._write(f"{CLEAR_LINE}{prompt}{status} ")
            self._output.flush()
            self._status = status

    def _clear_status(self) -> None:
        if self._status:
            self._write("\n")
            self._status = ""

    def _write(self, text: str) -> None:
        self._output.write(text)


class Heard(Exception):
    """What was waited for was heard: no line is waited for any longer."""
