# SPDX-License-Identifier: GPL-2.0-or-later
"""Realtime components for the E-stop chain that collide with nothing the machine has loaded.

LinuxCNC loads a realtime module once: a second `loadrt and2` is an error, and LinuxCNC does not start. So
each kind of part has several modules that can do it, the plainest first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from hal_mpg.errors import UsageError

AND, OR, NOT, LATCH, BUFFER, WATCHDOG = "and", "or", "not", "latch", "buffer", "watchdog"
MUX = "mux"
OWNER, TAKES, HOLD, MUX4 = "owner", "takes", "hold", "mux4"
LIMIT1, LIMIT2, LIMIT3, DDT, EDGE, WINDOW = "limit1", "limit2", "limit3", "ddt", "edge", "wcomp"


class Kind(NamedTuple):
    """How one module does it: its pins in our order, and what is to be set or given to loadrt."""

    module: str
    inputs: tuple[str, ...]
    output: str
    settings: tuple[str, ...] = ()
    """`setp` of each part, after its name and a dot."""
    personality: str = ""


KINDS: dict[str, tuple[Kind, ...]] = {
    AND: (
        Kind("and2", ("in0", "in1"), "out"),
        Kind("lut5", ("in-0", "in-1"), "out", ("function 0x8",)),
        Kind("logic", ("in-00", "in-01"), "and", personality="0x102"),
    ),
    OR: (
        Kind("or2", ("in0", "in1"), "out"),
        Kind("lut5", ("in-0", "in-1"), "out", ("function 0xe",)),
        Kind("logic", ("in-00", "in-01"), "or", personality="0x202"),
    ),
    NOT: (
        Kind("not", ("in",), "out"),
        Kind("lut5", ("in-0",), "out", ("function 0x1",)),
        Kind("logic", ("in-00",), "nand", personality="0x801"),
    ),
    # ok, reset, fault (TRUE trips; for a contact of the machine's own)
    LATCH: (
        Kind("estop_latch", ("ok-in", "reset", "fault-in"), "ok-out"),
        # ok and not fault and (its own output, or reset and not reset one period ago)
        Kind("lut5", ("in-0", "in-2", "in-4"), "out", ("function 0x88a8",)),
    ),
    # What goes in comes out: run after the latch, its output is the input of one period ago.
    BUFFER: (Kind("lut5", ("in-0",), "out", ("function 0x2",)),),
    # A number, and whether it is let through: 0 else.
    MUX: (
        Kind("mux2", ("in1", "sel"), "out"),
        Kind("mux4", ("in1", "sel0"), "out"),
        Kind("mux8", ("in1", "sel0"), "out"),
    ),
    # The feed's owner: selected, or its own output and neither gone on nor idle (see mpg-run.hal); and what
    # holds a program: owned (not in joint mode), and not live or standing.
    OWNER: (Kind("lut5", ("in-0", "in-1", "in-2", "in-3"), "out", ("function 0xaaae",)),),
    TAKES: (Kind("lut5", ("in-0", "in-1", "in-2"), "out", ("function 0xa8",)),),
    HOLD: (Kind("lut5", ("in-0", "in-1", "in-2"), "out", ("function 0xa2",)),),
    MUX4: (Kind("mux4", ("in0", "in1", "in2", "in3"), "out"),),
    **{what: (Kind(what, ("in",), "out"),) for what in (LIMIT1, LIMIT2, LIMIT3, DDT, EDGE, WINDOW)},
    WATCHDOG: (
        Kind("watchdog", ("input-0",), "ok-out"),
        Kind(
            "oneshot",
            ("in",),
            "out",
            ("width 0.13", "rising TRUE", "falling TRUE", "retriggerable TRUE"),
        ),
    ),
}
"""For each kind of part, the modules that can do it (their manual pages, section 9)."""


class Part(NamedTuple):
    """One component: its name, and how its module does it."""

    name: str
    kind: Kind

    def input(self, place: int) -> str:
        """Return the pin of an input."""
        return f"{self.name}.{self.kind.inputs[place]}"

    @property
    def output(self) -> str:
        """The pin of the output."""
        return f"{self.name}.{self.kind.output}"


class Parts:
    """The parts that a wiring needs, and the lines that load them."""

    def __init__(self, taken: Collection[str], prefer_rare: bool) -> None:
        """`taken`: the modules loaded elsewhere. `prefer_rare`: there are files whose loads are not known."""
        self._taken = taken
        self._prefer_rare = prefer_rare
        self._parts: list[Part] = []

    def make(self, what: str, name: str) -> Part:
        """Return a new part. Raises UsageError where the machine has taken all modules that can do it."""
        kinds = [kind for kind in KINDS[what] if kind.module not in self._taken]
        if not kinds:
            modules = ", ".join(kind.module for kind in KINDS[what])
            raise UsageError(
                f"the machine's HAL files load all of {modules}, and LinuxCNC loads a module once; "
                f"take one of them out there (`logic` and `lut5` can take the place of simple gates)"
            )
        # The plainest ones are those that other files load, too.
        is_gate = what in (AND, OR, NOT)
        part = Part(name, kinds[1] if self._prefer_rare and is_gate and len(kinds) > 1 else kinds[0])
        self._parts.append(part)
        return part

    def make_all(self, names: Mapping[str, str]) -> list[Part]:
        """Return new parts, of each name's kind, or make none. Raises UsageError as `make` does."""
        before = len(self._parts)
        try:
            return [self.make(what, name) for name, what in names.items()]
        except UsageError:
            del self._parts[before:]
            raise

    def load_lines(self) -> list[str]:
        """Return the loadrt lines, one for each module."""
        lines = []
        for module in dict.fromkeys(part.kind.module for part in self._parts):
            parts = [part for part in self._parts if part.kind.module == module]
            if module == "watchdog":
                lines.append("loadrt watchdog num_inputs=1")
                continue
            line = f"loadrt {module} names={','.join(part.name for part in parts)}"
            if parts[0].kind.personality:
                line += f" personality={','.join(part.kind.personality for part in parts)}"
            lines.append(line)
        return lines

    def set_lines(self) -> list[str]:
        """Return what makes the parts what they are, where their module can be several things."""
        return [f"setp {part.name}.{setting}" for part in self._parts for setting in part.kind.settings]
