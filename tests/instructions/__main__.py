# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows how many instructions an event takes: python -m tests.instructions [--update] [CASE ...]"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.instructions import budget
from tests.instructions.cases import CASES
from tests.instructions.measure import ROOT, CannotCount, Counts, count


def main() -> None:
    """Count, and show or keep what was counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.instructions", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--update", action="store_true", help="write the budget anew")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep valgrind's files there")
    parser.add_argument("--where", choices=CASES, metavar="CASE", help="show who does the work of one")
    parser.add_argument("--python", metavar="PATH", help="another interpreter, with the fake HAL")
    options = parser.parse_args()
    if options.where:
        sys.exit(subprocess.call([sys.executable, "-m", "tests.instructions.where", options.where], cwd=ROOT))
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    try:
        counts = count(options.cases or CASES, options.keep, options.python)
    except CannotCount as reason:
        sys.exit(str(reason))
    show(counts)
    if options.update:
        budget.write(counts)
        print(f"written to {budget.FILE.relative_to(ROOT)}")


def show(counts: Counts) -> None:
    """Print the table."""
    smallest = counts.whole["smallest"]
    print(f"Python {counts.python}, {counts.hal} HAL; the smallest loop takes {smallest:,.0f} instructions")
    print(f"{'':28}{'instructions':>12}{'loops':>8}{'budget':>8}")
    for line in budget.compare(counts, budget.read()):
        name = line.case + (" to its pin" if line.part == budget.TO_PIN else "")
        limit = f"{line.limit:8.2f}" if line.limit else f"{'none':>8}"
        mark = "  OVER" if line.is_over else ""
        print(f"{name:28}{line.ratio * smallest:12,.0f}{line.ratio:8.2f}{limit}{mark}")


if __name__ == "__main__":
    main()
