# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures, and writes docs/benchmarks.md: `make bench`.

python -m bench                   all parts
python -m bench latency start     some parts; the others keep their figures
python -m bench hour              a real hour of use
python -m bench --page            measure nothing: write page and plots anew from the raw data
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.page import DEFAULT, PAGE, PARTS, page, part, store, stored, write


def main() -> None:
    parts = "\n".join(f"  {name:14}{what}" for name, what in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure hal_mpg beside hal_input, and write docs/benchmarks.md.\n\nparts:\n" + parts,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="default: all but hour")
    parser.add_argument("--page", action="store_true", help="write page and plots anew from the raw data")
    options = parser.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are: {', '.join(PARTS)}")
    if not options.page:
        measure(options.parts or DEFAULT)
    found = stored()
    write(found)
    print(page(found).partition("## Measured on")[0])
    print(f"All of it: {PAGE}")


def measure(names: list[str]) -> None:
    """Measure these parts, and keep the raw data of each as soon as it is there."""
    began = time.monotonic()
    run = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"Measuring {len(names)} parts; all take about half an hour. Let the machine be quiet meanwhile.")
    for number, name in enumerate(names, start=1):
        data = part(name).measure(_progress(f"[{number}/{len(names)} {name}]", began))
        data.setdefault("facts", {})["run"] = run
        store(name, data)


def _progress(where: str, began: float) -> Callable[[str], None]:
    def tell(what: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - began), 60)
        print(f"{minutes:3}:{seconds:02} {where} {what}", flush=True)

    return tell


if __name__ == "__main__":
    main()
