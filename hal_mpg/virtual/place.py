# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the socket is: at the path that its profile gives; of a name, in a place of the user's.

A name finds the same place for the program that plays the pendant and for hal_mpg without anything being set
up, another one for each user, and one that no other user can put anything into.
"""

from __future__ import annotations

import os
import stat

from hal_mpg.lean_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "hal_mpg-"


def socket_paths(name: str) -> list[str]:
    """Return where hal_mpg looks: a path is as it is; a name is in each place that is the user's own."""
    if "/" in name:
        return [name]
    return [_in(folder, name) for folder in _folders() if why_unsafe(folder) is None]


def make_socket_path(name: str) -> str:
    """Return where a program that plays the pendant is to listen; the place is made where there is none.

    Raises OSError where there is no place that is the user's own; it says why.
    """
    if "/" in name:
        return name
    *given, made = _folders()
    for folder in given:
        if why_unsafe(folder) is None:
            return _in(folder, name)
    try:
        os.mkdir(made, 0o700)
    except FileExistsError:
        pass
    why = why_unsafe(made)
    if why:
        raise PermissionError(0, why, made)
    return _in(made, name)


def why_unsafe(folder: str) -> str | None:
    """Return why a folder is not this user's alone; None: it is."""
    try:
        status = os.lstat(folder)
    except OSError as error:
        return error.strerror or str(error)
    if not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    return "others can write to it" if status.st_mode & 0o022 else None


def _in(folder: str, name: str) -> str:
    return os.path.join(folder, f"{PREFIX}{name}.socket")


def _folders() -> Iterator[str]:
    """Yield the places, the best first: what the session says, what that usually is, one that can be made."""
    said, usual = os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.geteuid()}"
    yield from [said] if said and said != usual and os.path.isabs(said) else []
    yield usual
    yield f"/tmp/{PREFIX}{os.geteuid()}"
