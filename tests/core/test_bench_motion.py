# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark of motion reads from its samples, and what it asks of the axes."""

from __future__ import annotations

from typing import Any

import pytest

from bench import motion_figures as figures
from bench.motion_samples import Answer, Sample, answers, parse, run_on
from bench.motion_steps import AXES, FAR, LENGTH, MOST, SCALES, Block, blocks

BLOCKS = {kind: list(blocks("a seed", kind, 40)) for kind in ("axis", "scale")}


def samples(*rows: tuple[int, int, float]) -> list[Sample]:
    return [Sample(number, *row) for number, row in enumerate(rows)]


def test_samples_are_parsed_and_overruns_left_out() -> None:
    assert parse("7 1 100 0.5 \noverrun\n9 2 -100 1e-3 \n") == [
        Sample(7, 1, 100, 0.5),
        Sample(9, 2, -100, 0.001),
    ]


def test_an_answer_is_the_number_of_periods_after_the_detent() -> None:
    quick = [(0, 0, 0.0), (1, 0, 0.0), (1, 1, 0.0), (1, 1, 0.1), (1, 1, 0.2)]
    slow = [(2, 1, 0.2), (2, 1, 0.2), (2, 1, 0.2), (2, 2, 0.3)]
    assert answers(samples(*quick, *slow)) == [Answer(1, 2), Answer(3, 3)]


def test_a_detent_may_be_answered_in_its_own_period_or_never() -> None:
    assert answers(samples((0, 0, 0.0), (1, 1, 0.0), (2, 1, 0.0), (2, 1, 0.0))) == [
        Answer(0, None),
        Answer(None, None),
    ]


def test_lost_samples_do_not_make_an_answer_quicker() -> None:
    rows = [Sample(0, 0, 0, 0.0), Sample(1, 1, 0, 0.0), Sample(9, 1, 1, 0.1)]
    assert answers(rows) == [Answer(8, 8)]


@pytest.mark.parametrize("sign", [1, -1])
def test_run_on_is_the_way_after_the_last_detent(sign: int) -> None:
    spinning = [(sign * n, sign * 2 * n, sign * 0.05 * n) for n in range(401)]
    after = [(sign * 400, sign * 800, sign * (20 + 0.05 * n)) for n in range(1, 61)]
    found = run_on(samples(*spinning, *after, *[after[-1]] * 50), every=10)
    assert found.run_on == pytest.approx(3)
    assert found.speed == pytest.approx(50)
    assert found.gone == pytest.approx(23)
    assert found.spun_s == pytest.approx(0.399)
    assert (found.turned, found.counted) == (sign * 400, sign * 800)
    assert (0, 0.0) in found.curve
    assert found.curve[-1][1] == pytest.approx(3)


@pytest.mark.parametrize("kind", ["axis", "scale"])
def test_what_blocks_ask_for_is_the_sum_of_their_steps(kind: str) -> None:
    for block in BLOCKS[kind]:
        assert len(block.steps) == LENGTH
        assert played(block) == block.asked


@pytest.mark.parametrize("kind", ["axis", "scale"])
def test_blocks_turn_one_way_and_change_one_selector(kind: str) -> None:
    for block in BLOCKS[kind]:
        assert len({step.detents > 0 for step in block.steps if step.detents}) == 1
        changed = {step.position for step in block.steps if not step.detents}
        assert changed <= set(AXES if kind == "axis" else SCALES)


def test_blocks_stay_in_the_middle_and_within_what_an_axis_can_follow() -> None:
    for kind in BLOCKS:
        where = dict.fromkeys(AXES, 0)
        for block in BLOCKS[kind]:
            where = {axis: where[axis] + block.asked[axis] for axis in AXES}
            assert max(map(abs, where.values())) < FAR + LENGTH * MOST
    assert BLOCKS["axis"] == list(blocks("a seed", "axis", 40))
    assert BLOCKS["axis"] != list(blocks("another seed", "axis", 40))


def played(block: Block) -> dict[str, int]:
    axis, scale, way = block.axis, block.scale, dict.fromkeys(AXES, 0)
    for step in block.steps:
        if step.detents:
            way[axis] += step.detents * SCALES[scale]
        elif step.position in AXES:
            axis = step.position
        else:
            scale = step.position
    return way


def block(moved: tuple[float, float, float], **more: int) -> dict[str, Any]:
    asked = dict.fromkeys(AXES, -100)
    whole = {"turned": -30, "counted": -30, "dropped": 0}
    return {"asked": asked, "moved": dict(zip(AXES, moved, strict=True)), **whole, **more}


def data(kind: str, *played: dict[str, Any]) -> dict[str, Any]:
    runs = [{"program": "hal_mpg", "repetition": 0, "wrong": {kind: list(played)}}]
    return {"plan": {"steps per block": 50}, "runs": runs}


def test_only_what_an_axis_went_too_far_went_by_the_wrong_axis() -> None:
    played = data("axis", block((-100, -90, -105)), block((-100, -100, -100.001)))
    found = figures.wrong(played, "hal_mpg", "axis")
    assert found.wrong_mm == pytest.approx(0.005)
    assert found.missing_mm == pytest.approx(0.01)
    assert (found.steps, found.blocks, found.wrong_blocks, found.aside) == (100, 2, 1, 0)


def test_a_wrong_increment_is_a_way_too_long_or_too_short() -> None:
    found = figures.wrong(data("scale", block((-100, -90, -105))), "hal_mpg", "scale")
    assert found.wrong_mm == pytest.approx(0.015)


def test_refused_detents_set_a_block_aside_but_excuse_no_wrong_axis() -> None:
    refused = block((-100, -90, -105), dropped=2)
    assert figures.wrong(data("scale", refused), "hal_mpg", "scale").wrong_mm == 0
    found = figures.wrong(data("axis", refused), "hal_mpg", "axis")
    assert found.wrong_mm == pytest.approx(0.005)
    assert found.aside == 1
