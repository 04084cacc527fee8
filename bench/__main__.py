# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the measurements and writes docs/benchmarks.md and the raw data beside it: `make bench`."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.beds.kernel import ROOT, run_in_kernel

HERE = Path(__file__).parent
DATA = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
COLUMNS = {
    "cpu": "CPU while idle, % of one core",
    "rss_mb": "memory (RSS), MB",
    "ready_s": "start to ready, s",
}


def main() -> None:
    print("Measuring in an emulated machine with Debian's PREEMPT_RT kernel; this takes some minutes ...")
    run = run_in_kernel(HERE / "guest_idle.py", timeout_s=1800)
    data = {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "host": f"{platform.machine()}, {os.cpu_count()} processors, QEMU without hardware acceleration"
        if "KVM" not in run.output
        else f"{platform.machine()}, {os.cpu_count()} processors, QEMU",
        **run.result,
    }
    DATA.mkdir(exist_ok=True)
    (DATA / "idle.json").write_text(json.dumps(data, indent=1) + "\n")
    PAGE.write_text(page(data))
    print(PAGE.read_text())


def page(data: dict[str, Any]) -> str:
    """Return the page for the raw data; every figure in it is from there."""
    by_program: dict[str, list[dict[str, Any]]] = {}
    for row in data["rows"]:
        by_program.setdefault(row["program"], []).append(row)
    lines = [
        "# Measurements",
        "",
        "Written by `make bench`; the raw data are in [benchmarks/](benchmarks/).",
        "",
        f"Measured on {data['measured']}: {data['host']}; guest kernel {data['kernel']}; LinuxCNC "
        f"{data['linuxcnc']}. An emulated machine is slow: compare the programs with each other, not the "
        "times with a clock.",
        "",
        "## At rest",
        "",
        "A USB pendant is plugged in and nobody touches it. Both programs run in turn on the same device, "
        f"{len(next(iter(by_program.values())))} times each; median (minimum to maximum).",
        "",
        "| | " + " | ".join(by_program) + " | ratio |",
        "| --- |" + " ---: |" * (len(by_program) + 1),
    ]
    for key, title in COLUMNS.items():
        factor = 100 if key == "cpu" else 1
        cells, medians = [], []
        for rows in by_program.values():
            values = [row[key] * factor for row in rows]
            medians.append(median(values))
            cells.append(f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
        lines.append(f"| {title} | " + " | ".join(cells) + f" | {medians[-1] / medians[0]:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
