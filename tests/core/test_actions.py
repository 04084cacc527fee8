# SPDX-License-Identifier: GPL-2.0-or-later
"""What buttons ask for: each action's steps, what forbids it, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

import pytest

from hal_mpg.action_table import ACTIONS, CHOICES, PROGRAM, PULSE_S
from hal_mpg.actions import REFUSAL_S, URGENT
from hal_mpg.arming import WhyNot
from hal_mpg.events import EventsLost, Requests, Status
from hal_mpg.pins import DO, REQUESTS, STATUS
from tests.core.bed import CONTACT, ENABLE, FEED, X1, Bed, X, Y, make_profile

AT_REST = frozenset({"program-is-idle", "all-homed", "in-position"})
RUNS = AT_REST - {"program-is-idle", "in-position"} | {"program-is-running", "mode-is-auto", "coord-mode"}
PAUSED = RUNS - {"program-is-running"} | {"program-is-paused"}


class Panel(Bed):
    """A pendant in a machine that does nothing by itself: the test says what LinuxCNC does."""

    high = AT_REST

    def status(self, *high: str, without: Iterable[str] = ()) -> None:
        """Have LinuxCNC say what it says at rest, and more, or less."""
        self.high = AT_REST.union(high).difference(without)
        self.handle(Status(self.high))

    def ask(self, *names: str, unknown: Iterable[str] = ()) -> None:
        """Press buttons, all at the same instant."""
        self.handle(Status(self.high), Requests(names, frozenset(unknown)))

    def set(self, high: frozenset[str]) -> None:
        """Have LinuxCNC say just this."""
        self.high = high
        self.handle(Status(high))

    def done(self) -> Set[str]:
        """Return which `do.*` are TRUE."""
        return {pin.removeprefix("do.") for pin, value in self.pins.items() if pin[:3] == "do." and value}

    def ever_done(self) -> list[str]:
        """Return which `do.*` have become TRUE, in order."""
        return [
            write.pin.removeprefix("do.") for _, write in self.log if write.pin[:3] == "do." and write.value
        ]

    def lose(self) -> None:
        """Lose events of the kernel; they may have been detents, so the wheel is not still for a while."""
        self.handle(EventsLost(self.now, 0, ()))
        self.wait(0.3)


def ready(**controls: str) -> Panel:
    panel = Panel(make_profile(**controls))
    panel.status()
    panel.arm()
    panel.log.clear()
    return panel


FIRST_STEP = {
    "cycle-start": "auto-mode",
    "start-or-pause": "auto-mode",
    "step": "auto-mode",
    "home-all": "joint-mode",
    "zero-axis": "zero.x",
    "spindle-toggle": "spindle-on",
    "flood": "flood-on",
    "mist": "mist-on",
}
"""What a request does first in a machine at rest in manual mode, where that has another name."""

AT_REST_DO = [name for name in REQUESTS if name not in ("pause", "resume", "manual-mode")]


@pytest.mark.parametrize("request_", AT_REST_DO)
def test_each_request_does_its_own_thing_first(request_: str) -> None:
    panel = ready()
    panel.ask(request_)
    assert panel.done() == {FIRST_STEP.get(request_, request_)}
    assert panel["refused"] == 0


@pytest.mark.parametrize("request_", REQUESTS)
def test_every_action_ends_where_linuxcnc_does_nothing(request_: str) -> None:
    panel = ready()
    panel.ask(request_)
    panel.wait(60.0)
    assert panel.done() == set()
    assert (panel["why-not"], panel["armed"]) == (0, True)


def test_what_linuxcnc_does_not_do_is_told() -> None:
    panel = ready()
    panel.ask("cycle-start")
    panel.wait(2.1)
    assert (panel["why-not"], panel["refused"]) == (WhyNot.NOT_FOLLOWED, 1)
    assert panel.ever_done() == ["auto-mode"], "nothing is run in another mode"
    assert [(refusal.request, refusal.why) for refusal in panel.pendant.actions.take_refusals()] == [
        ("cycle-start", 18)
    ]
    panel.wait(REFUSAL_S)
    assert panel["why-not"] == 0


def test_no_pulse_is_shorter_than_halui_needs() -> None:
    for name in AT_REST_DO:
        panel = ready()
        panel.ask(name)
        pin = f"do.{FIRST_STEP.get(name, name)}"
        panel.wait(PULSE_S - 0.001)
        assert panel[pin] is True
        assert PULSE_S >= 0.1


def test_cycle_start_goes_to_auto_mode_first() -> None:
    panel = ready()
    panel.ask("cycle-start")
    assert (panel.done(), panel["armed"], panel["why-not"]) == ({"auto-mode"}, False, WhyNot.BUSY)
    panel.gates(manual=False)
    panel.status("mode-is-auto", "coord-mode")
    panel.wait(0.2)
    assert panel.done() == {"cycle-start"}
    panel.high = RUNS
    panel.handle(Status(RUNS))
    panel.wait(0.5)
    assert (panel.done(), panel["refused"], panel["why-not"]) == (set(), 0, WhyNot.NOT_MANUAL)


def test_in_auto_mode_the_program_is_run_at_once() -> None:
    panel = ready()
    panel.gates(manual=False)
    panel.status("mode-is-auto", "coord-mode")
    panel.ask("cycle-start")
    assert panel.done() == {"cycle-start"}
    panel.wait(5.0)
    assert panel.ever_done() == ["cycle-start"], "it stays in auto mode, where it was"


def mdi_begins(panel: Panel) -> None:
    panel.gates(manual=False)
    panel.status("program-is-running", "coord-mode", without=["program-is-idle", "in-position"])


def mdi_is_over(panel: Panel) -> None:
    panel.status()
    panel.gates()


@pytest.mark.parametrize("name", ["zero-axis", "go-to-zero", "safe-z", "probe-z"])
def test_the_wheel_waits_until_an_mdi_command_is_over(name: str) -> None:
    panel = ready()
    panel.ask(name)
    panel.turn(1)
    assert (panel["counts"], panel["dropped"]) == (0, 1)
    mdi_begins(panel)
    panel.wait(100.0)
    assert (panel.done(), panel["armed"]) == (set(), False)
    mdi_is_over(panel)
    panel.wait(0.5)
    assert (panel["armed"], panel["refused"], panel["why-not"]) == (True, 0, 0)


def test_an_mdi_command_that_failed_leaves_manual_mode() -> None:
    panel = ready()
    panel.ask("probe-z")
    mdi_begins(panel)
    panel.wait(1.0)
    panel.status("coord-mode")  # halui stays in MDI mode after an error
    panel.wait(1.1)
    assert (panel.done(), panel["refused"]) == ({"manual-mode"}, 1)
    mdi_is_over(panel)
    panel.wait(5.0)
    assert (panel.done(), panel["armed"]) == (set(), True)


@pytest.mark.parametrize("name", ["go-to-zero", "safe-z", "probe-z", "home-all"])
@pytest.mark.parametrize("act", [lambda panel: panel.release(ENABLE), lambda panel: panel.ask("stop")])
def test_what_moves_by_hand_is_stopped(name: str, act: Callable[[Panel], object]) -> None:
    panel = ready()
    panel.ask(name)
    panel.wait(0.2)
    mdi_begins(panel)
    panel.wait(0.5)
    act(panel)
    assert panel.done() == {"stop"}
    mdi_is_over(panel)
    panel.press(ENABLE)
    panel.wait(3.5)
    assert (panel.done(), panel["armed"], panel.ever_done()[-1]) == (set(), True, "stop")


ENDS: dict[int, Callable[[Panel], object]] = {
    1: Bed.unplug,
    2: lambda panel: panel.release(CONTACT),
    4: lambda panel: panel.gates(on=False),
    10: Panel.lose,
}


@pytest.mark.parametrize(
    "name", [name for name in REQUESTS if name not in (*URGENT, "resume", "manual-mode", "spindle-off")]
)
@pytest.mark.parametrize("end", ENDS)
def test_what_is_lost_in_the_middle_does_not_go_on(name: str, end: int) -> None:
    panel = ready()
    panel.ask(name)
    doing = panel.done()
    panel.log.clear()
    ENDS[end](panel)
    if name != "machine-on" or end != 4:
        assert panel.done() in ({"stop"}, set()), doing
    mdi_is_over(panel)
    panel.status("mode-is-auto", "coord-mode")
    panel.wait(10.0)
    assert panel.done() == set()
    assert set(panel.ever_done()) <= {"stop"}


STATES: dict[str, tuple[int, Callable[[Panel], object]]] = {
    "no device": (1, Bed.unplug),
    "E-stop": (2, lambda panel: panel.release(CONTACT)),
    "inhibited": (3, lambda panel: panel.gates(inhibit=True)),
    "machine off": (4, lambda panel: panel.gates(on=False)),
    "MDI mode": (5, lambda panel: panel.gates(manual=False)),
    "not enabled": (6, lambda panel: panel.release(ENABLE)),
    "wheel turned": (7, lambda panel: panel.turn(1)),
    "no axis": (8, lambda panel: panel.release(X)),
    "override": (8, lambda panel: panel.switch(X, FEED)),
    "two axes": (9, lambda panel: panel.press(Y)),
    "no scale": (9, lambda panel: panel.release(X1)),
    "re-reading": (10, Panel.lose),
    "running": (11, lambda panel: (panel.gates(manual=False), panel.set(RUNS))),
    "paused": (12, lambda panel: (panel.gates(manual=False), panel.set(PAUSED))),
    "not homed": (13, lambda panel: panel.status(without=["all-homed"])),
    "moving": (14, lambda panel: panel.status(without=["in-position"])),
    "jogging": (14, lambda panel: panel.status("jog-is-active")),
}

DEAD = {"no device", "E-stop", "machine off", "re-reading"}
STARTS = DEAD | {"inhibited", "not enabled"}
STANDS = {"wheel turned", "running", "paused", "moving", "jogging"}
REFUSED = {
    "cycle-start": STARTS | STANDS | {"MDI mode", "not homed"},
    "pause": set(STATES) - {"running", "paused"},
    "resume": set(STATES) - {"paused"},
    "start-or-pause": STARTS | STANDS - {"running", "paused"} | {"MDI mode", "not homed"},
    "step": STARTS | STANDS - {"running", "paused"} | {"MDI mode", "not homed"},
    "stop": set(),
    "home-all": STARTS | STANDS | {"MDI mode"},
    "zero-axis": DEAD | STANDS | {"MDI mode", "not homed", "no axis", "override", "two axes", "no scale"},
    "go-to-zero": STARTS | STANDS | {"MDI mode", "not homed"},
    "safe-z": STARTS | STANDS | {"MDI mode", "not homed"},
    "probe-z": STARTS | STANDS | {"MDI mode", "not homed"},
    "spindle-on": STARTS | {"running"},
    "spindle-reverse": STARTS | {"running"},
    "spindle-off": {"machine off", "running"},
    "spindle-toggle": STARTS | {"running"},
    "flood": DEAD,
    "mist": DEAD,
    "manual-mode": {"running", "paused"},
    "machine-on": DEAD - {"machine off"},
    "machine-off": set(),
}
"""In which states each request is refused: written by hand, not taken from the table."""

OTHER_REASON = {"pause": 15, "resume": 15}
"""What is told where the state itself is no obstacle."""


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("state", STATES)
def test_each_request_in_each_state(name: str, state: str) -> None:
    reason, enter = STATES[state]
    panel = ready()
    enter(panel)
    panel.wait(0.05)
    panel.log.clear()
    panel.ask(name)
    if state in REFUSED[name]:
        is_own = name != "pause" and (name != "resume" or state in STARTS)
        assert panel.ever_done() == []
        assert panel["refused"] == 1
        (refusal,) = panel.pendant.actions.take_refusals()
        assert (refusal.request, refusal.why) == (name, reason if is_own else OTHER_REASON[name])
        if reason > 2:
            assert panel["why-not"] == refusal.why
            panel.wait(REFUSAL_S - 0.01)
            assert panel["why-not"] == refusal.why
    else:
        is_so_already = name == "manual-mode" and state != "MDI mode"
        assert (panel.ever_done() == []) is is_so_already
        assert panel["refused"] == 0


def test_no_device_and_estop_are_shown_before_a_refusal() -> None:
    panel = ready()
    panel.status(without=["all-homed"])
    panel.ask("go-to-zero")
    assert panel["why-not"] == WhyNot.NOT_HOMED
    panel.release(CONTACT)
    assert panel["why-not"] == WhyNot.ESTOP
    panel.unplug()
    assert panel["why-not"] == WhyNot.NO_DEVICE


def test_a_refusal_disarms_nothing() -> None:
    panel = ready()
    panel.ask("resume")
    assert (panel["why-not"], panel["armed"]) == (WhyNot.NOTHING_RUNS, True)
    panel.turn(2)
    assert panel["counts"] == 2


@pytest.mark.parametrize("name", REQUESTS)
def test_what_nobody_tells_is_refused(name: str) -> None:
    panel = ready()
    panel.high = frozenset()
    panel.ask(name, unknown=STATUS)
    if name in ("stop", "pause", "machine-on", "machine-off"):
        assert panel.done() == {name}
        return
    assert (panel.done(), panel["refused"], panel["why-not"]) == (set(), 1, WhyNot.NOT_TOLD)
    (refusal,) = panel.pendant.actions.take_refusals()
    assert refusal.missing
    assert set(refusal.missing) <= set(STATUS)


def test_a_pin_that_is_set_by_hand_is_known() -> None:
    """A machine that needs no homing: setp hal_mpg.all-homed TRUE."""
    panel = ready()
    panel.ask("cycle-start", unknown=["all-homed"])
    assert panel.done() == {"auto-mode"}


def test_halui_that_does_not_run_yet_says_nothing() -> None:
    panel = ready()
    panel.status(without=["program-is-idle"])
    panel.ask("go-to-zero")
    (refusal,) = panel.pendant.actions.take_refusals()
    assert (refusal.why, set(refusal.missing)) == (WhyNot.NOT_TOLD, PROGRAM)


def test_one_at_a_time_but_stop_always() -> None:
    panel = ready()
    panel.ask("go-to-zero")
    panel.ask("zero-axis", "flood", "cycle-start")
    assert (panel.done(), panel["refused"]) == ({"go-to-zero"}, 3)
    assert {refusal.why for refusal in panel.pendant.actions.take_refusals()} == {WhyNot.BUSY}
    panel.ask("cycle-start", "stop")
    assert panel.done() == {"stop"}


def test_stop_comes_before_what_was_asked_for_at_the_same_instant() -> None:
    panel = ready()
    panel.ask("cycle-start", "stop")
    assert (panel.done(), panel["refused"]) == ({"stop"}, 1)
    panel.wait(10.0)
    assert panel.ever_done() == ["stop"]


def test_another_button_need_not_wait_for_the_end_of_a_pulse() -> None:
    panel = ready()
    panel.ask("flood")
    panel.status("flood-is-on")
    panel.wait(PULSE_S)
    panel.ask("mist", "flood")
    assert (panel.done(), panel["refused"]) == ({"mist-on"}, 1)


def test_pause_right_after_the_start_pauses() -> None:
    panel = ready()
    panel.gates(manual=False)
    panel.status("mode-is-auto", "coord-mode")
    panel.ask("cycle-start")
    panel.set(RUNS)
    panel.ask("pause")
    assert panel.done() == {"pause", "cycle-start"}
    panel.set(PAUSED)
    panel.wait(5.0)
    assert (panel.ever_done(), panel["refused"]) == (["cycle-start", "pause"], 0)


def test_pause_ends_what_moves_by_hand() -> None:
    panel = ready()
    panel.ask("safe-z")
    mdi_begins(panel)
    panel.ask("pause")
    assert panel.done() == {"stop"}


@pytest.mark.parametrize("name", ["cycle-start", "step", "home-all"])
@pytest.mark.parametrize(
    "end", [lambda panel: panel.release(ENABLE), lambda panel: panel.gates(inhibit=True)]
)
def test_what_has_yet_to_begin_does_not_without_the_enabling_button(
    name: str, end: Callable[[Panel], object]
) -> None:
    panel = ready()
    panel.ask(name)
    (prelude,) = panel.done()
    end(panel)
    panel.gates(manual=False)
    panel.status("mode-is-auto", "mode-is-joint", "coord-mode")
    panel.wait(10.0)
    assert panel.ever_done() == [prelude, "stop"]
    assert panel["refused"] == 1


def test_a_program_that_was_started_goes_on_without_the_enabling_button() -> None:
    panel = ready()
    panel.gates(manual=False)
    panel.status("mode-is-auto", "coord-mode")
    panel.ask("cycle-start")
    panel.release(ENABLE)
    panel.set(RUNS)
    panel.wait(1.0)
    assert (panel.ever_done(), panel["refused"]) == (["cycle-start"], 0)


@pytest.mark.parametrize("other", ["resume", "start-or-pause", "step"])
def test_pause_wins_where_both_are_asked_for_at_once(other: str) -> None:
    panel = ready()
    panel.set(PAUSED)
    panel.ask("pause", other)
    panel.wait(5.0)
    assert (panel.ever_done(), panel["refused"]) == (["pause"], 1)


def test_a_running_spindle_does_not_go_down_to_the_plate() -> None:
    panel = ready()
    panel.status("spindle-is-on")
    panel.ask("probe-z")
    assert (panel.ever_done(), panel["why-not"]) == ([], WhyNot.MOVING)
    panel.ask("safe-z")
    assert panel.done() == {"safe-z"}


def test_machine_off_ends_what_is_under_way() -> None:
    panel = ready()
    panel.ask("probe-z")
    panel.ask("machine-off")
    assert panel.done() == {"machine-off"}
    panel.gates(on=False)
    panel.wait(1.0)
    assert (panel.done(), panel["refused"]) == (set(), 0)


@pytest.mark.parametrize(
    ("name", "status", "does"),
    [
        ("start-or-pause", RUNS, "pause"),
        ("start-or-pause", PAUSED, "resume"),
        ("step", PAUSED, "step"),
        ("step", RUNS, "step"),
        ("spindle-toggle", AT_REST | {"spindle-is-on"}, "spindle-off"),
        ("flood", AT_REST | {"flood-is-on"}, "flood-off"),
        ("mist", AT_REST | {"mist-is-on"}, "mist-off"),
        ("resume", PAUSED, "resume"),
        ("pause", RUNS, "pause"),
    ],
)
def test_what_a_request_does_depends_on_what_is_going_on(
    name: str, status: frozenset[str], does: str
) -> None:
    panel = ready()
    panel.high = status
    panel.ask(name)
    assert panel.done() == {does}


def test_an_axis_is_zeroed_only_where_it_is_selected() -> None:
    panel = ready()
    panel.switch(X, Y)
    panel.ask("zero-axis")
    assert panel.done() == {"zero.y"}


def test_a_pendant_without_an_enabling_button_needs_none() -> None:
    panel = Panel(make_profile(without=["enable"]))
    panel.status()
    panel.plug_in()
    panel.wait(1.0)
    panel.ask("go-to-zero")
    assert panel.done() == {"go-to-zero"}


def test_homing_again_from_joint_mode() -> None:
    panel = ready()
    panel.status("mode-is-joint")
    panel.ask("home-all")
    assert panel.done() == {"home-all"}
    panel.status("mode-is-joint", without=["all-homed", "in-position"])
    panel.wait(30.0)
    panel.status("mode-is-joint", without=["all-homed"])  # between two moves
    panel.wait(2.9)
    panel.status("mode-is-joint", without=["all-homed", "in-position"])
    panel.wait(30.0)
    panel.status()
    panel.wait(1.0)
    assert (panel["armed"], panel["refused"]) == (True, 0)


def test_homing_that_has_failed() -> None:
    panel = ready()
    panel.status("mode-is-joint", without=["all-homed"])
    panel.ask("home-all")
    panel.wait(3.6)
    assert (panel["refused"], panel["why-not"]) == (1, WhyNot.NOT_FOLLOWED)


def test_the_tables_fit_together() -> None:
    names = {name for choices in CHOICES.values() for _, name in choices}
    assert names | set(REQUESTS) - set(CHOICES) == set(ACTIONS) | {"stop", "pause", "zero-axis"}
    assert set(REFUSED) == set(REQUESTS)
    does = {step.pin for action in ACTIONS.values() for step in (*action.steps, *action.mends) if step.pin}
    assert sorted(DO) == sorted({*does, "stop", "pause"})
    conditions = {
        name.lstrip("!")
        for action in ACTIONS.values()
        for step in (*action.steps, *action.mends, *action.after)
        for name in (*step.until, *step.stalled)
    }
    assert conditions <= {*STATUS, "machine-is-on", "mode-is-manual"}
    assert {pin for action in ACTIONS.values() for pin in action.known} <= set(STATUS)
