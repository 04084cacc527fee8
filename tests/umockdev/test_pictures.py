# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures in docs/pictures are what the programs show now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.beds.require import need_module

need_module("pyte", "python3-pyte")

from tests.umockdev import pictures  # noqa: E402  # it imports pyte


@pytest.fixture(scope="module")
def made(project: Path) -> dict[str, str]:
    assert project  # what the emulated machine needs is there, or all this is skipped
    return pictures.make()


def words(svg: str) -> list[str]:
    """Return the texts of a picture, one for each look."""
    return re.findall(r"<text [^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("name", ["monitor.svg", "monitor-estop.svg", "learn.svg", "learned.svg"])
def test_a_picture_is_true(made: dict[str, str], name: str) -> None:
    committed = (pictures.FOLDER / name).read_text("utf-8")
    assert words(committed) == words(made[name]), "run `make pictures`"
    assert committed == made[name], "run `make pictures`"


def test_there_are_no_others(made: dict[str, str]) -> None:
    drawn = {"estop-circuit.svg"}  # see tests/core/test_documents.py
    assert {path.name for path in pictures.FOLDER.glob("*.svg")} == set(made) | drawn


def test_what_a_terminal_shows_is_what_is_drawn() -> None:
    rows = pictures.screen("a\r\n\x1b[1;37;41m<b>\x1b[0m \x1b[2mc\x1b[0m\x1b[1;1HA", 10, 5)
    assert pictures.text_of(rows) == ["A", "<b> c"]
    svg = pictures.svg(rows, "t")
    assert "&lt;b&gt;" in svg
    assert f'fill="{pictures.COLORS["red"]}"/>' in svg
    assert f'fill="{pictures.DIM}" textLength="8.4">c<' in svg
