# SPDX-License-Identifier: GPL-2.0-or-later
"""The subcommands on the emulated machine: with or without a terminal, what they print, what is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.umockdev.bed import SYSTEM_PYTHON, Bed, wait_until

SIZE = (80, 24)
HAL_MPG = (SYSTEM_PYTHON, "-m", "hal_mpg")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Tool:
    """A running `hal_mpg SUBCOMMAND`. With a terminal, what goes to stderr is part of `out`, too."""

    def __init__(
        self,
        bed: Bed,
        *arguments: str,
        size: tuple[int, int] = (0, 0),
        program: Sequence[str] = HAL_MPG,
        **variables: str,
    ) -> None:
        """Start it; `size`: columns and lines of its terminal. `variables` are of its environment.

        `program`: another one than hal_mpg.
        """
        self._bed = bed
        self._has_terminal = size != (0, 0)
        self.name = f"tool{len(list(bed.home.glob('tool*.out'))) + 1}"
        terminal = {"TERM": "xterm-256color", "LANG": "C.UTF-8"} if self._has_terminal else {}
        bed.ask("start_tool", self.name, [*program, *arguments], size, terminal | variables)
        wait_until((bed.home / f"{self.name}.out").exists, "its output's file")

    def out(self) -> str:
        """Return what it has printed on stdout, or on its terminal."""
        return (self._bed.home / f"{self.name}.out").read_bytes().decode("utf-8", "replace")

    def err(self) -> str:
        """Return what it has printed on stderr."""
        return (self._bed.home / f"{self.name}.err").read_text("utf-8", "replace")

    def text(self) -> str:
        """Return what was shown on its terminal, without colors and the like."""
        return ESCAPES.sub("", self.out()).replace("\r\n", "\n")

    def type(self, text: str) -> None:
        """Type something."""
        self._bed.ask("type", self.name, text)

    def wait_for(self, pattern: str, on_stderr: bool = False) -> None:
        """Wait until it has printed something in which a regular expression is found."""
        read = self.err if on_stderr else self.text
        try:
            wait_until(lambda: bool(re.search(pattern, read())), pattern)
        except TimeoutError as error:
            error.add_note(read()[-2000:])
            raise

    def status(self) -> int | None:
        """Return the exit status; None while it runs."""
        status: int | None = self._bed.ask("status", self.name)
        return status

    def wait_for_end(self) -> int:
        """Wait until it has ended; return its exit status."""
        wait_until(lambda: self.status() is not None, f"{self.name} to end")
        return self.status() or 0

    def interrupt(self) -> int:
        """End it by Ctrl-C; return its exit status."""
        if self._has_terminal:
            self.type("\x03")
        else:
            self._bed.ask("interrupt", self.name)
        return self.wait_for_end()

    def terminate(self) -> int:
        """End it by SIGTERM; return its exit status."""
        self._bed.ask("terminate", self.name)
        return self.wait_for_end()
