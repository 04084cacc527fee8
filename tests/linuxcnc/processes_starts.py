# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts of hal_mpg that are refused: what is played outside of a running LinuxCNC."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.beds.linuxcnc import ROOT, SYSTEM_PYTHON, LinuxcncRunError, run_linuxcnc
from tests.beds.namespaces import NAMESPACES
from tests.faults.catalogue import Fault
from tests.faults.play import Result

START_LIMIT_S = 120.0

WAIT_FOR = "until halcmd -s show comp | grep -q ' {name} .*ready'; do sleep 0.1; done"
"""The shell's way to wait for a component."""


def start_first(*options: str, name: str = "hal_mpg") -> str:
    """Return the shell command that starts a hal_mpg, and waits until it is ready."""
    words = [SYSTEM_PYTHON, "-m", "hal_mpg", "--pendant", "generic-4axis", *options]
    return f"{' '.join(words)} & {WAIT_FOR.format(name=name)}"


def start_before(driver: Path) -> str:
    """Start hal_mpg, then a LinuxCNC that wants one of the same name; return what is said."""
    try:
        run = run_linuxcnc("sim-3axis.ini", driver, before=start_first(), timeout_s=START_LIMIT_S)
    except LinuxcncRunError as error:
        return str(error)
    raise AssertionError(f"LinuxCNC started: {run.output}")


def start_by_root(driver: Path) -> str:
    """Start hal_mpg as root, in namespaces of its own; return what it says."""
    user = [] if os.geteuid() == 0 else ["-U", "--map-root-user"]
    command = ["unshare", *user, *NAMESPACES, SYSTEM_PYTHON, "-m", "hal_mpg", "--pendant", "generic-4axis"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=START_LIMIT_S
    )
    assert done.returncode == 2, f"status {done.returncode}: {done.stderr}"
    return done.stderr


STARTS: dict[str, Callable[[Path], str]] = {"start-before": start_before, "start-by-root": start_by_root}
"""The acts of entries that are played here."""


def play_start(fault: Fault, driver: Path) -> Result:
    """Play one of them."""
    result = Result(fault.id, fault.bed, [0.0])
    said = STARTS[fault.do[0]](driver)
    found = re.search(rf"^.*(?:{fault.says}).*$", said, re.MULTILINE)
    assert found, f"{fault.says!r} was not said, but: {said}"
    result.said = found.group(0).strip()
    return result
