# SPDX-License-Identifier: GPL-2.0-or-later
"""Where profiles are looked for, and how their files are read.

A file is opened once, and what was opened is what is checked: a regular file of a sane size that not
everybody can write to.
"""

from __future__ import annotations

import os
import site
import stat
import sys
import sysconfig
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.messages import tell
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile

ETC = Path("/etc/hal_mpg/pendants")
MAX_BYTES = 64 * 1024
"""The largest profile that is read; the shipped ones have about one kilobyte."""


def shared_dir() -> Path:
    """Return where the package's sample files are: beside the checkout's package, or installed."""
    checkout = Path(__file__).resolve().parent.parent / "config"
    if (checkout / "pendants").is_dir():
        return checkout
    bases = (sysconfig.get_path("data"), sys.prefix, site.getuserbase(), "/usr/local")
    places = [Path(base, "share", "hal_mpg", "config") for base in bases]
    return next((place for place in places if place.is_dir()), places[0])


def known_profiles() -> dict[str, Path]:
    """Return the profiles by name; one in /etc/hal_mpg/pendants goes before a shipped one."""
    found: dict[str, Path] = {}
    for folder in (ETC, shared_dir() / "pendants"):
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            found.setdefault(path.stem, path)
    return found


def find_profile(name: str) -> Path:
    """Return the file of a profile that is given by name or as a file. Raises ProfileError."""
    if not name:
        raise UsageError("--pendant: is empty; give a profile's name, or its file")
    if "/" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    known = known_profiles()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known)) or 'none'}"
    folders = f"{ETC} or {shared_dir() / 'pendants'}"
    raise ProfileError([f"hal_mpg: --pendant {name}: no such profile in {folders}; {hint}"])


def read_profile(path: Path) -> Profile:
    """Read and check one profile. Raises ProfileError with every fault."""
    return load_profile(_read_text(path), str(path))


def readable_profiles() -> Iterator[tuple[str, Profile]]:
    """Yield each known profile that has no fault; one with faults is told on stderr and passed over."""
    for name, path in known_profiles().items():
        try:
            yield name, read_profile(path)
        except ProfileError as error:
            tell(f"passed over: {error.faults[0]}")


def _read_text(path: Path) -> str:
    try:
        content = _read_bytes(path)
    except OSError as error:
        raise ProfileError(
            [f"{path}:1:1: cannot be read: {error.strerror}; name a profile or its file"]
        ) from None
    if len(content) > MAX_BYTES:
        raise ProfileError([f"{path}:1:1: is larger than {MAX_BYTES} bytes; a profile is one small mapping"])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ProfileError([f"{path}:{line}:{column}: is not UTF-8; save it as UTF-8"]) from None


def _read_bytes(path: Path) -> bytes:
    """Return what stands in a file that not everybody can change. Raises OSError, ProfileError."""
    # Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProfileError([f"{path}:1:1: is not a regular file; name a YAML file"])
        if status.st_mode & stat.S_IWOTH:
            raise ProfileError([f"{path}:1:1: everybody can write to it; run chmod o-w on it"])
        folder = os.stat(Path(os.path.realpath(path)).parent).st_mode
        if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
            raise ProfileError(
                [f"{path}:1:1: everybody can put another file in its place; run chmod o-w on its folder"]
            )
        return os.read(descriptor, MAX_BYTES + 1)
    finally:
        os.close(descriptor)
