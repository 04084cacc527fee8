# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON schema of profiles says of a profile what the program says of it, as far as a schema can."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml.nodes import MappingNode, Node, ScalarNode

from hal_mpg.errors import ProfileError
from hal_mpg.profile_yaml import load_profile
from tests.beds.require import need_module
from tests.fuzz.profiles import random_profile

jsonschema = need_module("jsonschema", "python3-jsonschema")
HERE = Path(__file__).parent
profile_schema: Any = ModuleType("profile_schema")  # a script, and no module of a package
profile_schema.__file__ = str(HERE.parents[1] / "tools" / "profile_schema.py")
exec(Path(profile_schema.__file__).read_text("utf-8"), profile_schema.__dict__)
SCHEMA = json.loads(profile_schema.SCHEMA_FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(profile_schema.schema())
"""What the script makes of the tables here: the committed one, and names that only a newer kernel has."""

TABLE = yaml.load((HERE / "bad_profiles.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
UNSEEN = yaml.load((HERE / "schema_unseen.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)["unseen"]
SHIPPED = sorted((HERE.parents[1] / "config" / "pendants").glob("*.yaml"))

# The scalars of YAML 1.2's core schema, which editors read by.
BOOL, INT, HEX = re.compile("true|false"), re.compile("[-+]?[0-9]+"), re.compile("0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def as_editors_read(text: str) -> Any:
    """Return what an editor's YAML 1.2 makes of a file. Raises YAMLError."""
    return _value(yaml.compose(text, Loader=yaml.SafeLoader))


def _value(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return _scalar(node.value) if node.style is None else node.value
    if isinstance(node, MappingNode):
        return {str(key.value): _value(value) for key, value in node.value}
    return [_value(item) for item in node.value]


def _scalar(text: str) -> Any:
    if text in ("", "~", "null"):
        return None
    if BOOL.fullmatch(text):
        return text == "true"
    if HEX.fullmatch(text):
        return int(text, 16)
    if INT.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def complaints(text: str) -> list[str]:
    """Return what an editor would complain of."""
    try:
        read = as_editors_read(text)
    except yaml.YAMLError as error:
        return [str(error)]
    return [error.message for error in VALIDATOR.iter_errors(read)]


def test_it_is_a_schema_and_what_the_script_makes_of_the_tables() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    made = profile_schema.schema()
    for name, definition in SCHEMA["definitions"].items():
        names = made["definitions"][name]["anyOf"][0]
        least = {"key": 600, "rel": 13, "abs": 40, "led": 10, "msc": 6}[name]
        assert len(definition["anyOf"][0]["enum"]) >= least
        assert set(definition["anyOf"][0]["enum"]) <= set(names["enum"])
        names["enum"] = definition["anyOf"][0]["enum"]
    assert made == SCHEMA, "run tools/profile_schema.py"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_profile_passes_and_names_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    assert complaints(text) == []
    named = re.search(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    assert named
    assert (path.parent / named[1]).resolve() == profile_schema.SCHEMA_FILE


@pytest.mark.parametrize("row", TABLE["bad"], ids=lambda row: f"{row['at']} {row['bad']}"[:50].strip())
def test_what_is_a_fault_is_one_in_the_editor(row: dict[str, str]) -> None:
    seen = bool(complaints(TABLE["profile"].replace(row["good"], row["bad"])))
    assert seen == (row["bad"] not in UNSEEN), UNSEEN.get(row["bad"], "the schema lets it pass")


def test_each_exception_is_one_of_the_table() -> None:
    assert set(UNSEEN) <= {row["bad"] for row in TABLE["bad"]}


@given(st.integers())
def test_a_good_profile_of_any_form_passes(seed: int) -> None:
    text = random_profile(Random(seed), sticks=True)
    try:
        load_profile(text, "p.yaml")
    except ProfileError as error:
        pytest.fail(f"the generator makes good ones only: {error}")
    assert complaints(text) == [], text


SPOILERS = (
    ("match:", "macht:"),
    ("rel", "rell"),
    ("  wheel:", "  whel:"),
    ("order: [", "odrer: ["),
    ("positions:", "position:"),
    ("keys: {", "keyz: {"),
    ("KEY_", "KYE_"),
    ("BTN_", "REL_"),
    ("mm: ", "mm: -"),
    ("modulo: ", "modulo: 0.5 # "),
    ("key: ", "key: []  # "),
    ("normally-", "normal-"),
    ("x: ", "q: "),
    ("analog: ", "anolog: "),
    ("dead-zone: ", "dead-zone: 1"),
    ("curve: ", "curve: -"),
    ("axis: selected", "axis: all"),
    ("msc: ", "mcs: "),
)


@given(st.integers(), st.sampled_from(SPOILERS))
def test_a_spoilt_profile_fails_where_the_program_refuses_it(seed: int, spoiler: tuple[str, str]) -> None:
    good = random_profile(Random(seed), sticks=True)
    text = good.replace(*spoiler, 1)
    try:
        load_profile(text, "p.yaml")
    except ProfileError as error:
        if not any("twice" in fault or "used already" in fault for fault in error.faults):
            assert complaints(text), f"the schema lets pass: {error.faults}\n{text}"
    else:
        assert complaints(text) == [], text
