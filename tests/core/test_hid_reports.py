# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports of raw HID pendants become events: selectors, wheel, keys that others shift, sleep, and garbage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.arming import WhyNot
from hal_mpg.device_state import ASLEEP
from hal_mpg.events import Connected, DeviceEvent, Disconnected, EventsLost, Frame, Gates, Snapshot
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Code, Profile
from hal_mpg.profile_files import read_profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.hid_reports import HidReports

SHIPPED = Path(__file__).parents[2] / "config" / "pendants"
WHB = read_profile(SHIPPED / "xhc-whb04b-6.yaml")
HB04 = read_profile(SHIPPED / "xhc-hb04.yaml")
HB04_16 = read_profile(SHIPPED / "xhc-hb04-16.yaml")
SHUTTLE = read_profile(SHIPPED / "shuttle-xpress.yaml")
RAW = [WHB, HB04, HB04_16, SHUTTLE, *(read_profile(SHIPPED / f"shuttle-{n}.yaml") for n in ("pro", "pro-v2"))]


def whb(keys: Sequence[int] = (), feed: int = 0x0D, axis: int = 0x11, turned: int = 0) -> bytes:
    """Return a report of the WHB04B: `04 random key key feed axis delta check`."""
    first, second = (*keys, 0, 0)[:2]
    return bytes([4, 0x5A, first, second, feed, axis, turned & 0xFF, 0xA5])


WHB_SLEEPS = bytes([4, 0x77, 0, 0, 0, 0, 0, 0x99])


def hb04(keys: Sequence[int] = (), axis: int = 0x11, turned: int = 0) -> bytes:
    """Return a report of the HB04: `04 key key axis delta check`."""
    first, second = (*keys, 0, 0)[:2]
    return bytes([4, first, second, axis, turned & 0xFF, 0x0C])


def shuttle(dial: int = 0, ring: int = 0, buttons: int = 0) -> bytes:
    """Return a report of a Shuttle: ring, dial, 0, 16 bits of buttons."""
    return bytes([ring & 0xFF, dial & 0xFF, 0, *(buttons << 4).to_bytes(2, "little")])


def named(profile: Profile) -> dict[Code, str]:
    """Return what the profile calls its codes."""
    return {code: name for name, code in profile.own_codes}


def shown(profile: Profile, events: Sequence[DeviceEvent]) -> list[str]:
    """Return events in short, with the profile's own names."""
    names = named(profile)
    short = []
    for event in events:
        match event:
            case Frame(_, _, changes):
                short.append(" ".join(f"{names[Code(kind, code)]}={value}" for kind, code, value in changes))
            case Connected(_, (node,)):
                keys = [names[Code(1, key)] for key in sorted(node.keys)]
                places = [f"{names[Code(3, code)]}={value}" for code, value in node.absolutes.items()]
                short.append(" ".join(["connected", *keys, *places]))
            case EventsLost(_, _, void):
                short.append(" ".join(["void", *(f"{names[Code(k, c)]}={v}" for k, c, v in void)]))
            case Snapshot():
                short.append("snapshot")
            case Disconnected(_, reason):
                short.append(reason)
    return short


class Fed:
    """A decoder, and the state machine behind it, fed with reports at made-up times."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.decoder = HidReports(profile)
        self.pendant = Pendant(profile, Machine())
        self.pins = {pin.name: pin.initial for pin in self.pendant.pins}
        self.now = 100.0

    def __call__(self, *reports: bytes, after: float = 0.01) -> list[str]:
        """Feed reports; return the events in short. The pins are as they are then."""
        said = []
        for report in reports:
            self.now += after
            self._let_time_pass()
            events = self.decoder.feed(report, self.now)
            self.pins |= self.pendant.handle(events, self.now)
            said += shown(self.profile, events)
        return said

    def _let_time_pass(self) -> None:
        while (due := self.pendant.next_deadline()) is not None and due <= self.now:
            self.pins |= self.pendant.tick(due)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self._let_time_pass()

    def counts(self) -> dict[str, int]:
        """Return what the wheel has counted, by axis and target, without those that are 0."""
        ends = (".jog-counts", ".counts")
        found = {name: int(value) for name, value in self.pins.items() if name.endswith(ends)}
        return {name.rsplit(".", 1)[0]: value for name, value in found.items() if value}


def armed(profile: Profile, *reports: bytes) -> Fed:
    """Return a pendant that has spoken, on an armed machine."""
    fed = Fed(profile)
    fed(*reports)
    fed.wait(1)
    assert fed.pins["armed"]
    return fed


# The first report, sleep, waking.


def test_the_first_report_tells_how_everything_stands_and_what_is_held_is_no_press() -> None:
    fed = Fed(WHB)
    assert fed(whb([2], axis=0x12, turned=3)) == ["connected STOP AXIS=18 FEED=13", "WHEEL=3"]
    assert (fed.pins["axis-select"], fed.pins["scale-select"], fed.pins["dropped"]) == (1, 0, 3)
    assert not fed.pins["button.stop"]
    assert fed(whb(axis=0x12), whb([2], axis=0x12)) == ["STOP=0", "STOP=1"]
    assert fed.pins["button.stop"]


def test_nothing_is_known_before_it_speaks() -> None:
    fed = Fed(WHB)
    assert not fed.pins["connected"]
    assert fed(WHB_SLEEPS) == []
    assert not fed.decoder.is_connected


def test_asleep_and_awake_again() -> None:
    fed = armed(WHB, whb())
    assert fed(WHB_SLEEPS) == [ASLEEP]
    assert (fed.pins["connected"], fed.pins["armed"], fed.pins["estop"]) == (False, False, False)
    assert fed(b"\x04" + b"\xff" * 7, whb([1], axis=0x13)) == ["connected RESET AXIS=19 FEED=13"]
    assert fed.pins["axis.z.selected"]
    assert not fed.pins["reset"]
    assert fed.pins["reconnects"] == 1
    assert fed.decoder.garbled == 0


def test_what_comes_long_after_it_fell_asleep_is_not_passed_over() -> None:
    fed = armed(WHB, whb())
    fed(WHB_SLEEPS)
    assert fed(whb(axis=0x12), after=60) == ["connected AXIS=18 FEED=13"]


def test_only_one_report_is_passed_over() -> None:
    fed = armed(WHB, whb())
    assert fed(WHB_SLEEPS, whb(axis=0x12), whb(axis=0x12)) == [ASLEEP, "connected AXIS=18 FEED=13"]


def test_hb04_is_asleep_only_if_the_last_byte_is_0_too() -> None:
    fed = armed(HB04, hb04())
    assert fed(hb04(axis=0)) == ["AXIS=0"]
    assert fed.pins["why-not"] == 8
    assert fed(bytes([4, 0, 0, 0, 0, 0])) == [ASLEEP]
    assert fed(hb04(axis=0x18)) == ["connected AXIS=24"]
    assert fed.pins["axis.a.selected"]


def test_an_estop_on_disconnect_counts_for_sleep_too() -> None:
    text = (SHIPPED / "xhc-hb04.yaml").read_text("utf-8")
    profile = load_profile(text.replace("match:", "on-disconnect: estop\nmatch:", 1), "p.yaml")
    fed = Fed(profile)
    fed(hb04())
    fed.wait(1)
    assert fed.pins["estop-ok"]
    fed(bytes([4, 0, 0, 0, 0, 0]))
    assert not fed.pins["estop-ok"]


# Wheel and selectors.


def test_detents_go_to_the_axis_and_the_scale() -> None:
    fed = armed(WHB, whb())
    assert fed(whb(turned=2), whb(turned=-1)) == ["WHEEL=2", "WHEEL=-1"]
    assert fed(whb(feed=0x0F)) == ["FEED=15"]
    fed(whb(feed=0x0F, turned=1))
    assert fed.counts() == {"axis.x": 101}


@pytest.mark.parametrize("position", [0x1A, 0x1B, 0x1C, 0x9B])
@pytest.mark.parametrize("axis", [0x06, 0x11, 0x16])
def test_an_override_on_the_scale_knob_is_turned_whatever_the_axis_knob_says(
    position: int, axis: int
) -> None:
    fed = armed(WHB, whb(feed=position, axis=axis))
    assert fed.pins["why-not"] == 0
    assert (fed.pins["axis-select"], fed.pins["scale-select"], fed.pins["scale"]) == (-1, -1, 0.0)
    fed(whb(feed=position, axis=axis, turned=5))
    target = "feed-override" if position in (0x1A, 0x1B) else "spindle-override"
    assert fed.counts() == {target: 5}


def test_an_override_works_in_any_mode_and_a_jog_does_not() -> None:
    fed = armed(WHB, whb(feed=0x1A))
    fed.pins |= fed.pendant.handle([Gates(True, False, False)], fed.now)
    fed(whb(feed=0x1A, turned=2))
    fed(whb())
    fed(whb(turned=1))
    assert fed.counts() == {"feed-override": 2}
    assert fed.pins["dropped"] == 1


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (whb(axis=0x12, turned=4), ["AXIS=5 FEED=12 WHEEL=4 AXIS=18 FEED=13"]),
        (whb(feed=0x0E, turned=-4), ["AXIS=5 FEED=12 WHEEL=-4 FEED=14 AXIS=17"]),
        (whb(feed=0x1B, turned=4), ["AXIS=5 FEED=12 WHEEL=4 FEED=27 AXIS=17"]),
    ],
)
def test_what_was_turned_while_a_selector_was_is_nobodys(report: bytes, says: list[str]) -> None:
    fed = armed(WHB, whb())
    assert fed(report) == says
    assert fed.pins["dropped"] == 4
    assert fed.counts() == {}
    assert fed.pins["armed"]  # nothing is disarmed for that
    again = bytes([*report[:6], 1, 0])
    fed(again)
    assert len(fed.counts()) == 1


def test_a_button_beside_the_wheel_changes_nothing_of_that() -> None:
    fed = armed(WHB, whb())
    assert fed(whb([2], turned=4)) == ["STOP=1 WHEEL=4"]
    assert fed.counts() == {"axis.x": 4}


def test_a_step_key_in_the_same_report_moves_the_axis_nowhere() -> None:
    """The scale of the HB04 is stepped through by a key; its axis knob can be told to be nowhere."""
    fed = armed(HB04, hb04())
    assert fed(hb04([0x0D], turned=3)) == ["AXIS=-1 WHEEL=3 STEP=1 AXIS=17"]
    assert (fed.pins["dropped"], fed.pins["scale-select"]) == (3, 1)
    # The key's release is no step.
    assert fed(hb04(turned=2)) == ["STEP=0 WHEEL=2"]
    assert fed.counts() == {"axis.x": 20}


STEPS = """\
name: Steps
source: hidraw
match: [{vendor: 1}]
protocol:
  reports:
    - length: 3
      fields: {turn: {at: 0, type: s8}, dial: {at: 1}, next: {at: 2, bit: 0}, hold: {at: 2, bit: 1}}
      rules: [{set: {WHEEL: {rel: turn}, NEXT: {key: next}, HOLD: {key: hold}}}]
increments: {x1: {mm: 0.001}}
controls:
  wheel: {rel: WHEEL}
  axis: {next: NEXT, order: [x, y]}
  enable: {key: HOLD}
"""


def test_where_the_axis_is_stepped_through_the_wheel_has_to_be_still_again() -> None:
    fed = Fed(load_profile(STEPS, "p.yaml"))
    fed(bytes(3), bytes([0, 0, 2]))
    fed.wait(1)
    assert fed.pins["armed"]
    assert fed(bytes([5, 0, 3])) == ["void WHEEL=5", "snapshot", "NEXT=1"]
    assert (fed.pins["axis.y.selected"], fed.pins["armed"], fed.pins["dropped"]) == (True, False, 5)
    fed.wait(1)
    fed(bytes([1, 0, 2]))
    assert fed.counts() == {"axis.y": 1}


def test_an_absolute_wheel_where_the_axis_is_stepped_through() -> None:
    text = STEPS.replace("wheel: {rel: WHEEL}", "wheel: {abs: DIAL, modulo: 256}")
    text = text.replace("WHEEL: {rel: turn}", "DIAL: {abs: dial}").replace("turn: {at: 0, type: s8}, ", "")
    fed = Fed(load_profile(text, "p.yaml"))
    fed(bytes([0, 10, 0]), bytes([0, 10, 2]))
    fed.wait(1)
    assert fed(bytes([0, 17, 3])) == ["void DIAL=17", "snapshot", "NEXT=1"]
    assert (fed.counts(), fed.pins["dropped"]) == ({}, 7)
    fed.wait(1)
    fed(bytes([0, 18, 2]))
    assert fed.counts() == {"axis.y": 1}


def test_a_wheel_of_keys_is_turned_by_presses_alone() -> None:
    text = STEPS.replace("wheel: {rel: WHEEL}", "wheel: {keys: {forward: HOLD, backward: BACK}}")
    text = text.replace("WHEEL: {rel: turn}", "AXIS: {abs: dial}, BACK: {key: back}")
    text = text.replace("turn: {at: 0, type: s8}", "back: {at: 2, bit: 2}").replace(
        "  enable: {key: HOLD}\n", ""
    )
    text = text.replace("NEXT: {key: next}, ", "").replace("next: {at: 2, bit: 0}, ", "")
    text = text.replace("axis: {next: NEXT, order: [x, y]}", "axis: {abs: AXIS, positions: {1: x, 2: y}}")
    fed = armed(load_profile(text, "p.yaml"), bytes([0, 1, 0]))
    assert fed(bytes([0, 1, 2])) == ["HOLD=1"]
    assert fed(bytes([0, 2, 0])) == ["AXIS=2 HOLD=0"]
    assert fed(bytes([0, 1, 4])) == ["AXIS=0 BACK=1 AXIS=1"]
    assert (fed.counts(), fed.pins["dropped"]) == ({"axis.x": 1}, 1)


def test_a_pulse_is_a_press_each_time() -> None:
    text = STEPS.replace("NEXT: {key: next}", "NEXT: {pulse: next}")
    fed = Fed(load_profile(text, "p.yaml"))
    fed(bytes(3))
    assert fed(bytes([0, 0, 1])) == ["NEXT=0 NEXT=1 NEXT=0"]
    assert fed.pins["axis.y.selected"]
    assert fed(bytes([0, 0, 1])) == ["NEXT=1 NEXT=0"]
    assert fed.pins["axis.x.selected"]


def test_the_enabling_button_counts_as_a_change_of_what_the_wheel_is_for() -> None:
    text = STEPS.replace("axis: {next: NEXT, order: [x, y]}", "axis: {keys: {x: NEXT}}")
    fed = Fed(load_profile(text, "p.yaml"))
    fed(bytes([0, 0, 1]), bytes([0, 0, 3]))
    fed.wait(1)
    fed(bytes([2, 0, 3]))
    assert fed(bytes([7, 0, 1])) == ["NEXT=0 WHEEL=7 HOLD=0 NEXT=1"]
    assert (fed.counts()["axis.x"], fed.pins["dropped"], fed.pins["armed"]) == (2, 7, False)
    fed.wait(1)
    assert fed(bytes([9, 0, 3])) == ["NEXT=0 WHEEL=9 HOLD=1 NEXT=1"]
    assert (fed.counts()["axis.x"], fed.pins["dropped"]) == (2, 16)


def test_an_absolute_wheel_is_seeded_and_wraps() -> None:
    fed = Fed(SHUTTLE)
    assert fed(shuttle(dial=250, buttons=1)) == ["connected B1 DIAL=250 RING=0"]
    fed.wait(1)
    fed(shuttle(dial=3, buttons=1))
    assert fed.counts() == {"axis.x": 9}
    fed(shuttle(dial=0, buttons=1))  # where the kernel's own idea of it says nothing
    assert fed.counts()["axis.x"] == 6


def test_an_absolute_wheel_that_is_turned_while_its_axis_changes() -> None:
    fed = armed(SHUTTLE, shuttle(buttons=1))
    fed(shuttle(dial=5, buttons=2))
    assert (fed.counts(), fed.pins["dropped"]) == ({}, 5)
    fed(shuttle(dial=6, buttons=2))
    assert fed.counts() == {"axis.y": 1}


# Keys.


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_fn_makes_another_button_of_each_key(order: tuple[int, int]) -> None:
    fed = armed(WHB, whb())
    fn_and_stop = [(0x0C, 2)[order[0]], (0x0C, 2)[order[1]]]
    assert fed(whb([0x0C]), whb(fn_and_stop)) == ["FN=1", "MACRO_12=1"]
    assert (fed.pins["button.macro-12"], fed.pins["button.stop"], fed.pins["button.fn"]) == (
        True,
        False,
        True,
    )
    # Its release, and another press, whichever of the two was let go first.
    assert fed(whb([2])) == ["FN=0"]
    assert fed(whb(), whb([2])) == ["MACRO_12=0", "STOP=1"]


def test_a_key_stays_what_it_was_when_fn_comes_later() -> None:
    fed = armed(WHB, whb())
    assert fed(whb([3]), whb([3, 0x0C]), whb([0x0C]), whb()) == [
        "START_PAUSE=1",
        "FN=1",
        "START_PAUSE=0",
        "FN=0",
    ]


def test_both_at_once_are_the_shifted_one() -> None:
    fed = armed(WHB, whb())
    assert fed(whb([0x0C, 1])) == ["FN=1 MACRO_11=1"]
    assert fed.pins["button.macro-11"]
    assert not fed.pins["reset"]


@pytest.mark.parametrize("profile", [WHB, HB04, HB04_16])
def test_every_button_is_a_pin_of_its_own(profile: Profile) -> None:
    assert profile.hid is not None
    held = next(rule.held for rule in profile.hid.reports[0].rules if rule.held)
    make = whb if profile is WHB else hb04
    names = {code: f"button.{name}" for name, code in profile.buttons}
    names |= {profile.reset: "reset"} if profile.reset else {}
    shifts: list[tuple[tuple[int, ...], tuple[tuple[int, Code], ...]]] = [((), held.keys)]
    numbers = {code: number for number, code in held.keys}
    shifts += [((numbers[shift],), keys) for shift, keys in held.shifted]
    seen = set()
    for first, keys in shifts:
        for number, code in keys:
            fed = armed(profile, make())
            fed(make(first), make([*first, number]))
            on = {pin for code, pin in names.items() if fed.pins[pin]} - ({"button.fn"} if first else set())
            step = {"STEP"} if named(profile)[code] == "STEP" and profile is not WHB else set()
            assert on == ({names[code]} if not step else set())
            seen |= on
            fed(make())
            fed.wait(0.1)
            assert not any(fed.pins[pin] for pin in names.values())
    assert seen == {pin for _, pin in names.items()}


# Garbage.


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (b"", "has 0 bytes; the profile knows id 0x04 with 8 bytes"),
        (whb()[:7], "report 04 5a 00 00 0d 11 00 has 7 bytes"),
        (whb() + b"\0", "has 9 bytes"),
        (b"\x05" + whb()[1:], "report 05 5a"),
    ],
)
def test_what_is_no_report_of_it_is_counted_and_changes_nothing(report: bytes, says: str) -> None:
    fed = armed(WHB, whb())
    assert fed(report) == []
    assert (fed.decoder.garbled, fed.decoder.understood) == (1, 1)
    assert says in fed.decoder.complaint
    fed.decoder.reset()
    assert (fed.decoder.complaint, fed.decoder.garbled) == ("", 1)


def test_a_key_that_nobody_knows() -> None:
    fed = armed(WHB, whb([3]))
    says = ["void WHEEL=6", "snapshot", "AXIS=5 FEED=12 START_PAUSE=0"]
    assert fed(whb([0x2A], axis=0x12, turned=6)) == says
    assert fed.decoder.garbled == 1
    assert "no key has the code 0x2a; add it to the profile" in fed.decoder.complaint
    # Neither the knobs nor the wheel is believed, nor what was before; what is no longer held is let go.
    assert (fed.pins["axis-select"], fed.pins["dropped"], fed.counts()) == (-1, 6, {})
    assert fed(whb([0x2A], axis=0x12)) == []
    fed.wait(1)
    assert fed.pins["why-not"] == WhyNot.NO_AXIS
    fed(whb(axis=0x12, turned=2))
    assert (fed.pins["dropped"], fed.counts()) == (8, {})
    assert fed.pins["axis.y.selected"]


def test_a_key_that_was_let_go_in_such_a_report_is_pressed_anew() -> None:
    fed = armed(WHB, whb([3]))
    fed(whb([0x2A]))
    assert fed(whb([0x0C, 3])) == ["AXIS=17 FEED=13 FN=1 MACRO_13=1"]


@pytest.mark.parametrize("jammed", [[0x55, 0x16], [0x16, 0x55]])
def test_a_stop_button_works_beside_a_key_that_nobody_knows(jammed: list[int]) -> None:
    fed = armed(HB04, hb04())
    fed(hb04([0x55]), hb04(jammed))
    assert fed.pins["button.stop"]
    fed(hb04([0x55]))
    fed.wait(0.1)
    assert not fed.pins["button.stop"]


def test_what_makes_nothing_safer_is_not_believed_beside_a_key_that_nobody_knows() -> None:
    fed = armed(HB04, hb04())
    fed(hb04([0x55]), hb04([0x55, 0x17]), hb04([0x55, 0x0D]))
    assert not fed.pins["reset"]
    assert fed.pins["scale-select"] == 0
    fed(hb04([0x17]))
    assert fed.pins["reset"], "it is held in a good report"


RINGED = """\
name: Ring
source: hidraw
match: [{vendor: 1}]
protocol:
  reports:
    - length: 6
      fields:
        ring: {at: 0, type: s8}
        turned: {at: 1, type: s8}
        axis: {at: 2}
        key1: {at: 3}
        key2: {at: 4}
        contact: {at: 5, bit: 0}
      rules:
        - set: {WHEEL: {rel: turned}, RING: {abs: ring}, AXIS: {abs: axis}, CONTACT: {key: contact}}
          held: {in: [key1, key2], keys: {1: HELD, 2: HOME}}
increments: {x1: {mm: 0.001}}
controls:
  wheel: {rel: WHEEL}
  axis: {abs: AXIS, positions: {0: "off", 1: x, 2: y}}
  analog: {abs: RING, range: [-7, 7], axis: selected}
  estop: {key: CONTACT, contact: normally-open}
  buttons: {home: HOME, other: HELD}
"""
JAMMED = 0x33  # a code that the profile does not know


@pytest.mark.parametrize("contact", ["normally-open", "normally-closed"])
@pytest.mark.parametrize("key", ["CONTACT", "HELD"])
def test_an_estop_is_believed_to_be_actuated_whatever_is_wrong_beside_it(key: str, contact: str) -> None:
    text = RINGED.replace(
        "estop: {key: CONTACT, contact: normally-open}", f"estop: {{key: {key}, contact: {contact}}}"
    )
    fed = Fed(
        load_profile(
            text.replace("other: HELD", f"other: {'HELD' if key == 'CONTACT' else 'CONTACT'}"), "p.yaml"
        )
    )
    good = int(contact == "normally-closed")
    released, actuated = ((0, good, key), (0, 1 - good, key))

    def report(first: int, held: int) -> bytes:
        return bytes([0, 0, 1, first, held if key == "HELD" else 0, held if key == "CONTACT" else 0])

    fed(report(0, released[1]))
    fed.wait(1)
    assert fed.pins["estop-ok"]
    fed(report(JAMMED, actuated[1]))
    assert not fed.pins["estop-ok"]
    fed(report(JAMMED, released[1]))
    fed.wait(1)
    assert not fed.pins["estop-ok"], "its release is believed of good reports only"
    fed(report(0, released[1]))
    fed.wait(1)
    assert fed.pins["estop-ok"]


@pytest.mark.parametrize(
    "bad",
    [
        bytes([0, 0, 1, JAMMED, 0, 0]),
        bytes([0, 0, 0, JAMMED, 0, 0]),
        bytes([0, 0, 1, 0, 0]),
        bytes([0, 0, 1, 0, 0, 0, 0]),
    ],
)
def test_a_report_that_is_not_believed_ends_what_a_ring_moves(bad: bytes) -> None:
    """The ring may have come back in it, and a device that speaks only on change says no more."""
    fed = Fed(load_profile(RINGED, "p.yaml"))
    fed(bytes([0, 0, 1, 0, 0, 0]))
    fed.wait(1)
    fed(bytes([5, 0, 1, 0, 0, 0]))
    assert fed.pins["axis.x.analog"] > 0
    fed(bad)
    assert (fed.pins["axis.x.analog"], fed.pins["jog-stop"]) == (0, True)
    fed.wait(1)
    fed(bytes([5, 0, 1, 0, 0, 0]))
    fed.wait(1)
    fed(bytes([6, 0, 1, 0, 0, 0]))
    assert fed.pins["axis.x.analog"] == 0, "it has to come back first"
    fed(bytes([0, 0, 1, 0, 0, 0]), bytes([5, 0, 1, 0, 0, 0]))
    assert fed.pins["axis.x.analog"] > 0


def test_a_shipped_ring_stops_where_a_report_is_cut_short() -> None:
    fed = armed(SHUTTLE, shuttle(5), shuttle(5, buttons=1))
    fed(shuttle(5, ring=4, buttons=1))
    assert fed.pins["axis.x.analog"] > 0
    assert fed(shuttle(5, buttons=1)[:4]) == ["void", "snapshot"]
    fed.wait(60)
    assert fed.pins["axis.x.analog"] == 0
    assert not fed.pins["axis.x.jog-counts"]


def test_what_an_absolute_wheel_was_turned_in_reports_that_are_not_believed_is_nobodys() -> None:
    fed = armed(SHUTTLE, shuttle(5), shuttle(5, buttons=1))
    fed(shuttle(6, buttons=1)[:4])
    fed.wait(1)
    fed(shuttle(9, buttons=1))
    assert (fed.counts(), fed.pins["dropped"]) == ({}, 4)
    fed.wait(1)
    fed(shuttle(10, buttons=1))
    assert (fed.counts(), fed.pins["dropped"]) == ({"axis.x": 1}, 4)


def test_an_enabling_button_is_let_go_by_a_report_with_something_wrong_in_it() -> None:
    text = STEPS.replace("next: {at: 2, bit: 0}", "next: {at: 2, mask: 0xfd}")
    text = text.replace("{key: next}", "{key: next, values: {0: 0, 1: 1}}")
    fed = Fed(load_profile(text, "p.yaml"))
    fed(bytes(3), bytes([0, 0, 2]))
    fed.wait(1)
    assert fed.pins["armed"]
    assert fed(bytes([0, 0, 0x80])) == ["HOLD=0"]
    assert not fed.pins["enable"]
    assert "next is '128', and the profile knows 0, 1 only" in fed.decoder.complaint
    assert fed(bytes([0, 0, 0x82])) == []  # and not taken back by another
    assert not fed.pins["enable"]


def test_a_normally_open_estop_is_not_released_by_garbage() -> None:
    text = STEPS.replace("  enable: {key: HOLD}", "  estop: {key: HOLD, contact: normally-open}")
    text = text.replace("next: {at: 2, bit: 0}", "next: {at: 2, mask: 0xfd}")
    text = text.replace("{key: next}", "{key: next, values: {0: 0, 1: 1}}")
    fed = Fed(load_profile(text, "p.yaml"))
    fed(bytes([0, 0, 2]))
    assert fed.pins["estop"]
    fed(bytes([0, 0, 0x80]))
    fed.wait(1)
    assert fed.pins["estop"]
    fed(bytes(3))
    fed.wait(1)
    assert not fed.pins["estop"]


def test_checksums() -> None:
    text = STEPS.replace("      rules:", "      checksum: {kind: sum8, at: 2, from: 0, to: 1}\n      rules:")
    fed = Fed(load_profile(text.replace("bit: 1", "bit: 7"), "p.yaml"))
    assert fed(bytes([1, 0, 1]))[0].startswith("connected")
    assert fed(bytes([1, 0, 2])) == []
    assert "has the checksum 0x2, and its bytes have 0x1" in fed.decoder.complaint


TWO = """\
name: Two kinds of reports
source: hidraw
match: [{vendor: 1}]
protocol:
  reports:
    - {id: 1, length: 2, fields: {turn: {at: 1, type: s8}}, rules: [{set: {WHEEL: {rel: turn}}}]}
    - id: 2
      length: 2
      fields: {axis: {at: 1, mask: 0x0f}, stop: {at: 1, bit: 7}}
      rules: [{set: {AXIS: {abs: axis}, STOP: {key: stop}}}]
increments: {x1: {mm: 0.001}}
controls:
  wheel: {rel: WHEEL}
  axis: {abs: AXIS, positions: {1: x, 2: y}}
  buttons: {stop: STOP}
"""


def test_what_the_first_report_does_not_tell_is_known_when_another_does() -> None:
    fed = Fed(load_profile(TWO, "p.yaml"))
    assert fed(b"\x01\x03") == ["connected", "WHEEL=3"]
    assert fed.pins["axis-select"] == -1
    # It may have been held all along: no press.
    assert fed(b"\x02\x82") == ["AXIS=2", "void", "snapshot"]
    assert (fed.pins["axis-select"], fed.pins["button.stop"]) == (1, False)
    assert fed(b"\x02\x02", b"\x02\x82") == ["STOP=0", "STOP=1"]


def test_it_is_not_connected_before_its_estop_is_known() -> None:
    text = TWO.replace("buttons: {stop: STOP}", "estop: {key: STOP, contact: normally-open}")
    fed = Fed(load_profile(text, "p.yaml"))
    assert fed(b"\x01\x03") == []
    assert not fed.pins["connected"]
    assert fed(b"\x02\x81") == ["connected STOP AXIS=1"]
    assert fed.pins["estop"]
    fed.decoder.lost()  # how its E-stop stood is not known any more
    assert fed.decoder.feed(b"\x01\x03", fed.now) == []


# Whatever comes.

REPORTS = st.one_of(
    st.binary(max_size=10),
    st.builds(
        whb,
        st.lists(st.sampled_from([1, 2, 3, 0x0C, 0x0D, 0x10, 0x2A]), max_size=2),
        st.sampled_from([0, 0x0D, 0x0F, 0x10, 0x1A, 0x9B, 0xEE]),
        st.sampled_from([0, 6, 0x11, 0x12, 0x16, 0x33]),
        st.integers(-128, 127),
    ),
    st.builds(
        hb04,
        st.lists(st.sampled_from([1, 0x0D, 0x17, 0x55]), max_size=2),
        st.sampled_from([0, 0x11, 0x14, 0x18, 0x77]),
        st.integers(-128, 127),
    ),
    st.builds(shuttle, st.integers(0, 255), st.integers(-7, 7), st.integers(0, 31)),
    st.sampled_from([WHB_SLEEPS, bytes([4, 0, 0, 0, 0, 0])]),
)


def turned_in(profile: Profile, events: Sequence[DeviceEvent]) -> int:
    """Return how many detents the events of a relative wheel have, void ones as well."""
    wheel = profile.wheel.code  # type: ignore[union-attr]  # those here are no keys
    total = 0
    for event in events:
        changes = (
            event.changes if isinstance(event, Frame) else event.void if isinstance(event, EventsLost) else ()
        )
        total += sum(abs(value) for kind, code, value in changes if (kind, code) == wheel)
    return total


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(RAW), st.lists(st.tuples(REPORTS, st.sampled_from([0.001, 0.05, 0.4])), max_size=40))
def test_the_core_takes_whatever_comes_and_each_detent_is_counted_once(
    profile: Profile, heard: list[tuple[bytes, float]]
) -> None:
    fed = Fed(profile)
    total = 0
    for report, after in heard:
        fed.now += after
        fed._let_time_pass()
        was_refused = fed.decoder.garbled
        events = fed.decoder.feed(report, fed.now)
        fed.pins |= fed.pendant.handle(events, fed.now)
        total += turned_in(profile, events)
        assert fed.decoder.garbled - was_refused in (0, 1)
        assert fed.decoder.is_connected == fed.pins["connected"]
    if profile.name.startswith("XHC"):  # of an absolute wheel, only the core knows how far it was turned
        steps = {axis.axis: axis.multiples for axis in Machine().steps_of(profile)}
        assert all(multiples[0] == 1 for multiples in steps.values())
        assert int(fed.pins["dropped"]) <= total
        used = sum(abs(value) for name, value in fed.counts().items() if name.endswith("override"))
        assert used + int(fed.pins["dropped"]) <= total


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0x0D, 0x1A, 0x1C]), st.sampled_from([6, 0x11, 0x12]), st.integers(-20, 20))
    )
)
def test_every_detent_is_on_one_counter_or_dropped(turns: list[tuple[int, int, int]]) -> None:
    """With one scale, a count is a detent; nothing turns back, so that none can hide another."""
    fed = armed(WHB, whb())
    for feed, axis, turned in turns:
        fed(whb(feed=feed, axis=axis, turned=abs(turned)), after=0.1)
    counted = sum(value for name, value in fed.counts().items() if name)
    assert counted + int(fed.pins["dropped"]) == sum(abs(turned) for _, _, turned in turns)
