# SPDX-License-Identifier: GPL-2.0-or-later
"""In the emulated machine: what else it has to do while something is measured."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bench.guest import start
from tests.beds.gadget import wait_for

DISPLAY = 77
SETTLE_S = 0.5
BURN = "while :; do :; done"
REDRAW = """
import os, tkinter
os.environ["DISPLAY"] = ":77"
root = tkinter.Tk()
canvas = tkinter.Canvas(root, width=600, height=400)
canvas.pack()
step = 0
while True:
    canvas.delete("all")
    step += 7
    for line in range(80):
        canvas.create_line(step % 600, 0, 600 - step % 600, line * 5)
        canvas.create_text(300, line * 5, text=str(step + line))
    root.update()
"""


class Load:
    """One kind of load: "idle": none; "busy": an endless loop for each processor; "gui": a window redrawn."""

    def __init__(self, kind: str) -> None:
        self._processes: list[subprocess.Popen[str]] = []
        self.why_not: str | None = None
        if kind == "busy":
            cpus = range(os.cpu_count() or 1)
            self._processes = [start(["sh", "-c", BURN], cpu) for cpu in cpus]
        elif kind == "gui":
            self._start_gui()
        self.pause()

    def _start_gui(self) -> None:
        if shutil.which("Xvfb") is None:
            self.why_not = "no Xvfb (Debian: xvfb)"
            return
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._processes = [start(["Xvfb", f":{DISPLAY}", "-nolisten", "tcp"], **quiet)]
        wait_for("X server", Path(f"/tmp/.X11-unix/X{DISPLAY}").exists)
        window = start(["python3", "-c", REDRAW], **quiet)
        self._processes.append(window)
        time.sleep(3)
        if window.poll() is not None:
            self.why_not = "no tkinter (Debian: python3-tk)"

    def resume(self) -> None:
        """Let it work, for as long as it needs to be in full swing."""
        self._send(signal.SIGCONT)
        if self._processes:
            time.sleep(SETTLE_S)

    def pause(self) -> None:
        """Let it stand still."""
        self._send(signal.SIGSTOP)

    def _send(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)

    def close(self) -> None:
        """End it."""
        for process in self._processes:
            process.kill()
            process.wait()
