#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the doctor beside a running LinuxCNC, with wires taken away by halcmd; notes what it finds."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.linuxcnc.driver import Driver, arguments, finish, wait_until
from tests.linuxcnc.virtual_pendant import VirtualPendant


def main(driver: Driver) -> dict[str, Any]:
    """Look at the machine as it is, with each fault of the arguments, and after hal_mpg was killed."""
    pendant = VirtualPendant({"x": 0x120})
    pendant.plug_in()
    driver.wait_pin("hal_mpg.estop-ok", True)
    notes: dict[str, Any] = {"good": doctor(), "text": shell("hal_mpg doctor"), "faults": {}}
    for fault in arguments():
        planted = [shell(f"halcmd {command}") for command in fault["plant"]]
        notes["faults"][fault["fault"]] = {"planted": planted, **doctor()}
        for command in fault["undo"]:
            shell(f"halcmd {command}")
    notes["good again"] = doctor()
    for how, signal in (("ended", "TERM"), ("killed", "KILL")):
        process = shell("halcmd -s show comp hal_mpg")["out"].split()[3]
        shell(f"kill -{signal} {process}")
        wait_until(lambda: doctor()["ids"] != [], "the doctor to see that it has gone")
        notes[how] = doctor()
        # What it starts stays, and must not hold the pipes open.
        notes[f"recovered after {how}"] = {"recover": shell("hal_mpg recover"), **doctor()}
    return notes


def doctor() -> dict[str, Any]:
    """Return what is wrong, as ids, and all of it."""
    done = shell("hal_mpg doctor --json")
    document = json.loads(done["out"]) if done["out"] else {"findings": []}
    wrong = [finding for finding in document["findings"] if finding["severity"] in ("warning", "error")]
    # This machine is not installed: what comes of that is not looked at here.
    ids = sorted({finding["id"] for finding in wrong} - {"realtime-limits"})
    return {"ids": ids, "document": document, "err": done["err"], "status": done["status"]}


def shell(command: str) -> dict[str, Any]:
    """Run a command as the user would, in a terminal."""
    done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True)
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


finish(main)
