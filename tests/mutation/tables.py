# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutants of what stands outside of functions, which mutmut passes over: constants, tables, default values.

A number is doubled and halved, a truth value turned over, and each entry of a table left out. Each mutant
is a run of pytest of its own, so this takes some seconds for each of them.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant

TIMEOUT_S = 600
FOLDER = "tables"
"""Where the results are kept in the copy, a file for each file of the core."""


class Change(NamedTuple):
    """One part of a file, and what to write in its place."""

    node: ast.expr
    text: str
    words: str
    """What that is, in short."""


def try_tables(copy: Path) -> None:
    """Try all of them in a copy of the project, but for those that were killed there before."""
    tool = tomllib.loads((copy / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    tests = [*tool["pytest_add_cli_args"], *tool["pytest_add_cli_args_test_selection"]]
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", *tests]
    if _outcome(command, copy) != "surviving":
        raise SystemExit(f"the tests fail without a mutant, too: {' '.join(command)}")
    (copy / FOLDER).mkdir(exist_ok=True)
    before = {mutant.name: mutant for mutant in read_tables(copy) if mutant.outcome != "surviving"}
    for file in tool["only_mutate"]:
        results = [asdict(mutant) for mutant in _try_file(copy, file, command, before)]
        (copy / FOLDER / f"{Path(file).stem}.json").write_text(json.dumps(results), encoding="utf-8")


def read_tables(copy: Path) -> list[Mutant]:
    """Return the mutants that were tried."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((copy / FOLDER).glob("*.json"))]
    return [Mutant(**each) for text in texts for each in json.loads(text)]


def _try_file(copy: Path, file: str, command: list[str], before: Mapping[str, Mutant]) -> Iterator[Mutant]:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    try:
        for name, change in changes(ast.parse(text)):
            id_ = f"{file}:{change.node.lineno}: {name} {change.words}"
            if id_ not in before:
                path.write_text(_changed(text, change), encoding="utf-8")
                mutant = Mutant(id_, file, name, name, change.words, _outcome(command, copy))
                print(f"{mutant.outcome}: {id_}", flush=True)
            yield before.get(id_) or mutant
    finally:
        path.write_text(text, encoding="utf-8")


def _outcome(command: list[str], copy: Path) -> str:
    try:
        run = subprocess.run(command, cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "timeout"
    return "killed" if run.returncode else "surviving"


def _changed(text: str, change: Change) -> str:
    lines = text.encode().splitlines(keepends=True)
    node = change.node
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    return (text.encode()[:start] + change.text.encode() + text.encode()[end:]).decode()


def changes(tree: ast.Module) -> Iterator[tuple[str, Change]]:
    """Yield each change of a module, with the name of what is changed."""
    for scope in [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]:
        prefix = f"{scope.name}." if isinstance(scope, ast.ClassDef) else ""
        for statement in scope.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
                continue
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            # Types are for mypy, and several names need as many values.
            whole = statement.value if isinstance(target, ast.Tuple) else None
            is_type = isinstance(statement.value, ast.Subscript | ast.BinOp) and isinstance(target, ast.Name)
            if ast.unparse(target) == "__slots__" or (is_type and not target.id.isupper()):
                continue
            for node in ast.walk(statement.value):
                if node is not whole:
                    yield from ((f"{prefix}{ast.unparse(target)}", change) for change in _changes_of(node))


def _changes_of(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Constant(value=bool() as value):
            yield Change(node, str(not value), f"{value} as {not value}")
        case ast.Constant(value=int() | float() as value):
            half = value // 2 if isinstance(value, int) else value / 2
            for other in (2 * value, half) if value else (1,):
                yield Change(node, repr(other), f"{value} as {other}")
        case ast.Set(elements) | ast.Tuple(elements) | ast.List(elements) if len(elements) > 1:
            for number, element in enumerate(elements):
                fewer = [*elements[:number], *elements[number + 1 :]]
                yield Change(node, ast.unparse(type(node)(elts=fewer)), f"without {ast.unparse(element)}")
        case ast.Dict(keys, values):
            for number, key in enumerate(keys):
                fewer_keys = [*keys[:number], *keys[number + 1 :]]
                fewer = [*values[:number], *values[number + 1 :]]
                rest = ast.unparse(ast.Dict(keys=fewer_keys, values=fewer))
                yield Change(node, rest, f"without {ast.unparse(key) if key else '**'}")
