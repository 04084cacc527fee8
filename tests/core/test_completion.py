# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion in bash, with the shell's own function and the shipped file."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hal_mpg.cli import TOOLS
from hal_mpg.completion import add_completers
from tests.beds.require import need_module, skip_or_fail

need_module("argcomplete", "python3-argcomplete")

ROOT = Path(__file__).parents[2]
SCRIPT = """
. completions/hal_mpg
complete -p hal_mpg >/dev/null || exit 9
while IFS= read -r line; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMPREPLY=()
    _hal_mpg_complete hal_mpg
    printf '%s|' "${COMPREPLY[@]}"; echo
done
"""


def completed(folder: Path, *lines: str) -> list[list[str]]:
    """Return what bash would offer after each of these lines."""
    if not shutil.which("bash"):
        skip_or_fail("no bash")
    program = folder / "bin" / "hal_mpg"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m hal_mpg "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", SCRIPT],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
        env={"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder)},
        timeout=60,
    )
    assert done.stderr == ""
    return [[word for word in line.split("|") if word] for line in done.stdout.splitlines()]


def test_tools_options_and_values(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("")
    (tmp_path / "m y.ini").write_text("")
    (tmp_path / "folder").mkdir()
    tools, one, option, names, file, own, inch, both, home, folder = completed(
        tmp_path,
        "hal_mpg ",
        "hal_mpg rep",
        "hal_mpg monitor --no-g",
        "hal_mpg --pendant generic-",
        f"hal_mpg check {tmp_path}/mi",
        "hal_mpg check --sch",
        "hal_mpg replay x.evemu --units i",
        "hal_mpg install",
        "hal_mpg wiring --ini ~/",
        "hal_mpg check config/pend",
    )
    assert tools == list(TOOLS)
    assert one == ["replay "]
    assert option == ["--no-grab "]
    assert names == ["generic-4axis", "generic-5axis", "generic-6axis"]
    assert file == [f"{tmp_path}/mine.yaml "]
    assert own == ["--schema "]
    assert inch == ["inch "]
    assert both == ["install-udev "]
    assert set(home) >= {"~/folder/"}
    assert folder == ["config/pendants/"]


def test_a_shell_gets_an_answer_to_anything(tmp_path: Path) -> None:
    lines = [
        "hal_mpg check '",
        'hal_mpg "',
        "hal_mpg --name",
        "hal_mpg nonsense ",
        "hal_mpg check --nonsense ",
        "hal_mpg * ",
    ]
    assert len(completed(tmp_path, *lines)) == len(lines)


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_has_a_parser_with_examples_or_words(tool: str) -> None:
    parser = importlib.import_module(f"hal_mpg.commands.{tool.replace('-', '_')}").parser()
    add_completers(parser)
    assert parser.prog == f"hal_mpg {tool}"
    assert len(parser.format_help().splitlines()) > 5
