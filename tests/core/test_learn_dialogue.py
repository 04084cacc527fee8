# SPDX-License-Identifier: GPL-2.0-or-later
"""The dialogue, with a person who makes mistakes, and a pendant that is hard to understand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import pytest

from hal_mpg.learn.acts import Act, Person
from hal_mpg.learn.dialogue import Dialogue, learn_name
from hal_mpg.learn.draft import Draft, profile_text, rows, selector_form, wheel_form
from hal_mpg.learn.observation import Observation
from hal_mpg.learn.steps_distances import learn_distances, parse_distances
from hal_mpg.learn.steps_selector import learn_axis, learn_scale
from hal_mpg.learn.steps_switches import learn_buttons, learn_enable, learn_estop, learn_lamps, learn_reset
from hal_mpg.learn.steps_wheel import learn_wheel
from hal_mpg.profile import Code, EStop, Increment, KeySelector, RelativeWheel, positions_of
from hal_mpg.profile_yaml import load_profile
from tests.core.learn_said import code, stand, turn

Line = tuple[str, str | Observation]
DIAL = RelativeWheel(Code(2, 7))


class Script(Person):
    """A person who is asked exactly what the script says, in parts of the questions; a str is said."""

    def __init__(self, *lines: Line, lamps: Collection[int] = (), dark: str = "") -> None:
        self.lines = list(lines)
        self.said: list[str] = []
        self.lit: list[tuple[int, bool]] = []
        self._lamps = list(lamps)
        self._dark = dark

    def say(self, text: str = "", indent: str = "", bold: bool = False, hang: str = "") -> None:
        self.said.append(text)

    def ask(self, question: str, default: str = "") -> str:
        answer = self._next(question)
        assert isinstance(answer, str), question
        return answer or default

    def do(self, act: Act, words: Collection[str] = ()) -> tuple[str, Observation]:
        answer = self._next(act.text)
        if isinstance(answer, str):
            assert answer in ("", *words)
            return answer, Observation()
        return "", answer

    def lamps(self) -> list[int]:
        return self._lamps

    def light(self, lamp: int, lit: bool) -> str:
        self.lit.append((lamp, lit))
        return self._dark

    def _next(self, question: str) -> str | Observation:
        assert self.lines, f"not in the script: {question}"
        part, answer = self.lines.pop(0)
        assert part in question, f"{part!r} was to be asked, not {question!r}"
        return answer

    def heard(self, part: str) -> bool:
        return any(part in text for text in self.said)


def play(step: Callable[[Person, Draft], None], draft: Draft, *lines: Line, **more: object) -> Script:
    script = Script(*lines, **more)  # type: ignore[arg-type]
    step(script, draft)
    assert not script.lines, f"not asked: {script.lines}"
    return script


def turns(one: str, there: str, back: str) -> list[Line]:
    return [("ONE click", turn(one)), ("10 clicks", turn(there)), ("counter-clockwise", turn(back))]


GOOD = turns("REL_DIAL:1", "10*REL_DIAL:1", "10*REL_DIAL:-1")
BAD = turns("REL_DIAL:1", "16*REL_DIAL:1", "10*REL_DIAL:-1")


def test_a_wheel_that_was_turned_wrongly_is_asked_for_again() -> None:
    draft = Draft()
    script = play(learn_wheel, draft, *BAD, *GOOD)
    assert draft.wheel == DIAL
    assert script.heard("16 counts for ten clicks clockwise, 10 for ten clicks back")


def test_the_best_guess_is_offered_after_the_second_time() -> None:
    draft = Draft()
    play(learn_wheel, draft, *BAD, *BAD, ("Take 1 count for a click", ""), *BAD, ("Take 1 count", "y"))
    assert draft.wheel == DIAL


def test_a_wheel_that_is_not_heard_leads_to_a_recording() -> None:
    silent = turns("", "", "")
    script = play(learn_wheel, Draft(), *silent, *silent, *silent, *GOOD)
    assert script.heard("hal_mpg record")


def test_a_knob_without_clicks() -> None:
    draft = Draft()
    play(
        learn_wheel,
        draft,
        ("ONE click", "n"),
        ("a little", turn("7*REL_DIAL:-1")),
        ("half a turn", turn("53*REL_DIAL:-1")),
        ("counter-clockwise", turn("48*REL_DIAL:1")),
    )
    assert draft.wheel == RelativeWheel(Code(2, 7), invert=True)


def test_an_absolute_wheel_is_turned_on_until_it_starts_anew() -> None:
    draft = Draft()
    around = "counter-clockwise, not too fast, by 60 clicks"
    script = play(
        learn_wheel,
        draft,
        ("ONE click", turn("REL_DIAL:57")),
        ("10 clicks", turn("REL_DIAL:58..67")),
        ("counter-clockwise", turn("REL_DIAL:66..57")),
        (around, turn("REL_DIAL:56..1")),
        (around, turn("REL_DIAL:127..120")),
    )
    assert wheel_form(draft.wheel) == "{rel-absolute: REL_DIAL, modulo: 128}"  # type: ignore[arg-type]
    assert script.heard("did not start anew yet")


def test_an_absolute_wheel_may_be_left_at_what_is_usual() -> None:
    draft = Draft()
    lines = turns("REL_DIAL:57", "REL_DIAL:58..67", "REL_DIAL:66..57")
    play(learn_wheel, draft, *lines, ("starts anew somewhere", "s"))
    assert wheel_form(draft.wheel) == "{rel-absolute: REL_DIAL, modulo: 256}"  # type: ignore[arg-type]


def positions(*stands: tuple[str, Observation]) -> list[Line]:
    return [("How is the axis", ""), ("Which positions", " ".join(name for name, _ in stands))] + [
        (f"to {name.upper() if name != 'off' else name}", heard) for name, heard in stands
    ]


X, Y, Z = (stand({"held": [key]}) for key in ("BTN_0", "BTN_1", "BTN_2"))


def test_a_position_that_was_not_clear_is_asked_for_again() -> None:
    draft = Draft()
    play(learn_axis, draft, *positions(("x", X), ("y", X), ("z", Z)), ("to X", X), ("to Y", Y))
    assert selector_form(draft.axis) == "{keys: {x: BTN_0, y: BTN_1, z: BTN_2}}"  # type: ignore[arg-type]


@pytest.mark.parametrize("by_value", [False, True])
def test_a_selector_that_was_still_elsewhere_at_first_is_set_to_both_again(by_value: bool) -> None:
    x, y, z = (stand({"at": {"ABS_RX": value}}) for value in range(3)) if by_value else (X, Y, Z)
    draft = Draft()
    play(learn_axis, draft, *positions(("x", y), ("y", y), ("z", z)), ("to X", x), ("to Y", y))
    assert draft.axis is not None
    assert positions_of(draft.axis) == ("x", "y", "z")


def test_the_first_position_of_a_device_that_had_not_spoken_is_asked_for_again() -> None:
    draft = Draft()
    play(learn_axis, draft, *positions(("x", stand({})), ("y", Y), ("z", Z)), ("to X", X))
    assert selector_form(draft.axis) == "{keys: {x: BTN_0, y: BTN_1, z: BTN_2}}"  # type: ignore[arg-type]


def test_one_can_go_back_by_a_position() -> None:
    draft = Draft(wheel=DIAL)
    lines: list[Line] = [("How is the axis", "1"), ("Which positions", "xy")]
    play(learn_axis, draft, *lines, ("to X", Z), ("to Y", "r"), ("to X", X), ("to Y", Y))
    assert selector_form(draft.axis) == "{keys: {x: BTN_0, y: BTN_1}}"  # type: ignore[arg-type]


def test_a_code_of_several_keys_is_told_and_the_step_begins_anew() -> None:
    both = stand({"held": ["BTN_0", "BTN_1"]})
    draft = Draft()
    script = play(
        learn_axis,
        draft,
        *positions(("x", X), ("y", Y), ("z", both)),
        ("How is the axis", "2"),
        ("Which positions", ""),
        ("NEXT axis", stand({"pressed": ["BTN_5"]})),
        ("PREVIOUS axis", stand({"pressed": ["BTN_5"]})),
        ("PREVIOUS axis", "s"),
    )
    assert script.heard("a code of several keys")
    assert script.heard("BTN_5 is another control's already")
    assert selector_form(draft.axis) == "{next: BTN_5, order: [x, y, z, a]}"  # type: ignore[arg-type]


def test_answers_that_make_no_sense_are_asked_again() -> None:
    draft = Draft()
    script = play(
        learn_axis,
        draft,
        ("How is the axis", "7"),
        ("How is the axis", "s"),
        ("How is the axis", "1"),
        ("Which positions", "x y x"),
        ("Which positions", "spindle 1"),
        ("Which positions", "x y"),
        ("to X", X),
        ("to Y", Y),
    )
    assert script.heard("1 or 2, please")
    assert script.heard("needs something that selects the axis")
    assert script.heard("x stands there twice")
    assert script.heard("'1' is no position")


def test_a_voltage_is_told_from_a_switch() -> None:
    ranges = {key: [0, 1023] for key in ("ABS_THROTTLE",)}

    def at(value: int) -> Observation:
        heard = stand({"at": {"ABS_THROTTLE": value}})
        known = {code(name).number: (low, high) for name, (low, high) in ranges.items()}
        return Observation(heard.before, heard.frames, heard.after, False, known)

    steady, draft = [("x", at(0)), ("y", at(500)), ("z", at(1000))], Draft()
    script = play(
        learn_axis,
        draft,
        *positions(*steady),
        ("to X", at(3)),
        *positions(*steady),
        ("to X", at(0)),
    )
    assert script.heard("ABS_THROTTLE was 0 at x, and now is 3: it wanders")
    assert "abs: ABS_THROTTLE" in selector_form(draft.axis)  # type: ignore[arg-type]


def test_no_scale_selector() -> None:
    draft = Draft()
    play(learn_scale, draft, ("How is the scale", "s"))
    assert draft.scale is None
    assert dict(rows(draft))["scale"].startswith("none")


def test_an_estop_is_asked_for_until_it_is_clear() -> None:
    draft = Draft(axis=KeySelector((("x", code("BTN_0")),)))
    closed, opened = stand({"held": ["BTN_0", "BTN_9"]}), stand({"held": ["BTN_0"]})
    script = play(
        learn_estop,
        draft,
        ("so that it is out", stand({})),
        ("leave it pressed", stand({})),
        ("Release", stand({})),
        ("leave it pressed", stand({"pressed": ["BTN_9"]})),
        ("Release", stand({})),
        ("leave it pressed", opened),
        ("Release", closed),
        ("is out now", ""),
    )
    assert draft.estop == EStop(code("BTN_9"), normally_closed=True)
    assert script.heard("Nothing was heard")
    assert script.heard("let go again")


def test_an_estop_that_was_pushed_in_at_the_start_is_not_learned_inverted() -> None:
    draft = Draft()
    held, free = stand({"held": ["BTN_9"]}), stand({})
    script = play(
        learn_estop,
        draft,
        ("so that it is out", free),
        ("leave it pressed", held),
        ("Release", free),
        ("is out now", "hm"),
        ("is out now", "n"),
        ("so that it is out", held),
        ("leave it pressed", free),
        ("Release", held),
        ("is out now", ""),
    )
    assert draft.estop == EStop(code("BTN_9"), normally_closed=True)
    assert script.heard("the other way round")


def test_no_reset() -> None:
    draft = Draft(reset=code("BTN_8"))
    play(learn_reset, draft, ("reset button", "s"))
    assert draft.reset is None


@pytest.mark.parametrize(("answer", "stops"), [("", True), ("no", False)])
def test_without_an_estop_the_loss_may_be_one(answer: str, stops: bool) -> None:
    draft = Draft(wheel=DIAL, axis=KeySelector((("x", code("BTN_0")),)), estop=EStop(code("BTN_9")))
    draft.increments = (Increment.of("x1", mm=Decimal("0.01"), inch=Decimal("0.001")),)
    play(learn_estop, draft, ("so that it is out", "s"), ("when the pendant is lost", answer))
    words = dict(rows(draft))["estop"]
    assert words.startswith("none")
    assert ("losing the pendant is an E-stop" in words) is stops
    assert ("unplugging stops nothing" in words) is not stops
    profile = load_profile(profile_text(draft, ["vendor: 1, product: 2"], ["of a test"]), "p.yaml")
    assert (profile.estop, profile.stop_on_disconnect) == (None, stops)


def test_a_button_that_is_taken_is_asked_for_again() -> None:
    draft = Draft(estop=EStop(code("BTN_9")))
    again = stand({"pressed": ["BTN_9"]}), stand({}), stand({"pressed": ["BTN_1", "BTN_2"]})
    good = stand({"pressed": ["BTN_1"]})
    script = play(learn_reset, draft, *(("reset button", heard) for heard in (*again, good)))
    assert draft.reset == code("BTN_1")
    assert script.heard("BTN_9 is another control's already")
    assert script.heard("Several at once")


def test_an_enabling_switch_that_latches_is_refused() -> None:
    draft = Draft()
    held, free = stand({"held": ["BTN_1"], "pressed": ["BTN_1"]}), stand({})
    script = play(
        learn_enable,
        draft,
        ("Hold the enabling", held),
        ("Let go", held),
        ("Hold the enabling", stand({"held": ["BTN_2"], "pressed": ["BTN_2"]})),
        ("Let go", free),
    )
    assert script.heard("BTN_1 stays pressed")
    assert draft.enable == code("BTN_2")


def test_an_enabling_button_that_was_held_all_the_time() -> None:
    draft = Draft()
    held, free = stand({"held": ["BTN_1", "BTN_2"]}), stand({"held": ["BTN_2"]})
    play(learn_enable, draft, ("Hold the enabling", held), ("Let go", free))
    assert draft.enable == code("BTN_1")


def test_further_buttons_with_names() -> None:
    draft = Draft()
    script = play(
        learn_buttons,
        draft,
        ("further button", stand({"pressed": ["BTN_1"]})),
        ("What is it for?", "Go Home!"),
        ("What is it for?", "Go Home"),
        ("next button", stand({"pressed": ["BTN_1"]})),
        ("next button", stand({"pressed": ["BTN_2"]})),
        ("What is it for?", "go_home"),
        ("What is it for?", ""),
        ("next button", "s"),
    )
    assert draft.buttons == {"go-home": code("BTN_1"), "button-2": code("BTN_2")}
    assert script.heard("Use a-z, 0-9")
    assert script.heard("go-home is there already")


def test_lamps_are_switched_off_again() -> None:
    draft = Draft()
    lines: list[Line] = [("lit now", "s"), ("lit now", "ready"), ("lit now", "Ready"), ("lit now", "busy")]
    script = play(learn_lamps, draft, *lines, lamps=[0, 1, 8])
    assert draft.leds == {"ready": code("LED_CAPSL"), "busy": code("LED_MISC")}
    assert script.lit == [(0, True), (0, False), (1, True), (1, False), (8, True), (8, False)]


def test_a_lamp_that_cannot_be_switched_is_passed_over() -> None:
    draft = Draft()
    script = play(learn_lamps, draft, lamps=[0], dark="Permission denied")
    assert draft.leds == {}
    assert script.heard("Permission denied")


def distances(draft: Draft, units: str | None, *lines: Line) -> Script:
    return play(lambda person, draft: learn_distances(person, draft, units), draft, *lines)


SCALE = KeySelector(tuple((name, code(key)) for name, key in (("x1", "BTN_0"), ("x5", "BTN_1"))))


def test_distances_by_the_scales_names() -> None:
    draft = Draft(scale=SCALE)
    distances(draft, None, ("in mm", ""), ("in inches", ""))
    assert [increment.mm for increment in draft.increments] == [Decimal("0.001"), Decimal("0.005")]
    assert all(increment.degree is None for increment in draft.increments)


def test_distances_that_stand_on_the_selector() -> None:
    names = (("0.01", "BTN_0"), ("0.05", "BTN_1"))
    draft = Draft(scale=KeySelector(tuple((name, code(key)) for name, key in names)))
    distances(draft, None, ("in mm", ""), ("in inches", ""))
    assert [increment.mm for increment in draft.increments] == [Decimal("0.01"), Decimal("0.05")]


def test_distances_that_are_most_likely_a_slip_are_asked_for_again() -> None:
    draft = Draft(axis=KeySelector((("a", code("BTN_5")),)), scale=SCALE)
    script = distances(
        draft,
        None,
        ("in mm", "0.01 0.001"),
        ("like this?", ""),
        ("in mm", "0.01 100"),
        ("like this?", "y"),
        ("in inches", "0.0001 1"),
        ("like this?", "n"),
        ("in inches", "0.0004 0.4"),
        ("like this?", "Y"),
        ("in degrees", "0.1 30"),
        ("like this?", "yes"),
    )
    names = draft.scales
    assert script.heard(f"One click at {names[1]} moves less than at {names[0]} (0.001 mm, and 0.01 mm)")
    assert script.heard(f"One click at {names[1]} moves 100 mm; is that meant?")
    assert script.heard("One click at x5 moves 1 inch")
    assert script.heard("One click at x5 moves 100 mm, but on an inch machine 0.4 inch, which is 10.16 mm")
    assert not script.heard("One click at x1 moves")
    assert script.heard("moves 30 degree")


def test_distances_of_a_rotary_axis_and_in_one_unit() -> None:
    draft = Draft(axis=KeySelector((("a", code("BTN_5")),)), scale=SCALE)
    script = distances(
        draft, "inch", ("in inches", "0.001"), ("in inches", "0,001 0,002"), ("in degrees", "1 2")
    )
    assert [increment.inch for increment in draft.increments] == [Decimal("0.001"), Decimal("0.002")]
    assert [increment.degree for increment in draft.increments] == [1, 2]
    assert [increment.mm for increment in draft.increments] == [Decimal("0.001"), Decimal("0.005")]
    assert script.heard("2 numbers are needed")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.001 0.01", ["0.001", "0.01"]),
        ("0.001, 0.01", ["0.001", "0.01"]),
        ("0.001,0.01", ["0.001", "0.01"]),
        ("0,001 0,01", ["0.001", "0.01"]),
        ("0,001; 0,01", ["0.001", "0.01"]),
        (" 1\t2 ", ["1", "2"]),
    ],
)
def test_numbers(text: str, values: list[str]) -> None:
    assert parse_distances(text, 2) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    "text", ["", "1", "1 2 3", "a b", "0 1", "-1 1", "nan 1", "inf 1", "1e99 1", "0.0000000000001 1"]
)
def test_numbers_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|distance|digits"):
        parse_distances(text, 2)


def test_a_single_number_with_a_comma_is_one_number() -> None:
    assert parse_distances("0,05", 1) == [Decimal("0.05")]


def test_a_name_that_cannot_be_printed_is_asked_again() -> None:
    draft = Draft(name="usual")
    play(learn_name, draft, ("called", "a\x07b"), ("called", "x" * 81), ("called", "  My   Pendant "))
    assert draft.name == "My Pendant"


@pytest.mark.parametrize("again", ["r", "no", "N", "n", "again", "Wrong"])
def test_whatever_says_no_does_a_step_again(again: str) -> None:
    step: list[Line] = [("reset button", stand({"pressed": ["BTN_1"]})), ("that is right", again)]
    step += [("reset button", stand({"pressed": ["BTN_2"]})), ("that is right", "yes")]
    script, draft = Script(*step), Draft()
    Dialogue(script, draft)._do("reset", "The reset button")
    assert (draft.reset, script.lines) == (code("BTN_2"), [])


def test_what_is_neither_yes_nor_no_is_asked_again() -> None:
    step: list[Line] = [("reset button", stand({"pressed": ["BTN_1"]})), ("that is right", "hm")]
    script, draft = Script(*step, ("that is right", "Y")), Draft()
    Dialogue(script, draft)._do("reset", "The reset button")
    assert (draft.reset, script.lines) == (code("BTN_1"), [])
