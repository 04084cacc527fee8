# SPDX-License-Identifier: GPL-2.0-or-later
"""The lesions as data: lesions.yaml, and how one LinuxCNC plays many of them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from tests.beds.linuxcnc import ROOT, run_linuxcnc
from tests.faults.results import this_machine
from tests.lesions.judge import DANGEROUS, Outcome, judge

HERE = Path(__file__).parent
INI = "sim-3axis.ini"
PROFILE = ROOT / "config/pendants/generic-4axis.yaml"

NOTHING = "nothing"

Notes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lesion:
    """One thing that is taken away, and how."""

    id: str
    kind: str
    """net, setp, addf: a line of the HAL files; code, process, rule."""
    what: str
    """The line, the code's or process' or rule's name."""
    how: str
    """never, broken; silent, open, closed; a signal's name; without."""
    expect: frozenset[str]
    """The verdict (see judge.py); more than one where it depends on a race."""
    why: str
    """For the page: why it is so, where that is not plain."""
    safety: bool
    """Whether it is paired with every other one of these."""
    extra: dict[str, Any]

    def part(self) -> dict[str, Any]:
        """Return what the surgeon is to know."""
        return {"kind": self.kind, "what": self.what, "how": self.how, **self.extra}


@cache
def load() -> tuple[Lesion, ...]:
    """Return all single lesions. Raises ValueError where an id stands twice."""
    entries = yaml.safe_load((HERE / "lesions.yaml").read_text(encoding="utf-8"))
    found = tuple(
        lesion for kind, group in entries.items() for entry in group for lesion in _lesions(kind, entry)
    )
    ids = [lesion.id for lesion in found]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"lesions.yaml has {twice} twice")
    return found


def _lesions(kind: str, entry: dict[str, Any]) -> Iterator[Lesion]:
    """Yield a lesion for each way in which the entry's path is lost."""
    extra = {key: entry[key] for key in ("key", "pin", "is") if key in entry}
    at = f" [{entry['pin']} only]" if "pin" in entry else ""
    for how, expect in entry["lost"].items():
        verdict, _, why = expect.partition(": ")
        yield Lesion(
            f"{entry['what']}{at}, {how}",
            kind,
            entry["what"],
            how,
            frozenset(verdict.split(" or ")),
            why,
            entry.get("safety", False),
            extra,
        )


def pairs() -> list[tuple[Lesion, Lesion]]:
    """Return every pair of two paths among those that safety rests on, and whose loss does not end the work.

    What ends the work is noticed at once, and mended; what does not may wait for years for the second one.
    What is dangerous alone needs no other. A line that sets a pin goes with the one that carries its signal,
    for it has no effect while that is there.
    """
    chosen = [lesion for lesion in load() if lesion.safety and lesion.how != "SIGKILL"]
    return [(a, b) for a, b in combinations(chosen, 2) if a.what != b.what and _may_meet(a, b)]


def _may_meet(a: Lesion, b: Lesion) -> bool:
    if b.kind == "setp":
        return a.kind == "net" and a.how == "never" and b.what.split()[1] in a.what.split()
    ends_work = {"dead", "trips", "no jog", *DANGEROUS}
    return a.kind != "setp" and not (a.expect | b.expect) & ends_work


def lanes() -> int:
    """Return how many LinuxCNCs are to run side by side: most of the time each of them waits."""
    return 3 * len(os.sched_getaffinity(0))


def single_outcomes() -> dict[str, Outcome]:
    """Play all single lesions, and none; return what came of them, by id.

    One that ends otherwise than expected is played up to twice more, in less of a crowd.
    """
    jobs = [{"id": NOTHING, "parts": []}, *({"id": each.id, "parts": [each.part()]} for each in load())]
    expected = {NOTHING: {"works"}, **{lesion.id: lesion.expect for lesion in load()}}
    outcomes: dict[str, Outcome] = {}
    for crowd in (lanes(), 2, 1):
        played = in_lanes(jobs, crowd)
        outcomes |= {name: judge(name, notes) for name, notes in played.items()}
        jobs = [job for job in jobs if outcomes[job["id"]].verdict not in expected[job["id"]]]
        if not jobs:
            break
    return outcomes


def in_lanes(jobs: Sequence[Notes], count: int) -> dict[str, Notes]:
    """Play jobs (id, parts) in some LinuxCNCs at a time; return the notes by their ids.

    Nothing can follow a killed process, so that such a job has a LinuxCNC for itself.
    """
    alone = [job for job in jobs if any(part["how"] == "SIGKILL" for part in job["parts"])]
    others = [job for job in jobs if job not in alone]
    runs = [others[lane::count] for lane in range(count)] + [[job] for job in alone]
    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(play, [run for run in runs if run]))
    return {name: notes for part in done for name, notes in part.items()}


def play(jobs: Sequence[Notes]) -> dict[str, Notes]:
    """Play jobs in one LinuxCNC."""
    with tempfile.TemporaryDirectory(prefix="hal_mpg-lesions-") as folder:
        Path(folder).chmod(0o777)
        run = run_linuxcnc(
            INI,
            HERE / "drive_lesions.py",
            virtual=PROFILE,
            program=HERE / "rules.py",
            env={"HAL_MPG_LESIONS": str(Path(folder, "rules"))},
            edit=_hasten,
            arguments=jobs,
            timeout_s=120 + 30 * len(jobs),
        )
    notes: dict[str, Notes] = run.result
    return notes


def _hasten(config: Path) -> None:
    """Have LinuxCNC's state follow the E-stop chain in 10 ms, not 100. Motion does not wait for that."""
    ini = config / INI
    text = ini.read_text()
    if text.count("CYCLE_TIME = 0.1\n") != 1:
        raise ValueError(f"{INI} has another [EMCIO]CYCLE_TIME than this knows")
    ini.write_text(text.replace("CYCLE_TIME = 0.1\n", "CYCLE_TIME = 0.01\n"))


def keep(file: Path, results: list[dict[str, Any]]) -> None:
    """Keep results for the page."""
    content = {"machine": this_machine(), "results": results}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
