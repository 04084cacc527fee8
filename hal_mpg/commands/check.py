# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg check`: every fault of a profile with its place, or what the pendant will do, in words."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.messages import printable
from hal_mpg.options import Parser
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, known_profiles, read_profile
from hal_mpg.profile_schema import schema_file
from hal_mpg.profile_summary import as_data, as_lines, warnings
from hal_mpg.profile_yaml import load_profile

EXAMPLES = """\
examples:
  hal_mpg check my-pendant.yaml          its faults; without any: what the pendant will do
  hal_mpg check generic-4axis            one of the known profiles, by its name
  hal_mpg check --all                    every known profile
  hal_mpg check --quiet *.yaml           faults only
  hal_mpg check - < my-pendant.yaml      what an editor has not saved yet

Each fault is one line on stderr, FILE:LINE:COLUMN: what; what would be right.

While you write one, an editor that knows JSON schemas can complete and check it: a line at the top of the
shipped profiles tells it which schema; `hal_mpg check --schema` prints where that is.

exit status: 0 no faults; 2 command line; 3 a profile has faults.
"""

FAULT = re.compile(r":(\d+):(\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file."""

    file: str
    profile: Profile | None = None
    faults: tuple[str, ...] = ()


def main(arguments: Sequence[str]) -> int:
    """Check the profiles; return the exit status."""
    options = parser().parse_args(arguments)
    if options.schema:
        print(schema_file())
        return 0
    names = [*options.profiles, *(sorted(known_profiles()) if options.all else ())]
    if not names:
        raise UsageError("check: no profile given; name a file, a known profile, or use --all")
    results = [check(name) for name in names]
    first = next((result for result in results if result.profile), None)
    if options.json:
        print(json.dumps(as_json(results), indent=2))
    else:
        for result in results:
            _complain(result)
            if result.profile and not options.quiet:
                _tell(result.file, result.profile, is_first=result is first)
    return ProfileError.status if any(result.faults for result in results) else 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg check",
        description="Say what is wrong with a pendant's profile, each fault with its line and column;\n"
        "or, where nothing is, what the pendant will do: positions, distances, E-stop, buttons.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("profiles", nargs="*", metavar="FILE|NAME", help="a profile; - reads standard input")
    parser.add_argument("--all", action="store_true", help="check all known profiles")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing where nothing is wrong")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.add_argument("--schema", action="store_true", help="print where the JSON schema is, and exit")
    return parser


def check(name: str) -> Checked:
    """Return what is found in a file, a known profile, or ("-") standard input."""
    if name == "-":
        file = "<stdin>"
    elif Path(name).is_file():
        file = name
    else:
        try:
            file = find_profile(name)
        except ProfileError as error:
            return Checked(name, faults=(f"{name}:1:1: {_without_option(error.faults[0])}",))
    try:
        profile = load_profile(_standard_input(), file) if name == "-" else read_profile(Path(file))
    except ProfileError as error:
        return Checked(file, faults=error.faults)
    return Checked(file, profile)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise ProfileError(["<stdin>:1:1: is not UTF-8; save it as UTF-8"]) from None


def _without_option(fault: str) -> str:
    """Return a message of `find_profile` without what is said of the component's option."""
    return fault.split(": ", 2)[-1]


def _complain(result: Checked) -> None:
    """Say on stderr what is wrong with a profile, and what is odd."""
    notes = result.profile.notes if result.profile else ()
    odd = warnings(result.profile) if result.profile else ()
    sys.stdout.flush()
    for line in (*result.faults, *notes, *(f"{result.file}: mind: {warning}" for warning in odd)):
        print(printable(line), file=sys.stderr)


def _tell(file: str, profile: Profile, is_first: bool) -> None:
    lines = [f"{file}: no faults", profile.name, *(f"  {line}" for line in as_lines(profile))]
    print("\n".join([*([] if is_first else [""]), *(printable(line).rstrip() for line in lines)]))


def as_json(results: Sequence[Checked]) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "ok": not any(result.faults for result in results),
        "files": [
            {
                "file": result.file,
                "ok": not result.faults,
                "faults": [_fault(fault, result.file) for fault in result.faults],
                "notes": [_fault(note, result.file) for note in result.profile.notes]
                if result.profile
                else [],
                "summary": as_data(result.profile) if result.profile else None,
            }
            for result in results
        ],
    }


def _fault(fault: str, file: str) -> dict[str, Any]:
    found = FAULT.fullmatch(fault.removeprefix(file))
    line, column, message = found.groups() if found else (1, 1, fault)
    return {"line": int(line), "column": int(column), "message": message}
