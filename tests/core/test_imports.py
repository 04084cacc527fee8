# SPDX-License-Identifier: GPL-2.0-or-later
"""The core imports no I/O and no clock, neither directly nor through other modules of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "hal_mpg"
CORE = [
    *("action_table", "actions"),
    *("analog", "arming", "axis", "controls", "counter", "device_state", "errors", "events", "foresight"),
    *("lean_typing", "machine", "motion_limit", "outputs", "pendant", "pins", "profile", "selection"),
    *(
        "silent_wheel",
        "decoders",
        "ledger",
        "program_run",
        "wheel_speed",
        "hid_device",
        "serial_line",
        "protocols",
        "protocols.checksums",
        "protocols.foreign",
    ),
    *("protocols.fields", "protocols.foreign_state", "protocols.framing", "protocols.hid_reports"),
    *("protocols.line_events", "protocols.line_format", "display_image", "display_layout", "hid_lamps"),
    *("protocols.line_protocol", "protocols.packets", "protocols.pattern_check", "protocols.patterns"),
    "virtual",
    "virtual.device",
]
FORBIDDEN = {
    *("evdev", "serial", "hal", "linuxcnc", "pyudev", "yaml", "time", "os", "io", "pathlib", "socket"),
    *("select", "signal", "subprocess", "threading", "asyncio", "datetime", "random", "sys", "fcntl"),
}


def imports_of(module: str) -> set[str]:
    """Return what a module of the package imports, anywhere in it."""
    found = set()
    path = PACKAGE / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            found.add(node.module or "")
            if node.module == "hal_mpg":
                found |= {f"hal_mpg.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "__import__", "print", "input"), f"{module}: {node.func.id}()"
    return found


@pytest.mark.parametrize("module", CORE)
def test_a_core_module_imports_no_io(module: str) -> None:
    assert not {name.split(".")[0] for name in imports_of(module)} & FORBIDDEN


@pytest.mark.parametrize("module", CORE)
def test_a_core_module_imports_only_the_core(module: str) -> None:
    own = {name for name in imports_of(module) if name.split(".")[0] == "hal_mpg"}
    assert own <= {f"hal_mpg.{name}" for name in CORE} | {"hal_mpg"}


def test_importing_the_core_brings_in_nothing_of_the_sort() -> None:
    """Only what the interpreter and the standard library's own modules had loaded may be there."""
    modules = ", ".join(f"hal_mpg.{name}" for name in CORE)
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); import {modules}; print(*sys.modules)"
    command = [sys.executable, "-S", "-E", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "evdev",
        "serial",
        "hal",
        "linuxcnc",
        "pyudev",
        "yaml",
        "socket",
        "select",
        "subprocess",
        "asyncio",
    }
    assert not heavy & set(loaded)
    own = {name for name in loaded if name.startswith("hal_mpg.")}
    assert own == {f"hal_mpg.{name}" for name in CORE}


def test_only_the_runner_reads_a_clock() -> None:
    paths = [*PACKAGE.glob("*.py"), *PACKAGE.glob("sources/*.py")]
    readers = {path.stem for path in paths if "import time" in path.read_text(encoding="utf-8")}
    assert readers <= {"runner", "hid_writer"}, "and what is a process of its own"
