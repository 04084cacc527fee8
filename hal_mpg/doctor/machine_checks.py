# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the programs are there, belong together, and have the rights that they need."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.demo.setup import SYSTEM_PYTHON
from hal_mpg.doctor.device_checks import LOGIN
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding
from hal_mpg.doctor.surroundings import LIMITS, LIMITS_FILE, Surroundings
from hal_mpg.doctor.wiring_checks import VELOCITY_MODE_IS_SAFE
from hal_mpg.own_command import own_command
from hal_mpg.profile_files import shared_dir

OLDEST = (2, 8)
"""The first LinuxCNC with wheel jogging of joints and axes as hal_mpg uses it."""


def check_machine(facts: Surroundings, is_virtual: bool) -> Iterator[Finding]:
    """Yield what is wrong with programs and rights. `is_virtual`: the pendant is none of hardware."""
    if facts.is_root and facts.user.uid == 0:
        what = "root may read everything, so that what an ordinary user may do cannot be seen"
        yield Finding("root", NOTE, what, "run it as the user who runs LinuxCNC, or by sudo")
    yield from _linuxcnc(facts)
    yield from _priority(facts, is_virtual)
    if facts.hidden_rules and facts.shipped_rules:
        local = facts.shipped_rules
        what = f"{local} says something else than {facts.hidden_rules}, which it hides from udev"
        mend = f"sudo {own_command()} uninstall-udev; if that leaves it: sudo rm {local}, unless you need it"
        yield Finding("rules-hidden", WARNING, what, mend)


def _linuxcnc(facts: Surroundings) -> Iterator[Finding]:
    if not facts.linuxcnc:
        what = "LinuxCNC is not installed (or not on the PATH)"
        mend = "sudo apt install linuxcnc-uspace (Debian 12 and later), or see linuxcnc.org"
        yield Finding("linuxcnc-missing", ERROR, what, mend)
        return
    if facts.version and facts.version < OLDEST:
        what = f"LinuxCNC {facts.version_text} is older than hal_mpg's wiring wants (2.8)"
        yield Finding("linuxcnc-old", WARNING, what, "update LinuxCNC")
    else:
        trap = ""
        if facts.version and facts.version < VELOCITY_MODE_IS_SAFE:
            trap = " (leave jog-vel-mode FALSE: it is dangerous before 2.9.9)"
        yield Finding("linuxcnc", OK, f"LinuxCNC {facts.version_text or 'of unknown version'}{trap}")
    yield from _program(facts)


def _program(facts: Surroundings) -> Iterator[Finding]:
    if not facts.program:
        what = "LinuxCNC would not find the program hal_mpg: it is in no directory of the PATH"
        yield Finding("not-on-path", ERROR, what, "sudo make install in hal_mpg's directory (see the README)")
    if facts.python_has_hal:
        if facts.program:
            yield Finding("program", OK, f"{facts.program}, with LinuxCNC's module hal ({facts.python})")
        return
    if facts.system_has_hal:
        what = (
            f"hal_mpg runs with {facts.python}, which has not LinuxCNC's module hal; {SYSTEM_PYTHON} has it"
        )
        mend = "install it for that one: sudo make install, or pipx install --system-site-packages"
        yield Finding("wrong-python", ERROR, what, f"{mend} --python {SYSTEM_PYTHON} .")
        return
    what = f"neither {facts.python} nor {SYSTEM_PYTHON} has LinuxCNC's Python module hal"
    yield Finding("hal-module", ERROR, what, "sudo apt install --reinstall linuxcnc-uspace")


def _priority(facts: Surroundings, is_virtual: bool) -> Iterator[Finding]:
    if not facts.has_limits and not (facts.may_priority and not facts.is_root):
        what = "nobody may have a realtime priority: a busy computer can trip the watchdog"
        target = LIMITS / "hal-mpg.conf"
        mend = f"sudo cp {shared_dir() / LIMITS_FILE} {target}, then {LOGIN}"
        yield Finding("realtime-limits", WARNING, what, mend)
    elif not facts.may_priority and not facts.is_root and facts.user.has_group:
        what = "this session may not have the realtime priority that the limits allow"
        yield Finding("realtime-login", NOTE if is_virtual else WARNING, what, LOGIN)
    elif not facts.may_lock and not facts.is_root:
        what = "hal_mpg may not lock its memory: a computer that is short of it can trip the watchdog"
        mend = f"sudo cp {shared_dir() / LIMITS_FILE} {LIMITS / 'hal-mpg.conf'}, then {LOGIN}"
        yield Finding("memory-limit", NOTE, what, mend)
