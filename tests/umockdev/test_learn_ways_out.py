# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn` where something is in the way, or the person leaves; nothing stays grabbed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes

from hal_mpg.profile import Profile
from hal_mpg.profile_files import read_profile
from hal_mpg.profile_yaml import load_profile
from tests.beds.learner import Learner
from tests.beds.terminal import Reader, play
from tests.umockdev.bed import Bed
from tests.umockdev.learn_hands import MockPendant, ToolScreen
from tests.umockdev.pendants import KEYBOARD, MOUSE
from tests.umockdev.tools import Tool

GENERIC = Path(__file__).resolve().parents[2] / "config" / "pendants" / "generic-4axis.yaml"

KNOB = """
name: Knob
match: [{vendor: 0x1209, product: 1}]
increments: {x1: {mm: 0.01}}
controls:
  wheel: {keys: {forward: KEY_VOLUMEUP, backward: KEY_VOLUMEDOWN}}
  axis: {next: KEY_MUTE, order: [x, y]}
"""


@pytest.fixture
def profile() -> Profile:
    return read_profile(GENERIC)


def written(bed: Bed) -> list[str]:
    return sorted(path.name for path in bed.home.iterdir() if path.suffix in (".yaml", ".rules"))


def begin(bed: Bed, *arguments: str, **more: Any) -> tuple[ToolScreen, Reader]:
    """Start it, and come to its first question."""
    screen = ToolScreen(bed, "learn", *arguments, **more)
    return screen, Reader(screen)


def test_ctrl_c_gives_the_device_back_and_writes_nothing(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    assert "ONE click" in (reader.next_question() or "")
    assert pendant.node.is_grabbed()
    screen.type("\x03")
    assert screen.tool.wait_for_end() == 130
    assert "Traceback" not in screen.read()
    pendant.node.wait_until_closed()
    assert written(bed) == []


@pytest.mark.parametrize("typed", ["q\r", "\x04"])
def test_leaving_gives_the_device_back_and_writes_nothing(bed: Bed, profile: Profile, typed: str) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    reader.next_question()
    screen.type(typed)
    assert screen.tool.wait_for_end() == 1
    assert "nothing was written" in screen.read()
    pendant.node.wait_until_closed()
    assert written(bed) == []


def test_sigterm_gives_the_device_back(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    reader.next_question()
    assert screen.tool.terminate() not in (0, 70)
    pendant.node.wait_until_closed()
    assert "Traceback" not in screen.read()


def test_without_a_person_it_ends_at_once(bed: Bed, profile: Profile) -> None:
    MockPendant(bed, profile)
    tool = Tool(bed, "learn")
    assert tool.wait_for_end() == 1
    assert "the input has ended; nothing was written" in tool.err()


def test_a_pendant_that_is_unplugged_ends_it(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    reader.next_question()
    pendant.node.unplug()
    assert screen.tool.wait_for_end() == 4
    assert "has gone while it was learned; nothing was written" in " ".join(screen.read().split())
    assert "Traceback" not in screen.read()


def test_no_device_at_all(bed: Bed) -> None:
    tool = Tool(bed, "learn")
    assert tool.wait_for_end() == 4
    assert "no input device is plugged in that could be a pendant" in tool.err()


def test_only_a_mouse(bed: Bed) -> None:
    bed.plug(**MOUSE)
    tool = Tool(bed, "learn")
    assert tool.wait_for_end() == 4
    assert "could be a pendant" in tool.err()


def test_a_pendant_that_may_not_be_read(bed: Bed, profile: Profile) -> None:
    MockPendant(bed, profile, mode=0)
    tool = Tool(bed, "learn")
    assert tool.wait_for_end() == 4
    assert "this user may not read it" in tool.err()
    assert "sudo" in tool.err()
    assert len(tool.err().splitlines()) == 1


def test_a_pendant_that_another_program_has(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    program = bed.start("--pendant", "generic-4axis")
    program.wait("connected", True)
    tool = Tool(bed, "learn", "--device", pendant.node.path)
    assert tool.wait_for_end() == 4
    assert "another program has grabbed it" in tool.err()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--device", "/dev/input/event99"], 4, "there is no such device"),
        (["--device", "/dev/null"], 2, "is no input device"),
        (["--device", ""], 4, "there is no such device"),
        (["--output", "/no/such/folder/a.yaml"], 2, "there is no folder"),
        (["--output", "a.txt"], 2, "ends with .yaml"),
        (["--output", ""], 2, "give a file"),
        (["--units", "furlong"], 2, "furlong"),
        (["--name", " "], 2, "--name"),
        (["--nonsense"], 2, "hal_mpg learn --help"),
    ],
)
def test_a_wrong_command_line_is_told_before_anything_is_asked(
    bed: Bed, arguments: list[str], status: int, said: str
) -> None:
    tool = Tool(bed, "learn", *arguments)
    assert tool.wait_for_end() == status
    assert said in tool.err()
    assert len(tool.err().splitlines()) == 1


def test_a_pendant_among_others_is_chosen_by_its_wheel(bed: Bed, profile: Profile) -> None:
    bed.plug(**MOUSE)
    keyboard = bed.plug(**KEYBOARD)
    other = MockPendant(bed, load_profile(KNOB, "knob"), name="Volume", port="1-5", product=2)
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed)
    assert "Which one" in (reader.next_question() or "")
    keyboard.send((ecodes.EV_KEY, ecodes.KEY_A, 1), (0, 0, 0))  # typing chooses nothing
    assert not keyboard.is_grabbed()
    assert pendant.node.is_grabbed()
    pendant.hand.turn(1)
    assert "ONE click" in (reader.next_question() or "")
    assert "Test MPG Pendant" in screen.read()
    assert pendant.node.is_grabbed()
    other.node.wait_until_closed()


def test_a_keyboard_is_not_taken_away_unasked(bed: Bed) -> None:
    keyboard = bed.plug(**KEYBOARD)
    screen, reader = begin(bed)
    assert "Which one" in (reader.next_question() or "")
    reader.type("1")
    reader.next_question()
    assert "could not answer any more" in " ".join(screen.read().split())
    assert not keyboard.is_grabbed()
    reader.type("")
    assert "Which one" in (reader.next_question() or "")
    reader.type("q")
    assert screen.tool.wait_for_end() == 1


def test_what_is_there_is_not_overwritten_unasked(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    (bed.home / "mine.yaml").write_text("precious")
    screen, reader = begin(bed, "--device", pendant.node.path, "--output", "mine.yaml", "--name", "Mine")
    learner = Learner(profile, pendant.hand)
    answers = {"Overwrite?": "", "Another file": "other.yaml"}

    def answer(question: str) -> str:
        return next((text for part, text in answers.items() if part in question), None) or (
            "" if "Overwrite" in question else learner.answer(question)
        )

    play(reader, answer)
    assert screen.tool.wait_for_end() == 0, screen.read()
    assert (bed.home / "mine.yaml").read_text() == "precious"
    assert written(bed) == ["69-other.rules", "mine.yaml", "other.yaml"]
    assert read_profile(bed.home / "other.yaml").name == "Mine"


def test_a_step_can_be_done_again(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    learner = Learner(profile, pendant.hand)
    once = iter(["4", "99", "enable"])

    def answer(question: str) -> str:
        if "A number: that step again" in question:
            return next(once, "")
        return learner.answer(question)

    said = play(reader, answer)
    assert screen.tool.wait_for_end() == 0, screen.read()
    assert sum("leave it pressed" in question for question, _ in said) == 2
    assert sum("Hold the enabling" in question for question, _ in said) == 2
    assert "'99' is none of the numbers" in screen.read()


def test_a_narrow_terminal_without_colors(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path, columns=44, NO_COLOR="1", TERM="dumb")
    learner = Learner(profile, pendant.hand)
    play(reader, learner.answer)
    assert screen.tool.wait_for_end() == 0, screen.read()
    assert "\x1b" not in screen.read()
    commands = ("hal_mpg", "Test MPG")
    lines = [line for line in screen.read().splitlines() if not any(word in line for word in commands)]
    assert max(map(len, lines)) <= 60, max(lines, key=len)


def test_several_nodes_are_one_pendant(bed: Bed) -> None:
    """A macro pad: what types, what turns the volume up, and a wheel are nodes of one USB device."""
    text = KNOB.replace("next: KEY_MUTE, order: [x, y]", "keys: {x: KEY_F1, y: KEY_F2}")
    profile = load_profile(text + "  enable: {key: KEY_F9}\n", "pad")
    pendant = MockPendant(bed, profile, keys=[115, 114], down=set(), interface=1, name="Pad Control")
    keyboard = bed.plug(keys=range(1, 89), interface=0, name="Pad", down=pendant.hand.held)
    pendant.routes = dict.fromkeys((59, 60, 67), keyboard)  # KEY_F1, KEY_F2, KEY_F9
    screen, reader = begin(bed, "--device", pendant.node.path)
    learner = Learner(profile, pendant.hand)
    play(reader, learner.answer)
    assert screen.tool.wait_for_end() == 0, screen.read()
    assert keyboard.was_looked_at()
    learned = read_profile(bed.home / "knob.yaml")
    assert (learned.wheel, learned.axis, learned.enable) == (profile.wheel, profile.axis, profile.enable)


def test_lamps_are_lit_one_by_one(bed: Bed) -> None:
    profile = load_profile(KNOB + "  leds: {ready: LED_MISC}\n", "lit")
    pendant = MockPendant(bed, profile, leds=[8, 0])
    screen, reader = begin(bed, "--device", pendant.node.path)
    learner = Learner(profile, pendant.hand)
    lit: dict[int, int] = {}

    def answer(question: str) -> str:
        if "lit now" in question:
            lit.update(pendant.lit(pendant.node.written()))
            return "ready" if lit.get(8) else "s"
        return learner.answer(question)

    play(reader, answer)
    assert screen.tool.wait_for_end() == 0, screen.read()
    lit.update(pendant.lit(pendant.node.written()))
    assert read_profile(bed.home / "knob.yaml").leds == profile.leds
    assert lit == {0: 0, 8: 0}, "both lamps are off again"


def test_what_answers_without_end_is_no_person(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    command = f"yes '' | /usr/bin/python3 -m hal_mpg learn --device {pendant.node.path}"
    tool = Tool(bed, program=["sh", "-c", command])
    assert tool.wait_for_end() == 1
    assert "not understood in 20 tries; nothing was written" in tool.err()


def test_what_looks_again_without_end_is_no_person(bed: Bed) -> None:
    bed.plug(**KEYBOARD)
    tool = Tool(bed, program=["sh", "-c", "yes '' | /usr/bin/python3 -m hal_mpg learn"])
    assert tool.wait_for_end() == 1
    assert "no device was chosen in 50 looks" in tool.err()


def test_the_pipe_of_a_reader_that_has_gone(bed: Bed, profile: Profile) -> None:
    pendant = MockPendant(bed, profile)
    command = f"yes s | /usr/bin/python3 -m hal_mpg learn --device {pendant.node.path} | head -1"
    tool = Tool(bed, program=["sh", "-c", command])
    assert tool.wait_for_end() == 0
    assert "Traceback" not in tool.err()
    pendant.node.wait_until_closed()


def test_help_has_examples(bed: Bed) -> None:
    tool = Tool(bed, "learn", "--help")
    assert tool.wait_for_end() == 0
    assert "examples:" in tool.out()


def test_what_looks_like_a_mouse_is_shown_when_asked_for(bed: Bed, profile: Profile) -> None:
    MockPendant(bed, profile)
    mouse = bed.plug(**MOUSE)
    screen, reader = begin(bed)
    reader.next_question()
    assert "Mouse" not in screen.read()
    reader.type("a")
    reader.next_question()
    assert "2  Mouse (046d:c077, looks like a mouse)" in screen.read()
    assert not mouse.is_grabbed(), "the person needs it"
    reader.type("2")
    assert "ONE click" in (reader.next_question() or "")
    assert mouse.is_grabbed()


def test_one_that_is_plugged_in_meanwhile_is_found_by_looking_again(bed: Bed, profile: Profile) -> None:
    bed.plug(**KEYBOARD)
    screen, reader = begin(bed)
    reader.next_question()
    MockPendant(bed, profile)
    reader.type("")
    reader.next_question()
    assert "1  Test MPG Pendant" in screen.read()
    reader.type("9")
    reader.next_question()
    assert "'9' is none of the numbers 1 to 2" in screen.read()
    reader.type("1")
    assert "ONE click" in (reader.next_question() or "")


def test_an_unreadable_one_beside_others_is_told(bed: Bed, profile: Profile) -> None:
    MockPendant(bed, profile)
    MockPendant(bed, load_profile(KNOB, "knob"), name="Other", port="1-4", product=9, mode=0)
    screen, reader = begin(bed)
    reader.next_question()
    said = " ".join(screen.read().split())
    assert "Other is not in the list, for" in said
    assert "sudo" in said


def test_what_is_done_before_enter_counts_even_when_it_is_quick(bed: Bed, profile: Profile) -> None:
    """Everything at once, as soon as it is asked for: the wheel, and Enter."""
    pendant = MockPendant(bed, profile)
    screen, reader = begin(bed, "--device", pendant.node.path)
    for clicks, what in ((1, "ONE click"), (10, "10 clicks"), (-10, "counter-clockwise")):
        assert what in (reader.next_question() or "")
        pendant.hand.turn(clicks)
        reader.type("")
    assert "that is right" in (reader.next_question() or "")
    assert "one count a click" in screen.read()
