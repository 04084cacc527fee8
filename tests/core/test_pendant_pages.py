# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/pendants.md and its drawings are what the shipped profiles say today, and each profile says enough."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from hal_mpg.profile import KeySelector, StepSelector
from hal_mpg.profile_front import GAP, OTHER, controls_of, read_front
from hal_mpg.serial_line import Own
from tools.pendant_pages import PAGE, PICTURES, Known, anchor, known, pages

SHIPPED = known()
AGAIN = "run: make pictures (or tools/pendant_pages.py)"
each = pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.name)


def test_the_page_and_the_drawings_are_what_the_profiles_say() -> None:
    made = pages(SHIPPED)
    assert {path for path in made if path != PAGE} == set(PICTURES.glob("*.svg")), AGAIN
    for path, text in made.items():
        assert path.read_text("utf-8") == text, f"{path.name}: {AGAIN}"


def test_each_pendant_is_in_the_table_and_has_a_page() -> None:
    text = PAGE.read_text("utf-8")
    headings = {anchor(heading) for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings
    assert len(headings) == len(SHIPPED)
    for picture in re.findall(r"\]\((pictures/[^)]+)\)", text):
        assert (PAGE.parent / picture).exists()


@each
def test_a_profile_says_where_its_facts_are_from_and_who_has_tried_it(one: Known) -> None:
    assert one.front.facts and one.front.rows
    assert one.front.tried == "no" or one.front.tried.startswith("yes, by ")


@each
def test_every_control_is_on_the_front(one: Known) -> None:
    """Of a selector made of keys, the keys or the selector; of a wheel made of keys, the same."""
    if one.profile.serial and isinstance(one.profile.serial.protocol, Own):
        return  # it tells its controls itself
    shown = {name for row in one.front.rows for part in row for name in part.controls} - {GAP, OTHER}
    has = set(controls_of(one.profile))
    assert shown <= has
    parts = {name for name in has if name.startswith(("axis.", "scale.", "wheel."))}
    for whole in ("wheel", "axis", "scale"):
        mine = {name for name in parts if name.startswith(f"{whole}.")}
        if whole in has and whole not in shown:
            assert mine <= shown, f"neither {whole} nor all of {sorted(mine)}"
    left = has - shown - parts - {"wheel", "axis", "scale"}
    assert not left, f"not on the front: {sorted(left)}"


@each
def test_a_drawing_is_good_xml_and_names_what_its_keys_do(one: Known) -> None:
    root = ElementTree.fromstring(pages([one])[PICTURES / f"{one.name}.svg"])
    texts = {element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")}
    for row in one.front.rows:
        for part in row:
            for name, printed in zip(part.controls, part.printed, strict=True):
                if name.startswith("button."):
                    assert any(text.endswith(name) for text in texts)
                if printed:
                    assert any(printed in text for text in texts)
    for selector in (one.profile.axis, one.profile.scale):
        if selector and not isinstance(selector, KeySelector | StepSelector):
            assert len(texts) > 2


def test_a_front_is_read_as_it_was_written() -> None:
    front = read_front(
        "facts: [a, b]\ntried: yes, by me\nmissing: [c]\n"
        "front:\n  - [wheel, {button.a: A, button.b: Fn A}, gap]\n  - [{other: 'off'}]\n",
        "p.yaml",
    )
    assert (front.facts, front.tried, front.missing) == (("a", "b"), "yes, by me", ("c",))
    assert [[part.controls for part in row] for row in front.rows] == [
        [("wheel",), ("button.a", "button.b"), ("gap",)],
        [("other",)],
    ]
    assert front.rows[0][1].printed == ("A", "Fn A") and front.rows[1][0].printed == ("off",)
