# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a user may open a device node now, and udev, which decides that."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.inventory import GROUP

LIMIT_S = 120.0
"""How long udev may take, on a machine that is busy."""


WHAT_PENDANTS_ARE = (
    tuple(f"--subsystem-match={name}" for name in ("usb", "input", "hidraw", "usb-serial")),
    # Not the consoles: whoever has logged in there owns them.
    (
        "--subsystem-match=tty",
        *(f"--sysname-match={name}*" for name in ("ttyACM", "ttyUSB", "ttyS", "ttyAMA")),
    ),
)
"""What udev is to look at again when its rules have changed."""


@dataclass(frozen=True, slots=True)
class User:
    """Who is to have access: name, ids, and the groups that the running session has."""

    name: str
    uid: int
    gid: int
    groups: frozenset[int]

    def may_open(self, path: str, mode: int = os.R_OK | os.W_OK) -> bool:
        """Tell whether this user may read a node and write to it (for lamps), access lists included."""
        if os.geteuid() != 0 or self.uid == 0:
            return os.access(path, mode)
        child = os.fork()
        if child == 0:
            status = 2
            try:
                os.setgroups(list(self.groups))
                os.setgid(self.gid)
                os.setuid(self.uid)
                status = 0 if os.access(path, mode) else 1
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    @property
    def has_group(self) -> bool:
        """Whether this session is in the group of the udev rules."""
        return _group_number() in self.groups

    @property
    def will_have_group(self) -> bool:
        """Whether the next session will be in it."""
        try:
            group = grp.getgrnam(GROUP)
        except KeyError:
            return False
        return self.name in group.gr_mem or self.gid == group.gr_gid


def has_group() -> bool:
    """Tell whether this machine has the group of the udev rules at all."""
    return _group_number() is not None


def _group_number() -> int | None:
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def calling_user(environment: Mapping[str, str] = os.environ) -> User:
    """Return who runs this; under sudo (or pkexec) who called that."""
    uid = os.getuid()
    if uid == 0:
        for variable in ("SUDO_UID", "PKEXEC_UID"):
            text = environment.get(variable, "")
            if text.isdecimal():
                uid = int(text)
                break
    try:
        entry = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return User(str(uid), uid, os.getgid(), frozenset(os.getgroups()))
    groups = _session_groups(uid) or frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return User(entry.pw_name, uid, entry.pw_gid, groups | {entry.pw_gid})


def _session_groups(uid: int) -> frozenset[int] | None:
    """Return the groups of the nearest process above that is this user's: the session's own."""
    process = os.getpid()
    for _ in range(64):
        try:
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            fields = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
            if int(fields["Uid"][0]) == uid:
                return frozenset(int(group) for group in fields["Groups"])
            process = int(fields["PPid"][0])
        except (OSError, KeyError, ValueError, IndexError):
            return None
        if process <= 1:
            return None
    return None


def udev(*arguments: str) -> str:
    """Run udevadm; return what it complains of, "" for nothing."""
    program = shutil.which("udevadm", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return "udevadm is not there (Debian: package udev)"
    try:
        done = subprocess.run(
            [program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
    except OSError as error:
        return f"udevadm: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"udevadm {arguments[0]} took more than {LIMIT_S:.0f} s"
    complaint = " ".join(done.stderr.split()) or f"status {done.returncode}"
    return f"udevadm {arguments[0]}: {complaint}" if done.returncode else ""


def apply_rules(anew: Sequence[str] = ()) -> str:
    """Let udev read its rules anew and apply them to what is plugged in; return its complaint, or "".

    To the nodes `anew` as if they had just come: Debian's own rules give nodes their usual group only then.
    """
    complaint = udev("control", "--reload")
    for what in WHAT_PENDANTS_ARE:
        complaint = complaint or udev("trigger", "--action=change", *what)
    for node in anew:
        complaint = complaint or udev("trigger", "--action=add", f"--name-match={node}")
    return complaint or udev("settle", "--timeout=60")
