# SPDX-License-Identifier: GPL-2.0-or-later
"""On this machine: builds what is measured, packs it, boots the guest, and says how far it is."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bench import BUILD, PACK, PREFIX
from hal_mpg import __version__
from tests.beds.kernel import ROOT, run_in_kernel

HERE = Path(__file__).parent
PYTHON = "/usr/bin/python3"
Progress = Callable[[str], None]

NICE = -20
TOLD = "progress: "
"""How a line of the guest begins that is to be seen here."""

BINARIES = ("/bin/sh", "/usr/bin/env", "/usr/bin/halcmd", "/usr/bin/hal_input")
MODULES = (
    *("_hal*", "hal.py", "linux_event.py", "linuxcnc*", "yaml", "_yaml", "evdev", "pyudev"),
    *("six.py", "serial", "_distutils_hack", "distutils-precedence.pth"),
)
"""What of Debian's Python modules the programs under test need."""
LEFT_OUT = {"test", "idlelib", "lib2to3", "ensurepip", "pydoc_data", "site-packages", "dist-packages"}


def run_guest(script: str, plan: Mapping[str, Any], progress: Progress, limit_s: float) -> dict[str, Any]:
    """Build and pack what is needed, run `bench/SCRIPT` in the guest; return its raw data with the facts."""
    progress("building and packing what is measured")
    build()
    began = time.monotonic()

    def told(line: str) -> None:
        if line.startswith(TOLD):
            progress(line.removeprefix(TOLD))

    progress("booting the emulated machine")
    with _going_first():
        run = run_in_kernel(HERE / script, arguments=[json.dumps(plan)], timeout_s=limit_s, on_line=told)
    progress(f"measured, in {time.monotonic() - began:.0f} s")
    return {"facts": facts() | run.result.pop("facts"), "plan": dict(plan), **run.result}


@contextmanager
def _going_first() -> Iterator[None]:
    """Let the emulated machine go before this machine's other work, where that is allowed."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


@cache
def facts() -> dict[str, str]:
    """Return what the figures depend on: the machine and the versions."""
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {os.cpu_count()} of them",
        "hal_mpg": f"{__version__} ({_commit()})",
        "qemu": _first_line(["qemu-system-x86_64", "--version"]),
        "command": "make bench" if len(sys.argv) < 2 else f"python -m bench {' '.join(sys.argv[1:])}",
    }


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return _first_line(words) or "not a git repository"


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]


@cache
def build() -> None:
    """Build the C programs, install hal_mpg as `make install` does, and pack all for the guest.

    The guest reads this machine's files so slowly that a start would measure nothing else; so it unpacks
    one file into its memory.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    _compile("c_loop", [])
    _compile("stopwatch", ["-pthread"])
    loop = BUILD / "bin/python_loop"
    loop.write_text(f"#!{PYTHON}\n" + (HERE / "python_loop.py").read_text(encoding="utf-8"), encoding="utf-8")
    loop.chmod(0o755)
    _install()
    _pack()


def _compile(name: str, flags: list[str]) -> None:
    (BUILD / "bin").mkdir(exist_ok=True)
    target = BUILD / "bin" / name
    compiler = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-DULAPI", "-I/usr/include/linuxcnc", *flags]
    source = str(HERE / f"{name}.c")
    subprocess.run([*compiler, "-o", str(target), source, "-llinuxcnchal", "-lutil"], check=True)


def _install() -> None:
    """Install hal_mpg below build/ with the Makefile's own recipe."""
    made_of = (ROOT / name for name in ("hal_mpg", "config", "tools", "setup.py", "Makefile"))
    if _newest(made_of) < _stamp(PREFIX):
        return
    command = ["make", "-s", "-C", str(ROOT), "install-program", f"PREFIX={PREFIX}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (PREFIX / ".stamp").touch()


def _stamp(folder: Path) -> float:
    stamp = folder / ".stamp"
    return stamp.stat().st_mtime if stamp.exists() else 0.0


def _newest(paths: Iterable[Path]) -> float:
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    return max(file.stat().st_mtime for file in files if file.is_file() and file.suffix != ".pyc")


def _pack() -> None:
    """Put what runs in the guest into one file: Python and its library, the programs, their libraries."""
    library = Path(_ask_python("import sysconfig; print(sysconfig.get_path('stdlib'))"))
    packages = Path("/usr/lib/python3/dist-packages")
    interpreter = Path(PYTHON).resolve()
    modules = sorted({path for pattern in MODULES for path in packages.glob(pattern)})
    binaries = [interpreter, *map(Path, BINARIES)]
    shared = [*modules, library / "lib-dynload"]
    extensions = [file for path in shared for file in ([path] if path.is_file() else path.rglob("*.so"))]
    libraries = _libraries([*binaries, *extensions, BUILD / "bin/stopwatch"])
    with tarfile.open(PACK, "w", dereference=True) as pack:
        for path in [*binaries, *libraries, *modules, *_entries(library)]:
            pack.add(path, filter=_without_tests)
        pack.dereference = False  # what a virtual environment is made of
        for path in (PREFIX, BUILD / "bin"):
            pack.add(path, filter=_without_tests)


def _ask_python(code: str) -> str:
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _entries(library: Path) -> list[Path]:
    return [path for path in sorted(library.iterdir()) if path.name not in LEFT_OUT]


def _without_tests(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    is_test = {"test", "tests"} & set(Path(member.name).parts)
    is_tool = re.search(r"site-packages/(pip|setuptools)(/|-|$)", member.name)
    return None if is_test or is_tool else member


def _libraries(files: Iterable[Path]) -> list[Path]:
    """Return the shared libraries that `files` need, as ldd has them."""
    found: set[Path] = set()
    for file in files:
        done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
        found |= {Path(path) for path in re.findall(r"=> (/\S+)", done.stdout)}
    return sorted(found)
