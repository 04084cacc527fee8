# SPDX-License-Identifier: GPL-2.0-or-later
"""Start real_run.py where there is a real HAL that nobody else uses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.beds.namespaces import has_namespaces, private_command, unreadable_for_nobody
from tests.beds.require import skip_or_fail

RUN_LIMIT_S = 600
SYSTEM_PYTHON = "/usr/bin/python3"
"""Debian's, for which LinuxCNC's packages install `hal`."""


def run_on_real_hal() -> dict[str, str | None]:
    """Return the outcome of each check: None, a traceback, or the name of a fatal signal.

    Skips the test (or fails it, see skip_or_fail) where there is no HAL to be had. Raises
    RuntimeError if the run itself fails.
    """
    if not has_namespaces():
        skip_or_fail("no private namespaces here, and HAL's shared memory is one per machine")
    with tempfile.TemporaryDirectory(prefix="hal-contract-") as name:
        home = Path(name)
        _copy_checks(home)
        python = _python_with_hal(home)
        command = [python, "-m", "tests.hal.real_run", str(home / "outcomes.json")]
        done = _run_private(command, home)
        if done.returncode != 0:
            raise RuntimeError(f"status {done.returncode} of the run on the real hal:\n{done.stderr}")
        outcomes: dict[str, str | None] = json.loads((home / "outcomes.json").read_text("utf-8"))
        return outcomes


def _copy_checks(home: Path) -> None:
    """Copy what the run imports: the repository may be where user nobody cannot read."""
    if os.geteuid() == 0 and (closed := unreadable_for_nobody(home.parent)):
        raise RuntimeError(f"TMPDIR is of no use to user nobody, who cannot read {closed}")
    there = home / "tests" / "hal"
    there.mkdir(parents=True)
    here = Path(__file__).parent
    for file in [*here.glob("checks_*.py"), *map(here.joinpath, _IMPORTED)]:
        shutil.copyfile(file, there / file.name)
        (there / file.name).chmod(0o644)
    for folder in (there, there.parent):
        folder.chmod(0o755)


_IMPORTED = ("contract.py", "expect.py", "real_run.py")


def _python_with_hal(home: Path) -> str:
    """Return the first interpreter that can import hal: the one of this test, or the system's.

    Skips or fails the test if there is none.
    """
    reasons = []
    for python in dict.fromkeys([sys.executable, SYSTEM_PYTHON]):
        if not Path(python).exists():
            reasons.append(f"{python}: does not exist")
            continue
        if os.geteuid() == 0 and (closed := unreadable_for_nobody(Path(python))):
            reasons.append(f"{python}: user nobody cannot read {closed}")
            continue
        done = _run_private([python, "-c", "import hal"], home)
        if done.returncode == 0:
            return python
        reasons.append(f"{python}: {(done.stderr.splitlines() or ['cannot start'])[-1]}")
    return skip_or_fail(f"no Python with LinuxCNC's module hal ({'; '.join(reasons)})")


def _run_private(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in namespaces of its own, in `home`, without this test's PYTHON* settings."""
    environment = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
    return subprocess.run(
        private_command(command, home),
        check=False,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=RUN_LIMIT_S,
    )
