# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has a node open, and who may open it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hal_mpg.cli import TOOLS
from hal_mpg.devices.access import User
from hal_mpg.devices.inventory import GROUP, group_name

Holder = tuple[int, str]
"""A process that has a node open: number, and what it is."""


def is_for_group(path: str) -> bool:
    """Tell whether the group of the udev rules may read a node, and write to it."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return group_name(status.st_gid) == GROUP and status.st_mode & 0o060 == 0o060


def may_open(user: User, path: str, mode: int = os.R_OK | os.W_OK) -> bool:
    """Tell whether a user may open a node; not one that has gone."""
    try:
        return user.may_open(path, mode)
    except OSError:
        return False


def can_try(holders: Sequence[Holder]) -> bool:
    """Tell whether a device may be grabbed for a moment: never where a hal_mpg may be reading it.

    What the pendant sent in that moment, an E-stop perhaps, would be lost to one that has not grabbed it.
    """
    return not any(is_component(what) for _, what in holders) and not has_hidden_component()


def has_component() -> bool:
    """Tell whether any hal_mpg runs as a component."""
    return any(is_component(what) for _, what in _processes())


def has_hidden_component() -> bool:
    """Tell whether a hal_mpg runs whose open files this user may not see: it may have any node."""
    return any(
        is_component(what) and not os.access(process / "fd", os.R_OK) for process, what in _processes()
    )


def is_component(what: str) -> bool:
    """Tell whether a process is hal_mpg as LinuxCNC starts it, and not one of the tools."""
    found = re.search(r"(?:^|[ /])hal_mpg(?:/__main__\.py)?(?: (\S+))?(?: |$)", what)
    return found is not None and found[1] not in TOOLS


def holders_of(paths: Sequence[str]) -> tuple[Holder, ...]:
    """Return the processes that have one of these nodes open, as far as this user may look at them."""
    wanted, found = set(paths), []
    for process, what in _processes():
        with suppress(OSError):
            if {str(link.readlink()) for link in (process / "fd").iterdir()} & wanted:
                found.append((int(process.name), what))
    return tuple(found)


def _processes() -> Iterator[tuple[Path, str]]:
    """Yield the other processes' directories in /proc, and their command lines."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if int(process.name) != os.getpid():
                yield process, " ".join(filter(None, words))[:160]
