# SPDX-License-Identifier: GPL-2.0-or-later
"""Where what was learned is written to: a profile and a udev rule, each as a whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hal_mpg.errors import UsageError

MODE = 0o644


def profile_path(output: str | None, slug: str) -> Path:
    """Return where the profile goes: `output`, or in it where it is a folder. Raises UsageError."""
    path = Path(output).expanduser() if output else Path(f"{slug}.yaml")
    if output == "" or output == "-":
        raise UsageError("learn: --output: give a file such as my-pendant.yaml, for there are two to write")
    if path.is_dir():
        path /= f"{slug}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"learn: --output {path}: a profile's name ends with .yaml; use {path}.yaml")
    return path


def rule_path(profile: Path) -> Path:
    """Return where the udev rule goes: beside the profile, with a name that udev reads in time."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", profile.stem)
    return profile.with_name(f"69-{name}.rules")


def check_writable(path: Path) -> None:
    """Raise UsageError where a file cannot be written, before anybody was asked anything."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"learn: {path}: there is no folder {folder}; make it, or give another --output")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"learn: {path}: may not be written to {folder.resolve()}; use --output")
    if path.exists() and not path.is_file():
        raise UsageError(f"learn: {path}: is no regular file; give another --output")


def write_whole(path: Path, text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Write a file as a whole. Under sudo it belongs to the caller, in the own folder. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, MODE)
            _give_to_caller(descriptor, path.parent, environment)
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _give_to_caller(descriptor: int, folder: Path, environment: Mapping[str, str]) -> None:
    user, group = environment.get("SUDO_UID", ""), environment.get("SUDO_GID", "")
    if os.geteuid() == 0 and user.isdecimal() and group.isdecimal() and folder.stat().st_uid == int(user):
        os.fchown(descriptor, int(user), int(group))
