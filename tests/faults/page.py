# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/faults.md: the catalogue, and what came of it when it was played last.

    python -m tests.faults.page

Nothing on the page is typed: words come from the catalogue, figures from docs/faults/*.json.
"""

from __future__ import annotations

import json
import statistics
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.faults.catalogue import BEDS, Fault, load

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "docs/faults"
PAGE = ROOT / "docs/faults.md"

HEAD = """\
# What breaks, and what follows

<!-- Made by `make faults` from tests/faults/catalogue and docs/faults; do not edit. -->

Every fault here is provoked on the most real bed that can do it, by `make test`: what the pins and LinuxCNC
then do is waited for, what moved is measured, the way back is walked, and one more detent has to jog by one
increment. Faults of wires, codes and rules, one by one and in pairs, are in [lesions.md](lesions.md).

hal_mpg is not a safety function. A fault that stops hal_mpg, the kernel or the computer cannot be seen by
hal_mpg; the pendant's E-stop button belongs in the machine's hard-wired circuit.
"""

BACK = {
    "plug-in": "plug it in",
    "recover": "`hal_mpg recover`",
    "release-estop": "release the E-stop",
    "reset": "reset",
    "switch-on": "machine on",
    "hold-enable": "hold the enabling button",
}
"""Steps of the way back, in words; others are told as they are called."""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page as it is to be."""
    measured = {bed: _read(f"{bed}.json") for bed in BEDS}
    results = {result["id"]: result for bed in measured.values() for result in bed.get("results", ())}
    faults = load()
    parts = [HEAD, _beds(faults, measured), _times(faults, results)]
    for group, members in groupby(
        sorted(faults, key=lambda fault: fault.group), key=lambda fault: fault.group
    ):
        parts.append(_group(group, list(members), results))
    parts.append(_more())
    return "\n".join(parts)


def _read(name: str) -> dict[str, Any]:
    path = MEASURED / name
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content


def _beds(faults: list[Fault], measured: dict[str, dict[str, Any]]) -> str:
    rows = []
    for bed, what in BEDS.items():
        results = measured[bed].get("results", [])
        number = sum(fault.bed == bed for fault in faults)
        good = sum(not result["error"] for result in results)
        repetitions = sum(len(result["times_ms"]) for result in results)
        machine = measured[bed].get("machine", "not played yet")
        rows.append([bed, what, f"{good} of {number}", repetitions, machine])
    return _table(["bed", "what is real", "as expected", "repetitions", "machine"], rows)


def _times(faults: list[Fault], results: dict[str, dict[str, Any]]) -> str:
    rows = []
    for fault in faults:
        times = results.get(fault.id, {}).get("times_ms", ())
        if fault.limit_ms is None or not times:
            continue
        figures = [f"{figure(times):.1f}" for figure in (min, statistics.median, max)]
        which = "each" if fault.every else "median"
        stalls = results[fault.id].get("stalls") or ""
        limit = f"{fault.limit_ms:g} ({which})"
        rows.append([fault.breaks, fault.bed, f"`{fault.timed}`", len(times), *figures, limit, stalls])
    head = ["fault", "bed", "until", "times", "minimum", "median", "maximum", "limit", "stalls"]
    text = (
        "## Times\n\nIn milliseconds, from the fault to the pin. A repetition in which the computer itself "
        "stood still is repeated, and counted under stalls.\n"
    )
    return f"{text}\n{_table(head, rows)}"


def _group(group: str, faults: list[Fault], results: dict[str, dict[str, Any]]) -> str:
    rows = []
    for fault in faults:
        result = results.get(fault.id, {})
        outcome = "not played yet" if not result else result.get("moved", "nothing")
        told = f"“{result['said'].removeprefix('hal_mpg: ')}”" if result.get("said") else ""
        rows.append([fault.breaks, fault.how, fault.bed, _follows(fault), outcome, told, _back(fault)])
    head = ["what breaks", "how", "bed", "what follows", "moved", "told", "way back"]
    return f"## {group}\n\n{_table(head, rows)}"


def _follows(fault: Fault) -> str:
    pins = [
        f"`{name}` {str(value).upper() if isinstance(value, bool) else value}"
        for name, value in fault.pins.items()
    ]
    machine = [f"LinuxCNC: {fault.machine}"] if fault.machine else []
    return ", ".join([*machine, *pins])


def _back(fault: Fault) -> str:
    return fault.back_in_words or ", ".join(BACK.get(step, step.replace("-", " ")) for step in fault.back)


def _more() -> str:
    """Return what mutation testing and fuzzing came to."""
    lines = ["## Mutation testing and fuzzing\n"]
    for name in ("mutation.json", "fuzz.json"):
        lines += [f"- {line}" for line in _read(name).get("summary", ())]
    return "\n".join(lines) + "\n"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    def cell(value: Any) -> str:
        return " ".join(str(value).split()).replace("|", "\\|")

    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
