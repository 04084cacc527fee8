# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine of its own for each test; see bed.py."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beds.namespaces import has_namespaces
from tests.beds.require import skip_or_fail
from tests.umockdev.bed import SYSTEM_PYTHON, Bed, copy_project

IMPORTS = """
import evdev, gi, hal, pyudev, yaml
gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev
"""


def why_not() -> str | None:
    """Return in one line why the bed cannot be had here; None: it can."""
    if shutil.which("umockdev-wrapper") is None:
        return "no umockdev-wrapper (Debian: umockdev)"
    command = [SYSTEM_PYTHON, "-c", IMPORTS]
    try:
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=60)
    except OSError as error:
        return str(error)
    if done.returncode != 0:
        return f"{SYSTEM_PYTHON} lacks a module: {done.stderr.splitlines()[-1]}"
    if not has_namespaces():
        return "no private namespaces here, and HAL's shared memory is one per machine"
    return None


@pytest.fixture(scope="session")
def project() -> Iterator[Path]:
    """Return a copy of the project that an ordinary user can read."""
    reason = why_not()
    if reason:
        skip_or_fail(reason)
    with tempfile.TemporaryDirectory(prefix="hal_mpg-umockdev-") as directory:
        copy_project(Path(directory))
        yield Path(directory)


@pytest.fixture
def bed(project: Path) -> Iterator[Bed]:
    """Return a machine. Whatever still runs on it at the end has to stop as it should."""
    with tempfile.TemporaryDirectory(prefix="hal_mpg-umockdev-") as name, Bed(project, Path(name)) as bed:
        try:
            yield bed
            running = [program for program in bed.programs if program.status() is None]
            assert [program.stop() for program in running] == [0] * len(running)
        finally:
            for program in bed.programs:
                print(f"{program.name} said:", *program.said(), sep="\n")  # pytest shows it if a test fails
        assert not any("Traceback" in line for program in bed.programs for line in program.said())
