# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of the user's: written whole or not at all, and not over what is not ours."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from hal_mpg.errors import UsageError
from hal_mpg.wiring.kept import is_as_written, is_ours, yours


def is_written_by_us(path: Path) -> bool:
    """Tell whether a file begins as those that this command writes."""
    with suppress(OSError), path.open("rb") as file:
        return is_ours(file.read(400).decode(errors="replace"))
    return False


def write_wiring(path: Path, text: str, force: bool) -> Path | None:
    """Write a wiring, with what the user has added to the one before; return that one's backup, if any.

    Raises UsageError for a file that is not ours, or that was edited elsewhere, but with `force`.
    """
    before = _content(path)
    if before and not force and not is_ours(before):
        raise UsageError(
            f"{path}: is there, and not by hal_mpg wiring; use --output, or --force to replace it"
        )
    if before and not force and not is_as_written(before):
        raise UsageError(
            f"{path}: was edited since it was written (or an older hal_mpg wrote it); move your lines to its "
            f"end, below a line '# ---- Yours', after writing it with --force (a backup is kept)"
        )
    backup = None
    if before and not (is_ours(before) and is_as_written(before)):
        backup = back_up(path)
    replace_file(path, text + (yours(before) if is_ours(before) else ""))
    return backup


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="surrogateescape") if path.exists() else ""
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; use --output") from None


def back_up(path: Path) -> Path:
    """Copy a file beside itself, under a name that is free."""
    names = (path.with_name(f"{path.name}.bak{number or ''}") for number in range(1000))
    backup = next(name for name in names if not name.exists())
    replace_file(backup, path.read_bytes().decode(errors="surrogateescape"))
    return backup


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, with the mode that it had. Raises UsageError."""
    path, temporary = Path(os.path.realpath(path)), None  # a link stays one
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text.encode(errors="surrogateescape"))
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise UsageError(
            f"{path}: cannot be written: {error.strerror}; use --output, or mend the folder"
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
