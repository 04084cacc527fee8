# SPDX-License-Identifier: GPL-2.0-or-later
"""What to say where a Python module of others is missing; imports none of them itself."""

from __future__ import annotations

PACKAGES = {
    "yaml": "python3-yaml",
    "evdev": "python3-evdev",
    "serial": "python3-serial",
    "pyudev": "python3-pyudev",
    "rich": "python3-rich",
    "argcomplete": "python3-argcomplete",
    "tkinter": "python3-tk",
    "_tkinter": "python3-tk",
}
"""Debian's packages of the modules that hal_mpg uses."""


def missing_module(error: ModuleNotFoundError) -> str:
    """Return in one line which module is missing, and which of Debian's packages has it."""
    name = (error.name or "of some name").split(".")[0]
    package = PACKAGES.get(name)
    mend = f"sudo apt install {package}" if package else "see `Install` in the README for Debian's packages"
    return f"the Python module {name} is missing; {mend}"
