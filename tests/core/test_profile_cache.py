# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles that are kept as plain data: the same as from YAML, or not taken at all."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg import profile_cache, profile_yaml, serial_line
from hal_mpg.errors import ProfileError
from hal_mpg.profile import Profile
from hal_mpg.protocols import foreign
from tests.core.test_profile_places import PROFILES

SHIPPED = sorted((Path(__file__).parents[2] / "config/pendants").glob("*.yaml"))
ALL = [*PROFILES, *(path.read_text(encoding="utf-8") for path in SHIPPED)]
USER = os.geteuid() or 65534


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of a user who is not root, though root may run this."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(profile_cache, "is_own", lambda status: not status.st_mode & 0o022)
    monkeypatch.setattr(profile_cache, "may_keep", lambda: True)
    return tmp_path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were read as YAML."""
    texts: list[str] = []
    load = profile_yaml.load_profile

    def note(text: str, file: str) -> Profile:
        texts.append(text)
        return load(text, file)

    monkeypatch.setattr(profile_yaml, "load_profile", note)
    return texts


def write(folder: Path, text: str) -> str:
    path = folder / "a profile.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return str(path)


def kept_file(home: Path) -> Path:
    (file,) = (home / ".cache/hal_mpg").iterdir()
    return file


def test_all_that_a_profile_is_made_by_is_looked_at() -> None:
    folder = Path(profile_cache.__file__).parent
    assert [name for name in profile_cache.MAKERS if not (folder / name).is_file()] == []
    parts = {f"profile_parts/{path.name}" for path in (folder / "profile_parts").glob("[a-z]*.py")}
    assert parts <= set(profile_cache.MAKERS)


@pytest.mark.parametrize("text", ALL)
def test_what_is_kept_is_what_yaml_says(text: str, home: Path, parsed: list[str]) -> None:
    path = write(home, text)
    first, second = profile_cache.read_profile(path), profile_cache.read_profile(path)
    assert parsed == [text]
    assert first == second == profile_yaml.load_profile(text, path)
    assert repr(first) == repr(second), "a 1 is no True, and a tuple no list"
    assert kept_file(home).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["line-protocol", "arduino-connector", "stx-etx"])
def test_a_serial_profile_is_read_where_no_other_one_was(name: str, home: Path, parsed: list[str]) -> None:
    """What serial profiles are made of is known only when the first of them is read."""
    path = write(home, (SHIPPED[0].parent / f"{name}.yaml").read_text(encoding="utf-8"))
    first = profile_cache.read_profile(path)
    for record in (*serial_line.SHAPES, *foreign.SHAPES):
        del profile_cache.RECORDS[record.__name__], profile_cache._SHAPES[record]
    assert profile_cache.read_profile(path) == first
    assert len(parsed) == 1


def test_another_text_another_place_and_another_maker_are_read_anew(
    home: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home, ALL[0])
    profile_cache.read_profile(path)
    write(home, ALL[1])
    assert profile_cache.read_profile(path).axis != profile_yaml.load_profile(ALL[0], path).axis
    moved = home / "other.yaml"
    Path(path).rename(moved)
    profile_cache.read_profile(str(moved))
    before = len(parsed)
    monkeypatch.setattr(profile_cache, "__version__", "next")
    profile_cache.read_profile(str(moved))
    monkeypatch.setattr("sys.hexversion", 0x0400_0000)
    profile_cache.read_profile(str(moved))
    assert len(parsed) == before + 2


def test_a_profile_with_faults_is_not_kept(home: Path) -> None:
    path = write(home, ALL[0].replace("REL_DIAL", "REL_DAIL"))
    for _ in range(2):
        with pytest.raises(ProfileError, match="REL_DIAL"):
            profile_cache.read_profile(path)
    assert not (home / ".cache").exists()


def edit(old: str, new: str) -> Callable[[Path], object]:
    """Return what changes the data, and the checksum with them, as somebody might who knows how."""

    def do(file: Path) -> None:
        text = file.read_text()
        data = text[text.rindex("\nrProfile\n") + 1 :]
        changed = data.replace(old, new)
        assert changed != data
        checksum = profile_cache._sum_of(changed)
        file.write_text(
            text.removesuffix(f"{profile_cache._sum_of(data)}\n{data}") + f"{checksum}\n{changed}"
        )

    return do


HARM: dict[str, Callable[[Path], object]] = {
    "nothing": lambda file: file.write_bytes(b""),
    "half": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "more": lambda file: file.write_bytes(file.read_bytes() + b"x\n"),
    "no text": lambda file: file.write_bytes(b"\xff" * 1000),
    "one bit": lambda file: file.write_bytes(file.read_bytes()[:-20] + b"j" + file.read_bytes()[-19:]),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "a link": lambda file: (file.rename(f"{file}.1"), file.symlink_to(f"{file}.1")),
    "others write": lambda file: file.chmod(0o622),
    "others put": lambda file: file.parent.chmod(0o777),
    "no number": edit("\ni2\n", "\nitwo\n"),
    "wrong record": edit("\nrCode\n", "\nrEStop\n"),
    "unknown record": edit("\nrCode\n", "\nros\n"),
    "wrong kind": edit("\nb1\n", "\ni1\n"),
    "too long": edit("\nt1\n", "\nt999999999\n"),
    "too deep": edit("rProfile\n", "rProfile\n" + "t1\n" * 9999),
    "one more": edit("rProfile\n", "rProfile\nsmore\n"),
    "no distance": edit("\ns0.001\n", "\ns1E999999\n"),
    "not a number": edit("\ns0.001\n", "\nsnan\n"),
}


@pytest.mark.parametrize("harm", HARM)
def test_whatever_is_not_as_it_was_written_is_read_anew(harm: str, home: Path, parsed: list[str]) -> None:
    path = write(home, ALL[0])
    good = profile_cache.read_profile(path)
    HARM[harm](kept_file(home))
    assert profile_cache.read_profile(path) == good
    assert len(parsed) == 2


@functools.cache
def encoded(text: str) -> tuple[str, ...]:
    """Return the lines that are kept of a profile."""
    return tuple(profile_cache._encoded(profile_yaml.load_profile(text, "p.yaml")))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_line_of_it_can_do_harm(data: st.DataObject) -> None:
    for part in profile_cache.PARTS:
        profile_cache._know(part)
    lines = list(encoded(data.draw(st.sampled_from([ALL[0], *ALL[-len(SHIPPED) :]]))))
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.sampled_from([*lines, "i", "t-1", "rNone", "", "d", "sother", "t3", "i99"]))
    found = profile_cache._profile_in(lines)
    assert found is None or (isinstance(found, Profile) and profile_cache._fits(found, Profile))


def test_a_cache_that_cannot_be_written_is_no_fault(
    home: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home, ALL[0])
    (home / "file").touch()
    places = ("/dev/null", "relative", "/proc/no such place", str(home / "file"))
    for place in places:
        monkeypatch.setenv("XDG_CACHE_HOME", place)
        assert profile_cache.read_profile(path) == profile_yaml.load_profile(ALL[0], path)
    assert len(parsed) == 2 * len(places)


def test_nothing_is_kept_for_root(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    profile_cache.read_profile(write(home, ALL[0]))
    assert not (home / ".cache").exists()
