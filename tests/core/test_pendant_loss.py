# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules 6, 8 and 9: loss is safe, the E-stop comes first, state is known before it is shown."""

from __future__ import annotations

import pytest

from hal_mpg.errors import IllegalEvent
from hal_mpg.events import (
    EV_KEY,
    EV_REL,
    Connected,
    Disconnected,
    EventsLost,
    Frame,
    NodeState,
    PinWrite,
    Snapshot,
)
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from tests.core.bed import (
    CONTACT,
    ENABLE,
    EPS,
    HEAD,
    HOME,
    READY,
    REL_DIAL,
    RESET,
    X1,
    Bed,
    X,
    Y,
    make_profile,
    places,
)

NO_ESTOP = make_profile(HEAD + "on-disconnect: disarm\n", without=("estop",))


def test_nothing_is_known_before_a_pendant_is_there() -> None:
    bed = Bed()
    bed.wait(10.0)
    assert bed.times("estop-ok", True) == []
    assert (bed["connected"], bed["why-not"]) == (False, 1)


def test_on_connect_the_switches_are_shown_as_they_are() -> None:
    bed = Bed()
    bed.plug_in({Y, 0x128, CONTACT})
    assert (bed["connected"], bed["axis-select"], bed["scale-select"], bed["scale"]) == (True, 1, 2, 0.1)
    bed.wait(0.2)
    assert (bed["estop"], bed["estop-ok"]) == (False, True)


def test_on_connect_an_actuated_estop_stays_one() -> None:
    bed = Bed()
    bed.plug_in(READY - {CONTACT})
    bed.wait(5.0)
    assert (bed["estop"], bed["estop-ok"], bed["why-not"]) == (True, False, 2)


@pytest.mark.parametrize(("contact", "actuated"), [("normally-closed", False), ("normally-open", True)])
def test_contacts(contact: str, actuated: bool) -> None:
    """Whether the key that is held means actuated."""
    bed = Bed(make_profile(estop=f"{{key: 0x129, contact: {contact}}}"))
    bed.plug_in({CONTACT})
    bed.wait(1.0)
    assert bed["estop"] is actuated
    bed.release(CONTACT)
    bed.wait(1.0)
    assert bed["estop"] is not actuated
    bed.press(CONTACT)
    bed.wait(1.0)
    assert bed["estop"] is actuated


def test_everything_is_safe_in_the_batch_of_the_loss() -> None:
    bed = Bed().arm()
    bed.press(HOME)
    bed.press(RESET)
    bed.wait(1.0)
    bed.turn(1)
    bed.unplug()
    for pin in ["connected", "estop-ok", "enable", "armed", "reset", "button.home"]:
        assert bed[pin] is False, pin
    assert bed["axis.x.selected"] is bed["axis.x.jog-enable"] is False
    assert (bed["axis-select"], bed["scale-select"], bed["scale"], bed["estop"]) == (-1, -1, 0.0, True)
    assert (bed["why-not"], bed["jog-stop"], bed["reconnects"]) == (1, True, 0)
    bed.wait(1.0)
    assert (bed["velocity"], bed["jog-stop"], bed["estop-ok"]) == (0.0, False, False)


@pytest.mark.parametrize(("pin", "key"), [("reset", RESET), ("button.home", HOME)])
def test_a_button_that_was_just_pressed_does_not_outlive_its_pendant(pin: str, key: int) -> None:
    bed = Bed().arm()
    bed.press(key)
    bed.wait(0.01)
    bed.unplug()
    bed.wait(0.02)
    assert bed[pin] is False
    bed.wait(0.2)
    assert len(bed.times(pin, True)) == 1


@pytest.mark.parametrize("contact", ["normally-closed", "normally-open"])
def test_the_keys_that_the_kernel_releases_on_unplugging_release_no_estop(contact: str) -> None:
    is_open = contact == "normally-open"
    bed = Bed(make_profile(estop=f"{{key: 0x129, contact: {contact}}}"))
    bed.plug_in(READY if is_open else READY - {CONTACT})  # actuated
    bed.wait(5.0)
    assert bed["estop-ok"] is False
    if is_open:
        bed.release(X, X1, CONTACT)
        bed.wait(0.02)
    bed.unplug()
    bed.wait(5.0)
    assert bed.times("estop-ok", True) == []


def test_coming_back_restores_no_motion_by_itself() -> None:
    bed = Bed().arm()
    bed.turn(1)
    bed.unplug()
    bed.wait(1.0)
    bed.plug_in(READY | {ENABLE})
    bed.wait(5.0)
    bed.turn(1)
    assert (bed["armed"], bed.jog_counts(), bed["reconnects"]) == (False, {"x": 1}, 1)


def test_reconnects_counts_the_times_that_it_came_back() -> None:
    bed = Bed()
    seen = []
    for _ in range(3):
        bed.plug_in()
        seen.append(bed["reconnects"])
        bed.wait(0.5)
        bed.unplug()
        bed.wait(0.5)
    assert seen == [0, 1, 2]


def test_a_short_loss_is_an_estop_of_100_ms() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    lost = bed.now
    bed.unplug()
    bed.wait(0.01)
    bed.plug_in()
    bed.wait(1.0)
    assert bed["estop-ok"] is True
    assert bed.times("estop-ok", True)[-1] - lost >= 0.1 - EPS


def test_with_an_estop_loss_is_an_estop_whatever_the_profile_says() -> None:
    bed = Bed(make_profile(HEAD + "on-disconnect: disarm\n"))
    assert bed["estop-ok"] is False
    bed.plug_in()
    bed.wait(1.0)
    bed.unplug()
    assert (bed["estop-ok"], bed["estop"]) == (False, True)


def test_without_an_estop_loss_only_disarms() -> None:
    bed = Bed(NO_ESTOP)
    assert (bed["estop-ok"], bed["estop"]) == (True, False)
    bed.arm()
    bed.unplug()
    bed.wait(1.0)
    assert (bed["estop-ok"], bed["armed"], bed["connected"]) == (True, False, False)
    assert bed.times("estop-ok", False) == []


def test_without_an_estop_loss_can_be_one() -> None:
    bed = Bed(make_profile(HEAD + "on-disconnect: estop\n", without=("estop",)))
    assert bed["estop-ok"] is False
    bed.plug_in()
    bed.wait(1.0)
    assert bed["estop-ok"] is True
    bed.unplug()
    assert bed["estop-ok"] is False


SAFER = ("estop-ok", "estop", "jog-stop", "armed", "axis.x.jog-enable", "axis.a.jog-enable")


def test_in_a_batch_with_an_estop_what_makes_safer_is_written_first() -> None:
    bed = Bed().arm()
    now = bed.now
    turn, estop = (EV_REL, REL_DIAL, 1), (EV_KEY, CONTACT, 0)
    order = places(bed.handle(Frame(now, 0, (turn, turn)), Frame(now, 0, (estop,)), Frame(now, 0, (turn,))))
    assert order["estop-ok"] == 0
    assert all(order[pin] < order["dropped"] for pin in SAFER if pin != "jog-stop")
    assert (bed["dropped"], bed["counts"]) == (3, 0)
    assert "axis.x.jog-counts" not in order, "nothing is counted while disarmed, whatever came before"


def test_what_was_published_before_such_a_batch_stays_counted() -> None:
    bed = Bed().arm()
    bed.turn(2)
    turn, estop = (EV_REL, REL_DIAL, 1), (EV_KEY, CONTACT, 0)
    bed.frame(turn, estop)
    assert (bed.jog_counts(), bed["counts"], bed["dropped"]) == ({"x": 2}, 2, 1)


def test_in_a_batch_that_arms_and_disarms_the_last_word_is_safe() -> None:
    bed = Bed()
    bed.plug_in()
    bed.wait(1.0)
    bed.frame((EV_KEY, ENABLE, 1), (EV_REL, REL_DIAL, 1), (EV_KEY, CONTACT, 0))
    assert (bed["armed"], bed["axis.x.jog-enable"], bed["estop-ok"]) == (False, False, False)


def test_estop_ok_comes_last_when_everything_is_well_again() -> None:
    bed = Bed(make_profile(without=("enable",)))
    bed.plug_in()
    writes = [write for _, write in bed.log]
    bed.wait(1.0)
    writes = [write for _, write in bed.log][len(writes) :]
    assert writes.index(PinWrite("estop", False)) < writes.index(PinWrite("estop-ok", True))


# Lost events.


def test_lost_events_disarm_until_the_state_is_read_and_the_wheel_was_still() -> None:
    bed = Bed().arm()
    bed.handle(EventsLost(bed.now, 0, ()))
    assert (bed["armed"], bed["why-not"], bed["connected"]) == (False, 10, True)
    bed.handle(Snapshot(bed.now, 0, bed.state()))
    assert (bed["armed"], bed["why-not"]) == (False, 7)
    bed.wait(0.21)
    assert (bed["armed"], bed["why-not"]) == (True, 0)


def test_the_switches_are_those_of_the_snapshot() -> None:
    bed = Bed().arm()
    bed.held = {Y, 0x127, ENABLE}
    bed.lose_events()
    assert (bed["axis-select"], bed["scale-select"], bed["estop-ok"]) == (1, 1, False)
    assert bed["enable"] is True


def test_an_estop_in_lost_events_is_seen_in_their_batch() -> None:
    bed = Bed().arm()
    bed.held.discard(CONTACT)
    start = len(bed.log)
    bed.lose_events((EV_KEY, CONTACT, 0))
    assert bed.log[start][1] == ("estop-ok", False)


def test_a_press_that_is_known_from_a_snapshot_only_is_no_press() -> None:
    bed = Bed().arm()
    bed.held |= {RESET, HOME}
    bed.lose_events()
    bed.wait(1.0)
    assert bed.times("reset", True) == bed.times("button.home", True) == []


def test_an_enabling_button_that_was_held_all_along_still_is() -> None:
    bed = Bed().arm()
    bed.lose_events()
    bed.wait(0.5)
    assert (bed["enable"], bed["armed"]) == (True, True)


def test_a_step_key_that_was_released_unseen_can_be_pressed_again() -> None:
    bed = Bed(make_profile(axis="{next: 0x120, order: [x, y, z]}")).arm({X1, CONTACT})
    bed.press(X)
    assert bed["axis-select"] == 1
    bed.held.discard(X)
    bed.lose_events((EV_KEY, X, 0))
    bed.press(X)
    assert bed["axis-select"] == 2


def test_all_nodes_are_read_again_before_it_is_armed() -> None:
    bed = Bed(make_profile(without=("enable",)))
    states = (NodeState(frozenset(READY), {}), NodeState(frozenset(), {}))
    bed.handle(Connected(bed.now, states))
    bed.wait(1.0)
    assert bed["armed"] is True
    bed.handle(EventsLost(bed.now, 0, ()), EventsLost(bed.now, 1, ()), Snapshot(bed.now, 1, states[1]))
    bed.wait(1.0)
    assert (bed["armed"], bed["why-not"]) == (False, 10)
    bed.handle(Snapshot(bed.now, 0, states[0]))
    bed.wait(1.0)
    assert bed["armed"] is True


def test_a_device_may_go_while_its_state_is_read_again() -> None:
    bed = Bed().arm()
    bed.handle(EventsLost(bed.now, 0, ()))
    bed.unplug()
    assert (bed["connected"], bed["estop-ok"], bed["why-not"]) == (False, False, 1)
    assert Bed.arm(bed)["armed"] is True


# One door.

CONNECTED = Connected(0.0, (NodeState(frozenset(READY), {}),))
FRAME = Frame(0.0, 0, ((EV_REL, REL_DIAL, 1),))
SNAPSHOT = Snapshot(0.0, 0, NodeState(frozenset(), {}))
LOST, GONE = EventsLost(0.0, 0, ()), Disconnected(0.0, "")


@pytest.mark.parametrize("event", [FRAME, SNAPSHOT, LOST, GONE])
def test_without_a_device_it_can_only_connect(event: Frame) -> None:
    bed = Bed()
    before = dict(bed.pins)
    with pytest.raises(IllegalEvent, match=rf"{type(event).__name__} while the device is absent.*report"):
        bed.handle(event)
    assert bed.pins == before


@pytest.mark.parametrize("event", [CONNECTED, SNAPSHOT])
def test_a_device_does_not_connect_twice_and_tells_its_state_only_when_asked(event: Connected) -> None:
    bed = Bed().arm()
    before = dict(bed.pins)
    with pytest.raises(IllegalEvent):
        bed.handle(event)
    assert bed.pins == before


def test_no_time_is_needed_where_nothing_happens() -> None:
    bed = Bed()
    bed.wait(1.0)
    assert bed.pendant.next_deadline() is None
    bed.arm()
    assert bed.pendant.next_deadline() is None


def connected_old(keys: frozenset[int], nodes: int = 1) -> Bed:
    """Plug in a pendant whose state the kernel may remember from long ago."""
    bed = Bed()
    bed.held = set(keys)
    others = (NodeState(frozenset(), {}),) * (nodes - 1)
    bed.handle(Connected(bed.now, (bed.state(), *others), may_be_old=True))
    bed.wait(1.0)
    return bed


def test_an_estop_state_that_may_be_old_is_not_believed_until_the_device_has_spoken() -> None:
    bed = connected_old(READY)
    assert (bed["connected"], bed["estop-ok"], bed["why-not"]) == (True, False, 2)
    assert bed["axis-select"] == 0
    bed.turn(1)
    bed.wait(0.1)
    assert bed["estop-ok"] is True
    assert bed["dropped"] == 1


def test_the_first_word_may_be_that_the_estop_is_pressed() -> None:
    bed = connected_old(READY)
    bed.frame((EV_REL, REL_DIAL, 1), (EV_KEY, CONTACT, 0))
    bed.wait(1.0)
    assert bed["estop-ok"] is False
    assert not bed.times("estop-ok", True)


def test_only_the_node_that_has_the_estop_can_speak_for_it() -> None:
    bed = connected_old(READY, nodes=2)
    bed.frame((EV_REL, REL_DIAL, 1), node=1)
    bed.wait(1.0)
    assert bed["estop-ok"] is False
    bed.frame((EV_REL, REL_DIAL, 1), node=0)
    bed.wait(1.0)
    assert bed["estop-ok"] is True


def test_a_normally_open_estop_that_may_be_old_counts_as_actuated_too() -> None:
    profile = make_profile(estop=f"{{key: {CONTACT}, contact: normally-open}}")
    bed = Bed(profile)
    bed.handle(Connected(bed.now, (NodeState(READY - {CONTACT}, {}),), may_be_old=True))
    bed.wait(1.0)
    assert bed["estop-ok"] is False
    bed.turn(1)
    bed.wait(1.0)
    assert bed["estop-ok"] is True


def test_a_button_in_the_first_word_was_perhaps_held_all_along_and_is_no_press() -> None:
    bed = connected_old(frozenset())
    bed.press(*READY, ENABLE, RESET)
    bed.wait(1.0)
    assert (bed["estop-ok"], bed["enable"], bed["reset"], bed["armed"]) == (True, False, False, False)
    assert not bed.times("reset", True)
    bed.release(ENABLE)
    bed.press(ENABLE)
    bed.wait(1.0)
    assert bed["armed"] is True


def test_a_state_that_was_read_again_is_not_old() -> None:
    bed = connected_old(READY)
    bed.lose_events()
    bed.wait(1.0)
    assert bed["estop-ok"] is True


def test_a_release_that_is_read_late_is_believed_50_ms_after_reading_and_not_before() -> None:
    bed = connected_old(READY)
    bed.handle(Frame(bed.now - 0.3, 0, ((EV_REL, REL_DIAL, 1),)))
    assert bed["estop-ok"] is False
    bed.wait(0.06)
    assert bed["estop-ok"] is True


def test_a_first_word_that_is_read_late_arms_nothing_in_mid_turn() -> None:
    bed = Bed(make_profile(HEAD + "on-disconnect: disarm\n", without=("estop", "enable")))
    bed.held = set(READY)
    bed.handle(Connected(bed.now, (bed.state(),), may_be_old=True))
    start = bed.now
    bed.wait(0.1)
    bed.now += 0.3
    turns = [Frame(start + time, 0, ((EV_REL, REL_DIAL, 1),)) for time in (0.11, 0.15)]
    bed.handle(*turns)
    assert (bed.jog_counts(), bed["dropped"]) == ({}, 2)


def test_a_pendant_that_needs_nothing_is_not_armed_by_plugging_it_in() -> None:
    """Whatever was armed before: nobody knows what the wheel did."""
    profile = make_profile(HEAD + "on-disconnect: disarm\n", without=("estop", "enable"))
    pendant = Pendant(profile, Machine())
    assert ("armed", True) not in pendant.handle([CONNECTED], 100.0)
    assert ("armed", True) in pendant.tick(100.21)


def test_a_node_that_has_spoken_speaks_for_itself_whichever_it_is() -> None:
    bed = Bed()
    nodes = (NodeState(frozenset(), {}), NodeState(READY, {}))
    bed.handle(Connected(bed.now, nodes, may_be_old=True))
    bed.wait(1.0)
    bed.frame((EV_REL, REL_DIAL, 1), node=0)
    bed.wait(1.0)
    assert bed["estop-ok"] is False
    bed.frame((EV_REL, REL_DIAL, 1), (EV_KEY, RESET, 1), node=1)
    bed.wait(0.06)
    assert (bed["estop-ok"], bed["reset"]) == (True, False)
    bed.frame((EV_KEY, RESET, 0), (EV_KEY, RESET, 1), node=1)
    assert bed["reset"] is True


def test_a_device_without_a_node_has_an_actuated_estop() -> None:
    bed = Bed()
    bed.handle(Connected(bed.now, ()))
    bed.wait(1.0)
    assert bed["estop-ok"] is False
