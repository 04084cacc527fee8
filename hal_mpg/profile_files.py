# SPDX-License-Identifier: GPL-2.0-or-later
"""Where profiles are looked for, and how their files are read.

A file is opened once, and what was opened is what is checked: a regular file of a sane size that not
everybody can write to.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator

from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell

if TYPE_CHECKING:
    from pathlib import Path

    from hal_mpg.profile import Profile

ETC = "/etc/hal_mpg/pendants"
MAX_BYTES = 64 * 1024
"""The largest profile that is read; the shipped ones have about one kilobyte."""

UP = 5
"""Levels from the package up to where it was installed into: PREFIX/lib/pythonX/site-packages/hal_mpg."""


def shared_folder() -> str:
    """Return where the package's sample files are: beside the checkout's package, or installed."""
    package = os.path.dirname(os.path.realpath(__file__))
    checkout = os.path.join(os.path.dirname(package), "config")
    if os.path.isdir(os.path.join(checkout, "pendants")):
        return checkout
    base = package
    for _ in range(UP):
        base = os.path.dirname(base)
        place = os.path.join(base, "share", "hal_mpg", "config")
        if os.path.isdir(place):
            return place
    return _unusual_shared_folder()


def _unusual_shared_folder() -> str:
    """Return it where the data was installed apart from the package."""
    import site
    import sysconfig

    bases = (sysconfig.get_path("data"), sys.prefix, site.getuserbase(), "/usr/local")
    places = [os.path.join(base, "share", "hal_mpg", "config") for base in bases]
    return next((place for place in places if os.path.isdir(place)), places[0])


def shared_dir() -> Path:
    """Return `shared_folder()` as a path."""
    from pathlib import Path

    return Path(shared_folder())


def known_profiles() -> dict[str, Path]:
    """Return the profiles by name; one in /etc/hal_mpg/pendants goes before a shipped one."""
    from pathlib import Path

    found: dict[str, Path] = {}
    for folder in (Path(ETC), shared_dir() / "pendants"):
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            found.setdefault(path.stem, path)
    return found


def find_profile(name: str) -> str:
    """Return the file of a profile that is given by name or as a file. Raises ProfileError."""
    if not name:
        raise UsageError("--pendant: is empty; give a profile's name, or its file")
    if "/" in name or name.endswith((".yaml", ".yml")):
        return name
    folders = (ETC, os.path.join(shared_folder(), "pendants"))
    for folder in folders:
        path = os.path.join(folder, f"{name}.yaml")
        if os.path.lexists(path):
            return path
    from difflib import get_close_matches

    known = known_profiles()
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known)) or 'none'}"
    raise ProfileError(
        [f"hal_mpg: --pendant {name}: no such profile in {' or '.join(map(str, folders))}; {hint}"]
    )


def read_profile(path: Path | str) -> Profile:
    """Read and check one profile. Raises ProfileError with every fault."""
    from hal_mpg.profile_yaml import load_profile  # with PyYAML: see profile_cache for a start without it

    return load_profile(read_text(path), str(path))


def readable_profiles(read: Callable[[str], Profile] = read_profile) -> Iterator[tuple[str, Profile]]:
    """Yield each known profile that has no fault; one with faults is told on stderr and passed over."""
    for name, path in known_profiles().items():
        try:
            yield name, read(str(path))
        except ProfileError as error:
            tell(f"passed over: {error.faults[0]}")


def read_text(path: Path | str) -> str:
    """Return what stands in a profile's file. Raises ProfileError."""
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


def _read_bytes(path: Path | str) -> bytes:
    """Return what stands in a file that not everybody can change. Raises OSError, ProfileError."""
    # Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProfileError([f"{path}:1:1: is not a regular file; name a YAML file"])
        if status.st_mode & stat.S_IWOTH:
            raise ProfileError([f"{path}:1:1: everybody can write to it; run chmod o-w on it"])
        folder = os.stat(os.path.dirname(os.path.realpath(path))).st_mode
        if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
            raise ProfileError(
                [f"{path}:1:1: everybody can put another file in its place; run chmod o-w on its folder"]
            )
        return os.read(descriptor, MAX_BYTES + 1)
    finally:
        os.close(descriptor)
