# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the measurements is what its raw data give, and what it says of made-up ones is true."""

from __future__ import annotations

from typing import Any

import pytest

from bench import latency, rest, serial, start, storms, use
from bench.figures import quantile, table
from bench.page import FOLDER, PAGE, page, part, stored

KEPT_BYTES = 300_000


def test_the_page_is_what_the_raw_data_give() -> None:
    """After a change of what it says: python -m bench --page."""
    assert PAGE.read_text(encoding="utf-8") == page(stored())


def test_every_plot_of_the_page_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (
        line.partition("](benchmarks/")[2].rstrip(")") for line in text.splitlines() if line[:1] == "!"
    ):
        assert (FOLDER / name).is_file(), name


def test_raw_data_are_small_enough_to_keep() -> None:
    for file in FOLDER.glob("*.json"):
        assert file.stat().st_size < KEPT_BYTES, file.name


@pytest.mark.parametrize("share, wanted", [(0.5, 5), (0.99, 10), (1, 10), (0.1, 1), (0.11, 2)])
def test_a_quantile_is_a_value_that_was_measured(share: float, wanted: int) -> None:
    assert quantile([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], share) == wanted


def test_a_table_has_numbers_on_the_right() -> None:
    assert table(["", "a"], [["x", "1"]]) == ["|  | a |", "| --- | ---: |", "| x | 1 |"]


def latency_data(ours: list[int], peer: list[int], limit: list[int]) -> dict[str, Any]:
    taken = {"c_loop": limit, "hal_input": peer, "hal_mpg": ours}
    return {
        "plan": {"conditions": {"idle": {}}},
        "taken": {name: {"idle": [us]} for name, us in taken.items()},
        "skipped": {},
    }


@pytest.mark.parametrize(
    "ours, met",
    [
        ([130, 130, 130], [True, True, True]),
        ([131, 131, 131], [False, True, True]),
        ([200, 200, 200], [False, False, True]),
        ([100, 100, 401], [True, True, False]),
        ([100, 100, -1], [True, True, False]),  # never arrived
        ([100, 100, -2], [True, True, True]),  # nobody knows
    ],
)
def test_latency_is_judged_beside_the_limit_and_the_peer(ours: list[int], met: list[bool]) -> None:
    data = latency_data(ours, [400, 400, 400], [100, 100, 100])
    assert [verdict.met for verdict in latency.verdicts(data)] == met
    assert "hal_mpg" in latency.section(data, "plots")


def storm_row(**changes: Any) -> dict[str, Any]:
    row = {"rate": 1000, "real_rate": 999, "sent": 20000, "counted": 20000.0, "dropped": 0, "overflows": 0}
    row |= {"still_us": 10, "disturbed": False} | changes
    return row | {"lost": row["sent"] - row["counted"] - row["dropped"]}


def storm_data(*rows: dict[str, Any]) -> dict[str, Any]:
    plan = {"storms": [{"rate": 1000, "detents": 20000}], "highest": {"detents": 4000, "to": 40000}}
    every = {name: list(rows) for name in ("c_loop", "hal_mpg")}
    return {"plan": plan, "storms": every, "highest": {name: [{"highest": 5000}] for name in every}}


@pytest.mark.parametrize(
    "row, met",
    [
        (storm_row(), [True, True]),
        (storm_row(counted=19999.0), [False, False]),
        (storm_row(counted=19990.0, dropped=10), [True, False]),  # refused, and said so
        (storm_row(counted=19936.0, overflows=1), [True, False]),  # the kernel's queue, once
        (storm_row(counted=19800.0, overflows=1), [True, False]),  # thrice before it was read, and told once
        (storm_row(counted=20001.0), [False, False]),
        (storm_row(counted=19000.0, disturbed=True), [False, False]),  # whoever was to blame: not a word
        (storm_row(disturbed=True), [True, True]),
    ],
)
def test_every_detent_of_a_storm_is_accounted_for(row: dict[str, Any], met: list[bool]) -> None:
    data = storm_data(row)
    assert [verdict.met for verdict in storms.verdicts(data)] == met
    assert "C loop" in storms.section(data, "plots")


def test_the_worst_storm_is_shown() -> None:
    data = storm_data(storm_row(), storm_row(counted=19000.0), storm_row(counted=0.0, disturbed=True))
    worst = storms.worst(data, "hal_mpg", 1000)
    assert worst is not None
    assert worst["counted"] == 19000


def test_rest_and_start_are_judged_beside_the_peer() -> None:
    row = {"cpu": 0.1, "wakeups": 100, "cpu_s_per_1000": 0.5, "rss_kb": 10240, "locked_kb": 0}
    lean = row | {"cpu": 0.02, "rss_kb": 30 * 1024}
    plan = {"seconds": 8, "detents": 2000, "rate": 500, "rounds": 1}
    data = {"plan": plan, "rows": {"hal_input": [row], "hal_mpg": [lean]}}
    assert [verdict.met for verdict in rest.verdicts(data)] == [True, False]
    assert "2.00 (2.00 to 2.00)" in rest.section(data, "plots")
    for ours, met in (1.0, True), (1.01, False):
        data = {"plan": {"rounds": 1}, "taken": {"hal_input": [1.0], "hal_mpg": [ours]}}
        assert [verdict.met for verdict in start.verdicts(data)] == [met]


def test_growth_shows() -> None:
    flat = [{"taken": [100] * 5, "rss_kb": 20000, "at_s": n, "detents": n} for n in range(8)]
    assert [verdict.met for verdict in use.verdicts(flat, "use")] == [True, True]
    leak = [block | {"rss_kb": 20000 + 100 * n, "taken": [100 + 10 * n] * 5} for n, block in enumerate(flat)]
    assert [verdict.met for verdict in use.verdicts(leak, "use")] == [False, False]


def test_every_part_can_be_measured_shown_and_drawn() -> None:
    from bench.page import PARTS

    for name in PARTS:
        assert {"measure", "verdicts", "section", "draw"} <= set(dir(part(name))), name


def serial_data(arrived: int, garbled: int) -> dict[str, Any]:
    clean = {"detents": 2000, "rate": 200, "arrived": 2000, "dropped": 0, "garbled": 0, "flipped": 0}
    at_rest = [{"cpu": 0.01, "wakeups": 50.0, "rss_kb": 20_000}]
    return {
        "plan": serial.PLAN,
        "taken": {kind: {key: [[100, 200, -2]] for key in serial.CONDITIONS} for kind in serial.TITLES},
        "storms": {
            "evdev": [clean],
            "serial": [clean, clean | {"arrived": arrived, "garbled": garbled, "flipped": 100}],
        },
        "rest": {"evdev": at_rest, "serial 20": at_rest, "serial 50": at_rest},
    }


@pytest.mark.parametrize("arrived, garbled, is_met", [(2000, 70, True), (1999, 70, False), (2000, 0, False)])
def test_a_serial_pendant_has_to_lose_nothing_on_a_line_that_is_bad(
    arrived: int, garbled: int, is_met: bool
) -> None:
    data = serial_data(arrived, garbled)
    assert [verdict.met for verdict in serial.verdicts(data)] == [is_met]
    text = serial.section(data, "plots")
    assert f"| serial pendant, 200 a second, 1 % damaged | 2,000 | {arrived:,} | 0 | {garbled} |" in text
    assert "| idle machine: serial pendant | 2 | 100 | 200 | 200 |" in text
    assert "| % of a processor | 1.00 (1.00 to 1.00) |" in text
