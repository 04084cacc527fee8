# SPDX-License-Identifier: GPL-2.0-or-later
"""The udev rules that come with a package, beside those that somebody has put into /etc."""

from __future__ import annotations

from pathlib import Path

from hal_mpg.devices import udev_rules

PACKAGES = (Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d"))
"""Where packages put theirs, and nobody else does."""


def is_of_package(path: Path) -> bool:
    """Tell whether a file of rules came with a package."""
    return path.parent in PACKAGES


def hidden(name: str) -> Path | None:
    """Return a file of this name that udev does not read, because one that says something else hides it.

    So do local rules in /etc with those that came with a package; None: there is none.
    """
    first = udev_rules.installed(name)
    for folder in udev_rules.RULES_DIRS if first else ():
        path = folder / name
        if first and path.is_file() and not path.samefile(first) and _content(path) != _content(first):
            return path
    return None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
