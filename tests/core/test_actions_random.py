# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever is asked for, said or lost: no action in a wrong state, one at a time, and each of them ends.

The rules are written anew here; of the project's tables, only the names of pins are used.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.errors import IllegalEvent
from hal_mpg.events import Requests, Status
from hal_mpg.pins import DO, REQUESTS, STATUS
from tests.core.bed import CONTACT, ENABLE, FEED, X1, X10, Bed, X, Y, Z
from tests.core.test_actions import AT_REST, Panel, ready

SAFE = {"do.stop", "do.pause", "do.machine-off", "do.spindle-off", "do.flood-off", "do.mist-off"}
"""What may be done without an enabling button, and without a pendant."""

STILL = {"do.flood-on", "do.mist-on", "do.machine-on", "do.manual-mode", "do.joint-mode"} | SAFE
"""What moves nothing."""

MDI = {"do.go-to-zero", "do.safe-z", "do.probe-z", *(f"do.zero.{axis}" for axis in "xyza")}
BEGIN = {"do.auto-mode", "do.joint-mode", "do.home-all", *MDI}
"""What begins an action that needs a machine at rest."""

PULSE_S = 0.1

ACTS: list[Callable[[Panel], object]] = [
    Bed.unplug,
    lambda panel: panel.plug_in(),
    lambda panel: panel.press(ENABLE),
    lambda panel: panel.release(ENABLE),
    lambda panel: panel.release(CONTACT),
    lambda panel: panel.press(CONTACT),
    lambda panel: panel.gates(on=False),
    lambda panel: panel.gates(manual=False),
    lambda panel: panel.gates(inhibit=True),
    lambda panel: panel.gates(),
    lambda panel: panel.switch(X, Y),
    lambda panel: panel.switch(Y, Z),
    lambda panel: panel.switch(Z, FEED),
    lambda panel: panel.switch(FEED, X),
    lambda panel: panel.switch(X1, X10),
    lambda panel: panel.switch(X10, X1),
    lambda panel: panel.turn(1),
    lambda panel: panel.turn(-7),
    lambda panel: panel.lose_events(),
]


def started_with(act: Callable[[Panel], object]) -> Callable[[Panel], object]:
    """Return what happens where something comes between a start's first step and its second."""

    def do(panel: Panel) -> None:
        panel.set(AT_REST)
        panel.handle(Requests(("cycle-start",)))
        act(panel)
        panel.set(AT_REST | {"mode-is-auto", "coord-mode"})
        panel.wait(0.3)

    return do


PROGRAM = st.sampled_from(["program-is-idle"] * 4 + ["program-is-running", "program-is-paused", ""])
STATES = st.builds(
    lambda program, others: frozenset({program, *others} - {""}) & set(STATUS),
    PROGRAM,
    st.sets(st.sampled_from([name for name in STATUS if not name.startswith("program")])),
)
STEPS = st.one_of(
    st.sampled_from(ACTS),
    st.builds(lambda high: lambda panel: panel.set(high), STATES),
    st.just(lambda panel: panel.set(AT_REST)),
    st.just(lambda panel: (panel.gates(manual=False), panel.set(AT_REST | {"mode-is-auto", "coord-mode"}))),
    st.builds(started_with, st.sampled_from(ACTS)),
    st.builds(
        lambda names: lambda panel: panel.handle(Requests(tuple(names))),
        st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3, unique=True),
    ),
    st.builds(lambda name: lambda panel: panel.handle(Requests((name,))), st.sampled_from(REQUESTS)),
    st.builds(lambda seconds: lambda panel: panel.wait(seconds), st.floats(0.001, 4.0)),
)


class Judged(Panel):
    """A panel, each of whose writes is judged."""

    risen_at: dict[str, float]

    def judge(self, before: dict[str, object]) -> None:
        """Look at what has been done since."""
        risen = {pin for pin in self.pins if pin[:3] == "do." and self.pins[pin] and not before[pin]}
        fallen = {pin for pin in self.pins if pin[:3] == "do." and before[pin] and not self.pins[pin]}
        live, ok = self.pins["connected"], not self.pins["estop"]
        gates = self.pendant._gates
        for pin in risen:
            if pin not in SAFE and pin != "do.manual-mode":
                assert live and ok, f"{pin} without a pendant, or in E-stop"
                assert gates.machine_is_on or pin == "do.machine-on", f"{pin} while the machine is off"
            if pin not in STILL | MDI - {"do.go-to-zero", "do.safe-z", "do.probe-z"}:
                assert self.pins["enable"], f"{pin} without the enabling button"
                assert not gates.inhibit
            if pin in BEGIN:
                assert self.high & AT_REST >= AT_REST - {"all-homed"}, f"{pin} while something goes on"
                assert "jog-is-active" not in self.high
                assert not (pin in MDI and "all-homed" not in self.high), f"{pin} before homing"
                assert gates.mode_is_manual
            if pin.startswith("do.zero."):
                assert self.pins[f"axis.{pin[-1]}.selected"], f"{pin}: another axis is selected"
            if pin == "do.resume":
                assert "program-is-paused" in self.high
            self.risen_at[pin] = self.now
        slow = [pin for pin in DO if self.pins[f"do.{pin}"] and pin not in ("stop", "pause")]
        assert len(slow) + sum(bool(self.pins[f"do.zero.{axis}"]) for axis in "xyza") <= 1, "one at a time"
        is_cut = self.pins["do.stop"] or self.pins["do.machine-off"] or not live or not ok
        for pin in fallen - {"do.machine-off"}:
            lasted = self.now - self.risen_at[pin] >= PULSE_S
            assert lasted or is_cut or not gates.machine_is_on or self.lost(), f"{pin} was too short"
        if any(self.pins[pin] for pin in MDI):
            assert not self.pins["armed"], "the wheel may jog meanwhile"

    def lost(self) -> bool:
        """Tell whether the state of the pendant was not known for a moment."""
        return any(time == self.now and write.pin == "armed" for time, write in self.log)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_no_action_in_a_wrong_state_and_each_ends(steps: list[Callable[[Panel], object]]) -> None:
    panel = Judged()
    panel.risen_at = {}
    panel.status()
    panel.arm()
    for step in steps:
        before = dict(panel.pins)
        with suppress(IllegalEvent):  # a device that is not there says nothing
            step(panel)
        panel.judge(before)
    panel.set(AT_REST)
    panel.gates()
    panel.wait(20.0)
    assert panel.done() == set(), "every sequence ends"
    assert not panel.pendant.actions.is_active


@given(st.lists(st.tuples(st.sampled_from(REQUESTS), st.floats(0.0, 1.0)), max_size=20))
def test_each_request_is_carried_out_or_counted(requests: list[tuple[str, float]]) -> None:
    panel = ready()
    for name, seconds in requests:
        before, refused = len(panel.ever_done()), panel["refused"]
        panel.handle(Status(AT_REST), Requests((name,)))
        if name in ("stop", "manual-mode"):  # a second one within a pulse, and where it is so already
            continue
        came = len(panel.ever_done()) - before
        assert isinstance(refused, int)
        assert came or panel["refused"] == refused + 1 or name == "machine-off"
        panel.wait(seconds)
