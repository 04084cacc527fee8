# SPDX-License-Identifier: GPL-2.0-or-later
"""The facts about this machine that the doctor judges: devices, rights, rules, programs."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.demo.setup import CHECK_S, SYSTEM_PYTHON
from hal_mpg.devices.access import User, calling_user, has_group
from hal_mpg.devices.inventory import (
    Device,
    Node,
    loaded_profiles,
)
from hal_mpg.devices.package_rules import hidden
from hal_mpg.devices.raw_hid import all_devices, is_locked, is_raw, needed
from hal_mpg.devices.udev_rules import SHIPPED, installed, is_marked, naming_files
from hal_mpg.doctor.port_facts import PortFacts, port_facts
from hal_mpg.doctor.processes import Holder, can_try, holders_of, is_for_group, may_open
from hal_mpg.input_node import open_node
from hal_mpg.profile import Profile
from hal_mpg.realtime import ENOUGH_TO_LOCK, PRIORITY

LIMITS = Path("/etc/security/limits.d")
LIMITS_FILE = "limits-hal-mpg.conf"


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device, and what this user can do with it.

    `naming`: the files of udev's rules that name it as a pendant. `is_marked`: whether udev has taken them
    in, None where udev cannot be asked. `for_group`: the rules' group may use it. `holders` have it open.
    """

    device: Device
    may_open: bool
    naming: tuple[Path, ...] = ()
    is_marked: bool | None = None
    for_group: bool = False
    is_grabbed: bool = False
    holders: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is on this machine. `python` runs hal_mpg in LinuxCNC; `version` is () where it is not known."""

    user: User
    is_root: bool
    has_group: bool
    devices: tuple[DeviceFacts, ...]
    profile_faults: tuple[str, ...]
    shipped_rules: Path | None
    has_limits: bool
    may_priority: bool
    linuxcnc: str
    version: tuple[int, ...]
    version_text: str
    program: str
    python: str
    python_has_hal: bool
    system_has_hal: bool
    may_lock: bool = True
    ports: tuple[PortFacts, ...] = ()
    has_pyserial: bool = True
    has_modem_manager: bool = False
    hidden_rules: Path | None = None
    """The rules of a package that other rules of the same name hide."""


def gather(
    ini: Path | None = None,
    path: str | None = None,
    profile: Profile | None = None,
    device: str | None = None,
) -> Surroundings:
    """Look at this machine. `ini` and `path`: where LinuxCNC looks for the program that loadusr starts.

    `profile`: of the pendant that is looked for, where it is known; `device`: the one that is named for it.
    """
    user = calling_user()
    profiles, faults = loaded_profiles()
    path = os.environ.get("PATH", os.defpath) if path is None else path
    if ini is not None:
        path = f"{ini.absolute().parent / 'bin'}:{path}"  # the linuxcnc script puts it there
    program = shutil.which("hal_mpg", path=path) or ""
    python = interpreter(program) or sys.executable
    linuxcnc = shutil.which("linuxcnc", path=path) or ""
    text = _linuxcnc_version() if linuxcnc else ""
    has_hal = imports_hal(python)
    return Surroundings(
        user=user,
        is_root=os.geteuid() == 0,
        has_group=has_group(),
        devices=tuple(_facts(device, user, profile) for device in all_devices(profiles)),
        profile_faults=tuple(faults),
        shipped_rules=installed(SHIPPED),
        hidden_rules=hidden(SHIPPED),
        has_limits=has_limits(),
        may_priority=_may_priority(),
        may_lock=_may_lock(),
        linuxcnc=linuxcnc,
        version=version_of(text),
        version_text=text,
        program=program,
        python=python,
        python_has_hal=has_hal,
        ports=port_facts(user, profiles, profile, device),
        has_pyserial=imports(python, "serial"),
        has_modem_manager=bool(shutil.which("ModemManager", path="/usr/sbin:/usr/bin:/sbin")),
        system_has_hal=has_hal or imports_hal(SYSTEM_PYTHON),
    )


def _facts(device: Device, user: User, profile: Profile | None) -> DeviceFacts:
    naming, holders = tuple(naming_files(device)), holders_of(device.paths)
    is_pendant = bool(device.fits or naming) or (profile is not None and fits_profile(device, profile))
    return DeviceFacts(
        device,
        may_open=all(_may_use(user, device, node) for node in device.nodes) and not _is_broken(device),
        naming=naming,
        is_marked=is_marked(device.paths[0]),
        for_group=all(map(is_for_group, device.paths)),
        # What is no pendant is left alone.
        is_grabbed=is_pendant and can_try(holders) and any(map(_is_taken, device.nodes)),
        holders=holders,
    )


def fits_profile(device: Device, profile: Profile) -> bool:
    """Tell whether a profile, known or not, fits a device."""
    nodes = [node for node in device.nodes if is_raw(node) == (profile.hid is not None)]
    return any(match.fits(node.identity) for match in profile.match for node in nodes)


def _is_broken(device: Device) -> bool:
    nodes = [node for node in device.nodes if not is_raw(node)]
    return any(node.refusal and os.access(node.path, os.R_OK) for node in nodes)


def _may_use(user: User, device: Device, node: Node) -> bool:
    return may_open(user, node.path, needed(device.fits) if is_raw(node) else os.R_OK)


def _is_taken(node: Node) -> bool:
    return is_locked(node.path) if is_raw(node) else is_grabbed(node.path)


def is_grabbed(path: str) -> bool:
    """Tell whether somebody keeps the events of a node to himself; it is grabbed for a moment to see that."""
    with suppress(OSError):
        device = open_node(path)
        try:
            device.grab()
            device.ungrab()
        except OSError as error:
            return error.errno == errno.EBUSY
        finally:
            device.close()
    return False


def interpreter(program: str) -> str:
    """Return the Python that a program's first line names; "" where it is no Python program, or a shell's."""
    try:
        with open(program, "rb") as file:
            line = file.readline(300).decode(errors="replace")
    except (OSError, ValueError):
        return ""
    words = line.removeprefix("#!").split()
    if not line.startswith("#!") or not words:
        return ""
    if words[0].endswith("/env"):
        words = words[1:]
    is_python = bool(words) and re.fullmatch(r"python[0-9.]*", Path(words[0]).name)
    return (shutil.which(words[0]) or words[0]) if is_python else ""


def imports_hal(python: str) -> bool:
    """Tell whether a Python has LinuxCNC's module `hal`."""
    return imports(python, "hal")


def imports(python: str, module: str) -> bool:
    """Tell whether a Python has a module."""
    try:
        done = subprocess.run(
            [python, "-c", f"import {module}"], check=False, capture_output=True, timeout=CHECK_S, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _linuxcnc_version() -> str:
    for command in (
        ["linuxcnc_var", "LINUXCNCVERSION"],
        ["dpkg-query", "-W", "-f=${Version}", "linuxcnc-uspace"],
    ):
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=CHECK_S)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.split()[0]
    return ""


def version_of(text: str) -> tuple[int, ...]:
    """Return a version as numbers, (2, 9, 0) of "1:2.9.0~pre1+git"; () for what is none."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)+)", text)
    return tuple(int(number) for number in found[1].split(".")) if found else ()


def has_limits() -> bool:
    """Tell whether somebody may have a realtime priority by PAM's limits."""
    files = [LIMITS.parent / "limits.conf", *(sorted(LIMITS.glob("*.conf")) if LIMITS.is_dir() else ())]
    for file in files:
        with suppress(OSError):
            lines = file.read_text(errors="replace").splitlines()
            if any("rtprio" in line.split("#", 1)[0].split() for line in lines):
                return True
    return False


def _may_priority() -> bool:
    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
    return limit == resource.RLIM_INFINITY or limit >= PRIORITY


def _may_lock() -> bool:
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return limit == resource.RLIM_INFINITY or limit >= ENOUGH_TO_LOCK
