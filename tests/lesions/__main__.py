# SPDX-License-Identifier: GPL-2.0-or-later
"""The lesion study: `python -m tests.lesions [singles] [pairs] [page]`; all three without an argument.

The results are in docs/lesions/*.json, the page is docs/lesions.md. The pairs take long: they are kept as
they come, and what is there is not played again. Give them `nice`, and a computer with nothing else to do.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.beds.linuxcnc import ROOT
from tests.lesions.judge import DANGEROUS, Outcome, judge
from tests.lesions.lesions import in_lanes, keep, lanes, pairs, single_outcomes
from tests.lesions.page import write_page

FOLDER = ROOT / "docs/lesions"
SINGLES, PAIRS = FOLDER / "singles.json", FOLDER / "pairs.json"

IN_ONE_GO = 12
"""Pairs in one LinuxCNC: after each such go, the results are kept."""


def main(words: list[str]) -> None:
    """Do what is asked for."""
    FOLDER.mkdir(exist_ok=True)
    if not words or "singles" in words:
        keep(SINGLES, [outcome.as_json() for outcome in single_outcomes().values()])
    if not words or "pairs" in words:
        play_pairs()
    write_page(ROOT / "docs/lesions.md", *(json.loads(file.read_text()) for file in (SINGLES, PAIRS)))


def play_pairs() -> None:
    """Play all pairs that have no result yet."""
    jobs = [{"id": f"{a.id} + {b.id}", "parts": [a.part(), b.part()]} for a, b in pairs()]
    wanted = {job["id"] for job in jobs}
    done = json.loads(PAIRS.read_text())["results"] if PAIRS.exists() else []
    results = {result["id"]: result for result in done if result["id"] in wanted}
    jobs = [job for job in jobs if job["id"] not in results]
    start, at_once = time.monotonic(), lanes() * IN_ONE_GO
    for first in range(0, len(jobs), at_once):
        for outcome in _confirmed(jobs[first : first + at_once]):
            results[outcome.id] = outcome.as_json()
        keep(PAIRS, list(results.values()))
        minutes = (time.monotonic() - start) / 60
        print(f"{len(results)} of {len(wanted)} pairs, {minutes:.0f} minutes", flush=True)


def _confirmed(jobs: list[dict[str, Any]]) -> list[Outcome]:
    """Play jobs; those with a dangerous end again, in less of a crowd: a busy computer is a loss, too."""
    outcomes = {name: judge(name, notes) for name, notes in in_lanes(jobs, lanes()).items()}
    doubtful = [job for job in jobs if outcomes[job["id"]].verdict in DANGEROUS]
    if doubtful:
        outcomes |= {name: judge(name, notes) for name, notes in in_lanes(doubtful, 2).items()}
    return list(outcomes.values())


if __name__ == "__main__":
    main(sys.argv[1:])
