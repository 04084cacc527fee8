# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package, as `make deb` makes it, and others made of it."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def built() -> Path:
    """Make the package, once in a run of the tests; return its file."""
    subprocess.run(["make", "-s", "deb"], cwd=ROOT, check=True, capture_output=True, timeout=600)
    (package,) = (ROOT / "dist").glob("hal-mpg_*_all.deb")
    return package


def repacked(package: Path, folder: Path, version: str, changes: Mapping[str, Callable[[str], str]]) -> Path:
    """Return a package of another version, some of whose files are others than in the real one."""
    inside = folder / "inside"
    subprocess.run(["dpkg-deb", "-R", package, inside], check=True)
    control = inside / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    for path, change in changes.items():
        file = inside / path.lstrip("/")
        file.write_text(change(file.read_text()))
    made = folder / f"hal-mpg_{version}_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", inside, made], check=True, capture_output=True)
    shutil.rmtree(inside)
    return made
