# SPDX-License-Identifier: GPL-2.0-or-later
"""How this program is called, for the commands that it tells its users."""

from __future__ import annotations

import sys
from pathlib import Path

SECURE_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where sudo looks for programs on Debian."""


def own_command() -> str:
    """Return how this program can be called by sudo: by its name, where sudo finds it."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"env PYTHONPATH={program.resolve().parent.parent} {sys.executable} -m hal_mpg"
    if any(Path(folder, "hal_mpg").exists() for folder in SECURE_PATH):
        return "hal_mpg"
    return str(program.absolute()) if program.name == "hal_mpg" else "hal_mpg"
