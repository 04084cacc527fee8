# SPDX-License-Identifier: GPL-2.0-or-later
"""Storms of detents: how many arrive, and how fast they may come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.figures import OURS, Data, quantile, table, title, titles
from bench.host import Progress, run_guest
from bench.plot import COLORS, GRAY, picture
from bench.verdict import Verdict

PLAN: dict[str, Any] = {
    "rounds": 3,
    "storms": [
        {"rate": 1000, "detents": 20000, "rounds": 1, "tries": 3},
        {"rate": 5000, "detents": 20000, "rounds": 2, "tries": 5},
        {"rate": 10000, "detents": 20000, "rounds": 3, "tries": 6},
        {"rate": 20000, "detents": 20000, "rounds": 3, "tries": 6},
    ],
    "highest": {"from": 2500, "to": 40000, "detents": 4000, "steps": 3, "tries": 4},
}

HUMAN_RATE = 1000
"""Detents a second, the most that a hand can do."""

TEXT = """\
{detents:,} detents are turned at a rate that no hand can reach. Counted: they are on the pin. Refused:
hal_mpg counts them in `dropped`. Told: the kernel's queue (64 detents) ran over, the kernel said so, though
not how many it lost, and hal_mpg said so in turn (with `-v`) and stopped until the wheel was still. Lost:
nobody has said anything. The worst storm of each kind is shown.

An emulated processor sometimes stands still itself, because the machine that it runs on is busy with
something else. Where that took longer than the queue lasts, and detents were lost, the storm says nothing
of the program's speed: it was repeated, and is in the raw data only ({aside} of {all}). Of whether the
program has said so, it does say something: of all {ours} storms of hal_mpg, it was silent about a loss in
{silent}."""

HIGHEST = """\
The highest rate at which none of {detents:,} detents was lost or refused, searched by doubling and halving;
{rounds} searches each. Beyond {most:,} a second the stopwatch was not asked to turn."""


def measure(progress: Progress) -> Data:
    """Return the raw data."""
    return run_guest("guest_storms.py", PLAN, progress, 2400)


def told(row: Data) -> float:
    """Return how many detents the kernel lost, where the program said that some were."""
    return float(row["lost"]) if row["overflows"] else 0.0


def unaccounted(row: Data) -> float:
    """Return how many detents are missing, or too many, without a word."""
    return float(abs(row["lost"] - max(0.0, told(row))))


def counts(row: Data) -> bool:
    """Tell whether a storm says something of the program."""
    return not row["disturbed"] or not row["lost"]


def worst(data: Data, program: str, rate: int) -> Data | None:
    """Return the storm with the most lost and the fewest counted; None where none says anything."""
    rows = [row for row in data["storms"][program] if row["rate"] == rate and counts(row)]
    return max(rows, key=lambda row: (unaccounted(row), -row["counted"]), default=None)


def rates(data: Data) -> list[int]:
    """Return the rates of the storms."""
    return [wanted["rate"] for wanted in data["plan"]["storms"]]


def verdicts(data: Data) -> list[Verdict]:
    """Return what was asked for, and what was measured."""
    ours = data["storms"][OURS]
    missing = {rate: max(unaccounted(row) for row in ours if row["rate"] == rate) for rate in rates(data)}
    slow = [worst(data, OURS, rate) for rate in rates(data) if rate <= HUMAN_RATE]
    counted = "; ".join("no good storm" if row is None else f"{row['counted']:,.0f}" for row in slow)
    measured = "; ".join(f"{rate:,}/s {most:.0f}" for rate, most in missing.items())
    sent = data["plan"]["storms"][0]["detents"]
    return [
        Verdict(
            f"detents of {sent:,} that are unaccounted for",
            "0 at each rate",
            f"{measured} ({len(ours)} storms)",
            not any(missing.values()),
        ),
        Verdict(
            f"detents counted at {HUMAN_RATE:,}/s",
            f"{sent:,}",
            counted,
            all(row is not None and row["counted"] == row["sent"] for row in slow),
        ),
    ]


def section(data: Data, plots: str) -> str:
    """Return the part of the page."""
    every = [row for rows in data["storms"].values() for row in rows]
    aside = sum(not counts(row) for row in every)
    sent = data["plan"]["storms"][0]["detents"]
    ours = data["storms"][OURS]
    silent = sum(unaccounted(row) > 0 for row in ours)
    text = TEXT.format(detents=sent, aside=aside, all=len(every), ours=len(ours), silent=silent)
    lines = ["## Storms", "", text, ""]
    lines += [f"![what became of the detents of a storm]({plots}/storms.svg)", ""]
    rows = [_row(data, program, rate) for rate in rates(data) for program in data["storms"]]
    lines += [*table(["", "really turned, per s", "counted", "refused", "told", "lost"], rows), ""]
    highest = data["plan"]["highest"]
    searches = len(data["highest"][OURS])
    lines += [HIGHEST.format(detents=highest["detents"], rounds=searches, most=highest["to"]), ""]
    rows = [[title(program), *_highest(data, program)] for program in data["highest"]]
    return "\n".join([*lines, *table(["", "detents a second: median", "best", "worst"], rows), ""])


def _row(data: Data, program: str, rate: int) -> list[str]:
    row, name = worst(data, program, rate), f"{rate:,}/s, {title(program)}"
    if row is None:
        return [name, *["no good storm"] * 5]
    figures = [row["real_rate"], row["counted"], row["dropped"], told(row), unaccounted(row)]
    return [name, *(f"{figure:,.0f}" for figure in figures)]


def _highest(data: Data, program: str) -> list[str]:
    found = [search["highest"] for search in data["highest"][program]]
    return [f"{value:,}" for value in (quantile(found, 0.5), max(found), min(found))]


def draw(data: Data, folder: Path) -> None:
    """Draw what became of the detents of each storm."""
    with picture(folder / "storms.svg", (9, 4.5), 2, 2) as panels:
        for axes, rate in zip(panels, rates(data), strict=False):
            for place, program in enumerate(data["storms"]):
                row = worst(data, program, rate)
                if row is None:
                    axes.annotate("no good storm", (1, place), va="center")
                    continue
                left = 0.0
                parts = (row["counted"], row["dropped"] + told(row), unaccounted(row))
                looks = (COLORS[program], "none"), (GRAY, "none"), ("white", "///")
                for part, (color, hatch) in zip(parts, looks, strict=True):
                    percent = 100 * part / row["sent"]
                    hatched = None if hatch == "none" else hatch
                    axes.barh(place, percent, 0.7, left=left, color=color, hatch=hatched, edgecolor=GRAY)
                    left += percent
            axes.set_yticks(range(len(data["storms"])), [titles()[program] for program in data["storms"]])
            axes.invert_yaxis()
            axes.set_xlim(0, 100)
            axes.set_title(f"{rate:,} detents a second")
        panels[2].set_xlabel("% of the detents; in color: counted")
        panels[3].set_xlabel("gray: refused or told; hatched: lost")
