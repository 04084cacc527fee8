# SPDX-License-Identifier: GPL-2.0-or-later
"""What `hal_mpg doctor` prints, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hal_mpg.cli import TOOLS, main
from hal_mpg.commands.doctor import as_json, as_text
from hal_mpg.doctor.examination import Examination
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding

ROOT = Path(__file__).parents[2]

FINDINGS = [
    Finding("fine", OK, "all is well here"),
    Finding("hint", NOTE, "something to know"),
    Finding("bad", ERROR, "a long story of what is wrong " * 8, "do " + "this and that " * 10, "mill.ini:7"),
    Finding("odd", WARNING, "this is odd", "look"),
]


def examination(*findings: Finding) -> Examination:
    return Examination(Path("mill.ini"), False, list(findings))


def test_the_worst_comes_first_and_says_where_and_what_to_do() -> None:
    lines = as_text(examination(*FINDINGS), 80, colors=False)
    marks = [line[:8].strip() for line in lines[2:-2] if line[:8].strip()]
    assert marks == ["ERROR", "WARNING", "note", "ok"]
    assert any(line.strip().startswith("where: mill.ini:7") for line in lines)
    assert any(line.strip().startswith("do:    do this") for line in lines)
    assert lines[-1] == "1 error and 1 warning"
    assert max(map(len, lines)) <= 80
    assert "[fine]" not in " ".join(lines)


@pytest.mark.parametrize("width", [40, 60, 110])
def test_it_fits_a_terminal(width: int) -> None:
    assert max(map(len, as_text(examination(*FINDINGS), width, colors=False))) <= width


def test_colors_are_for_terminals() -> None:
    assert "\x1b[31;1mERROR" in "\n".join(as_text(examination(*FINDINGS), 80, colors=True))
    assert "\x1b" not in "\n".join(as_text(examination(*FINDINGS), 80, colors=False))


def test_nothing_wrong() -> None:
    done = examination(*FINDINGS[:2])
    assert as_text(done, 80, colors=False)[-1] == "Nothing is wrong."
    assert not done.is_wrong
    assert examination(FINDINGS[3]).is_wrong


def test_the_document_for_programs() -> None:
    document = json.loads(json.dumps(as_json(examination(*FINDINGS))))
    assert set(document) == {"ini", "live", "wrong", "findings"}
    assert (document["ini"], document["live"], document["wrong"]) == ("mill.ini", False, True)
    assert set(document["findings"][0]) == {"id", "severity", "what", "mend", "where"}


@pytest.mark.parametrize(
    "arguments", [["--ini", "/nowhere.ini"], ["--ini", "/"], ["--ini"], ["--what"], ["x"]]
)
def test_a_wrong_command_line_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["doctor", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hal_mpg: ")


def hal_mpg(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hal_mpg", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, **options)


@pytest.mark.parametrize("tool", ["list", "doctor", "install-udev", "uninstall-udev"])
def test_each_tool_has_help_with_examples(tool: str) -> None:
    done = hal_mpg(tool, "--help")
    assert done.returncode == 0
    assert "examples:\n" in done.stdout
    assert "exit status: 0" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 96
    assert tool in TOOLS


def test_on_this_machine_whatever_it_is_it_says_something_sensible() -> None:
    done = hal_mpg("doctor", "--json", "--ini", str(ROOT / "config/sim-4axis.ini"))
    assert done.returncode in (0, 1)
    document = json.loads(done.stdout)
    assert document["wrong"] is (done.returncode == 1)
    ids = {finding["id"] for finding in document["findings"]}
    assert {"wiring", "estop"} <= ids
    assert done.stderr == ""


@pytest.mark.parametrize("tool", ["list", "doctor"])
def test_a_reader_that_has_gone_is_no_fault(tool: str) -> None:
    command = f"{sys.executable} -m hal_mpg {tool} | true"
    done = subprocess.run(
        command,
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""


@pytest.mark.parametrize("tool", ["list", "doctor"])
def test_a_terminal_of_another_age_and_a_full_disk(tool: str) -> None:
    old = hal_mpg(tool, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert old.returncode in (0, 1)
    assert old.stderr == ""
    command = f"{sys.executable} -m hal_mpg {tool} > /dev/full"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    full = subprocess.run(command, shell=True, check=False, capture_output=True, text=True, env=environment)
    assert full.returncode == 1
    assert full.stderr.count("\n") == 1
    assert "the disk that the output goes to is full" in full.stderr
