# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/pendants.md and the drawings in docs/pictures/pendants, from the shipped profiles.

    python3 tools/pendant_pages.py

A page for each pendant: its front, what it does, its pins, what is known to be missing, where its facts are
from. A test compares what is committed with what this makes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hal_mpg.profile import Profile  # noqa: E402  # from this checkout
from hal_mpg.profile_parts.front import OTHER, Front, Part, read_front  # noqa: E402
from hal_mpg.profile_parts.match import match_text  # noqa: E402
from hal_mpg.profile_summary import as_lines  # noqa: E402
from hal_mpg.profile_yaml import load_profile  # noqa: E402
from tools.pendant_drawing import caption, drawing  # noqa: E402

PROFILES = ROOT / "config" / "pendants"
PAGE = ROOT / "docs" / "pendants.md"
PICTURES = ROOT / "docs" / "pictures" / "pendants"
NOT_A_PENDANT = "example"
"""The profile that shows how profiles are written."""

SOURCES = {"evdev": "input device", "hidraw": "raw HID", "serial": "serial port", "virtual": "a program"}

HEAD = """\
# Pendants that hal_mpg knows

*Made by `make pictures` from the profiles in `config/pendants`: change those.*

Plug it in: `hal_mpg list` shows whether it is found, and whether you may use it (`sudo hal_mpg install-udev`
sees to that). Without any option, hal_mpg takes the first one that is there; its page says what to do where
that is not enough. `hal_mpg wiring --ini YOUR-MACHINE.ini --pendant PROFILE` writes the HAL file for your
machine. What the buttons do there is yours to decide: each is a pin `hal_mpg.button.NAME`.

hal_mpg is not a safety function. A stop button that comes over USB or radio is no E-stop: the E-stop belongs
in the machine's hard-wired circuit.

Where it says *not tried on hardware*, the profile was made from what others have published, and tested with a
device of that USB id and those reports in an emulated machine, with the kernel's own drivers. If you have
one: please say whether it works ([how](../CONTRIBUTING.md#a-pendant-that-you-have)).
"""


class Known(NamedTuple):
    """A shipped profile, by its file's name."""

    name: str
    profile: Profile
    front: Front


def known() -> list[Known]:
    """Return the shipped profiles, in the order of what the pendants are called."""
    found = []
    for path in sorted(PROFILES.glob("*.yaml")):
        if path.stem != NOT_A_PENDANT:
            text = path.read_text("utf-8")
            found.append(Known(path.stem, load_profile(text, path.name), read_front(text, path.name)))
    return sorted(found, key=lambda one: one.profile.name.lower())


def pages(all_known: Iterable[Known]) -> Mapping[Path, str]:
    """Return what is made: the page and the drawings, by their files."""
    shipped = list(all_known)
    made = {
        PICTURES / f"{one.name}.svg": drawing(one.profile, one.front) for one in shipped if one.front.rows
    }
    lines = [HEAD, *_table(shipped)]
    for one in shipped:
        lines += ["", *_page(one)]
    return {PAGE: "\n".join(lines) + "\n", **made}


def _table(shipped: Iterable[Known]) -> Iterator[str]:
    yield "| pendant | profile | found by | axes | tried on hardware |"
    yield "| --- | --- | --- | --- | --- |"
    for one in shipped:
        found = "; ".join(dict.fromkeys(map(match_text, one.profile.match))).replace("*", r"\*")
        axes = " ".join(axis.upper() for axis in one.profile.axes) or "its own"
        link = f"[{one.profile.name}](#{anchor(one.profile.name)})"
        yield f"| {link} | `{one.name}` | {found} | {axes} | {one.front.tried} |"


def anchor(heading: str) -> str:
    """Return the anchor that a Markdown page has for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _page(one: Known) -> Iterator[str]:
    profile, front = one.profile, one.front
    yield f"## {profile.name}"
    yield ""
    tried = "**Not tried on hardware.**" if front.tried == "no" else f"Tried on hardware: {front.tried}."
    yield f"Profile `{one.name}`, {SOURCES[profile.source]}. {tried}"
    if front.rows:
        yield from ("", f"![{profile.name}: its front](pictures/pendants/{one.name}.svg)")
    if front.use:
        yield ""
        yield from (f"- {line}" for line in front.use)
    yield from ("", "```", *(line.rstrip() for line in as_lines(profile)), "```")
    buttons = list(_buttons(profile, front))
    if buttons:
        yield from ("", "| printed on it | what it is |", "| --- | --- |", *buttons)
    if front.missing:
        yield from ("", "What is missing, or not as good as it could be:", "")
        yield from (f"- {line}" for line in front.missing)
    if front.facts:
        yield from ("", "Where the facts are from:", "")
        yield from (f"- {fact}" for fact in front.facts)


def _buttons(profile: Profile, front: Front) -> Iterator[str]:
    """Yield the rows of what has something printed on it: keys, sticks and rings, lamps."""
    for row in front.rows:
        for part in row:
            for number, (name, printed) in enumerate(zip(part.controls, part.printed, strict=True)):
                if printed and name not in ("wheel", "axis", "scale", "display", "gap"):
                    held = _held_with(profile, front, name) if number and _is_key(part) else ""
                    yield f"| {held}{printed} | {_what(name)} |"


def _is_key(part: Part) -> bool:
    """Return whether its further controls need a second key; those of a stick or a wheel do not."""
    return part.controls[0].partition(".")[0] not in ("wheel", "analog")


def _what(name: str) -> str:
    """Return what a control is, for the table."""
    if name == OTHER:
        return "no pin"
    return f"pin `{name}`" if name.startswith(("button.", "led.")) else caption(name)


def _held_with(profile: Profile, front: Front, name: str) -> str:
    """Return what has to be held for a key to be `name`: as it is printed on the pendant."""
    code = dict(profile.buttons).get(name.removeprefix("button."))
    reports = profile.hid.reports if profile.hid else ()
    held = [rule.held for report in reports for rule in report.rules if rule.held]
    shifting = {key for one in held for key, others in one.shifted if code in dict(others).values()}
    printed = [
        text
        for row in front.rows
        for part in row
        for control, text in zip(part.controls, part.printed, strict=True)
        if text and dict(profile.buttons).get(control.removeprefix("button.")) in shifting
    ]
    return f"with {printed[0] if printed else 'a second key held'}: "


def write() -> None:
    """Write what is made, and take away drawings of pendants that are no more."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = pages(known())
    for path in PICTURES.glob("*.svg"):
        if path not in made:
            path.unlink()
    for path, text in made.items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    write()
