# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a virtual pendant's socket is: one place for both sides, one for each user, safe from others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hal_mpg.commands.virtual import SMALL, place_for, zoom_for
from hal_mpg.errors import HalMpgError
from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources.virtual import VirtualSource
from hal_mpg.virtual import place
from hal_mpg.virtual.cable import Cable, Claim
from hal_mpg.virtual.place import make_socket_path, socket_paths, why_unsafe
from tests.core.bed import CONTROLS


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a session that is this user's own; the usual places are not looked at."""
    folder = tmp_path / "session"
    folder.mkdir(mode=0o700)
    made = tmp_path / "made"
    monkeypatch.setattr(place, "_folders", lambda: iter([os.environ["XDG_RUNTIME_DIR"], str(made)]))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def test_a_path_is_taken_as_it_is() -> None:
    assert socket_paths("/nowhere/x") == ["/nowhere/x"]
    assert make_socket_path("./x") == "./x"


def test_both_sides_find_the_place_of_the_session(own: Path) -> None:
    path = str(own / "hal_mpg-try.socket")
    assert make_socket_path("try") == path
    assert socket_paths("try") == [path]


def test_without_a_session_a_folder_is_made_that_is_the_users_alone(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own / "none"))
    assert socket_paths("try") == []
    made = Path(make_socket_path("try"))
    assert made.parent.stat().st_mode & 0o777 == 0o700
    assert socket_paths("try") == [str(made)]
    assert make_socket_path("try") == str(made)  # again


def test_what_hal_mpg_looks_through_has_the_place_of_a_window_without_a_session(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window may have been opened where the session was not known, over ssh say."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own / "none"))
    made = make_socket_path("try")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    assert socket_paths("try") == [str(own / "hal_mpg-try.socket"), made]


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_not_used(
    own: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    made = own.parent / "made"
    made.mkdir()
    made.chmod(mode)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own / "none"))
    assert socket_paths("try") == []
    with pytest.raises(PermissionError, match="others can write to it"):
        make_socket_path("try")


def test_neither_a_link_nor_another_users_folder_is_used(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own.parent / "made").symlink_to(own)
    assert why_unsafe(str(own.parent / "made")) == "is no folder"
    assert why_unsafe(str(own)) is None
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert why_unsafe(str(own)) == "belongs to another user"
    assert socket_paths("try") == []


def test_the_usual_places_are_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    for said in ("", "relative", "/run/user/1234"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", said)
        assert list(place._folders()) == ["/run/user/1234", "/tmp/hal_mpg-1234"]
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/elsewhere")
    assert list(place._folders()) == ["/elsewhere", "/run/user/1234", "/tmp/hal_mpg-1234"]


def test_a_claim_is_one_programs_and_leaves_nothing(own: Path) -> None:
    path = own / "x.socket"
    path.touch()  # of one that was killed
    with Claim(path):
        assert not path.exists()
        with (
            pytest.raises(HalMpgError, match=r"shown already, at .*/x\.socket; close the other"),
            Claim(path),
        ):
            pass
    assert list(own.iterdir()) == []
    with Claim(path):
        pass


def test_a_pendant_is_found_by_its_name_and_hears_of_its_lamps(own: Path) -> None:
    lines = "".join(f"  {name}: {form}\n" for name, form in CONTROLS.items())
    head = "name: t\nsource: virtual\nmatch: [{socket: try}]\n"
    head += "increments: {x1: {mm: 1}, x10: {mm: 1}, x100: {mm: 1}}\n"
    source = VirtualSource(load_profile(f"{head}controls:\n{lines}", "t.yaml"))
    source.search(0.0)
    assert source.descriptors() == []
    cable = Cable(Path(make_socket_path("try")))
    cable.plug_in()
    source.search(0.0)
    assert len(source.descriptors()) == 1
    assert cable.meet()
    assert not cable.meet()  # it is the only one
    source._is_known = True
    source.set_led("ready", True)
    assert cable.has_news()
    assert cable.read() == [("ready", True)]
    source.close()
    assert cable.read() == []
    assert not cable.is_met
    cable.unplug()
    assert list(own.iterdir()) == []


@pytest.mark.parametrize(
    ("screen", "window", "corner"),
    [
        ((1920, 1080), (810, 640), (1108, 40)),  # beside AXIS, and just so
        ((2560, 1440), (810, 640), (1730, 40)),
        ((1366, 768), (615, 510), (0, 198)),
        ((1920, 1080), (830, 640), (0, 380)),
        ((640, 480), (615, 510), (0, 0)),
    ],
)
def test_the_window_lies_beside_linuxcncs_or_below_what_is_looked_at(
    screen: tuple[int, int], window: tuple[int, int], corner: tuple[int, int]
) -> None:
    assert place_for(screen, window) == corner


def test_on_a_small_screen_the_window_is_smaller() -> None:
    assert [zoom_for(width) for width in (1366, 1600, 1920, 3840)] == [SMALL, SMALL, 1.0, 1.0]
