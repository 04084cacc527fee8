# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages for people never stop a pendant."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from hal_mpg import messages
from hal_mpg.messages import tell
from hal_mpg.sources.evdev_nodes import Nodes


def test_a_message_says_who_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    tell("hello")
    assert capsys.readouterr() == ("", "hal_mpg: hello\n")


def test_a_message_cannot_play_tricks_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell("name \x1b[2J\r\n\x00\u202e\udcff end")
    assert capsys.readouterr().err == "hal_mpg: name ?[2J????? end\n"


def test_of_a_very_long_message_both_ends_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"begin {'x' * 3_000_000} end")
    line = capsys.readouterr().err
    assert line.startswith("hal_mpg: begin x")
    assert line.endswith("x end\n")
    assert len(line) < 1100


def test_a_message_is_told_once_until_the_situation_is_another_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nodes = Nodes()
    for _ in range(3):
        nodes.tell_once("hello")
    nodes.tell_again()
    nodes.tell_once("hello")
    assert capsys.readouterr().err == 2 * "hal_mpg: hello\n"


@pytest.mark.usefixtures("dead_stderr")
def test_where_nobody_can_be_told_nothing_happens() -> None:
    tell("hello")
    Nodes().tell_once("hello")


def test_a_pipe_that_nobody_reads_holds_nothing_up_and_the_loss_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    with open(reader, "rb") as end, open(writer, "w") as file:
        monkeypatch.setattr(messages, "sys", SimpleNamespace(stderr=file))
        for number in range(2000):  # far more than a pipe holds
            tell(f"{number} {'x' * 100}")
        said = os.read(end.fileno(), 1 << 20).decode().splitlines()
        assert len(said) < 1000
        tell("hello")
        lost, hello = os.read(end.fileno(), 4096).decode().splitlines()
    assert lost == f"hal_mpg: {2000 - len(said)} messages were lost, for nobody read them"
    assert hello == "hal_mpg: hello"
