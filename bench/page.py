# SPDX-License-Identifier: GPL-2.0-or-later
"""The page docs/benchmarks.md, from the raw data beside it. Nothing in it is typed by hand."""

from __future__ import annotations

import importlib
import json
from types import ModuleType
from typing import Any

from bench.figures import Data, programs, table
from bench.verdict import Verdict
from tests.beds.kernel import ROOT

FOLDER = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = "benchmarks"
"""Where the plots lie, seen from the page."""

PARTS = {
    "latency": "from a detent to the HAL pin",
    "storms": "how many detents arrive, and how fast they may come",
    "rest": "what it costs at rest and for each event; memory",
    "serial": "a serial pendant beside an evdev one",
    "start": "from loadusr to ready",
    "growth": "keys, axes, several pendants, an hour's use",
    "motion": "from a detent to motion, run-on, wrong ways",
    "instructions": "instructions of each event",
    "hour": "a real hour of use; only when asked for",
}
"""The parts, in the order of the page, and what each measures."""

DEFAULT = [name for name in PARTS if name != "hour"]

HEAD = """\
# Measurements

hal_mpg beside what a user would otherwise load, on the same device, on the same kernel, in turn. Written by
`make bench`; the raw data are in [benchmarks/](benchmarks/), and nothing here is typed by hand.

An emulated machine is slow, and stands still now and then: compare the programs with each other, not the
times with a clock.
"""

FACTS = {
    "processor": "machine",
    "emulation": "emulated machine",
    "qemu": "emulator",
    "kernel": "kernel",
    "linuxcnc": "LinuxCNC",
    "python": "Python",
    "hal_mpg": "hal_mpg",
    "run": "run",
    "command": "command",
}


def part(name: str) -> ModuleType:
    """Return the module of a part."""
    return importlib.import_module(f"bench.{name}")


def store(name: str, data: Data) -> None:
    """Keep raw data beside the page: readable in a diff, without a line for each number."""
    FOLDER.mkdir(exist_ok=True)
    lines = [f"{json.dumps(key)}: {_lines(value)}" for key, value in data.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def _lines(value: Any, depth: int = 2) -> str:
    """Return JSON in which each entry of the upper levels has a line of its own."""
    if not depth or not value or not isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, list):
        return "[\n" + ",\n".join(_lines(entry, depth - 1) for entry in value) + "\n]"
    entries = (f"{json.dumps(key)}: {_lines(entry, depth - 1)}" for key, entry in value.items())
    return "{\n" + ",\n".join(entries) + "\n}"


def stored() -> dict[str, Data]:
    """Return all raw data that are kept, in the order of the page."""
    files = [FOLDER / f"{name}.json" for name in PARTS]
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()}


def page(found: dict[str, Data]) -> str:
    """Return the page for raw data."""
    lines = [HEAD, *_verdicts(found), *_facts(found), *_programs()]
    for name, data in found.items():
        lines += [part(name).section(data, PLOTS).rstrip(), "", _when(name, data), ""]
    return "\n".join(lines).rstrip() + "\n"


def _verdicts(found: dict[str, Data]) -> list[str]:
    every: list[Verdict] = [verdict for name, data in found.items() for verdict in part(name).verdicts(data)]
    met = sum(verdict.met for verdict in every)
    rows = [[v.text, v.limit, v.measured, "yes" if v.met else "**no**"] for v in every]
    return [
        "## What was asked for",
        "",
        f"{met} of {len(every)} are met.",
        "",
        *table(["", "asked for", "measured", "met"], rows),
        "",
    ]


def _facts(found: dict[str, Data]) -> list[str]:
    """Return what the figures depend on; what differs between the parts has all that it was."""
    rows = []
    for key, text in FACTS.items():
        facts = [data["facts"] for data in found.values() if key in data.get("facts", {})]
        seen = dict.fromkeys(str(fact[key]) for fact in facts)
        if seen:
            rows.append([text, "; ".join(seen)])
    lines = [f"| {text} | {what} |" for text, what in rows]
    return ["## Measured on", "", "| | |", "| --- | --- |", *lines, ""]


def _programs() -> list[str]:
    entries = programs().values()
    return ["The programs:", "", *(f"- **{entry['title']}**: {entry['what']}" for entry in entries), ""]


def _when(name: str, data: Data) -> str:
    when = data.get("facts", {}).get("measured")
    raw = f"[raw data]({PLOTS}/{name}.json)"
    return f"Measured {when}: {raw}." if when else f"Measured: {raw}."


def write(found: dict[str, Data]) -> None:
    """Write the page, and draw its plots."""
    for name, data in found.items():
        draw = getattr(part(name), "draw", None)
        if draw:
            draw(data, FOLDER)
    PAGE.write_text(page(found), encoding="utf-8")
