# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults on emulated input nodes: the program and HAL are real, there is no LinuxCNC.

What moves is what LinuxCNC, in position mode, would make of the counts: each count is a distance of
jog-scale. An act NAME is the method `do_NAME`, a step of the way back `back_NAME`, a beginning
`begin_NAME`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hal_mpg.counter import wrap32
from tests.umockdev.bed import Bed, Node, Program, wait_until
from tests.umockdev.fault_hardware import PENDANTS, Pendant
from tests.umockdev.pendants import ENABLE

COMPONENT = "hal_mpg"
INCREMENT = 0.01
"""Of X at x10, where every fault begins, in mm."""

CLOSE = 1e-9
STILL_S = 0.12
STALL_S = 0.01
"""A gap this long between two looks at a pin is the computer's own, and spoils a time."""

LIMITS = {"max-velocity": "50.0", "max-acceleration": "500.0"}
"""Of each axis, in mm/s and mm/s², as a LinuxCNC would tell them."""

MAX_MIB = 64
"""What hal_mpg may need at the most, whatever it is given: three times as much as usual."""

MAX_LINE = 1100
"""Characters in one line that hal_mpg says."""

COUNTERS = ("counts", "dropped", "reconnects")
"""Pins that are told as what they have counted since the beginning."""

OWN = ("axis", "button", "led")
"""First words of names with dots that are hal_mpg's own pins."""


class UmockdevStage:
    """A pendant and hal_mpg. `should` is how far X is to go by what was turned since `begin`, in mm."""

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self.program: Program | None = None
        self.node: Node | None = None
        self.nodes: list[Node] = []
        self.pendant: Pendant = PENDANTS["usual"]
        self.profile = ""
        self.should = 0.0
        self.largest_kib = 0
        self._before: dict[str, float] = {}
        self._counted: dict[str, int] = {}
        self._said_from = 0
        self._looked_at = self._longest_gap = 0.0

    # The beginning.

    def begin(self, start: str) -> None:
        """Bring everything to where a fault begins."""
        self.clear()
        getattr(self, f"begin_{start.replace('-', '_')}")()
        self.should = 0.0
        self._before = self.travelled()
        self._said_from = 0
        self._counted = {}
        if self.program and self._is_running():
            self._said_from = len(self._all_said())
            self._counted = self.program.pins(*COUNTERS)

    def clear(self) -> None:
        """Take every device away."""
        for node in self.nodes:
            node.unplug()
        if self.nodes and self._is_running():
            self.wait_pin("connected", False)
        self.node, self.nodes = None, []

    def begin_armed(self, pendant: str = "usual") -> None:
        """Hal_mpg runs, X is selected at x10, the enabling button is held."""
        self.begin_idle(pendant)
        self.hold_enable()

    def begin_idle(self, pendant: str = "usual") -> None:
        """The same, and nobody touches the pendant."""
        self.begin_absent(pendant)
        self.plug_in()
        self.wait_pin("connected", True)
        self.wait_pin("estop-ok", True)

    def begin_absent(self, pendant: str = "usual") -> None:
        """Hal_mpg runs, and waits for its pendant."""
        self.pendant = PENDANTS[pendant]
        self.run(self.pendant.profile(self.bed))

    def begin_not_running(self, pendant: str = "usual") -> None:
        """There is no hal_mpg and no pendant yet."""
        self.pendant = PENDANTS[pendant]
        self.stop()

    def run(self, profile: str) -> None:
        """Have a hal_mpg with this profile."""
        if self._is_running() and profile == self.profile:
            return
        self.stop()
        self.program, self.profile = self.bed.start("--pendant", profile), profile
        self.set_limits()

    def set_limits(self) -> None:
        """Set the limits of the axes, as LinuxCNC's HAL files do."""
        assert self.program
        for axis in self._axes():
            for pin, value in LIMITS.items():
                self.program.set_pin(f"axis.{axis}.{pin}", value)

    def stop(self) -> None:
        """Have no hal_mpg."""
        if self.program and self._is_running():
            self.largest_kib = max(self.largest_kib, self.program.memory_kib())
            assert self.program.stop() == 0
        self.program, self.profile = None, ""

    def plug_in(self, **other: Any) -> Node:
        """Plug the pendant in, its selectors at X and x10, the E-stop released, nothing pressed."""
        self.node = self.bed.plug(**{**self.pendant.hardware, **other})
        self.nodes.append(self.node)
        return self.node

    def hold_enable(self) -> None:
        """Hold the enabling button until the wheel is live; let go of it first, if it was held."""
        assert self.node
        self.node.press(ENABLE)
        self.node.release(ENABLE)
        self.wait_pin("enable", False)
        self.node.press(ENABLE)
        self.wait_pin("armed", True)

    # The fault.

    def do(self, act: str, *arguments: Any) -> Callable[[], float]:
        """Provoke a fault.

        An act returns when it began, if not at once; or what to wait for before the result is looked at.
        """
        self._longest_gap = self._looked_at = 0.0
        start = time.monotonic()
        wait = getattr(self, f"do_{act.replace('-', '_')}")(*arguments)

        def when() -> float:
            if callable(wait):
                wait()
            return wait if isinstance(wait, float) else start

        return when

    def do_turn(self, detents: int) -> None:
        """Turn the wheel as quickly as can be."""
        assert self.node
        self.should += detents * INCREMENT
        self.node.turn(detents)

    def start(self, profile: str) -> None:
        """Start hal_mpg, and do not wait for it."""
        self.program, self.profile = self.bed.try_to_start("--pendant", profile), profile

    # What came of it.

    def pin(self, name: str) -> Any:
        """Return the value of a pin, or the sum of A+B.

        Or of the program: `exit-status`, `ready`, `lines-said`.
        """
        now = time.monotonic()
        if self._looked_at:
            self._longest_gap = max(self._longest_gap, now - self._looked_at)
        self._looked_at = now
        if name == "lines-said":
            return self.said().count("\n")
        if "+" in name:
            return sum(self.pin(each) for each in name.split("+"))
        if name == "exit-status":
            return self.program.status() if self.program else None
        if name == "ready":
            return bool(self.program and self.program.is_ready())
        own = "." not in name or name.split(".")[0] in OWN
        value = self.bed.ask("pins", [f"{COMPONENT}.{name}" if own else name])[0]
        return wrap32(value - self._counted.get(name, 0)) if name in COUNTERS else value

    def wait_pin(self, name: str, value: object) -> None:
        """Wait until a pin has a value."""
        assert self.program
        self.program.wait(name, value)

    def machine(self) -> str | None:
        """There is no LinuxCNC."""
        return None

    def stalled(self) -> bool:
        """Tell whether a pin could not be looked at for a while."""
        return self._longest_gap > STALL_S

    def said(self) -> str:
        """Return what hal_mpg has said since `begin`, without the name of this test's own folder."""
        return self._all_said()[self._said_from :].replace(f"{self.bed.home}/", "")

    def _all_said(self) -> str:
        path = self.bed.home / f"{COMPONENT}.err"
        return path.read_bytes().decode(errors="replace") if path.exists() else ""

    def fault_of_the_program(self) -> str | None:
        """Return what is wrong with what was said, or with the memory that it took; None: nothing."""
        if self.program:
            self.largest_kib = max(self.largest_kib, self.program.memory_kib())
        if self.largest_kib > MAX_MIB * 1024:
            return f"it needed {self.largest_kib} KiB"
        for line in self.said().split("\n"):
            if not line.isprintable() or len(line) > MAX_LINE or line.startswith("Traceback"):
                return f"said: {line!r}"
        return None

    def _is_running(self) -> bool:
        return self.program is not None and self.program.status() is None

    def _axes(self) -> tuple[str, ...]:
        return ("x", "y")

    def travelled(self) -> dict[str, float]:
        """Return where the counts of each axis lead to, in mm."""
        if not self.program or not self.program.is_ready():
            return {}
        names = [f"axis.{axis}.{pin}" for axis in self._axes() for pin in ("jog-counts", "jog-scale")]
        values = list(self.program.pins(*names).values())
        return {axis: values[2 * n] * values[2 * n + 1] for n, axis in enumerate(self._axes())}

    def moved(self) -> str:
        """Return what moved since `begin`, when nothing has moved for a while."""
        at, since = self.travelled(), time.monotonic()
        while time.monotonic() - since < STILL_S:
            time.sleep(0.005)
            if (now_at := self.travelled()) != at:
                at, since = now_at, time.monotonic()
        way = {axis: at[axis] - self._before.get(axis, 0.0) for axis in at}
        x = way.pop("x", 0.0)
        if any(abs(other) > CLOSE for other in way.values()):
            return f"{way}"
        if abs(x) < CLOSE:
            return "nothing"
        if abs(x - self.should) < CLOSE:
            return "turned"
        low, high = sorted((0.0, self.should))
        return "run-on" if low < x < high else f"X by {x}, and it should be {self.should}"

    # The way back.

    def back(self, step: str) -> None:
        """Take a step of the way back."""
        getattr(self, f"back_{step.replace('-', '_')}")()

    def back_plug_in(self) -> None:
        """Plug the pendant in, another port and another node number."""
        for node in self.nodes:
            node.unplug()
        self.nodes.clear()
        self.plug_in(port="1-2")
        self.wait_pin("connected", True)
        self.wait_pin("estop-ok", True)

    def back_hold_enable(self) -> None:
        """Let go of the enabling button, and hold it."""
        self.hold_enable()

    def back_still(self) -> None:
        """Let the wheel be still."""
        self.wait_pin("armed", True)

    def prove(self) -> None:
        """One detent moves X by one increment, and nothing else."""
        self.wait_pin("armed", True)
        before = self.travelled()
        self.turn_one()
        wanted = {**before, "x": before["x"] + INCREMENT}

        def is_there() -> bool:
            at = self.travelled()
            return all(abs(at[axis] - wanted[axis]) < CLOSE for axis in at)

        wait_until(is_there, f"one detent to move X from {before['x']}")

    def turn_one(self) -> None:
        """Turn the wheel by a detent."""
        assert self.node
        self.pendant.turn_one(self.node)
