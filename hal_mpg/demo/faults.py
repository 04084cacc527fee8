# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user of the demo can break beside the pendant: hal_mpg itself; and how it is brought back."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from hal_mpg.demo.setup import Place, processes_of


def component_process(place: Place) -> int | None:
    """Return the process of the component that runs in the demo's LinuxCNC; None: there is none."""
    for number in processes_of(place.path):
        with suppress(OSError):  # it has ended meanwhile
            words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
            if b"-m" in words and b"hal_mpg" in words and b"--pendant" in words:
                return number
    return None


def kill_component(place: Place) -> bool:
    """Kill hal_mpg as nothing can be prepared for; tell whether there was one."""
    number = component_process(place)
    if number is None:
        return False
    with suppress(OSError):
        os.kill(number, signal.SIGKILL)
    return True


def start_recovery(place: Place) -> subprocess.Popen[bytes]:
    """Run `hal_mpg recover` as the user of the demo's LinuxCNC would; what it says goes to the log."""
    with place.log.open("ab") as log:
        return subprocess.Popen(
            place.account.command([str(place.ini.parent / "bin" / "hal_mpg-recover")]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=place.environment(display=False),
            cwd=place.home,
            start_new_session=True,
        )
