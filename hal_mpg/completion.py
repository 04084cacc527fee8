# SPDX-License-Identifier: GPL-2.0-or-later
"""What may stand next on a command line, for the shell: tools, options, and the values of options.

The shell starts the program with what was typed in its environment (argcomplete's protocol); the program's
own parsers say what they know. Without argcomplete the shell completes files.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hal_mpg.cli import TOOLS
from hal_mpg.options import component_parser
from hal_mpg.profile_files import known_profiles

ASKED = "_ARGCOMPLETE"
"""The variable by which the shell asks; its value is the number of the program's word."""

SUFFIXES = {
    "ini": (".ini",),
    "rule": (".rules",),
    "files": (".evemu", ".events", ".txt"),
    "file": (".evemu",),
    "output": (".yaml", ".hal"),
}
"""Where an argument of this name is a file: how it is usually called."""

WORDS = {
    "units": ("mm", "inch"),
    "axes": ("XYZ", "XYZA", "XYZAB", "XYZABC", "XZ", "XYZUVW"),
}


def complete() -> int:
    """Answer the shell; return the exit status."""
    try:
        import argcomplete  # type: ignore[import-not-found, import-untyped, unused-ignore]  # it may be missing
    except ImportError:
        return 1
    tool = _tool(os.environ.get("COMP_LINE", ""), os.environ.get("COMP_POINT", ""))
    parser = _parser_of(tool)
    if tool:
        os.environ[ASKED] = "2"  # the tool's words begin with the second
    add_completers(parser)
    argcomplete.autocomplete(parser, always_complete_options=False)
    return 0


def _tool(line: str, point: str) -> str:
    """Return the tool whose words are being typed; "" while it is not yet a tool's."""
    before = line[: int(point)] if point.isdigit() else line
    words = before.split()
    if len(words) > 1 and words[1] in TOOLS and (len(words) > 2 or before[-1:].isspace()):
        return words[1]
    return ""


def _parser_of(tool: str) -> argparse.ArgumentParser:
    """Return a tool's parser, or the component's with the tools as its first word."""
    if not tool:
        parser = component_parser()
        parser.add_argument("tool", nargs="?", choices=tuple(TOOLS))
        return parser
    module = importlib.import_module(f"hal_mpg.commands.{tool.replace('-', '_')}")
    of_tool: argparse.ArgumentParser = module.parser()
    return of_tool


def add_completers(parser: argparse.ArgumentParser) -> None:
    """Say for each argument of a parser, by its name, what it may be."""
    for action in parser._actions:
        if action.choices is None:
            found = _completer(action)
            if found:
                action.completer = found  # type: ignore[attr-defined]  # argcomplete looks there


def _completer(action: argparse.Action) -> Callable[..., Any] | None:
    name = action.dest
    if name in ("pendant", "profiles"):
        return _pendants
    if name == "device":
        return _devices
    if name in WORDS:
        return lambda prefix, **_: [word for word in WORDS[name] if word.startswith(prefix)]
    if action.type in (int, float) or name in ("name", "hold", "pins", "increments", "angular_increments"):
        return lambda prefix, **_: []
    return lambda prefix, **_: list(_files(prefix, SUFFIXES.get(name, ())))


def _pendants(prefix: str, **_: object) -> list[str]:
    """Return the names of the known profiles, and YAML files."""
    names = [name for name in known_profiles() if name.startswith(prefix)]
    return [*names, *_files(prefix, (".yaml", ".yml"))]


def _devices(prefix: str, **_: object) -> list[str]:
    """Return the input nodes and the serial ports by their lasting names, and by their numbers."""
    patterns = ("input/by-id/*event*", "input/event*", "serial/by-id/*", "ttyACM*", "ttyUSB*")
    nodes = sorted(str(path) for pattern in patterns for path in Path("/dev").glob(pattern))
    return [node for node in nodes if node.startswith(prefix)]


def _files(prefix: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the folders, and the files with one of these suffixes (none: any), that begin as was typed."""
    typed, slash, start = prefix.rpartition("/")
    try:
        entries = sorted(Path(f"{typed}{slash}" or ".").expanduser().iterdir())
    except (OSError, RuntimeError):
        return  # no such folder, or nobody's home
    for entry in entries:
        if not entry.name.startswith(start) or (entry.name.startswith(".") and not start):
            continue
        if entry.is_dir():
            yield f"{typed}{slash}{entry.name}/"
        elif not suffixes or entry.name.endswith(suffixes):
            yield f"{typed}{slash}{entry.name}"
