# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: what hal_input and hal_mpg cost while nobody touches the pendant."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.beds.gadget import UsbPendant, wait_for
from tests.beds.kernel import ROOT, write_result

NOBODY = 65534
MEASURE_S = 20.0
REPETITIONS = 3
SETTLE_S = 2.0


def commands(node: str) -> dict[str, list[str]]:
    """Return how each program is loaded, as in a HAL file, and waits until it is ready."""
    name = Path(f"/sys/class/input/{Path(node).name}/device/name").read_text().strip()
    ours = [sys.executable, "-m", "hal_mpg", "--pendant", "generic-6axis", "--device", node]
    return {"hal_input": ["hal_input", "-KRAL", name], "hal_mpg": ours}


def measure(name: str, command: list[str], home: Path) -> dict[str, Any]:
    """Run a program in a HAL of its own; return its share of one core, its memory, and its start."""
    plugdev = grp.getgrnam("plugdev").gr_gid
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", f"--groups={plugdev}"]
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    process = subprocess.Popen([*user, *command], env=environment, cwd=home)
    ready = ["halcmd", "-s", "show", "comp", name]

    def is_ready() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with status {process.returncode}")
        shown = subprocess.run([*user, *ready], env=environment, capture_output=True, text=True, check=False)
        return "ready" in shown.stdout.split()

    try:
        wait_for(f"{name} ready", is_ready, 120)
        ready_s = time.monotonic() - started
        time.sleep(SETTLE_S)
        before, begin = cpu_s(process.pid), time.monotonic()
        time.sleep(MEASURE_S)
        share = (cpu_s(process.pid) - before) / (time.monotonic() - begin)
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        return {"cpu": share, "rss_mb": int(memory) / 1024, "ready_s": ready_s}
    finally:
        process.terminate()
        process.wait(60)


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time that a process has had (/proc/PID/schedstat, nanoseconds)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def main() -> None:
    rules = Path("/run/udev/rules.d")
    rules.mkdir(exist_ok=True)
    shutil.copy(ROOT / "udev/70-hal-mpg.rules", rules)
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    home = Path("/tmp/hal_mpg-bench")
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    rows: list[dict[str, Any]] = []
    with UsbPendant(name="MPG Pendant") as pendant:
        pendant.plug(0)
        programs = commands(pendant.node())
        for repetition in range(REPETITIONS):
            for name, command in programs.items():
                rows.append({"program": name, "repetition": repetition, **measure(name, command, home)})
                print(rows[-1], flush=True)
    kernel = os.uname()
    version = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "linuxcnc-uspace"],
        capture_output=True,
        text=True,
        check=False,
    )
    write_result({"rows": rows, "kernel": f"{kernel.release} {kernel.version}", "linuxcnc": version.stdout})


if __name__ == "__main__":
    main()
