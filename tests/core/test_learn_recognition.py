# SPDX-License-Identifier: GPL-2.0-or-later
"""What is recognized in what devices say; each case is an entry of learn_cases.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hal_mpg.events import Frame, NodeState
from hal_mpg.learn.draft import selector_form, wheel_form
from hal_mpg.learn.observation import Observation, merged
from hal_mpg.learn.selector import Stand, recognize
from hal_mpg.learn.selector import parse_axis_positions as axes
from hal_mpg.learn.selector import parse_scale_positions as scales
from hal_mpg.learn.switches import recognize_button, recognize_estop
from hal_mpg.learn.wheel import Turns, modulo_of, power_of_two
from hal_mpg.learn.wheel import recognize as recognize_wheel
from hal_mpg.profile import Code, EStop
from tests.core.learn_said import code, frames, heard, stand, turn


class PlainLoader(yaml.SafeLoader):
    """Leaves `off`, `y` and the like as they are."""


PlainLoader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CASES: dict[str, dict[str, dict[str, Any]]] = yaml.load(
    Path(__file__).with_name("learn_cases.yaml").read_text(), PlainLoader
)


def taken(case: Mapping[str, Any]) -> frozenset[Code]:
    return frozenset(code(name) for name in case.get("taken", ()))


def cases(kind: str) -> Any:
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=name) for name, case in CASES[kind].items()]
    )


@cases("wheels")
def test_wheel(case: dict[str, Any]) -> None:
    state, turns = NodeState(frozenset(), {}), []
    for text in case["turns"]:
        turns.append(heard(list(frames(text)), case.get("ranges", {}), state))
        state = turns[-1].after
    finding = recognize_wheel(Turns(*turns))
    if "trouble" in case:
        assert case["trouble"] in finding.trouble
        return
    assert not finding.trouble
    assert finding.wheel is not None
    assert wheel_form(finding.wheel) == case["wheel"]
    assert finding.wrap_seen == ("wrap" not in case)
    assert case.get("note", "") in finding.note
    assert bool(finding.note) == ("note" in case)


@cases("selectors")
def test_selector(case: dict[str, Any]) -> None:
    choice = recognize([Stand(name, stand(what)) for name, what in case["stands"].items()], taken(case))
    if "trouble" in case:
        assert choice.selector is None
        assert case["trouble"] in choice.trouble
        assert list(choice.again) == case.get("again", [])
        return
    assert choice.selector is not None, choice.trouble
    assert selector_form(choice.selector) == case["selector"]
    assert case.get("note", "") in choice.note
    assert bool(choice.note) == ("note" in case)


@cases("estops")
def test_estop(case: dict[str, Any]) -> None:
    contact = recognize_estop(stand(case["pressed"]), stand(case["released"]), taken(case))
    if "trouble" in case:
        assert contact.estop is None
        assert case["trouble"] in contact.trouble
        return
    name, kind = case["estop"]
    assert contact.estop == EStop(code(name), kind == "closed")
    assert case.get("note", "") in contact.note


@cases("buttons")
def test_button(case: dict[str, Any]) -> None:
    button = recognize_button(stand(case["heard"]), taken(case))
    if "trouble" in case:
        assert button.key is None
        assert case["trouble"] in button.trouble
        return
    assert button.key == code(case["key"])


@pytest.mark.parametrize(
    ("wrap", "limits", "step", "modulo"),
    [
        (None, (0, 65535), 1, 65536),
        (None, (0, 65536), 1, 65536),
        (None, (-128, 127), 1, 256),
        (None, (0, 99), 1, 100),
        (None, (0, 0), 1, 65536),
        (None, (0, 3), 1, 65536),  # no wheel has four places
        (None, None, 1, 65536),
        (256, (0, 255), 1, 256),
        (253, (0, 255), 1, 256),  # three counts off, by steps of one: the device's word is good
        (250, (0, 255), 1, 250),
        (250, (0, 255), 4, 256),
        (100, (0, 1000), 1, 100),
        (255, (0, 1000), 1, 256),
        (259, (0, 1000), 1, 256),
        (1021, None, 1, 1024),
        (60, None, 1, 60),
    ],
)
def test_modulo(wrap: int | None, limits: tuple[int, int] | None, step: int, modulo: int) -> None:
    assert modulo_of(wrap, limits, step) == modulo


@pytest.mark.parametrize(
    ("number", "power"), [(1, 2), (2, 2), (3, 4), (4, 4), (255, 256), (256, 256), (257, 512)]
)
def test_power_of_two(number: int, power: int) -> None:
    assert power_of_two(number) == power


def test_a_wheel_that_the_kernel_smooths_away_is_told() -> None:
    nothing = replace(turn(""), fuzz={8: 255})
    trouble = recognize_wheel(Turns(nothing, nothing, nothing)).trouble
    assert "less than 127 counts of ABS_WHEEL (fuzz 255)" in trouble
    assert "--axis 8 --fuzz 0" in trouble
    good = replace(turn("10*REL_DIAL:1"), fuzz={8: 255}), replace(turn("10*REL_DIAL:-1"), fuzz={8: 255})
    assert not recognize_wheel(Turns(turn("REL_DIAL:1"), *good)).trouble


def test_a_switch_of_the_computer_is_told() -> None:
    lid = Observation(frames=[Frame(0.0, 0, ((5, 0, 1),))])
    assert "EV_SW" in recognize_button(lid, frozenset()).trouble
    assert "EV_SW" in recognize_estop(Observation(), lid, frozenset()).trouble


def test_a_key_that_two_nodes_report_was_pressed_once() -> None:
    frames = [Frame(0.0, node, ((1, 30, value),)) for node, value in ((0, 1), (1, 1), (0, 0), (1, 0), (1, 1))]
    assert Observation(frames=frames).presses == {30: 2}


def test_the_states_of_several_nodes_are_one() -> None:
    states = NodeState(frozenset({1}), {0: 5}), NodeState(frozenset({2}), {0: 7, 1: 9})
    assert merged(states) == NodeState(frozenset({1, 2}), {0: 5, 1: 9})


def test_what_was_lost_was_turned_too_fast() -> None:
    good = turn("10*REL_DIAL:1")
    lost = replace(good, lost=True)
    assert "too fast" in recognize_wheel(Turns(good, lost, turn("10*REL_DIAL:-1"))).trouble


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("x y z a", ["x", "y", "z", "a"]),
        ("XYZA", ["x", "y", "z", "a"]),
        ("off, x, y, feed", ["off", "x", "y", "feed-override"]),
        ("  Off;xyz;Max-Velocity ", ["off", "x", "y", "z", "max-velocity"]),
    ],
)
def test_axis_positions(text: str, positions: list[str]) -> None:
    assert axes(text) == positions


@pytest.mark.parametrize("text", ["", "off", "x y x", "1 2", "x q", "axis x"])
def test_axis_positions_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match=r"position|once|letters"):
        axes(text)


@pytest.mark.parametrize(
    ("text", "positions"),
    [("x1 x10 x100", ["x1", "x10", "x100"]), ("slow,fast", ["slow", "fast"]), ("OFF x1", ["off", "x1"])],
)
def test_scale_positions(text: str, positions: list[str]) -> None:
    assert scales(text) == positions


@pytest.mark.parametrize("text", ["", "off", "x1 x1", "x" * 30])
def test_scale_positions_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match=r"position|once|short"):
        scales(text)
