# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_recording_kernel.py: a USB pendant is recorded, by hal_mpg and by evemu-record;
evemu makes a device of our file and plays it; each time, what the pins make of it is noted.

Nothing is asserted here; the host does that.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.beds.gadget import UsbPendant, wait_for
from tests.beds.kernel import write_result

HAL_MPG = [sys.executable, "-u", "-m", "hal_mpg"]
AXIS_Y, SCALE_X10, CONTACT, ENABLE = 1, 7, 9, 11
"""The pendant's buttons, from 0."""

FOLDER = Path("/tmp/recordings")


def has(file: Path, pattern: str, times: int = 1) -> bool:
    return file.exists() and len(re.findall(pattern, file.read_text())) >= times


def use(pendant: UsbPendant) -> None:
    """Hold the enabling button, turn by five detents and back by two, let go."""
    pendant.press(ENABLE)
    time.sleep(1.0)
    pendant.turn(5)
    pendant.turn(-2)
    time.sleep(0.5)
    pendant.release(ENABLE)


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(60)


def replayed(file: Path, *arguments: str) -> Any:
    command = [*HAL_MPG, "replay", str(file), "--pendant", "generic-6axis", "--json", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    print(done.stderr)
    return json.loads(done.stdout)["pins"]


def recording() -> dict[str, Any]:
    """Record, replay, let evemu play."""
    FOLDER.mkdir()
    ours, theirs, played = FOLDER / "ours.evemu", FOLDER / "theirs.evemu", FOLDER / "played.txt"
    notes: dict[str, Any] = {"has evemu": shutil.which("evemu-play") is not None}
    with UsbPendant() as pendant:
        pendant.plug(0)
        pendant.press(AXIS_Y, SCALE_X10, CONTACT)
        recorder = subprocess.Popen([*HAL_MPG, "record", str(ours), "--device", pendant.node()])
        wait_for("our recording", lambda: has(ours, "hal_mpg: state"))
        time.sleep(1.0)
        use(pendant)
        wait_for("the end of it", lambda: has(ours, "BTN_BASE6 0"))
        notes["recorder"] = stop(recorder)
        notes["ours"] = replayed(ours)
        if not notes["has evemu"]:
            return notes
        with theirs.open("wb") as file:
            # Its output is held back until it ends, where that is no terminal.
            other = subprocess.Popen(["stdbuf", "-oL", "evemu-record", pendant.node()], stdout=file)
        wait_for("evemu-record", lambda: has(theirs, "Waiting for events"))
        use(pendant)
        wait_for("the end of it", lambda: has(theirs, "BTN_BASE6 +0"))
        stop(other)
        notes["theirs"] = replayed(theirs, "--hold", "y,x10,BTN_BASE4")
    notes["evemu's device"] = play(ours, played)
    notes["text"] = ours.read_text()
    return notes


def play(ours: Path, played: Path) -> list[str]:
    """Let evemu make a device of our file, and play the file on it; return what monitor says of it."""
    subprocess.run(["modprobe", "uinput"], check=True)
    wait_for("/dev/uinput", Path("/dev/uinput").exists)
    device = subprocess.Popen(["stdbuf", "-oL", "evemu-device", str(ours)], stdout=subprocess.PIPE, text=True)
    assert device.stdout
    line = device.stdout.readline()
    print(line)
    node = line.rsplit(" ", 1)[1].strip()
    command = [*HAL_MPG, "monitor", "--plain", "--device", node, "--pendant", "generic-6axis", "--no-grab"]
    with played.open("wb") as file:
        monitor = subprocess.Popen(command, stdout=file)
    wait_for("monitor", lambda: has(played, "connected TRUE"))
    with ours.open("rb") as events:
        subprocess.run(["evemu-play", node], stdin=events, check=True)
    wait_for("the end of it", lambda: has(played, "event  BTN_BASE6 0"))
    stop(monitor)
    stop(device)
    return played.read_text().splitlines()


if __name__ == "__main__":
    try:
        result = recording()
    except Exception:  # noqa: BLE001  # whatever it is, the host shows it
        result = {"error": traceback.format_exc()}
    print(json.dumps(result, indent=1))
    write_result(result)
