# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_displays.py: raw HID pendants with displays, and what is written to them.

The devices are the kernel's, HAL is LinuxCNC's, hal_mpg is an ordinary user's and is given no option but
what a machine says of itself. Nothing is asserted here; the host does that.

`guest_displays.py hal` is the part that is the same user's: it reads and sets pins.
"""

from __future__ import annotations

import grp
import importlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.beds.kernel import ROOT, write_result
from tests.beds.namespaces import NOBODY
from tests.beds.uhid_device import UhidDevice, Written

LIMIT_S = 60.0
RATE_S, HANG_S = 4.0, 14.0
AWAKE = {"xhc-hb04": bytes([4, 0, 0, 0x11, 0, 0]), "clone-whb04b": bytes([4, 1, 0, 0, 0x0E, 0x14, 0, 2])}
ASLEEP = bytes([4, 0, 0, 0, 0, 0])
DETENT = bytes([4, 0, 0, 0x11, 1, 0])
SYSTEM_PYTHON = "/usr/bin/python3"


def hal_side() -> None:
    """Do what is asked for in lines, and answer in lines."""
    hal: Any = importlib.import_module("hal")
    component = hal.component("driver")
    component.ready()

    def get(pin: str) -> Any:
        try:
            return hal.get_value(f"hal_mpg.{pin}")
        except RuntimeError:
            return None

    def longest(seconds: float) -> dict[str, float]:
        """Return how long the heartbeat stood still at the most, while there is always another picture."""
        last, at, most, value = get("heartbeat"), time.monotonic(), 0.0, 0.0
        end = at + seconds
        while (now := time.monotonic()) < end:
            value += 0.125
            hal.set_p("hal_mpg.axis.x.position", str(value))
            if get("heartbeat") != last:
                last, most, at = get("heartbeat"), max(most, now - at), now
            time.sleep(0.002)
        return {"longest": most, "value": value}

    def wait(pin: str, value: Any) -> float | None:
        """Return when a pin had a value (monotonic, s); None: never."""
        end = time.monotonic() + LIMIT_S
        while get(pin) != value:
            if time.monotonic() > end:
                return None
            time.sleep(0.001)
        return time.monotonic()

    def put(pin: str, value: float) -> None:
        hal.set_p(f"hal_mpg.{pin}", str(value))

    acts: dict[str, Callable[..., Any]] = {"get": get, "put": put, "longest": longest, "wait": wait}
    for line in sys.stdin:
        name, *words = json.loads(line)
        print(json.dumps(acts[name](*words)), flush=True)


class Bench:
    """The pendant's hardware, hal_mpg, and its user's view of HAL."""

    def __init__(self) -> None:
        devices = yaml.safe_load((ROOT / "tests/kernel/real_pendants.yaml").read_text("utf-8"))["devices"]
        self._devices: dict[str, Any] = devices
        group = grp.getgrnam("plugdev").gr_gid
        self._user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={group}"]
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/tmp/hal_mpg-home"}
        Path("/tmp/hal_mpg-home").mkdir()
        os.chown("/tmp/hal_mpg-home", NOBODY, NOBODY)
        self._hal: subprocess.Popen[bytes] | None = None
        self.program: subprocess.Popen[bytes] | None = None
        self.device: UhidDevice | None = None
        self.name = ""

    def plug(self, name: str) -> UhidDevice:
        """Plug a device in, and wait until udev is done with it."""
        said = self._devices[name]
        descriptor = bytes.fromhex(said["interfaces"][0]["hid"])
        vendor, product = said["id"]
        self.device, self.name = UhidDevice(descriptor, vendor, product, "XHC", uniq=name), name
        self.device.node()
        return self.device

    def start(self) -> None:
        """Start hal_mpg, and the view of its pins."""
        command = [*self._user, SYSTEM_PYTHON, "-m", "hal_mpg", "--units", "mm", "--axes", "XYZA"]
        self.program = subprocess.Popen(command, cwd="/", env=self._environment)
        if self._hal is None:
            self._hal = subprocess.Popen(
                [*self._user, SYSTEM_PYTHON, __file__, "hal"],
                cwd="/",
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        self.until(lambda: self.ask("get", "connected") is not None, "hal_mpg's pins")
        self.until(
            lambda: self.device and self.device.written, "a picture, as soon as it has the device open"
        )

    def ask(self, *words: Any) -> Any:
        """Ask the view of HAL, and serve the device meanwhile."""
        assert self._hal is not None
        assert self._hal.stdin is not None
        assert self._hal.stdout is not None
        self._hal.stdin.write(json.dumps(words).encode() + b"\n")
        self._hal.stdin.flush()
        answer = b""
        while not answer.endswith(b"\n"):
            self.serve(0.002)
            if select.select([self._hal.stdout], [], [], 0)[0]:
                answer += os.read(self._hal.stdout.fileno(), 4096)
        return json.loads(answer)

    def serve(self, seconds: float) -> None:
        """Let time pass."""
        if self.device is not None and self.device.fileno() >= 0:
            self.device.wait(seconds)
        else:
            time.sleep(seconds)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(what)
            self.serve(0.02)

    def end(self, number: signal.Signals) -> float:
        """End hal_mpg; return how long that took."""
        assert self.program is not None
        at = time.monotonic()
        self.program.send_signal(number)
        self.until(lambda: self.program and self.program.poll() is not None, "its end")
        return time.monotonic() - at

    def pictures(self, settle_s: float = 1.5) -> list[str]:
        """Return the reports since this was asked last, when nothing has come any more for a while."""
        assert self.device is not None
        self.serve(settle_s)
        return [report.data.hex() for report in taken(self.device)]


def taken(device: UhidDevice) -> list[Written]:
    """Return what was written, and forget it."""
    written, device.written = device.written, []
    return written


def hb04(bench: Bench, notes: dict[str, Any]) -> None:
    device = bench.plug("xhc-hb04")
    bench.start()
    for pin, value in (
        ("axis.x.position", -1.25),
        ("axis.z.position-relative", 200.5),
        ("spindle-speed", 900),
    ):
        bench.ask("put", pin, value)
    notes["unheard"] = bench.pictures()
    device.send(AWAKE["xhc-hb04"])
    notes["connected"] = bench.ask("wait", "connected", True) is not None
    notes["heard"] = bench.pictures()
    device.send(ASLEEP)
    notes["asleep"] = bench.ask("wait", "connected", False) is not None
    bench.ask("put", "axis.x.position", 7.5)
    device.send(AWAKE["xhc-hb04"])
    bench.ask("wait", "connected", True)
    notes["awake"] = bench.pictures()
    notes["steady"] = bench.ask("longest", RATE_S)
    notes["rate"] = [[report.at, report.data.hex()] for report in taken(device)]
    hang(bench, notes)


def hang(bench: Bench, notes: dict[str, Any]) -> None:
    """Let the device take feature reports, and acknowledge none: each writer waits for 5 s."""
    device = bench.device
    assert device is not None
    device.answers = False
    taken(device)
    notes["hanging"] = bench.ask("longest", HANG_S)
    notes["taken while hanging"] = [report.at for report in taken(device)]
    before = bench.ask("get", "dropped") + bench.ask("get", "counts")
    at = time.monotonic()
    for _ in range(4):
        device.send(DETENT)
    bench.until(lambda: bench.ask("get", "dropped") + bench.ask("get", "counts") == before + 4, "the detents")
    notes["detents_s"] = time.monotonic() - at
    bench.until(lambda: len(taken(device)) > 0, "a write that hangs")
    at = time.monotonic()
    device.unplug()
    seen = bench.ask("wait", "connected", False)
    notes["lost_s"] = None if seen is None else seen - at
    notes["after loss"] = bench.ask("longest", 3.0)
    again = bench.plug("xhc-hb04")
    bench.ask("put", "axis.x.position", 3.5)
    bench.until(lambda: len(again.written) >= 6, "a picture")
    notes["again"] = bench.pictures()
    again.send(AWAKE["xhc-hb04"])
    notes["reconnected"] = bench.ask("wait", "connected", True) is not None
    notes["term_s"] = bench.end(signal.SIGTERM)
    notes["left by SIGTERM"] = bench.pictures()
    again.unplug()


def clone(bench: Bench, notes: dict[str, Any]) -> None:
    device = bench.plug("clone-whb04b")
    bench.start()
    bench.ask("put", "axis.a.position-relative", -33.3333)
    device.send(AWAKE["clone-whb04b"])
    notes["clone connected"] = bench.ask("wait", "connected", True) is not None
    notes["clone"] = bench.pictures()
    bench.ask("put", "show-relative", 0)
    bench.ask("put", "machine-is-on", 0)
    notes["clone, machine"] = bench.pictures()
    bench.ask("put", "show-relative", 1)
    bench.ask("put", "machine-is-on", 1)
    bench.pictures()
    assert bench.program is not None
    bench.program.send_signal(signal.SIGSTOP)
    notes["left by SIGSTOP"] = bench.pictures(6.0)
    bench.program.send_signal(signal.SIGCONT)
    bench.ask("put", "machine-is-on", 1)
    notes["gone on"] = bench.pictures(3.0)
    bench.end(signal.SIGKILL)
    notes["left by SIGKILL"] = bench.pictures()


def main() -> None:
    rules = Path("/run/udev/rules.d")
    rules.mkdir(exist_ok=True)
    for path in Path("/etc/udev/rules.d").glob("*hal*mpg*"):
        path.unlink()  # what the host has
    shutil.copy(ROOT / "udev/70-hal-mpg.rules", rules)
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    bench, notes = Bench(), dict[str, Any]()
    try:
        hb04(bench, notes)
        clone(bench, notes)
    except Exception:  # noqa: BLE001  # whatever it is, the host shows it
        notes["error"] = traceback.format_exc()
    print(json.dumps({key: value for key, value in notes.items() if key != "rate"}, indent=1))
    write_result(notes)


if __name__ == "__main__":
    hal_side() if sys.argv[1:] == ["hal"] else main()
