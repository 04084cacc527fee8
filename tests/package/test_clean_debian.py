# SPDX-License-Identifier: GPL-2.0-or-later
"""The package in a clean Debian 12 and 13 (LinuxCNC 2.9.0, 2.9.4): installed, used, upgraded, removed.

Minutes each, so that it is for releases (`make test-release`). One run notes all; the tests look at that.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.beds.clean_debian import KEPT, USER, CleanDebian, Done
from tests.beds.require import is_release
from tests.gui.pictures import LARGEST, MOST_DIFFERENT, difference
from tests.package import pictures
from tests.package.package import built, repacked

pytestmark = pytest.mark.skipif(not is_release(), reason="takes minutes: make test-release")

LINUXCNC = {"bookworm": "2.9.0", "trixie": "2.9.4"}
"""The Debian releases, and the LinuxCNC in each."""

LIMITS = "/etc/security/limits.d/hal-mpg.conf"
OWN = "/etc/hal_mpg/pendants/my-own.yaml"

EVERYTHING = (
    r"find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path /home"
    r" -o -path /root -o -path /project -o -path /var/cache -o -path /var/log -o -path /var/lib/apt"
    r" -o -path /var/lib/dpkg -o -path /var/lib/systemd \) -prune -o -print | sort"
)
"""For sh: all files, but for what changes by itself, and what is of users."""

COMPLETE = (
    'bash -c \'. /usr/share/bash-completion/completions/hal_mpg; COMP_LINE="hal_mpg vir" COMP_POINT=11 '
    'COMP_TYPE=9 _hal_mpg_complete hal_mpg; echo "${COMPREPLY[@]}"\''
)

Notes = dict[str, Any]


class Story:
    """One package's life in one Debian; what every step said is kept."""

    def __init__(self, suite: str) -> None:
        self.debian = CleanDebian(suite, "test")
        self.notes: Notes = {"suite": suite}
        self._packages = self.debian.layer / "upper" / "packages"
        self._packages.mkdir()

    def play(self) -> Notes:
        """Play all of it; the first step that fails fails the tests."""
        debian, notes = self.debian, self.notes
        new = built()
        changed = {LIMITS: lambda text: f"# as it was in the old version\n{text}"}
        old = repacked(new, self._packages, "0.0.1", changed)
        shutil.copy(new, self._packages)
        debian.update()
        self._must(debian.apt("install", f"/packages/{old.name}"))
        notes["linuxcnc"] = self._must(debian.run("dpkg-query -W -f '${Version}' linuxcnc-uspace"))
        self._must(debian.apt("purge", "hal-mpg"))
        notes["before"] = self._files()
        self._must(debian.apt("install", f"/packages/{old.name}"))
        self._must(debian.run(f"echo '# of the user' >>{LIMITS}; echo 'name: mine' >{OWN}"))
        self._must(debian.apt("install", f"/packages/{new.name}"))
        notes["version"] = self._must(debian.run("hal_mpg --version", user=USER))
        notes["kept"] = self._must(debian.run(f"cat {LIMITS} {OWN}; rm {OWN}"))
        self._use()
        notes["newcomer"] = self._newcomer()
        self._must(debian.run("echo 'name: mine' >" + OWN))
        learned = 'ATTRS{idVendor}=="abcd", ATTRS{idProduct}=="0123", ENV{HAL_MPG}="1"'
        self._must(debian.run(f"echo '{learned}' >/root/69-mine.rules"))
        notes["install-udev"] = debian.run("hal_mpg install-udev --rule /root/69-mine.rules").said
        self._must(debian.apt("remove", "hal-mpg"))
        notes["removed"] = [line for line in self._files() if line not in notes["before"]]
        notes["purged"] = self._must(debian.apt("purge", "hal-mpg"))
        notes["after"] = self._files()
        return notes

    def _use(self) -> None:
        """Use what is there as a user does, without a machine."""
        for name, command in {
            "man": "man -w hal_mpg && man hal_mpg | head -3",
            "completion": COMPLETE,
            "rules": "ls -l /usr/lib/udev/rules.d/70-hal-mpg.rules /usr/share/hal_mpg/udev/70-hal-mpg.rules",
            "list": "hal_mpg list --json",
            "check": "hal_mpg check --all -q",
            "doctor": "hal_mpg doctor --json --ini /usr/share/linuxcnc/aux_examples/hal_mpg/sim-virtual.ini",
            "virtual": "hal_mpg virtual",
            "site": "PYTHONVERBOSE=1 hal_mpg --version 2>&1 | grep -c \"import 'site'\"",
            "python": "python3 -c 'import hal_mpg; print(hal_mpg.__file__)'",
        }.items():
            self.notes[name] = self.debian.run(command, user=USER)
        self.notes["udev says"] = self.debian.run(
            "udevadm --help | grep -q verify || exit 0; udevadm verify /usr/lib/udev/rules.d/70-hal-mpg.rules"
        )

    def _newcomer(self) -> Notes:
        """Play the newcomer's first minutes, in private namespaces; keep the pictures beside the layer."""
        command = "mkdir out; timeout 600 /usr/bin/python3 /project/tests/package/newcomer.py out"
        self._must(self.debian.run(command, user=USER, private=True))
        folder = self.debian.path(f"/home/{USER}/out")
        for picture in folder.glob("*.xwd"):
            shutil.copy(picture, self.debian.layer.parent)
        found: Notes = json.loads((folder / "result.json").read_text())
        return found

    def _files(self) -> list[str]:
        return self._must(self.debian.run(EVERYTHING)).splitlines()

    def _must(self, done: Done) -> str:
        assert done.status == 0, done.said[-3000:]
        return done.said


@pytest.fixture(scope="module", params=LINUXCNC)
def notes(request: pytest.FixtureRequest) -> Iterator[Notes]:
    story = Story(request.param)
    yield story.play()
    story.debian.close()


def test_apt_brings_linuxcnc_and_all_that_is_needed(notes: Notes) -> None:
    assert LINUXCNC[notes["suite"]] in notes["linuxcnc"]
    assert notes["version"] == "hal_mpg 0.1.0\n"


def test_its_parts_are_found_where_debian_has_them(notes: Notes) -> None:
    assert notes["man"].said.startswith("/usr/share/man/man1/hal_mpg.1.gz\n")
    assert "HAL_MPG" in notes["man"].said.upper()
    assert notes["completion"].said.split() == ["virtual"]
    assert notes["rules"].status == 0
    assert notes["udev says"].status == 0, notes["udev says"].said
    assert notes["python"].said == "/usr/lib/python3/dist-packages/hal_mpg/__init__.py\n"


def test_the_component_starts_lean(notes: Notes) -> None:
    assert notes["site"].said == "0\n"


def test_its_tools_work(notes: Notes) -> None:
    assert set(json.loads(notes["list"].said)) >= {"devices"}
    assert notes["check"].status == 0
    wrong = [
        finding for finding in json.loads(notes["doctor"].said)["findings"] if finding["severity"] == "error"
    ]
    assert wrong == []
    assert notes["virtual"].status == 1
    assert notes["virtual"].said.startswith("hal_mpg: there is no display for a window")


def test_an_upgrade_keeps_what_was_changed_in_etc(notes: Notes) -> None:
    assert notes["kept"].startswith("# as it was in the old version\n")
    assert notes["kept"].endswith("# of the user\nname: mine\n")


def test_the_picker_offers_the_samples_and_copies_one_that_runs(notes: Notes) -> None:
    seen = notes["newcomer"]
    assert "exception" not in seen, seen
    assert {"sim-3axis.ini", "sim-4axis.ini", "sim-5axis.ini", "sim-6axis.ini", "sim-virtual.ini"} <= {
        *seen["offered"]
    }
    assert seen["described"].startswith("For who has no pendant (yet)")
    assert seen["ini"] == f"/home/{USER}/linuxcnc/configs/hal_mpg/sim-virtual.ini"


def test_the_newcomer_jogs_by_the_pendant_in_the_window(notes: Notes) -> None:
    seen = notes["newcomer"]
    assert seen["positions"] == [0.2, 0, 0, 0]
    assert seen["dropped"] == 5  # turned after the enabling button was let go


def test_the_panel_is_there(notes: Notes) -> None:
    assert "pyvcp" in " ".join(notes["newcomer"]["components"]).split()


def test_the_pictures_of_the_guide_are_what_a_newcomer_sees_today(notes: Notes) -> None:
    if notes["suite"] != pictures.SUITE:
        return  # fonts are others there
    for name, part in pictures.MADE_OF.items():
        shipped = (pictures.FOLDER / f"{name}.png").read_bytes()
        now = pictures.png(KEPT / pictures.SUITE / pictures.SCREENS[name], part)
        assert len(shipped) < LARGEST
        assert difference(shipped, now) < MOST_DIFFERENT, "python -m tests.package.pictures"


def test_the_window_ends_with_linuxcnc_and_nothing_is_left_running(notes: Notes) -> None:
    assert notes["newcomer"]["left"] == []


def test_removed_it_leaves_what_is_the_users(notes: Notes) -> None:
    left = [path for path in notes["removed"] if not Path(path).name.startswith("__pycache__")]
    assert left == [
        "/etc/hal_mpg",
        "/etc/hal_mpg/pendants",
        "/etc/hal_mpg/pendants/README",
        OWN,
        LIMITS,
        f"{LIMITS}.dpkg-dist",  # the new one, which did not take the place of the user's
        "/etc/udev/rules.d/69-mine.rules",
        "/var/lib/hal_mpg",
        "/var/lib/hal_mpg/installed-udev-rules.json",
    ]


def test_purged_it_leaves_nothing(notes: Notes) -> None:
    assert sorted({*notes["after"]} ^ {*notes["before"]}) == []
    assert f"hal-mpg: purged with the rest of /etc/hal_mpg: {OWN}" in notes["purged"]


def test_it_builds_in_a_clean_debian_with_what_it_says_that_it_needs() -> None:
    """In the newer one, its own run of the tests included."""
    debian = CleanDebian("trixie", "build")
    built()
    copy = "mkdir /build; cp -r /project/build/deb/source /build; rm -rf /build/source/debian/hal-mpg"
    debian.update()
    for done in (
        debian.run(copy),
        debian.apt("install", "dpkg-dev"),
        debian.apt("build-dep", "/build/source"),
        debian.run("cd /build/source && dpkg-buildpackage --build=binary --no-sign"),
    ):
        assert done.status == 0, done.said[-3000:]
    assert debian.run("ls /build/hal-mpg_*_all.deb").status == 0
    debian.close()


def test_without_linuxcnc_the_demo_plays_on_the_fake_hal() -> None:
    debian = CleanDebian("trixie", "alone")
    debian.update()
    for done in (
        debian.run(f"cp /project/{built().relative_to(Path(__file__).parents[2])} /root/"),
        debian.apt("install", "--no-install-recommends", f"/root/{built().name}"),
    ):
        assert done.status == 0, done.said[-3000:]
    tour = debian.run("hal_mpg demo --tour", user=USER)
    assert tour.status == 0, tour.said
    assert "FAKE HAL" in tour.said
    debian.close()
