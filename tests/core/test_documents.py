# SPDX-License-Identifier: GPL-2.0-or-later
"""What documents point at is there: files, headings, samples; and a drawing is what its script draws."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.estop_circuit import PICTURE, drawing
from tools.pendant_pages import anchor

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("firmware/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
SAMPLE = re.compile(r"(?<![\w/.*-])((?:sim|mpg)-[a-z0-9-]+\.(?:ini|hal|xml|tcl|py|ui|ngc))\b")

each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def headings(path: Path) -> set[str]:
    """Return what can be pointed at in a document."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {
        anchor(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", found))
        for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@each
def test_its_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text("utf-8")):
        if "://" in link:
            continue
        file, _, place = link.partition("#")
        there = (document.parent / file).resolve() if file else document
        assert there.exists(), link
        if place:
            assert place in headings(there), link


@pytest.mark.parametrize(
    "photograph", sorted((ROOT / "docs/pictures").glob("*.png")), ids=lambda path: path.name
)
def test_every_photograph_is_in_a_document(photograph: Path) -> None:
    """They are what is large in the package."""
    assert any(f"pictures/{photograph.name})" in document.read_text("utf-8") for document in DOCUMENTS)


@each
def test_the_samples_that_it_names_are_there(document: Path) -> None:
    there = {path.name for path in [*(ROOT / "config").rglob("*"), *(ROOT / "tests").rglob("*")]}
    for name in SAMPLE.findall(document.read_text("utf-8")):
        assert name in there, name


def test_the_circuit_is_what_its_script_draws() -> None:
    assert PICTURE.read_text("utf-8") == drawing(), "run: make pictures (or tools/estop_circuit.py)"
    assert ET.fromstring(drawing()).tag.endswith("svg")


def test_the_guide_has_every_chapter_that_it_promises() -> None:
    text = (ROOT / "docs/guide.md").read_text("utf-8")
    promised = re.findall(r"\]\(#([\w-]+)\)", text[: text.index("\n## ")])
    assert len(promised) > 15
    assert set(promised) <= headings(ROOT / "docs/guide.md")
