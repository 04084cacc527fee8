# SPDX-License-Identifier: GPL-2.0-or-later
"""The program as `make install` makes it: the component without `site`, the tools as usual."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The launcher, and in place of the environment's own program one that says how it was called."""
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    own = environment / "bin/hal_mpg"
    own.write_text('#!/bin/sh\necho as usual: "$@"\n')
    own.chmod(0o755)
    return launcher(tmp_path, ROOT, environment)


def launcher(folder: Path, packages: Path, environment: Path) -> Path:
    """Make the launcher as the Makefile does."""
    text = (ROOT / "tools/launcher.py").read_text(encoding="utf-8")
    for name, value in (("PYTHON", SYSTEM_PYTHON), ("PACKAGES", packages), ("ENVIRONMENT", environment)):
        text = text.replace(f"@{name}@", str(value))
    file = folder / "hal_mpg"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def run(program: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], "HOME": str(program.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [program, *arguments], env=given | environment, check=False, capture_output=True, text=True, cwd="/"
    )


def test_the_makefile_fills_every_gap_of_the_launcher() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    gaps = set(re.findall(r"@([A-Z]+)@", (ROOT / "tools/launcher.py").read_text(encoding="utf-8")))
    assert gaps == {"PYTHON", "PACKAGES", "ENVIRONMENT"}
    assert all(f"@{gap}@" in makefile for gap in gaps)


def test_the_component_is_started_without_site(program: Path) -> None:
    done = run(program, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("hal_mpg ")
    loaded = run(program, "--version", PYTHONVERBOSE="1").stderr
    assert "import 'hal_mpg.cli'" in loaded
    assert "import 'site'" not in loaded


def test_what_is_wrong_is_told_as_usual(program: Path) -> None:
    done = run(program, "--units", "cm")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("hal_mpg: --units cm: ")


@pytest.mark.parametrize("words", [("list",), ("check", "--all"), ("no-tool",), ("help",)], ids=" ".join)
def test_tools_are_started_as_usual(words: tuple[str, ...], program: Path) -> None:
    assert run(program, *words).stdout == f"as usual: {' '.join(words)}\n"


def test_the_shell_is_answered_as_usual(program: Path) -> None:
    assert run(program, "--units", _ARGCOMPLETE="1").stdout == "as usual: --units\n"


def test_what_is_nowhere_is_looked_for_as_usual(tmp_path: Path) -> None:
    """Here in the user's own packages, which only `site` knows."""
    version = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    packages = tmp_path / ".local/lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "hal_mpg").symlink_to(ROOT / "hal_mpg")
    done = run(launcher(tmp_path, tmp_path / "nowhere", tmp_path / "nowhere"), "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("hal_mpg ")


def test_the_folder_that_it_is_in_is_no_place_for_modules(program: Path) -> None:
    (program.parent / "argparse.py").write_text("raise SystemExit('the wrong one')\n")
    assert run(program, "--version").returncode == 0
