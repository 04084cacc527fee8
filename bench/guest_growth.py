# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: how cost grows with the pendant, with their number, and with use."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench.guest import PROGRAM_CPU, Stopwatch, entries, plan, prepare, running, tell
from bench.guest_use import use
from tests.beds.kernel import write_result

WARM_UP = 5
GAP_US = (2000, 10000)
SETTLE_S = 1.0


def with_profile(entry: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """Return the program with another profile."""
    words = [profile if word.startswith("generic-") else word for word in entry["load"]]
    return {**entry, "load": words}


def as_instance(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the program under another name in HAL."""
    old, (program, *options) = entry["component"], entry["load"]
    pins = {key: entry[key].replace(f"{old}.", f"{name}.") for key in ("counts", "armed", "dropped")}
    return {**entry, **pins, "component": name, "load": [program, "--name", name, *options]}


def cost(entry: Mapping[str, Any], stopwatch: Stopwatch, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run a program; return its latencies, and what it takes at rest."""
    with running(entry, stopwatch) as program:
        time.sleep(SETTLE_S)
        stopwatch.latency(WARM_UP, *GAP_US)
        taken = stopwatch.latency(asked["detents"], *GAP_US)
        time.sleep(SETTLE_S)
        cpu_s = program.cpu_s()
        time.sleep(asked["seconds"])
        share = (program.cpu_s() - cpu_s) / asked["seconds"]
        return {"taken": taken, "cpu": round(share, 6), "rss_kb": program.status("VmRSS")}


def by_pendant(asked: Mapping[str, Any], programs: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Measure each program with pendants of more and more keys, and ours with more and more axes."""
    rows: dict[str, list[dict[str, Any]]] = {"keys": [], "axes": []}
    for number in range(asked["rounds"]):
        for keys in asked["keys"]:
            stopwatch = Stopwatch(keys=keys)
            for name, entry in programs.items():
                row = {"program": name, "keys": keys, **cost(entry, stopwatch, asked)}
                rows["keys"].append(row)
            if keys == asked["keys"][0]:
                for profile in asked["profiles"]:
                    entry = with_profile(programs["hal_mpg"], profile)
                    rows["axes"].append({"profile": profile, **cost(entry, stopwatch, asked)})
            stopwatch.close()
            tell(f"round {number + 1} of {asked['rounds']}: a pendant with {keys} keys")
    return rows


def by_instances(asked: Mapping[str, Any], entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Measure the first of several instances, and what all of them take."""
    rows = []
    for number in range(asked["rounds"]):
        for instances in asked["instances"]:
            with ExitStack() as stack:
                all_of_them = []
                for place in range(instances):
                    stopwatch = Stopwatch(f"pendant{place}")
                    stack.callback(stopwatch.close)
                    one = as_instance(entry, f"mpg{place}")
                    program = stack.enter_context(running(one, stopwatch, PROGRAM_CPU))
                    all_of_them.append((stopwatch, program))
                first = all_of_them[0][0]
                time.sleep(SETTLE_S)
                first.latency(WARM_UP, *GAP_US)
                taken = first.latency(asked["detents"], *GAP_US)
                time.sleep(SETTLE_S)
                cpu_s = sum(program.cpu_s() for _, program in all_of_them)
                time.sleep(asked["seconds"])
                share = (sum(program.cpu_s() for _, program in all_of_them) - cpu_s) / asked["seconds"]
                rss = sum(program.status("VmRSS") for _, program in all_of_them)
                rows.append({"instances": instances, "taken": taken, "cpu": round(share, 6), "rss_kb": rss})
            tell(f"round {number + 1} of {asked['rounds']}: {instances} at once, {share:.2%} of a processor")
    return rows


def main() -> None:
    asked = plan()
    facts = prepare()
    programs = entries(asked)
    result = by_pendant(asked, programs)
    result["instances"] = by_instances(asked, programs["hal_mpg"])
    stopwatch = Stopwatch()
    result["use"] = use(programs["hal_mpg"], stopwatch, asked["use"])
    stopwatch.close()
    write_result({"facts": facts, **result})


if __name__ == "__main__":
    main()
