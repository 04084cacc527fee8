# SPDX-License-Identifier: GPL-2.0-or-later
"""HAL as it is in the LinuxCNC that is running; nothing is changed there."""

from __future__ import annotations

from pathlib import Path

from hal_mpg.commands.recover import Linuxcnc, halcmd, is_alive, running
from hal_mpg.doctor.netlist import Netlist, from_halcmd
from hal_mpg.errors import HalError

KINDS = ("pin", "param", "thread", "comp")


def running_linuxcnc(ini: Path | None) -> Linuxcnc | None:
    """Return the LinuxCNC of this user that runs, if it runs with this INI file (None: with any)."""
    try:
        linuxcnc = running(None)
    except HalError:
        return None
    if ini is None:
        return linuxcnc
    try:
        return linuxcnc if linuxcnc.ini.samefile(ini) else None
    except OSError:
        return None


def live_netlist(linuxcnc: Linuxcnc) -> tuple[Netlist, dict[str, bool]]:
    """Return what HAL is now, and which of its components' processes are there. Raises HalError."""
    net = from_halcmd({kind: halcmd(linuxcnc, [f"show {kind}"]) for kind in KINDS})
    return net, {name: is_alive(process) for name, process in net.components.items()}
