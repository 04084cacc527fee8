# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes hal_mpg: `python -m tests.fuzz --seed 1 --events 10000000`.

The same seed gives the same rounds, however many processes share them. Exit status 1: something was found.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.fuzz.player import play
from tests.fuzz.rounds import Finding, Round, run_round
from tests.fuzz.steps import from_text
from tests.fuzz.violation import Violation

SAY_EVERY_S = 10.0
MOST_FILES = 5
"""Files kept of each kind of violation."""

MOST_FINDINGS = 100
"""With so many, it is time to look at them."""


class Show(Protocol):
    """Shows how far a run is."""

    def __call__(self, events: int, findings: int, rate: float) -> None: ...


def main() -> int:
    """Run, or play a saved case again."""
    options = parse()
    if options.replay:
        return replay(options.replay)
    covered: Counter[str] = Counter()
    findings: list[Finding] = []
    began = time.monotonic()
    print(f"seed {options.seed}, {options.jobs} processes; --help says how to repeat", flush=True)
    with progress(options.events) as show, closing(rounds(options)) as results:
        for done in results:
            longest = max(covered["longest load, ms"], done.covered.pop("longest load, ms", 0))
            covered.update(done.covered)
            covered["longest load, ms"] = longest
            covered["rounds"] += 1
            for finding in done.findings:
                findings.append(finding)
                keep(finding, options.findings, options.seed, findings)
            show(covered["events"], len(findings), covered["events"] / (time.monotonic() - began))
            if is_over(options, covered) or len(findings) >= MOST_FINDINGS:
                break
    report(covered, findings, time.monotonic() - began, options.seed)
    if options.summary:
        summarize(covered, findings, options)
    return 1 if findings else 0


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed, the same run")
    parser.add_argument("--events", type=int, default=1_000_000, help="events for the state machine")
    parser.add_argument("--minutes", type=float, default=60.0, help="the longest time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes; default: one a core")
    parser.add_argument("--round", type=int, help="only this round of the seed")
    parser.add_argument("--replay", type=Path, help="play a case that was saved")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="where cases are saved")
    parser.add_argument("--summary", type=Path, help="a JSON file for docs/faults.md")
    options = parser.parse_args()
    options.ends = time.monotonic() + options.minutes * 60
    return options


def is_over(options: argparse.Namespace, covered: Counter[str]) -> bool:
    """Tell whether it is enough."""
    return bool(covered["events"] >= options.events or time.monotonic() > options.ends)


def rounds(options: argparse.Namespace) -> Generator[Round, None, None]:
    """Yield the results of the rounds in their order, which several processes work at."""
    pool = ProcessPoolExecutor(options.jobs)
    ahead: deque[Future[Round]] = deque()
    try:
        for number in count() if options.round is None else [options.round]:
            ahead.append(pool.submit(run_round, options.seed, number))
            if len(ahead) > 8 * options.jobs:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def keep(finding: Finding, folder: Path, seed: int, findings: list[Finding]) -> None:
    """Save a finding, if there are not many of its kind."""
    alike = sum(other.invariant == finding.invariant for other in findings)
    print(f"round {finding.number}: {finding.what}", flush=True)
    if alike <= MOST_FILES:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{seed}-{finding.number}-{finding.invariant}.txt"
        path.write_text(finding.text, "utf-8", errors="backslashreplace")
        print(f"  saved: {path}; python -m tests.fuzz --seed {seed} --round {finding.number}", flush=True)


def replay(path: Path) -> int:
    """Play a saved case again."""
    try:
        covered = play(from_text(path.read_text("utf-8")))
    except Violation as violation:
        print("\n".join([str(violation), *getattr(violation, "__notes__", ())]))
        return 1
    print(f"nothing is wrong with it: {covered['events']} events, {covered['pin writes']} pin writes")
    return 0


def report(covered: Counter[str], findings: list[Finding], seconds: float, seed: int) -> None:
    """Say what was reached."""
    for name, number in sorted(covered.items()):
        print(f"{number:>15,}  {name}" if number < 10**15 else f"{number:>15.1e}  {name}")
    share = covered["batches armed"] / max(covered["batches"], 1)
    print(f"{share:>15.0%}  of the batches armed")
    rate = covered["events"] / seconds
    print(f"seed {seed}: {covered['events']:,} events in {seconds:.0f} s, {rate:,.0f}/s")
    kinds = Counter(finding.invariant for finding in findings)
    print(f"violations: {dict(kinds) if kinds else 'none'}")


def summarize(covered: Counter[str], findings: list[Finding], options: argparse.Namespace) -> None:
    """Write what the page of faults shows of this run."""
    line = (
        f"Fuzzing, seed {options.seed}: {covered['events']:,} events of devices and HAL in "
        f"{covered['sequences']:,} sequences, every invariant looked at after each of "
        f"{covered['pin writes']:,} pin writes; {covered['profiles']:,} profiles, of which "
        f"{covered['profiles accepted']:,} were accepted; violations: {len(findings)}. "
        f"To repeat it: `make fuzz FUZZ='--seed {options.seed} --events {options.events}'`"
    )
    content = {"summary": [line], "covered": dict(sorted(covered.items()))}
    options.summary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


@contextmanager
def progress(goal: int) -> Iterator[Show]:
    """Show progress: a bar on a terminal, else a line now and then."""
    if not sys.stdout.isatty():
        said = time.monotonic()

        def say(events: int, findings: int, rate: float) -> None:
            nonlocal said
            if time.monotonic() - said > SAY_EVERY_S:
                said = time.monotonic()
                print(f"{events:,} of {goal:,} events, {rate:,.0f}/s, {findings} violations", flush=True)

        yield say
        return
    columns = (BarColumn(), TextColumn("{task.completed:,} events, {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console()) as bar:
        task = bar.add_task("", total=goal)

        def draw(events: int, findings: int, rate: float) -> None:
            bar.update(task, completed=events, description=f"{rate:,.0f}/s, {findings} violations")

        yield draw


if __name__ == "__main__":
    sys.exit(main())
