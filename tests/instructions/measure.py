# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the instructions of all cases, under valgrind, in private namespaces with a HAL of their own."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tests.beds.namespaces import has_namespaces, private_command, unreadable_for_nobody
from tests.instructions.cases import CASES, CYCLES, PIN, Case
from tests.instructions.loops import LOOPS

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's, for which LinuxCNC's packages install `hal`."""

LIMIT_S = 600
COPIED = ("hal_mpg", "config/pendants", "tests/instructions")


Run = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


class CannotCount(Exception):
    """Valgrind is missing; the message is for people."""


class Counts(NamedTuple):
    """Instructions of one event, by case: until the program waits again, and until its pin is written.

    "smallest" is the loop that is compared with. `hal` is "real" or "fake".
    """

    hal: str
    python: str
    whole: dict[str, float]
    to_pin: dict[str, float]


def count(cases: Iterable[str] = CASES, keep: Path | None = None, python: str | None = None) -> Counts:
    """Count the instructions of cases.

    `keep`: a directory for valgrind's files of them; `python`: an interpreter for the fake HAL, and not
    the one that has LinuxCNC's. Raises CannotCount without valgrind, and RuntimeError where a case fails.
    """
    if shutil.which("valgrind") is None:
        raise CannotCount("valgrind is not installed (Debian: valgrind)")
    cases = list(cases)
    jobs = [*LOOPS, *cases, *(f"{case}:{PIN}" for case in cases if CASES[case].pin)]
    with tempfile.TemporaryDirectory(prefix="hal_mpg-instructions-") as name:
        home = Path(name)
        _copy(home)
        real = None if python else _python_with_hal(home)
        run = functools.partial(_run, home, bool(real))
        interpreter = real or python or sys.executable
        hal = "real" if real else "fake"
        raw = _play(run, [interpreter, "-m", "tests.instructions.counted", hal, *jobs])
        version = run([interpreter, "-c", "import platform; print(platform.python_version())"])
        if keep:
            _keep(home, raw, keep)
        differences = {job: _difference(home, pids) for job, pids in raw.items()}
        return _corrected(hal, version.stdout.strip(), differences)


def _copy(home: Path) -> None:
    """Copy what runs: the repository may be where user nobody cannot read, and may change meanwhile."""
    if os.geteuid() == 0 and (closed := unreadable_for_nobody(home.parent)):
        raise CannotCount(f"TMPDIR is of no use to user nobody, who cannot read {closed}")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, home / folder)
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _python_with_hal(home: Path) -> str | None:
    """Return an interpreter with LinuxCNC's `hal`, where there is one that may be used."""
    for python in dict.fromkeys([sys.executable, SYSTEM_PYTHON]) if has_namespaces() else ():
        if Path(python).exists() and _run(home, True, [python, "-c", "import hal, yaml"]).returncode == 0:
            return python
    return None


def _run(home: Path, private: bool, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing random about it. `private`: in namespaces of its own."""
    settings = {"PYTHONPATH": str(home), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        private_command(command, home) if private else command,
        check=False,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT_S,
    )


def _play(run: Run, command: list[str]) -> dict[str, list[int]]:
    """Do the jobs under valgrind; return the process ids of each."""
    valgrind = ["valgrind", "-q", "--tool=callgrind", "--vgdb=no", "--callgrind-out-file=callgrind.%p"]
    done = run([*valgrind, *command])
    if done.returncode != 0:
        raise RuntimeError(f"status {done.returncode} of what is counted:\n{done.stderr[-4000:]}")
    pids: dict[str, list[int]] = defaultdict(list)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        pids[said["job"]].append(said["pid"])
    return pids


def _difference(home: Path, pids: list[int]) -> float:
    """Return by how many instructions the second process differs from the first and the third."""
    first, second, third = (_total(home / f"callgrind.{pid}") for pid in pids)
    return second - (first + third) / 2


def _total(file: Path) -> int:
    found = re.search(r"^totals: (\d+)", file.read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError(f"valgrind's file {file.name} has no total")
    return int(found[1])


def _corrected(hal: str, python: str, raw: dict[str, float]) -> Counts:
    """Take off what playing the steps takes, and divide by the events."""
    played = (raw["stepped"] - raw["bare"]) / (2 * CYCLES)
    in_vain = (raw["stepped-in-vain"] - raw["bare-in-vain"]) / (2 * CYCLES)
    smallest = Case("the smallest loop", CASES["detent"].cycle)
    whole, to_pin = {}, {}
    for job, difference in raw.items():
        name, _, part = job.partition(":")
        case = smallest if name == "smallest" else CASES.get(name)
        if case is None:
            continue
        steps = [played if step.frames else in_vain for step in case.cycle]
        if part == PIN:
            to_pin[name] = difference - steps[0]
        else:
            whole[name] = (difference / (2 * CYCLES) - sum(steps)) / case.events
    return Counts(hal, python, whole, to_pin)


def _keep(home: Path, raw: dict[str, list[int]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for job, pids in raw.items():
        shutil.copy(home / f"callgrind.{pids[1]}", folder / f"callgrind.{job.replace(':', '-to-')}")
