# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/pendants.md and its drawings are what the shipped profiles say today, and each profile says enough."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from hal_mpg.profile import KeySelector, StepSelector
from hal_mpg.profile_parts.front import GAP, OTHER, controls_of, read_front
from hal_mpg.serial_line import Own
from tools.pendant_drawing import FAINT
from tools.pendant_pages import PAGE, PICTURES, Known, anchor, known, pages

SHIPPED = known()
AGAIN = "run: make pictures (or tools/pendant_pages.py)"
SVG = "{http://www.w3.org/2000/svg}"
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
    links = re.findall(r"\]\(\.\./([\w.]+)#([^)]+)\)", text)
    assert links
    for file, place in links:
        there = (PAGE.parents[1] / file).read_text("utf-8")
        assert place in map(anchor, re.findall(r"^## (.+)$", there, re.MULTILINE))
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
def test_its_row_and_its_page_say_what_there_is_to_know(one: Known) -> None:
    """How it is found, what one has to do first; and no cell of a table is empty."""
    page = pages([one])[PAGE]
    (row,) = (line for line in page.splitlines() if f"| `{one.name}` |" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert all(cells), row
    assert not re.search(r"\| *\|", page)
    assert one.front.use, f"say in {one.name}.yaml, in `use`, what one has to know before it moves anything"
    assert all(f"\n- {line}\n" in page for line in one.front.use)
    assert page.index(one.front.use[0]) < page.index("```")


def test_what_is_only_there_while_another_key_is_held_says_which() -> None:
    page = PAGE.read_text("utf-8")
    assert "| with Fn: Macro-11 | pin `button.macro-11` |" in page
    sticks = [line for line in page.splitlines() if line.startswith(("| with", "| left stick", "| ring"))]
    assert all(line.startswith("| with Fn: ") for line in sticks if "Macro" in line)
    assert "| left stick, sideways | jogs X |" in sticks and "| ring | jogs the selected axis |" in sticks
    assert page.count("| with ") == 2 * 15 + page.count("| with a second")


@each
def test_a_drawing_is_good_xml_and_names_what_its_keys_do(one: Known) -> None:
    root = ElementTree.fromstring(pages([one])[PICTURES / f"{one.name}.svg"])
    texts = {element.text or "" for element in root.iter(f"{SVG}text")}
    under = [text for text in root.iter(f"{SVG}text") if text.get("fill") == FAINT]
    sizes = [float(text.get("font-size", "12")) for text in under]
    for row in one.front.rows:
        for part in row:
            for name, printed in zip(part.controls, part.printed, strict=True):
                if name.startswith("button."):
                    assert any(text.endswith(name) for text in texts)
                if name.startswith("analog."):
                    assert not any(size < 10 for size in sizes), "what stands under it can hardly be read"
                if printed:
                    assert all(any(word in text for text in texts) for word in printed.split())
    for selector in (one.profile.axis, one.profile.scale):
        if selector and not isinstance(selector, KeySelector | StepSelector):
            assert len(texts) > 2


@each
def test_no_text_is_wider_than_what_it_stands_in(one: Known) -> None:
    """A key, a display, or else a part's place on the panel; in DejaVu Sans, whose characters are wide."""
    root = ElementTree.fromstring(pages([one])[PICTURES / f"{one.name}.svg"])
    panel, *boxes = [
        {key: float(box.get(key, "0")) for key in ("x", "y", "width", "height")}
        for box in root.iter(f"{SVG}rect")
    ]
    for text in root.iter(f"{SVG}text"):
        size, is_bold = float(text.get("font-size", "12")), text.get("font-weight") == "bold"
        width = len(text.text or "") * size * (0.7 if is_bold else 0.6)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        inside = [
            box["width"]
            for box in boxes
            if 0 <= x - box["x"] <= box["width"] and 0 <= y - box["y"] <= box["height"]
        ]
        assert width <= min(inside, default=132), text.text
        begins = x - width * {"middle": 0.5, "start": 0, "end": 1}[text.get("text-anchor", "middle")]
        assert panel["x"] <= begins and begins + width <= panel["x"] + panel["width"], text.text
        assert size > 5, text.text


def test_a_front_is_read_as_it_was_written() -> None:
    front = read_front(
        "facts: [a, b]\ntried: yes, by me\nmissing: [c]\n"
        "use: [d]\nfront:\n  - [wheel, {button.a: A, button.b: Fn A}, gap]\n  - [{other: 'off'}]\n",
        "p.yaml",
    )
    assert (front.facts, front.tried, front.missing) == (("a", "b"), "yes, by me", ("c",))
    assert front.use == ("d",)
    assert [[part.controls for part in row] for row in front.rows] == [
        [("wheel",), ("button.a", "button.b"), ("gap",)],
        [("other",)],
    ]
    assert front.rows[0][1].printed == ("A", "Fn A") and front.rows[1][0].printed == ("off",)
