# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg recover`: where what it starts speaks to, which outlives it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HALCMD = """\
#!/bin/sh
echo started
echo complaint >&2
sh -c 'while [ -d "$0" ]; do sleep 0.05; done; echo much later' "$PWD/lives" &
exit ${STATUS:-0}
"""
"""In the place of halcmd: starts something that outlives it, and inherits where it speaks to."""

RECOVER = """\
import os, sys
from pathlib import Path
from hal_mpg.commands.recover import Linuxcnc, halcmd
from hal_mpg.errors import HalError
folder = Path(sys.argv[1])
try:
    halcmd(Linuxcnc(int(sys.argv[2]), folder / "x.ini", folder, os.environ), ["loadusr x"], quiet=False)
except HalError as error:
    print(error)
"""

LIMIT_S = 20.0


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Iterator[Path]:
    """Return the directory of a LinuxCNC; what is started there ends with the test."""
    (tmp_path / "halcmd").write_text(HALCMD)
    (tmp_path / "halcmd").chmod(0o755)
    (tmp_path / "lives").mkdir()
    yield tmp_path
    (tmp_path / "lives").rmdir()


@pytest.fixture(name="linuxcnc")
def linuxcnc_fixture(folder: Path) -> Iterator[int]:
    """Return a process whose standard error is a file, as LinuxCNC's is when it was started by an icon."""
    with (folder / "linuxcnc_debug.txt").open("w") as file:
        process = subprocess.Popen(["sleep", "60"], stderr=file)
    yield process.pid
    process.kill()
    process.wait()


def command(folder: Path, linuxcnc: int) -> list[str]:
    return [sys.executable, "-c", RECOVER, str(folder), str(linuxcnc)]


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}", **more}


def test_a_pipe_ends_with_it_and_not_with_what_it_has_started(folder: Path, linuxcnc: int) -> None:
    done = subprocess.run(
        command(folder, linuxcnc),
        check=True,
        capture_output=True,
        text=True,
        env=environment(folder),
        timeout=LIMIT_S,
    )
    assert done.stdout == done.stderr == ""
    assert (folder / "linuxcnc_debug.txt").read_text() == "started\ncomplaint\n"


def test_a_complaint_that_is_there_instead_is_told_of(folder: Path, linuxcnc: int) -> None:
    done = subprocess.run(
        command(folder, linuxcnc),
        check=True,
        capture_output=True,
        text=True,
        env=environment(folder, STATUS="1"),
        timeout=LIMIT_S,
    )
    assert done.stdout == "recover: halcmd: see LinuxCNC's own messages; if this stays, restart LinuxCNC\n"


def test_without_linuxcncs_own_messages_nobody_is_spoken_to(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"], stderr=subprocess.DEVNULL) as ended:
        ended.kill()
    done = subprocess.run(
        command(folder, ended.pid),
        check=True,
        capture_output=True,
        text=True,
        env=environment(folder),
        timeout=LIMIT_S,
    )
    assert done.stdout == done.stderr == ""


def test_a_file_has_all_of_it(folder: Path, linuxcnc: int) -> None:
    with (folder / "recover.out").open("w") as file:
        subprocess.run(
            command(folder, linuxcnc),
            check=True,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment(folder),
            timeout=LIMIT_S,
        )
    assert (folder / "recover.out").read_text() == "started\ncomplaint\n"
    assert (folder / "linuxcnc_debug.txt").read_text() == ""


def test_a_terminal_has_it_where_only_the_output_goes_into_a_pipe(folder: Path, linuxcnc: int) -> None:
    ours, terminal = pty.openpty()
    try:
        done = subprocess.run(
            command(folder, linuxcnc),
            check=True,
            stdout=subprocess.PIPE,
            stderr=terminal,
            env=environment(folder),
            timeout=LIMIT_S,
        )
        assert done.stdout == b""
        assert os.read(ours, 1000).split() == [b"started", b"complaint"]
    finally:
        os.close(ours)
        os.close(terminal)
