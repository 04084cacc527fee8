# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg doctor`: looks for whatever keeps a pendant from jogging, or from stopping the machine."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from hal_mpg.doctor.examination import Examination, examine, in_order
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding
from hal_mpg.options import Parser

MARKS = {OK: "ok", NOTE: "note", WARNING: "WARNING", ERROR: "ERROR"}
COLORS = {OK: "32", NOTE: "36", WARNING: "33", ERROR: "31;1"}
NARROWEST, WIDEST = 40, 110

EXAMPLES = """\
examples:
  hal_mpg doctor                       and the wiring of the LinuxCNC that runs, if one does
  hal_mpg doctor --ini machine.ini     the wiring of this machine too, from its files
  hal_mpg doctor --json                one JSON document: {"ini", "live", "wrong", "findings"}

Run it as the user who runs LinuxCNC. It changes nothing.
exit status: 0 nothing is wrong, 1 something is (warning or error), 2 command line.
"""


def main(arguments: Sequence[str]) -> int:
    """Examine, and say what was found; return the exit status."""
    options = parser().parse_args(arguments)
    done = examine(options.ini, options.pendant, options.name)
    if options.json:
        print(json.dumps(as_json(done), indent=2))
    else:
        is_terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if is_terminal else WIDEST
        colors = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        print("\n".join(as_text(done, min(max(width, NARROWEST), WIDEST), colors)))
    return 1 if done.is_wrong else 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg doctor",
        description="Look through the whole chain, from the plug to the last wire in HAL, and say for\n"
        "whatever is wrong what mends it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--ini",
        metavar="FILE",
        type=Path,
        help="the machine's INI file (default: of the LinuxCNC that runs)",
    )
    add("--pendant", metavar="NAME|FILE", help="the profile (default: what the INI file names)")
    add("--name", help="the component's name (default: hal_mpg)")
    add("--json", action="store_true", help="print one JSON document instead")
    return parser


def as_text(done: Examination, width: int, colors: bool) -> list[str]:
    """Return what a person is to read, in lines."""
    where = f"{done.ini}" + (", in the LinuxCNC that is running" if done.is_live else ", from its files")
    first = f"Looked at: this machine{f', {where}' if done.ini else ''}"
    lines = [*textwrap.wrap(first, width, break_long_words=False, break_on_hyphens=False), ""]
    for finding in in_order(done.findings):
        lines += _lines(finding, width, colors)
    counts = {kind: sum(f.severity == kind for f in done.findings) for kind in (ERROR, WARNING)}
    words = [f"{number} {kind}{'s' if number != 1 else ''}" for kind, number in counts.items() if number]
    return [*lines, "", " and ".join(words) if words else "Nothing is wrong."]


def _lines(finding: Finding, width: int, colors: bool) -> Iterator[str]:
    mark = f"{MARKS[finding.severity]:8}"
    shown = f"\x1b[{COLORS[finding.severity]}m{mark}\x1b[0m" if colors else mark
    name = f" [{finding.id}]" if finding.severity != OK else ""
    text = textwrap.wrap(f"{finding.what}{name}", width - 8, break_long_words=False, break_on_hyphens=False)
    yield shown + text[0]
    indent = " " * 8
    yield from (indent + line for line in text[1:])
    for label, value in (("where:", finding.where), ("do:", finding.mend)):
        if value:
            yield from _labelled(indent, label, value, width)


def _labelled(indent: str, label: str, text: str, width: int) -> list[str]:
    """Return a line with a label, wrapped where it is too long; a command is never broken within a word."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"{indent}{label:7}",
        subsequent_indent=f"{indent}       ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_json(done: Examination) -> dict[str, object]:
    """Return the document for programs."""
    return {
        "ini": str(done.ini) if done.ini else None,
        "live": done.is_live,
        "wrong": done.is_wrong,
        "findings": [finding._asdict() for finding in in_order(done.findings)],
    }
