# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo needs before it starts a machine: a user, a Python, a private copy of the project."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import hal_mpg
from hal_mpg.errors import HalMpgError
from hal_mpg.profile_files import shared_dir

INI = "sim-4axis.ini"
PROFILE = "generic-4axis.yaml"

SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python that LinuxCNC's modules, and AXIS, are installed for."""

NOBODY = 65534
"""User and group id of an ordinary user that every Linux has."""

CHECK_S = 60.0
"""How long a check of what is there may take, on a machine that is busy."""

PROCESSES = frozenset({"linuxcnc", "linuxcncsvr", "milltask", "halrun", "rtapi_app"})
"""Processes of a running LinuxCNC, or of HAL alone, as /proc/PID/comm has them."""

HAL_KEYS = frozenset({0x48414C32, 0x48484C34})
"""Keys of HAL's shared memory (LinuxCNC: hal_priv.h, HAL_KEY; uspace_common.h, UUID_KEY)."""

LOCK = Path("/tmp/linuxcnc.lock")
"""LinuxCNC's mark that it is running; a crash leaves it behind, and the next start asks a question."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom LinuxCNC runs as: it refuses root."""

    uid: int = field(default_factory=os.geteuid)
    gid: int = field(default_factory=os.getegid)

    @property
    def name(self) -> str:
        """The user's name, for people."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"number {self.uid}"

    @property
    def owner(self) -> tuple[int, int] | None:
        """Uid and gid to hand files over to; None: they are ours already."""
        return None if self.uid == os.geteuid() else (self.uid, self.gid)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` as this user, under the same process id."""
        if self.owner is None:
            return list(argv)
        groups = "--clear-groups" if self.name.startswith("number ") else "--init-groups"
        # setpriv looks for what it starts with root's rights; env does so with the user's own.
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", groups, "--", "env", *argv]

    def can(self, argv: Sequence[str], environment: dict[str, str]) -> bool:
        """Run a short command as this user, and tell whether it succeeded."""
        try:
            done = subprocess.run(
                self.command(argv),
                check=False,
                capture_output=True,
                env=environment,
                cwd="/",
                timeout=CHECK_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def linuxcnc_account() -> Account:
    """Return whom LinuxCNC is to run as: ourselves; for root whoever called sudo, or else nobody."""
    if os.geteuid() != 0:
        return Account()
    try:
        uid, gid = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        uid, gid = 0, 0
    return Account(uid, gid) if uid > 0 and gid > 0 else Account(NOBODY, NOBODY)


class Place:
    """A directory of the demo's own with all that it makes; `remove` takes it away."""

    def __init__(self, path: Path, account: Account) -> None:
        """Copy the project into the empty directory `path`."""
        self.path, self.account = path, account
        # LinuxCNC's user may read all of it, wherever the original is, and write to its own part.
        path.chmod(0o755)
        self.project, self.home = path / "project", path / "home"
        ignored = shutil.ignore_patterns("__pycache__", "*.var", "*.var.bak")
        shutil.copytree(Path(hal_mpg.__file__).parent, self.project / "hal_mpg", ignore=ignored)
        shutil.copytree(shared_dir(), self.project / "config", ignore=ignored)
        self.home.mkdir()
        self.ini = self.project / "config" / INI
        self.log = path / "log"
        self.pendant_socket, self.control_socket = path / "pendant.socket", path / "control.socket"
        self.profile = self._make_profile()

    def environment(self, display: bool) -> dict[str, str]:
        """Return the environment of LinuxCNC; `display`: it may show windows."""
        given = {**os.environ, "HOME": str(self.home), "PYTHONPATH": str(self.project)}
        own_authority = Path.home() / ".Xauthority"
        if "XAUTHORITY" not in given and own_authority.exists():
            given["XAUTHORITY"] = str(own_authority)
        # AXIS would take PYTHONHOME for its own; LinuxCNC without a display must not find one.
        unwanted = {"PYTHONHOME", "VIRTUAL_ENV"} | (set() if display else {"DISPLAY", "WAYLAND_DISPLAY"})
        return {name: value for name, value in given.items() if name not in unwanted}

    def make_commands(self, python: str, shows_axis: bool) -> None:
        """Write the commands that LinuxCNC finds first on its PATH, and name one as its display."""
        folder = self.ini.parent / "bin"
        folder.mkdir()
        gui = "axis" if shows_axis else "none"
        reader = f"hal_mpg.demo.reader {self.control_socket} {gui}"
        for name, module in (
            ("hal_mpg", "hal_mpg --verbose"),
            ("hal_mpg-recover", "hal_mpg recover"),
            ("hal_mpg-demo-display", reader),
        ):
            script = f'#!/bin/sh\nPYTHONPATH={self.project} exec {shlex.quote(python)} -m {module} "$@"\n'
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        text = _replace(r"^PENDANT\s*=.*$", f"PENDANT = {self.profile}", self.ini.read_text())
        self.ini.write_text(_replace(r"^DISPLAY\s*=.*$", f"DISPLAY = {folder}/hal_mpg-demo-display", text))
        self.hand_over()

    def hand_over(self) -> None:
        """Give LinuxCNC's user what it has to write to."""
        if self.account.owner:
            for top in (self.project, self.home):
                for path in (top, *top.rglob("*")):
                    os.chown(path, *self.account.owner)

    def remove(self) -> None:
        """Take the directory away."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _make_profile(self) -> Path:
        pendants = self.project / "config" / "pendants"
        text = _replace(r"^source:.*$", "source: virtual", (pendants / PROFILE).read_text())
        text = _replace(r"^match:.*\n( .*\n)+", f"match:\n  - {{socket: {self.pendant_socket}}}\n", text)
        path = pendants / f"demo-{PROFILE}"
        path.write_text(text)
        return path


def find_python(place: Place) -> str | None:
    """Return a Python with LinuxCNC's modules that its user can run; None: there is none."""
    place.hand_over()
    check = ["-c", "import hal, linuxcnc, yaml, hal_mpg.demo.reader"]
    for python in (sys.executable, SYSTEM_PYTHON):
        if python and place.account.can([python, *check], place.environment(display=False)):
            return python
    return None


def why_no_axis(place: Place) -> str | None:
    """Return why AXIS cannot be shown; None: it can."""
    if not os.environ.get("DISPLAY"):
        return "there is no display"
    if shutil.which("axis") is None:
        return "it is not installed"
    check = [SYSTEM_PYTHON, "-c", "import tkinter; tkinter.Tk().destroy()"]
    if not place.account.can(check, place.environment(display=True)):
        return f"user {place.account.name} cannot use the display {os.environ['DISPLAY']}"
    return None


def running_linuxcnc() -> str | None:
    """Return what there is of a LinuxCNC (or HAL) that is running on this machine; None: nothing."""
    for entry in Path("/proc").iterdir():
        try:
            name = (entry / "comm").read_text().strip() if entry.name.isdigit() else ""
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0] if name in PROCESSES else "Z"
        except OSError:
            continue  # it has ended meanwhile
        if state != "Z":
            return f"process {entry.name}, {name}"
    return hal_memory()


def hal_memory() -> str | None:
    """Return whose HAL memory is in use; None: there is no HAL."""
    for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        words = line.split()
        # The columns are key, shmid, perms, size, cpid, lpid, nattch, ...
        if int(words[0]) & 0xFFFFFFFF in HAL_KEYS and words[6] != "0":
            return f"HAL's shared memory, of process {words[4]}"
    return None


def processes_of(path: Path) -> list[int]:
    """Return the processes that have a file of the directory `path` on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            if entry.name.isdigit() and f"{path}/".encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def refuse_if_running() -> None:
    """Raise HalMpgError where a LinuxCNC is running; there can be one on a machine."""
    found = running_linuxcnc()
    if found:
        raise HalMpgError(
            f"a LinuxCNC is running here already ({found}): end it first; or try hal_mpg demo --fake"
        )


def remove_stale_lock() -> None:
    """Remove the lock of a LinuxCNC that is known not to run. Raises HalMpgError where it is another's."""
    try:
        LOCK.unlink(missing_ok=True)
    except OSError as error:
        raise HalMpgError(f"{LOCK}, left by a LinuxCNC that crashed, has to go: {error.strerror}") from None


def _replace(pattern: str, new: str, text: str) -> str:
    """Replace the first match of `pattern`, where ^ and $ are at each line; there has to be one."""
    changed, found = re.subn(pattern, lambda _: new, text, count=1, flags=re.MULTILINE)
    if not found:
        raise HalMpgError(f"the sample configuration has no {pattern}; reinstall hal_mpg")
    return changed
