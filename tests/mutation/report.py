# SPDX-License-Identifier: GPL-2.0-or-later
"""What came of the mutants: killed, explained, or still to be killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("equivalent.yaml")
RESULTS = ROOT / "docs/faults/mutation.json"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the mutants of one line change nothing that anybody could see."""

    file: str
    function: str
    was: str
    now: tuple[str, ...]
    outcome: str
    """equivalent or words."""

    def fits(self, mutant: Mutant) -> bool:
        """Tell whether a mutant is one of these."""
        place = mutant.file, mutant.function, mutant.was
        return place == (self.file, self.function, self.was) and mutant.now in self.now


def report(mutants: Iterable[Mutant], is_whole: bool) -> int:
    """Print what is neither killed nor explained; keep the figures of a whole run. Return the exit status."""
    explanations = read_explanations()
    mutants, used = _explain(mutants, explanations)
    left = [mutant for mutant in mutants if mutant.outcome == "surviving"]
    for mutant in left:
        print(f"{mutant.file}, {mutant.function}:\n  - {mutant.was}\n  + {mutant.now}")
    if not is_whole:
        print(f"{len(left)} of {len(mutants)} neither killed nor explained")
        return bool(left)
    idle = [(each, now) for each in explanations for now in each.now if (each, now) not in used]
    for each, now in idle:
        print(f"nothing to explain in {each.file}, {each.function}:\n  - {each.was}\n  + {now}")
    content = figures(mutants)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(*content["summary"], sep="\n")
    return bool(left or idle)


def surviving(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Return those that are neither killed nor explained."""
    explained, _ = _explain(mutants, read_explanations())
    return [mutant for mutant in explained if mutant.outcome == "surviving"]


def read_explanations() -> list[Explanation]:
    """Return what equivalent.yaml has."""
    entries = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))
    return [
        Explanation(
            file=entry["file"],
            function=entry["function"],
            was=was,
            now=(now,) if isinstance(now, str) else tuple(now),
            outcome=entry.get("kind", "equivalent"),
        )
        for entry in entries
        for was, now in entry["lines"].items()
    ]


def _explain(
    mutants: Iterable[Mutant], explanations: list[Explanation]
) -> tuple[list[Mutant], set[tuple[Explanation, str]]]:
    """Return the mutants, those that are explained as such, and what explained one."""
    explained, used = [], set()
    for mutant in mutants:
        fitting = [each for each in explanations if mutant.outcome == "surviving" and each.fits(mutant)]
        used |= {(each, mutant.now) for each in fitting}
        explained.append(replace(mutant, outcome=fitting[0].outcome) if fitting else mutant)
    return explained, used


def figures(mutants: Sequence[Mutant]) -> dict[str, Any]:
    """Return what is published: a summary for the page, and the figures of each file."""
    files = {
        file: _count(mutant for mutant in mutants if mutant.file == file)
        for file in sorted({mutant.file for mutant in mutants})
    }
    total = _count(mutants)
    summary = [
        f"Mutation testing of {len(files)} files of the core with mutmut {version('mutmut')}: "
        f"{total['mutants']} mutants, {total['killed']} killed by a test, {total['timeout']} by an endless "
        f"loop, {total['words']} that change only the wording of a message, {total['equivalent']} equivalent "
        f"(each explained in tests/mutation/equivalent.yaml), {total['surviving']} surviving.",
        f"Score: {total['caught_percent']} % of all of them caught, {total['score_percent']} % of those that "
        "change what anybody could see.",
    ]
    if total["surviving"]:
        worst = min(files, key=lambda file: files[file]["score_percent"])
        summary.append(f"Worst file: {worst}, {files[worst]['score_percent']} %.")
    return {"summary": summary, "total": total, "files": files}


def _count(mutants: Iterable[Mutant]) -> dict[str, Any]:
    count = Counter(mutant.outcome for mutant in mutants)
    kinds = {kind: count[kind] for kind in ("killed", "timeout", "words", "equivalent", "surviving")}
    caught = count["killed"] + count["timeout"]
    scores = {
        "caught_percent": round(100 * caught / (count.total() or 1), 1),
        "score_percent": round(100 * caught / ((caught + count["surviving"]) or 1), 1),
    }
    return {"mutants": count.total(), **kinds, **scores}
