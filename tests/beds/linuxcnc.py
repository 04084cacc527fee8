# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole LinuxCNC without a screen, started from one of the project's own INI files.

The GUI's place is taken by a driver: an executable script that LinuxCNC starts in the place of
`[DISPLAY]DISPLAY`, that does to the machine what a user would do, and whose end is LinuxCNC's end.
Drivers lie in tests/linuxcnc and use `driver.py` there.

Everything runs in a copy: the files that LinuxCNC writes beside an INI file stay out of the
repository, and the ordinary user that LinuxCNC wants can read them wherever the repository lies.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.beds.lock import with_own_lock
from tests.beds.namespaces import NOBODY, has_namespaces, private_command
from tests.beds.require import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""

SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python that has the modules `hal` and `linuxcnc`."""

RESULT_VARIABLE = "HAL_MPG_LINUXCNC_RESULT"
"""Environment variable: the file that the driver writes its result to, as JSON."""

ARGUMENTS_VARIABLE = "HAL_MPG_LINUXCNC_ARGUMENTS"
"""Environment variable: what the driver is to know, as JSON."""

SOCKET_VARIABLE = "HAL_MPG_LINUXCNC_SOCKET"
"""Environment variable: the Unix socket at which a virtual pendant is to be."""

_SHOWN_LINES = 80


@dataclass(frozen=True, slots=True)
class LinuxcncRun:
    """What came of one run."""

    result: Any
    """What the driver gave to its `finish`; None if it gave nothing."""
    output: str
    """Standard output and error of LinuxCNC, the driver and hal_mpg."""
    returncode: int
    """LinuxCNC's exit status; -1 if it had to be killed after the time limit."""

    def tail(self) -> str:
        """Return the last lines of the output, for a failed test's message."""
        return "\n".join(self.output.splitlines()[-_SHOWN_LINES:])


class LinuxcncRunError(Exception):
    """LinuxCNC or the driver failed; the message ends with the output's tail."""


@functools.cache
def why_no_linuxcnc() -> str | None:
    """Return why no LinuxCNC can run here, or None if one can."""
    if shutil.which("linuxcnc") is None:
        return "LinuxCNC is not installed"
    modules = [SYSTEM_PYTHON, "-c", "import hal, linuxcnc, yaml, evdev"]
    try:
        subprocess.run(modules, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return f"{SYSTEM_PYTHON} lacks one of the modules hal, linuxcnc, yaml, evdev"
    return None


def require_linuxcnc() -> None:
    """Skip (or, where it must be there, fail) the running test without a LinuxCNC to run."""
    reason = why_no_linuxcnc()
    if reason is None and not has_namespaces():
        reason = "this machine allows no private namespaces, so LinuxCNC's HAL would be shared"
    if reason is not None:
        skip_or_fail(reason)


def run_linuxcnc(
    ini: str,
    driver: Path,
    *,
    pendant: str | None = None,
    virtual: Path | None = None,
    uncomment: Sequence[str] = (),
    edit: Callable[[Path], None] | None = None,
    before: str = "",
    arguments: Any = None,
    env: Mapping[str, str] | None = None,
    program: Path | None = None,
    private: bool = True,
    groups: Sequence[int] = (),
    timeout_s: float = 180.0,
) -> LinuxcncRun:
    """Run LinuxCNC from config/`ini` with the script `driver` as its display.

    `pendant` takes the place of `[HAL_MPG]PENDANT`: a profile's name, or a path that everybody may
    read. `virtual` is a profile to use as a virtual pendant instead, which the driver plays with
    the class `VirtualPendant`; all but its source and match stays as it is.
    `uncomment` are lines of the INI file that are commented out there, and are not to be.
    `edit` is called with the directory of the configuration's copy, and may change what is in it, or put
    `ini` there, before anything is set in `ini`.
    `before` is a shell command that comes before LinuxCNC, as the same user in the same namespaces.
    `arguments`, anything that JSON can carry, is what the driver's `arguments()` returns.
    `env` is added to the environment of LinuxCNC, hal_mpg and the driver.
    `program` is an executable that takes the place of the repository's hal_mpg.
    `private` makes namespaces (see namespaces.py); without, as in an emulated machine that is
    private already, there must be no other LinuxCNC.
    `groups` are the ids of the ordinary user's further groups; only for root, and not `private`.

    Raises LinuxcncRunError if LinuxCNC did not end by itself within `timeout_s`, ended with an
    error, or the driver raised an exception.
    """
    with _working_directory() as directory:
        config = _copy_project(directory, program)
        display = _copy_driver(driver, config.parent)
        socket = directory / "pendant.socket"
        if virtual is not None:
            pendant = str(make_virtual(virtual, config / "pendants", socket))
        if edit is not None:
            edit(config)
        _set_in_ini(config / ini, "DISPLAY", str(display))
        if pendant is not None:
            _set_in_ini(config / ini, "PENDANT", pendant)
        for line in uncomment:
            _uncomment_in_ini(config / ini, line)
        result = directory / "result.json"
        environment = {
            **os.environ,
            "PYTHONPATH": str(config.parent),
            **(env or {}),
            RESULT_VARIABLE: str(result),
            ARGUMENTS_VARIABLE: json.dumps(arguments),
            SOCKET_VARIABLE: str(socket),
        }
        environment.pop("DISPLAY", None)  # or LinuxCNC would show its messages in windows
        argv = ["linuxcnc", "-r", str(config / ini)]
        if before:
            argv = ["sh", "-c", f'{before}; exec "$@"', "sh", *argv]
        command = _as_ordinary_user(argv, directory, private, groups)
        log = directory / "output"
        returncode = _run_to_file(command, log, environment, timeout_s)
        answer = json.loads(result.read_text()) if result.exists() else None
        output = log.read_text(errors="replace")
    return _checked(f"{ini}, {driver.name}", LinuxcncRun(answer, output, returncode))


def _checked(what: str, run: LinuxcncRun) -> LinuxcncRun:
    """Return `run` with what the driver's main function returned as its result."""
    if run.returncode != 0 or run.result is None:
        raise LinuxcncRunError(f"{what}: status {run.returncode}\n{run.tail()}")
    if "exception" in run.result:
        messages = "\n".join(run.result["errors"])
        raise LinuxcncRunError(f"{what}:\n{run.tail()}\n{messages}\n{run.result['exception']}")
    return LinuxcncRun(run.result["result"], run.output, run.returncode)


@contextmanager
def _working_directory() -> Iterator[Path]:
    """Make a directory that any user can enter, unlike pytest's own temporary directories."""
    directory = Path(tempfile.mkdtemp(prefix="hal_mpg-linuxcnc-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _copy_project(directory: Path, program: Path | None) -> Path:
    """Copy the package and the configurations side by side; return the configurations' copy."""
    ignored = shutil.ignore_patterns("__pycache__", "*.var", "*.var.bak")
    project = directory / "project"
    for name in ("hal_mpg", "config"):
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    # The linuxcnc script puts the directory bin beside the INI file first on PATH.
    command = project / "config" / "bin" / "hal_mpg"
    command.parent.mkdir()
    if program is None:
        command.write_text(f'#!/bin/sh\nexec {SYSTEM_PYTHON} -m hal_mpg "$@"\n')
    else:
        shutil.copy(program, command)
    command.chmod(0o755)
    return project / "config"


def _copy_driver(driver: Path, project: Path) -> Path:
    """Copy a driver, with what it may import: the modules beside it, those of tests.linuxcnc, the faults."""
    for folder in {driver.parent, ROOT / "tests/linuxcnc", ROOT / "tests/faults"}:
        for file in [*folder.glob("*.py"), *folder.glob("catalogue/*.yaml")]:
            copy = project / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text())
            copy.chmod(0o755)  # whatever the repository's file allows
    return project / driver.relative_to(ROOT)


def make_virtual(profile: Path, directory: Path, socket: Path) -> Path:
    """Copy a profile to `directory`, with a socket in the place of the device; return the copy."""
    copy = directory / f"virtual-{profile.name}"
    if copy.exists():  # of the first one of two
        copy = directory / f"virtual-{socket.stem}-{profile.name}"
    text = _replace_once(r"^source:.*$", "source: virtual", profile.read_text())
    text = _replace_once(r"^match:.*\n( .*\n)+", f"match:\n  - {{socket: {socket}}}\n", text)
    copy.write_text(text)
    return copy


def _set_in_ini(path: Path, variable: str, value: str) -> None:
    text = _replace_once(rf"^{variable}\s*=.*$", f"{variable} = {value}", path.read_text())
    path.write_text(text)


def _uncomment_in_ini(path: Path, line: str) -> None:
    text = _replace_once(rf"^#\s*{re.escape(line)}$", line, path.read_text())
    path.write_text(text)


def _replace_once(pattern: str, new: str, text: str) -> str:
    """Replace the only match of `pattern`; ^ and $ are at each line. ValueError if not just one."""
    changed, found = re.subn(pattern, lambda _: new, text, flags=re.MULTILINE)
    if found != 1:
        raise ValueError(f"{pattern!r} is there {found} times; once is right")
    return changed


def _as_ordinary_user(
    argv: Sequence[str], directory: Path, private: bool, groups: Sequence[int]
) -> list[str]:
    """Return the command that runs `argv` as a user that may write in `directory`."""
    home = directory / "home"
    home.mkdir()
    if os.geteuid() == 0:
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    if private:
        return private_command(with_own_lock(argv), home)
    command = ["env", f"HOME={home}", *argv]
    if os.geteuid() == 0:
        extra = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", extra, *command]
    return command


def _run_to_file(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    timeout_s: float,
) -> int:
    """Run `command` with its output in `log`, not in a pipe that a left-over child could hold."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=log.parent,
            start_new_session=True,
        )
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
