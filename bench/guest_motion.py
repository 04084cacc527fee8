# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for motion.py: a pendant, and LinuxCNC with one program after the other, in turn."""

from __future__ import annotations

import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import evdev
from evdev import ecodes

from bench.guest import LIMITS, plan, prepare, tell
from bench.guest_motion_hand import FIRST_BUTTON, SOCKET
from tests.beds.kernel import ROOT, write_result
from tests.beds.linuxcnc import run_linuxcnc
from tests.beds.namespaces import NOBODY

HERE = ROOT / "bench"
HALFILES = "HALFILE = sim-motion.hal\n"


def make_pendant() -> evdev.UInput:
    """Make a pendant as the generic profiles have it, that LinuxCNC's user may read."""
    subprocess.run(["modprobe", "-a", "uinput", "evdev"], check=True)
    buttons = list(range(FIRST_BUTTON, FIRST_BUTTON + 16))
    events = {ecodes.EV_KEY: buttons, ecodes.EV_REL: [ecodes.REL_DIAL]}
    device = evdev.UInput(events, name="Bench MPG Pendant", vendor=0x1209, product=0x0001)
    subprocess.run(["udevadm", "settle", "--timeout=60"], check=True)
    os.chown(device.device.path, NOBODY, NOBODY)
    return device


def hand_over(device: evdev.UInput) -> None:
    """Give the pendant's descriptor to whoever asks for it, in a thread."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(SOCKET)
    os.chown(SOCKET, NOBODY, NOBODY)
    server.listen()

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            with connection:
                socket.send_fds(connection, [b"."], [device.fd])

    threading.Thread(target=serve, daemon=True).start()


def wire(config: Path, halfiles: list[str]) -> None:
    """Give the configuration's copy the benchmark's wiring, and the HAL files of a program."""
    shutil.copytree(HERE / "wiring", config.parent / "bench" / "wiring")
    for file in (HERE / "wiring").glob("*.hal"):
        shutil.copy(file, config)
    ini = config / "sim-3axis.ini"
    text = re.sub(r"^HALFILE = mpg.*\n", "", ini.read_text(), flags=re.MULTILINE)
    if HALFILES not in text:
        raise ValueError(f"{ini} has no line {HALFILES!r}")
    ini.write_text(text.replace(HALFILES, HALFILES + "".join(f"HALFILE = {name}\n" for name in halfiles)))


def main() -> None:
    """Measure each program as often as is asked for, in turn."""
    asked = plan()
    facts = prepare()
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))  # as config/limits-hal-mpg.conf gives them
    hand_over(make_pendant())
    found: list[dict[str, Any]] = []
    for repetition in range(asked["repetitions"]):
        for name, program in asked["programs"].items():
            tell(f"{program['title']} in LinuxCNC, {repetition + 1} of {asked['repetitions']}")
            begin = time.monotonic()
            arguments = {**asked["play"], "program": program, "seed": f"{asked['seed']} {repetition}"}
            run = run_linuxcnc(
                "sim-3axis.ini",
                HERE / "guest_motion_drive.py",
                edit=partial(wire, halfiles=program["halfiles"]),
                arguments=arguments,
                private=False,
                timeout_s=900,
            )
            taken_s = round(time.monotonic() - begin)
            tell(f"{program['title']}: {taken_s} s")
            found.append({"program": name, "repetition": repetition, "taken_s": taken_s, **run.result})
    write_result({"facts": facts, "runs": found})


if __name__ == "__main__":
    main()
