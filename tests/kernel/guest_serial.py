# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_serial.py: a USB serial pendant (f_acm), udev, the tools, a user's LinuxCNC.

Nothing is asserted here; the host does that. `guest_serial.py PART ...` runs some parts only.
"""

from __future__ import annotations

import grp
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.beds.gadget import wait_for
from tests.beds.kernel import ROOT, write_result
from tests.beds.linuxcnc import run_linuxcnc
from tests.beds.serial_gadget import SerialGadget
from tests.beds.serial_hands import served, write_profile
from tests.beds.serial_pendant import FULL, Firmware

Notes = dict[str, Any]
NOBODY = 65534
HANDS = Path("/tmp/hal_mpg-hands")
JOG_SILENCE_S, SILENCE_S = 2.0, 0.15
"""While LinuxCNC runs, the emulated machine may stand still for longer than a pendant may be silent."""

MATCH = 'vendor: 0x1209, product: 0x0001, uniq: "00?"'
HOME = Path("/tmp/home")


def as_user(*words: str, limit_s: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user of the group that the rules give pendants to."""
    group = grp.getgrnam("plugdev").gr_gid
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={group}"]
    return subprocess.run(
        [*user, "env", f"HOME={HOME}", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=limit_s,
        cwd=HOME,
    )


def tool(*words: str, limit_s: float = 300) -> Notes:
    """Run one of hal_mpg's tools as that user."""
    done = as_user(sys.executable, "-m", "hal_mpg", *words, limit_s=limit_s)
    print(*words, done.returncode, done.stdout, done.stderr, sep="\n")
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


def as_root(*words: str) -> Notes:
    """Run one of hal_mpg's tools as root."""
    command = [sys.executable, "-m", "hal_mpg", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    print(*words, done.returncode, done.stdout, done.stderr, sep="\n")
    return {"status": done.returncode, "out": done.stdout, "err": done.stderr}


def udev(node: str) -> Notes:
    """Return what udev made of a port."""
    words = ["udevadm", "info", "--query=property", f"--name={node}"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    properties = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    usb = Path("/sys/class/tty", Path(node).name, "device").resolve().parent
    words = ["udevadm", "info", "--query=property", f"--path={usb}"]
    above = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return {
        "group": Path(node).group(),
        "mode": f"{Path(node).stat().st_mode & 0o777:o}",
        "tags": sorted(properties.get("CURRENT_TAGS", "").strip(":").split(":")),
        "ignored": properties.get("ID_MM_DEVICE_IGNORE"),
        "device ignored": "ID_MM_DEVICE_IGNORE=1" in above.splitlines(),
        "links": sorted(properties.get("DEVLINKS", "").split()),
    }


def rules(gadget: SerialGadget) -> Notes:
    """Look at the ports of our own pendant, and of a board that nobody knows, before the rules and after."""
    gadget.plug(0)
    notes: Notes = {"before": udev(gadget.node())}
    listed = tool("list", "--json")
    notes["listed before"] = json.loads(listed["out"])["serial_ports"]
    notes["installed"] = as_root("install-udev")
    notes["after"] = udev(gadget.node())
    notes["listed"] = json.loads(tool("list", "--json")["out"])["serial_ports"]
    notes["text"] = tool("list")["out"]
    with SerialGadget(Firmware(), 0x2341, 0x0043, "Arduino Uno", "stranger") as stranger:
        stranger.plug(1, speaks=False)
        notes["stranger"] = udev(stranger.node())
        node = stranger.node()
        notes["stranger installed"] = as_root("install-udev", "--device", node)
        notes["stranger after"] = udev(node)
    return notes


def tools(gadget: SerialGadget) -> Notes:
    """Use each tool on the pendant that is plugged in."""
    profile = str(write_profile(Path("/tmp/tools.yaml"), MATCH, JOG_SILENCE_S, FULL))
    gadget.hand.set("estop")
    notes: Notes = {"check": tool("check", profile)}
    notes["doctor"] = tool("doctor", "--json", "--pendant", profile)
    notes["monitor"] = tool("monitor", "--plain", "--pendant", profile, "--seconds", "3")
    notes["monitor without profile"] = tool("monitor", "--plain", "--seconds", "3")
    recording = HOME / "pendant.serial"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "hal_mpg", "record", "--pendant", profile, "--force", str(recording)],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for("the recording", lambda: recording.exists() and ' < "' in recording.read_text())
    notes["doctor while recorded"] = tool("doctor", "--json", "--pendant", profile)
    gadget.hand.set("enable")
    time.sleep(1.0)
    gadget.hand.turn(7)
    time.sleep(0.5)
    gadget.hand.set("enable", False)
    time.sleep(0.5)
    recorder.send_signal(signal.SIGINT)
    notes["record"] = {"err": recorder.communicate()[1], "status": recorder.returncode}
    recording.chmod(0o644)
    notes["replay"] = tool("replay", str(recording), "--pendant", profile, "--json")
    gadget.hand.silent = True
    notes["doctor, silent"] = tool("doctor", "--json", "--pendant", profile)
    gadget.hand.silent = False
    gadget.unplug()
    gadget.wait_for_no_node()
    notes["doctor, unplugged"] = tool("doctor", "--json", "--pendant", profile)
    gadget.plug(0)
    gadget.node()
    gadget.hand.set("estop", False)
    return notes


def jog(gadget: SerialGadget) -> Notes:
    """Let a user's LinuxCNC be driven by the pendant, which has spoken to nobody for some time."""
    profile = write_profile(Path("/tmp/jog.yaml"), MATCH, JOG_SILENCE_S, FULL)
    gadget.hand.set("estop", False)
    gadget.hand.turn(30, rate=100)
    with served(gadget, HANDS):
        run = run_linuxcnc(
            "sim-6axis.ini",
            ROOT / "tests/linuxcnc/drive_serial.py",
            pendant=str(profile),
            arguments={"socket": str(HANDS), "seed": 6, "steps": 40},
            private=False,
            groups=(grp.getgrnam("plugdev").gr_gid,),
            timeout_s=900,
        )
    HANDS.unlink()
    print(run.output)
    notes: Notes = run.result
    return notes


def times(gadget: SerialGadget) -> Notes:
    """Measure how soon hal_mpg takes note of things, with the usual times."""
    profile = write_profile(Path("/tmp/times.yaml"), MATCH, SILENCE_S, FULL)
    with served(gadget, HANDS):
        script = str(ROOT / "tests/kernel/serial_times.py")
        done = as_user(sys.executable, script, str(HANDS), str(profile), limit_s=600)
    HANDS.unlink()
    print(done.stderr)
    notes: Notes = json.loads(done.stdout.splitlines()[-1])
    return notes


PARTS: dict[str, Callable[[SerialGadget], Notes]] = {
    "rules": rules,
    "tools": tools,
    "times": times,
    "jog": jog,
}


def main() -> None:
    HOME.mkdir()
    os.chown(HOME, NOBODY, NOBODY)
    for path in Path("/etc/udev/rules.d").glob("*hal*mpg*"):
        path.unlink()  # what the host has
    chosen = sys.argv[1:] or list(PARTS)
    if "rules" not in chosen:
        folder = Path("/run/udev/rules.d")
        folder.mkdir(exist_ok=True)
        shutil.copy(ROOT / "udev/70-hal-mpg.rules", folder)
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    notes: Notes = {}
    with SerialGadget(Firmware(FULL)) as gadget:
        for name in chosen:
            began = time.monotonic()
            if name != "rules" and not gadget.is_plugged_in:
                gadget.plug(0)
                gadget.node()
            try:
                notes[name] = PARTS[name](gadget)
            except Exception:  # noqa: BLE001  # whatever it is, the host shows it
                notes[name] = {"error": traceback.format_exc()}
                print(notes[name]["error"])
            print(f"{name}: {time.monotonic() - began:.0f} s")
    print(json.dumps(notes, indent=1))
    write_result(notes)


if __name__ == "__main__":
    main()
