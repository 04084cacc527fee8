# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_access.py: install-udev, uninstall-udev and list as root and as a user.

Nothing is asserted here; the host does that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import evdev
from evdev import ecodes

from tests.beds.gadget import UinputPendant, UsbPendant
from tests.beds.kernel import ROOT, write_result

USER, UID = "nobody", 65534
LIMITS = ["prlimit", "--rtprio=10", f"--memlock={256 << 20}"]
"""What config/limits-hal-mpg.conf allows."""
AS_USER = [*LIMITS, "setpriv", f"--reuid={UID}", f"--regid={UID}", "--init-groups"]
RULES_D = Path("/etc/udev/rules.d")
Notes = dict[str, Any]


def tool(*arguments: str, as_user: bool = False) -> Notes:
    """Run a tool as root, called by sudo of the user; or as that user, with the groups of a new login."""
    command = [
        *(AS_USER if as_user else []),
        "env",
        f"SUDO_UID={UID}",
        sys.executable,
        "-m",
        "hal_mpg",
        *arguments,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    print(*arguments, done.returncode, done.stdout, done.stderr, sep="\n")
    files = sorted(path.name for path in RULES_D.glob("*hal*"))
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr, "files": files}


def user_reads(node: str) -> bool:
    command = [*AS_USER, "head", "-c0", node]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def lock_memory() -> list[str]:
    """Return why a user's memory cannot be locked, and the kernel's line of how much is, with 32 MB more."""
    program = (
        "from hal_mpg.realtime import lock_memory; print(lock_memory()); "
        "more = [bytearray(1 << 20) for _ in range(32)]; "
        "print([line for line in open('/proc/self/status') if line.startswith('VmLck')][0])"
    )
    command = [*AS_USER, "/usr/bin/python3", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")


def doctor() -> list[str]:
    """Return the ids of what is wrong, as the user sees it."""
    document = json.loads(tool("doctor", "--json", "--pendant", "generic-6axis", as_user=True)["out"])
    return [finding["id"] for finding in document["findings"] if finding["severity"] in ("warning", "error")]


def install_the_rest() -> None:
    """Do what `make install` does, but for the rules."""
    shutil.copy(ROOT / "config/limits-hal-mpg.conf", "/etc/security/limits.d/hal-mpg.conf")
    program = Path("/usr/local/bin/hal_mpg")
    program.write_text('#!/bin/sh\nexec /usr/bin/python3 -m hal_mpg "$@"\n')
    program.chmod(0o755)


def access() -> Notes:
    for path in RULES_D.glob("*hal*mpg*"):
        path.unlink()  # what the host has
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    install_the_rest()
    notes: Notes = {"locked": lock_memory()}
    sick: dict[str, list[str]] = {"unplugged": doctor()}
    notes["doctor"] = sick
    with UsbPendant() as pendant, UsbPendant(product=0x0002, serial="stranger") as stranger:
        pendant.plug(0)
        node = pendant.node()
        sick["no rules"] = doctor()
        shutil.copy(ROOT / "udev/70-hal-mpg.rules", RULES_D)
        sick["rules not in force"] = doctor()
        (RULES_D / "70-hal-mpg.rules").unlink()
        notes["listed before"] = tool("list", "--json", as_user=True)
        notes["as user"] = tool("install-udev", as_user=True)
        notes["dry"] = tool("install-udev", "--dry-run", as_user=True)
        notes["not in group"] = tool("install-udev")
        notes["listed without group"] = tool("list", as_user=True)
        sick["not in the group"] = doctor()
        subprocess.run(["usermod", "-aG", "plugdev", USER], check=True)
        notes["in group"] = tool("install-udev")
        notes["reads"] = user_reads(node)
        notes["again"] = tool("install-udev")
        sick["good"] = doctor()
        device = evdev.InputDevice(node)
        device.grab()
        sick["grabbed"] = doctor()
        device.close()
        Path(node).chmod(0)
        sick["not readable"] = doctor()
        Path(node).chmod(0o660)
        sick["good again"] = doctor()
        notes["listed after"] = tool("list", "--json", as_user=True)

        stranger.plug(1)
        strange = stranger.node()
        notes["stranger before"] = [user_reads(strange), tool("list", as_user=True)]
        notes["stranger"] = tool("install-udev", "--device", strange)
        notes["stranger after"] = user_reads(strange)
        stranger.unplug()
        stranger.wait_for_no_node()
        stranger.plug(1)
        notes["stranger replugged"] = user_reads(stranger.node())

        knob = UinputPendant("Knob, 11", {ecodes.EV_KEY: [ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN]})
        notes["knob before"] = user_reads(knob.node())
        own = Path("/tmp/80-knob.rules")
        own.write_text('SUBSYSTEM=="input", ATTRS{name}=="Knob, 11", ENV{HAL_MPG}="1"\n')
        notes["knob"] = tool("install-udev", "--rule", str(own))
        notes["knob after"] = user_reads(knob.node())

        (RULES_D / "71-mine-hal_mpg.rules").write_text("# mine\n")
        notes["gone"] = tool("uninstall-udev")
        notes["reads after"] = [user_reads(path) for path in (node, stranger.node(), knob.node())]
        notes["gone twice"] = tool("uninstall-udev")
        knob.close()
    return notes


if __name__ == "__main__":
    try:
        result = access()
    except Exception:  # noqa: BLE001  # whatever it is, the host shows it
        result = {"error": traceback.format_exc()}
    print(json.dumps(result, indent=1))
    write_result(result)
