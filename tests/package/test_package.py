# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package as it is built: what is in it, where, and what lintian says. No machine is changed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal_mpg import __version__
from hal_mpg.missing_module import PACKAGES
from tests.beds.require import skip_or_fail
from tests.package.package import ROOT, built

CONFIG = ROOT / "config"
SAMPLES = "usr/share/linuxcnc/aux_examples/hal_mpg"
LINK = re.compile(r"\]\(([^)\s]+)\)")


def files_below(folder: Path) -> set[str]:
    """Return the files of a folder, by their names from there, but for what is made where samples are run."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if "__pycache__" not in name and not name.startswith("sim.var")}


@pytest.fixture(scope="module")
def package() -> Path:
    if shutil.which("dpkg-buildpackage") is None or not Path("/usr/bin/dh_python3").exists():
        skip_or_fail("there is nothing to build a Debian package with (Debian: debhelper, dh-python)")
    before = files_below(ROOT / "debian")
    made = built()
    assert files_below(ROOT / "debian") == before, "the tree is not clean any more"
    return made


@pytest.fixture(scope="module")
def root(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with all that the package would put on a machine."""
    folder = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    yield folder
    shutil.rmtree(folder)


def field(package: Path, name: str) -> str:
    command = ["dpkg-deb", "-f", package, name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run(root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the package's as if it were installed."""
    given = {"PATH": os.environ["PATH"], "HOME": str(root)}
    packages = root / "usr/lib/python3/dist-packages"
    return subprocess.run(
        [root / program, *arguments],
        env={**given, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def test_its_version_is_that_of_the_program_and_of_the_changelog(package: Path) -> None:
    assert field(package, "Version") == __version__
    assert f"({__version__})" in (ROOT / "debian/changelog").read_text().splitlines()[0]


def test_it_depends_on_every_module_that_is_used(package: Path) -> None:
    depends = set(re.findall(r"[a-z0-9.+-]+", f"{field(package, 'Depends')}, {field(package, 'Recommends')}"))
    assert set(PACKAGES.values()) | {"linuxcnc-uspace"} <= depends


def test_every_module_of_ours_is_in_it(root: Path) -> None:
    assert files_below(root / "usr/lib/python3/dist-packages/hal_mpg") == files_below(ROOT / "hal_mpg")


def test_every_sample_is_where_the_picker_looks_and_with_the_program(root: Path) -> None:
    for_the_picker = files_below(root / SAMPLES)
    with_the_program = files_below(root / "usr/share/hal_mpg/config")
    described = {name for name in for_the_picker if name == "README" or name.endswith(".txt")}
    apart = {name for name in files_below(CONFIG) if name.startswith("pendants/")}
    apart |= {"profile.schema.json", "limits-hal-mpg.conf"}
    assert for_the_picker == files_below(CONFIG) - apart
    assert with_the_program == files_below(CONFIG) - described


@pytest.mark.parametrize("ini", sorted(path.name for path in CONFIG.glob("*.ini")))
def test_the_picker_has_words_for_every_sample(ini: str) -> None:
    """It shows a text as it is, in a narrow column: a paragraph is one line."""
    text = (CONFIG / ini).with_suffix(".txt").read_text()
    assert 100 < len(text) < 1500
    assert text.endswith("\n")


def test_the_rules_are_there_once_and_the_same(root: Path) -> None:
    rules = root / "usr/lib/udev/rules.d/70-hal-mpg.rules"
    assert rules.read_text() == (ROOT / "udev/70-hal-mpg.rules").read_text()
    link = root / "usr/share/hal_mpg/udev/70-hal-mpg.rules"
    assert (link.parent / link.readlink()).resolve() == rules.resolve()


def test_its_other_parts_are_where_debian_has_them(root: Path) -> None:
    for path in (
        "usr/share/man/man1/hal_mpg.1.gz",
        "usr/share/bash-completion/completions/hal_mpg",
        "etc/security/limits.d/hal-mpg.conf",
        "etc/hal_mpg/pendants/README",
        "usr/share/doc/hal-mpg/README.md",
        "usr/share/doc/hal-mpg/docs/guide.md",
        "usr/share/doc/hal-mpg/copyright",
    ):
        assert (root / path).is_file(), path


def test_it_starts_as_it_does_from_make_install(root: Path) -> None:
    assert (root / "usr/bin/hal_mpg").read_text().startswith("#!/usr/bin/python3 -S\n")
    component = run(root, "usr/bin/hal_mpg", "--version")
    assert (component.stdout, component.stderr) == (f"hal_mpg {__version__}\n", "")
    assert not re.search("@[A-Z]+@", (root / "usr/bin/hal_mpg").read_text())
    (places,) = re.findall(r"^PLACES = (.*)$", (root / "usr/bin/hal_mpg").read_text(), re.MULTILINE)
    assert ast.literal_eval(places) == ["/usr/lib/python3/dist-packages"]
    tool = run(root, "usr/share/hal_mpg/bin/hal_mpg", "check", "--all", "-q")
    assert tool.returncode == 0, tool.stderr


def test_what_the_installed_pages_link_to_is_in_it(root: Path) -> None:
    """Or in its own folder elsewhere: a link there may lead out of the documents."""
    doc = root / "usr/share/doc/hal-mpg"
    pages = [page for page in doc.rglob("*.md") if not page.is_symlink()]
    assert {"README.md", "CHANGELOG.md", "docs/guide.md", "firmware/README.md"} <= {
        str(page.relative_to(doc)) for page in pages
    }
    dead = []
    for page in pages:
        for link in LINK.findall(page.read_text()):
            file = link.partition("#")[0]
            if file and "://" not in file and not inside(root, page.parent / file).exists():
                dead.append(f"{page.relative_to(doc)}: {link}")
    assert dead == []


def inside(root: Path, path: Path) -> Path:
    """Return where a path leads when `root` is the machine's: links are followed there."""
    at = root
    for part in Path(os.path.normpath(path)).relative_to(root).parts:
        at = at / part
        if at.is_symlink():
            to = at.readlink()
            at = root / to.relative_to("/") if to.is_absolute() else Path(os.path.normpath(at.parent / to))
    return at


def test_lintian_is_content(package: Path) -> None:
    if shutil.which("lintian") is None:
        skip_or_fail("lintian is not installed (Debian: lintian)")
    (changes,) = (ROOT / "build/deb").glob("*.changes")
    done = subprocess.run(
        ["lintian", "--allow-root", "-I", "--pedantic", changes], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:", "I:", "P:")] == []
