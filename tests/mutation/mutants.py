# SPDX-License-Identifier: GPL-2.0-or-later
"""The mutants that mutmut has made and tried."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import ndiff
from fnmatch import fnmatchcase
from pathlib import Path

from mutmut.stats import status_by_exit_code

PROSE = re.compile(r"(?=.* )[\w .,;:=/'`()-]+")
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one line (or of the few that one statement takes), and what became of it."""

    name: str
    file: str
    function: str
    was: str
    now: str
    outcome: str
    """killed, timeout, words, equivalent or surviving."""


def read_mutants(copy: Path, names: Sequence[str]) -> list[Mutant]:
    """Return the mutants with such names that mutmut has tried in a copy of the project."""
    folder = copy / "mutants"
    return [
        mutant
        for meta in sorted(folder.rglob("*.py.meta"))
        for mutant in _mutants_of(folder, meta)
        if any(fnmatchcase(mutant.name, pattern) for pattern in names)
    ]


def forget(copy: Path, mutants: Iterable[Mutant]) -> None:
    """Let mutmut try these mutants again."""
    names = {mutant.name for mutant in mutants}
    for path in (copy / "mutants").rglob("*.py.meta"):
        meta = json.loads(path.read_text(encoding="utf-8"))
        codes = meta["exit_code_by_key"].items()
        meta["exit_code_by_key"] = {name: None if name in names else code for name, code in codes}
        path.write_text(json.dumps(meta), encoding="utf-8")


def _mutants_of(folder: Path, meta: Path) -> Iterator[Mutant]:
    file = meta.with_suffix("")
    lines = file.read_text(encoding="utf-8").splitlines()
    spans = json.loads(Path(f"{file}.spans").read_text(encoding="utf-8"))["spans"]

    def source(function: str) -> list[str]:
        first, last = spans[function]
        return [line.replace(f"def {function}(", "def (") for line in lines[first - 1 : last]]

    for name, code in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items():
        mangled = name.rpartition(".")[2]
        plain, _, _ = mangled.rpartition("__mutmut_")
        was, now = _change(source(f"{plain}__mutmut_orig"), source(mangled))
        yield Mutant(
            name=name,
            file=str(file.relative_to(folder)),
            function=plain[2:].replace("ǁ", "."),  # as in x_function, xǁClassǁfunction
            was=was,
            now=now,
            outcome=_outcome(status_by_exit_code[code], was, now),
        )


def _change(was: list[str], now: list[str]) -> tuple[str, str]:
    """Return the lines that differ, each of the two joined."""
    changes = list(ndiff(was, now))
    parts = ([line[2:].strip() for line in changes if line.startswith(sign)] for sign in "-+")
    before, after = (" ".join(part) for part in parts)
    return before, after


def _outcome(status: str, was: str, now: str) -> str:
    if status in CAUGHT:
        return "timeout" if status == "timeout" else "killed"
    return "words" if _only_words(was, now) else "surviving"


def _only_words(was: str, now: str) -> bool:
    """Tell whether nothing but a text for people differs: more than one word, or what is between words."""
    texts = [(quote, text) for quote in "\"'" for text in re.findall(f"{quote}([^{quote}]*){quote}", was)]
    return any(
        now == was.replace(f"{quote}{text}{quote}", f"{quote}{other}{quote}")
        for quote, text in texts
        if PROSE.fullmatch(text)
        for other in (f"XX{text}XX", text.lower(), text.upper())
    )
