# SPDX-License-Identifier: GPL-2.0-or-later
"""CONTRIBUTING.md's example of a new pendant, followed to the letter: no Python file is touched, and all
that is looked at in shipped profiles is good in it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
NAME = "acme-jogger"
CHECKS = ("test_pendant_pages.py", "test_recordings.py", "test_hid_recordings.py", "test_udev_rules.py")
MORE_CHECKS = ("test_profile_yaml.py", "test_profile_schema.py")
"""Of these, what is said of each shipped profile."""

MADE = "tests/core/test_real_pendants.py"


def steps() -> dict[int, str]:
    """Return the steps of "A new pendant", by their numbers."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## A new pendant", 1)[1]
    parts = re.split(r"^(\d)\. ", text, flags=re.MULTILINE)[1:]
    return {int(number): step for number, step in zip(parts[::2], parts[1::2], strict=True)}


def file_in(step: str) -> tuple[str, str]:
    """Return the file that a step is about, and the block of text that it gives."""
    path = re.search(r"`([\w/.-]+/[\w.-]+)`", step)
    block = re.search(r"^ *```\w*\n(.*?)^ *```$", step, re.MULTILINE | re.DOTALL)
    assert path and block
    return path[1], dedent(block[1])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository in which the steps were followed, but for the last.

    Who follows the page in his own checkout has its files there already: they are left out of the copy.
    """
    copy = tmp_path_factory.mktemp("new") / "repository"
    ignored = shutil.ignore_patterns(".*_cache", ".hypothesis", f"{NAME}.*")
    for name in ("hal_mpg", "config", "udev", "docs", "tools", "tests", "man", "firmware"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, copy)
    said = steps()
    for number in (3, 5):
        path, text = file_in(said[number])
        (copy / path).write_text((copy / path).read_text("utf-8").replace(text, ""), "utf-8")
    for number in (1, 2):
        path, text = file_in(said[number])
        assert not (copy / path).exists()
        (copy / path).write_text(text, "utf-8")
    path, text = file_in(said[3])
    rules = copy / path
    rules.write_text(rules.read_text("utf-8").replace("# Part 2:", f"{text}\n# Part 2:", 1), "utf-8")
    assert "make pictures" in said[4] and "tools/pendant_pages.py" in (ROOT / "Makefile").read_text("utf-8")
    run(copy, "tools/pendant_pages.py")
    return copy


def run(copy: Path, *words: str, expected: int = 0) -> str:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), "HOME": str(copy)}
    command = [sys.executable, *words]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=copy, env=environment, timeout=120
    )
    assert done.returncode == expected, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_its_files_are_data() -> None:
    said = steps()
    touched = [file_in(said[number])[0] for number in (1, 2, 3, 5)]
    assert not any(path.endswith(".py") for path in touched)
    assert all(NAME in path for path in touched[:2])


def test_all_checks_of_shipped_profiles_pass_with_it(copy: Path) -> None:
    """Also that nobody has to make it in the kernel, for its owner has tried it."""
    files = [f"tests/core/{name}" for name in (*CHECKS, *MORE_CHECKS)]
    words = ("-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-k", f"{NAME} or shipped")
    out = run(copy, *words, *files, MADE)
    passed = [line for line in out.splitlines() if NAME in line and line.startswith("PASSED")]
    checks = {*CHECKS, *MORE_CHECKS, Path(MADE).name}
    assert {Path(line.split("::")[0].split()[1]).name for line in passed} == checks
    assert f"test_a_shipped_pendant_is_made_or_was_tried[{NAME}]" in out


def test_one_that_nobody_has_tried_has_to_be_and_the_message_says_how(copy: Path) -> None:
    profile, _ = file_in(steps()[1])
    entry, text = file_in(steps()[5])
    before = {path: (copy / path).read_text("utf-8") for path in (profile, entry)}
    try:
        (copy / profile).write_text(before[profile].replace("tried: yes, by its owner", "tried: no"), "utf-8")
        told = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", MADE, expected=1)
        assert (
            "1 failed" in told and "acme-jogger is not tried: add an entry to tests/kernel/real_pend" in told
        )
        (copy / entry).write_text(f"{before[entry]}{text}", "utf-8")
        out = run(copy, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", MADE)
        passed = re.findall(rf"^PASSED {MADE}::(\w+)\[{NAME}\]", out, re.MULTILINE)
        assert len(passed) == 3
    finally:
        for path, was in before.items():
            (copy / path).write_text(was, "utf-8")


def test_it_has_its_page_and_its_drawing(copy: Path) -> None:
    assert "## Acme Jogger\n" in (copy / "docs/pendants.md").read_text("utf-8")
    assert "scale.next" not in (copy / f"docs/pictures/pendants/{NAME}.svg").read_text("utf-8")
    assert "next scale" in (copy / f"docs/pictures/pendants/{NAME}.svg").read_text("utf-8")
