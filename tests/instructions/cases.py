# SPDX-License-Identifier: GPL-2.0-or-later
"""What is counted: pendants, and what is done with them again and again."""

from __future__ import annotations

from typing import NamedTuple

EV_KEY, EV_REL = 1, 2
REL_DIAL = 7
FIRST_KEY = 0x120  # BTN_TRIGGER; the keys of boards that show themselves as joysticks begin with it
SWITCHES = ("x1", "x10", "x100", "estop", "reset", "enable")
AXES = "xyzabc"
CYCLES = 40
"""How many cycles are played, and three times as many beside it: the difference is what is counted."""

PIN = "pin"
HELD = ("x", "x1", "estop")  # the E-stop is normally closed
START_S = 1000.0

Codes = dict[int, tuple[int, ...]]
Event = tuple[int, int, int]

PROFILE = """\
name: pipe
match: [{{name: pipe}}]
increments:
  x1: {{mm: 0.001, inch: 0.0001, degree: 0.01}}
  x10: {{mm: 0.01, inch: 0.001, degree: 0.1}}
  x100: {{mm: 0.1, inch: 0.01, degree: 1.0}}
controls:
  wheel: {{rel: 7}}
  axis: {{keys: {{{axes}}}}}
  scale: {{keys: {{{scales}}}}}
  estop: {{key: {estop}, contact: normally-closed}}
  reset: {{key: {reset}}}
  enable: {{key: {enable}}}
"""


class Step(NamedTuple):
    """What happens next: nothing, or frames that one node sends; all of them are there to be read at once."""

    after_s: float
    frames: tuple[tuple[Event, ...], ...] = ()
    is_wheel: bool = False


class Case(NamedTuple):
    """A pendant, and a cycle of steps that ends as it began.

    `events`: how many things happen in a cycle, of which one is what is counted; `counts`: what
    `axis.x.jog-counts` gains by a cycle, to see that it was played. The wheel is on the last of the nodes.
    """

    words: str
    cycle: tuple[Step, ...]
    events: int = 1
    counts: int = 0
    axes: int = 6
    keys: int = 16
    pin: str = ""
    nodes: int = 1

    def profile(self) -> str:
        """Return the pendant's profile, with a button for every key that has no other use."""
        axes = ", ".join(f"{axis}: {key(axis):#x}" for axis in AXES[: self.axes])
        scales = ", ".join(f"{scale}: {key(scale):#x}" for scale in SWITCHES[:3])
        text = PROFILE.format(axes=axes, scales=scales, **{name: hex(key(name)) for name in SWITCHES[3:]})
        spare = range(key(AXES[self.axes - 1]) + 1, FIRST_KEY + self.keys)
        buttons = ", ".join(f"b{number}: {number:#x}" for number in spare)
        return text + (f"  buttons: {{{buttons}}}\n" if buttons else "")

    def codes(self) -> list[Codes]:
        """Return the codes that each node carries; a node between has keys that nobody uses."""
        keys: Codes = {EV_KEY: tuple(range(FIRST_KEY, FIRST_KEY + self.keys))}
        if self.nodes == 1:
            return [{**keys, EV_REL: (REL_DIAL,)}]
        return [keys] * (self.nodes - 1) + [{EV_REL: (REL_DIAL,)}]


def key(name: str) -> int:
    """Return the key of a switch, or of a position of a selector."""
    return FIRST_KEY + (*SWITCHES, *AXES).index(name)


def press(*names: str) -> tuple[Event, ...]:
    """Return the part of a frame that says these keys are held."""
    return tuple((EV_KEY, key(name), 1) for name in names)


def release(*names: str) -> tuple[Event, ...]:
    """Return the part of a frame that says these keys are no longer held."""
    return tuple((EV_KEY, key(name), 0) for name in names)


ARMING = (
    Step(1.0, (press("enable"),)),
    Step(1.0),
    Step(1.0),
)
"""What comes before the cycles: the enabling button, held, and the wheel, still."""

SOON_S = 50e-6
"""From one detent to the next: so little that no heartbeat comes between; that is counted by itself."""

DETENT = ((EV_REL, REL_DIAL, 1),)
ONE = (Step(SOON_S, (DETENT,), is_wheel=True),)
FULL = 64
"""Frames of one event that the kernel keeps for a reader, before it drops them (evdev.c)."""

X_COUNTS = "axis.x.jog-counts"
SELECTOR = (
    Step(SOON_S, (release("x") + press("y"),)),
    Step(SOON_S, (release("y") + press("x"),)),
)
FULL_READ = (Step(0.01, (DETENT,) * FULL, is_wheel=True),)
BEAT = (Step(0.055),)
AFTER_REST = (
    Step(SOON_S, (DETENT,), is_wheel=True),
    Step(0.21),  # the wheel counts as still
    Step(0.055),
    Step(0.055),
)
ESTOP = (
    Step(0.001, (release("estop"),)),
    Step(0.2),
    Step(0.001, (press("estop"),)),
    Step(0.3),
    Step(0.3),
)

CASES = {
    "detent": Case("one detent alone", ONE, counts=1, pin=X_COUNTS),
    "after-rest": Case("one detent after a rest, and the rest", AFTER_REST, counts=1, pin=X_COUNTS),
    "full-read": Case(f"each of {FULL} detents, read at once", FULL_READ, FULL, counts=FULL),
    "selector": Case("the axis selector, by one position", SELECTOR, 2, pin="axis.y.selected"),
    "beat": Case("a heartbeat, while nobody touches the pendant", BEAT, pin="heartbeat"),
    "estop": Case("the E-stop actuated, released, armed again", ESTOP, pin="estop-ok"),
    "detent-4-axes": Case("one detent, 4 axes", ONE, counts=1, axes=4, keys=14, pin=X_COUNTS),
    "selector-4-axes": Case("the selector, 4 axes", SELECTOR, 2, axes=4, keys=14, pin="axis.y.selected"),
    "detent-56-keys": Case("one detent, 56 keys", ONE, counts=1, keys=56, pin=X_COUNTS),
    "selector-56-keys": Case("the selector, 56 keys", SELECTOR, 2, keys=56, pin="axis.y.selected"),
    "detent-2-nodes": Case("one detent, 2 nodes", ONE, counts=1, nodes=2, pin=X_COUNTS),
    "detent-4-nodes": Case("one detent, 4 nodes", ONE, counts=1, nodes=4, pin=X_COUNTS),
}
