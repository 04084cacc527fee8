# SPDX-License-Identifier: GPL-2.0-or-later
"""The console: lines from pipes and terminals, the end of the input, what fits a terminal."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hal_mpg.learn.acts import Left
from hal_mpg.learn.console import Console, Heard


class Screen(io.StringIO):
    """What is written; a terminal, or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        with suppress(OSError):
            os.close(end)


def console(reader: int, is_terminal: bool = False, **environment: str) -> tuple[Console, Screen]:
    screen = Screen(is_terminal)
    return Console(reader, screen, environment), screen


def test_lines_of_one_piece_are_read_one_by_one(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"one\n  two \n\nrest")
    os.close(writer)
    asked, _ = console(reader)
    assert [asked.line("> ") for _ in range(4)] == ["one", "two", "", "rest"]
    with pytest.raises(Left, match="the input has ended; nothing was written"):
        asked.line("> ")


@pytest.mark.parametrize("typed", [b"q\n", b" Q \n", b"quit\n", b"exit\n"])
def test_leaving(pipe: tuple[int, int], typed: bytes) -> None:
    reader, writer = pipe
    os.write(writer, typed)
    with pytest.raises(Left, match="left; nothing was written"):
        console(reader)[0].line("> ")


def test_bytes_that_are_no_text(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\xff\xfe\n")
    assert console(reader)[0].line("> ") == "\ufffd\ufffd"


def test_an_input_that_is_closed() -> None:
    reader, writer = os.pipe()
    asked, _ = console(reader)
    os.close(reader)
    os.close(writer)
    with pytest.raises(Left):
        asked.line("> ")


def test_what_is_heard_is_shown_on_a_terminal_only(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    device, hand = os.pipe()
    os.write(hand, b"x")

    def heard() -> str:
        os.read(device, 10)
        os.write(writer, b"\n")
        return "heard: 1"

    for is_terminal in (True, False):
        asked, screen = console(reader, is_terminal, TERM="xterm")
        assert asked.line("> ", [device], heard) == ""
        assert ("heard: 1" in screen.getvalue()) == is_terminal
        os.write(hand, b"x")
    os.close(device)
    os.close(hand)


def test_what_is_heard_may_end_the_wait(pipe: tuple[int, int]) -> None:
    def heard() -> str:
        raise Heard

    device, hand = os.pipe()
    os.write(hand, b"x")
    assert console(pipe[0])[0].line("> ", [device], heard) is None
    os.close(device)
    os.close(hand)


@pytest.mark.parametrize(
    ("is_terminal", "environment", "bold"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_bold_only_where_it_is_wanted(is_terminal: bool, environment: dict[str, str], bold: bool) -> None:
    asked, screen = console(0, is_terminal, **environment)
    asked.say("Press it.", bold=True)
    assert ("\x1b[1m" in screen.getvalue()) == bold


def test_paragraphs_fit_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    asked, screen = console(0)
    asked.say("word " * 30, indent="  ", hang="   ")
    lines = screen.getvalue().splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) < 40
    assert lines[0].startswith("  word")
    assert lines[1].startswith("     word")
