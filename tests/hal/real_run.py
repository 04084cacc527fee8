# SPDX-License-Identifier: GPL-2.0-or-later
"""Run all contract checks on LinuxCNC's `hal`: python3 -m tests.hal.real_run OUTCOMES_FILE

To be run in a private IPC namespace, since it removes all shared memory there (see real_hal.py).
Each check has a process of its own, so that one may crash, and an empty HAL. OUTCOMES_FILE gets a
JSON object: of each check, its traceback, or the name of the signal that ended it, or null.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.hal.contract import CHECKS
from tests.hal.expect import Check

hal: Any = importlib.import_module("hal")  # LinuxCNC's; has no type hints

CHECK_LIMIT_S = 60
"""After this time a check is ended by SIGALRM; they take milliseconds."""


def net(signal_name: str, *pin_names: str) -> None:
    """Run `halcmd net`; raise hal.error with what it says, without the place."""
    command = ["halcmd", "net", signal_name, *pin_names]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        lines = done.stderr.replace("<commandline>:0: ", "").splitlines()
        raise hal.error("; ".join(lines))


def outcome_of(check: Check, real_hal: Any) -> str | None:
    """Run one check in a process of its own; return None if all is well, or what is not."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(CHECK_LIMIT_S)
        try:
            check(real_hal)
        except BaseException:  # noqa: BLE001  # whatever it is, it is told
            os.write(writer, traceback.format_exc().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as report:
        text = report.read()
    _, status = os.waitpid(child, 0)
    subprocess.run(["ipcrm", "--all=shm"], check=True)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return text or None


def main() -> None:
    """Run all checks and write the outcomes."""
    real_hal = SimpleNamespace(**vars(hal), net=net)
    outcomes = {name: outcome_of(check, real_hal) for name, check in CHECKS.items()}
    Path(sys.argv[1]).write_text(json.dumps(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()
