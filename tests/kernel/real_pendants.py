# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands on the devices of real_pendants.yaml, at a Unix socket; guest_real_pendants.py starts it, as root.

What a driver asks for is a line, ["act", argument, ...]; the answer is a line, [error, value]. One device is
there at a time.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from tests.beds.kernel import ROOT
from tests.beds.real_device import Play, RealDevice

RECORDINGS = ROOT / "tests/core/recordings"
_SAID = yaml.safe_load((ROOT / "tests/kernel/real_pendants.yaml").read_text("utf-8"))
DEVICES: dict[str, dict[str, Any]] = _SAID["devices"]
NOT_MADE: dict[str, str] = _SAID["not-made"]


def recordings_of(profile: str) -> list[Path]:
    """Return the recordings of a shipped profile, one for each node of the device."""
    names = (f"{profile}.hid", f"{profile}.evemu", f"{profile}-[0-9].evemu")
    return [file for name in names for file in sorted(RECORDINGS.glob(name))]


def expected(profile: str) -> dict[str, str]:
    """Return the pins that a profile's recording says there have to be in the end."""
    text = recordings_of(profile)[0].read_text("utf-8")
    return dict(re.findall(r"^# expect: (\S+) (\S+)$", text, re.MULTILINE))


class Acts:
    """What a driver may ask for."""

    def __init__(self) -> None:
        self._device: RealDevice | None = None
        self._acts: list[Play] = []

    @property
    def device(self) -> RealDevice:
        """The device that is there. Raises RuntimeError where there is none."""
        if self._device is None:
            raise RuntimeError("no device was made")
        return self._device

    def make(self, name: str, profile: str) -> list[list[Any]]:
        """Make a device and plug it in; return its nodes, each with its group's number and its mode."""
        self._device = RealDevice(DEVICES[name])
        self._acts = self._device.acts([file.read_text("utf-8") for file in recordings_of(profile)])
        return self.plug(0)

    def plug(self, port: int) -> list[list[Any]]:
        """Plug it in; return its nodes, as above."""
        stats = {path: Path(path).stat() for path in self.device.plug(port)}
        return [[path, stat.st_gid, stat.st_mode & 0o777] for path, stat in stats.items()]

    def show(self) -> None:
        """Let it show how everything stands: the first thing that the recording has."""
        self._acts[0][1]()

    def play(self) -> None:
        """Play the rest of the recording, in its time."""
        self.device.play(self._acts[1:])

    def unplug(self) -> None:
        """Pull the plug."""
        self.device.unplug()

    def end(self) -> int:
        """Take the device away; return how many reports were written to it."""
        written = len(self.device.written())
        self.device.close()
        self._device = None
        return written

    def say(self, text: str) -> None:
        """Nothing: that it was asked for is shown at the console, while the driver's own words are kept."""

    def wait(self, seconds: float) -> None:
        """Let the kernel have its answers while nobody asks for anything."""
        if self._device is not None:
            self._device.wait(seconds)


def serve(path: str) -> None:
    """Do what one driver after the other asks for, for ever."""
    acts = Acts()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        Path(path).chmod(0o666)
        listener.listen()
        while True:
            driver, _ = listener.accept()
            with driver, driver.makefile("rw", encoding="utf-8") as lines:
                while True:
                    while not select.select([driver], [], [], 0)[0]:
                        acts.wait(0.02)
                        select.select([driver], [], [], 0.02)
                    line = lines.readline()
                    if not line:
                        break
                    lines.write(json.dumps(_answer(acts, json.loads(line))) + "\n")
                    lines.flush()


def _answer(acts: Acts, asked: list[Any]) -> list[Any]:
    name, *arguments = asked
    began = time.monotonic()
    try:
        answer = ["", getattr(acts, name)(*arguments)]
    except Exception as error:  # noqa: BLE001  # whatever it is, the driver raises it
        answer = [repr(error), None]
    # For whoever watches the console: nothing else is shown there before all has ended.
    print(f"{name} {arguments}: {answer} after {time.monotonic() - began:.1f} s", flush=True)
    return answer


if __name__ == "__main__":
    serve(sys.argv[1])
