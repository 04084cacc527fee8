#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A newcomer opens LinuxCNC's picker, chooses the sample with a pendant in a window, jogs.

    newcomer.py FOLDER

Runs as an ordinary user in a clean Debian with hal_mpg installed, on a screen of its own; all by mouse and
keyboard. What was seen goes to FOLDER: result.json, and pictures of the screen (.xwd).
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import tkinter
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SAMPLES = "/usr/share/linuxcnc/aux_examples/hal_mpg"
SAMPLE = f"{SAMPLES}/sim-virtual.ini"
TREE, OK, DIALOG = ".main.f1.f2.f3.tree", ".main.f1.f5.ok", ".d.button0"
"""Widgets of the picker (pickconfig.tcl)."""

DISPLAY = ":1"
LIMIT_S = 120.0
FRESH = "hal_mpg_newcomer"


def wait_until(condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
    """Wait until something is true; return it. Raises TimeoutError."""
    end = time.monotonic() + limit_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit_s:.0f} s for {what}")
        time.sleep(0.05)
    return found


def start_screen(folder: Path) -> subprocess.Popen[bytes]:
    """Start the X server, with a key: without one, Tk programs do not answer each other."""
    key = folder / "key"
    key.touch(mode=0o600)
    words = f"add {DISPLAY} . {secrets.token_hex(16)}\n"
    subprocess.run(["xauth", "-f", key], input=words, text=True, check=True, capture_output=True)
    os.environ |= {"DISPLAY": DISPLAY, "XAUTHORITY": str(key), "LIBGL_ALWAYS_SOFTWARE": "1"}
    command = ["Xvfb", DISPLAY, "-auth", str(key), "-nolisten", "tcp", "-screen", "0", "1920x1080x24"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until(Path("/tmp/.X11-unix/X1").exists, "the X server")
    return server


class Picker:
    """LinuxCNC's picker, which is asked where its parts are; the mouse does the rest."""

    def __init__(self, hand: Any) -> None:
        self._hand, self._tk = hand, tkinter.Tk(className=FRESH)
        self._tk.withdraw()
        self._name = str(wait_until(self._find, "the picker"))

    def _find(self) -> str:
        names = [str(name) for name in self._tk.tk.splitlist(self._tk.tk.call("winfo", "interps"))]
        return next((name for name in names if name.startswith("pickconfig")), "")

    def ask(self, command: str) -> str:
        """Return what the picker answers to a line of Tcl's; "" where it cannot."""
        try:
            return str(self._tk.tk.call("send", "--", self._name, command))
        except tkinter.TclError:
            return ""

    def click(self, widget: str) -> None:
        """Click at a widget's middle, when it is there."""
        wait_until(lambda: self.ask(f"winfo viewable {widget}") == "1", f"{widget} of the picker")
        left, top, width, height = (
            int(self.ask(f"winfo {what} {widget}")) for what in ("rootx", "rooty", "width", "height")
        )
        self._hand.click(left + width / 2, top + height / 2)

    def click_item(self, tag: str) -> None:
        """Click at what the tree shows under a tag."""
        left, top, right, bottom = map(int, self.ask(f"{TREE}.c bbox {tag}").split())
        x = int(self.ask(f"winfo rootx {TREE}.c")) + (left + right) / 2
        x -= float(self.ask(f"{TREE}.c canvasx 0"))
        y = int(self.ask(f"winfo rooty {TREE}.c")) + (top + bottom) / 2
        y -= float(self.ask(f"{TREE}.c canvasy 0"))
        self._hand.click(x, y)

    def is_shown(self, node: str) -> bool:
        """Tell whether the tree shows a node, opened or not."""
        return self.ask(f"{TREE} visible {node}") == "1"


def photograph(folder: Path, name: str) -> None:
    subprocess.run(["xwd", "-root", "-silent", "-out", folder / f"{name}.xwd"], check=True)


def choose(folder: Path, hand: Any, seen: dict[str, Any]) -> None:
    """Choose the sample in the picker, and let it be copied."""
    picker = Picker(hand)
    wait_until(lambda: picker.ask(f"{TREE} exists {SAMPLE}") == "1", "the sample in the picker")
    nodes = picker.ask(f"{TREE} nodes {SAMPLES}").split()
    seen["offered"] = sorted(Path(node).name for node in nodes)
    time.sleep(1.0)  # it closes what is not selected when it has drawn itself
    picker.ask(f"{TREE} see {SAMPLES}")
    if not picker.is_shown(SAMPLE):
        picker.click_item(f"c:{SAMPLES}")
        wait_until(lambda: picker.is_shown(SAMPLE), "the samples, opened")
    picker.ask(f"{TREE} see {SAMPLE}")
    time.sleep(0.5)
    picker.click_item(f"n:{SAMPLE}")
    wait_until(lambda: picker.ask("set ::inifile") == SAMPLE, "the sample, selected")
    seen["described"] = picker.ask("$::detail_box get 1.0 end").strip()
    photograph(folder, "picker")
    picker.click(OK)
    picker.click(DIALOG)  # copy it?
    wait_until(lambda: "copied to" in picker.ask(".d.msg cget -text"), "the copy")
    picker.click(DIALOG)


def jog(folder: Path, hand_of: Callable[[str], Any], seen: dict[str, Any]) -> None:
    """Switch on, home and jog with the pendant, as far as possible by mouse and keyboard."""
    import hal
    import linuxcnc

    parts = {"wheel": (244, 244), "selector": (256, 156), "estop": (128, 128)}

    def polled(condition: Callable[[], Any]) -> Callable[[], Any]:
        def poll() -> Any:
            status.poll()
            return condition()

        return poll

    axis = hand_of("axis")
    status = linuxcnc.stat()  # not before: who asks too early keeps it from starting
    wait_until(polled(lambda: status.task_state > 0 and status.joints == 4), "LinuxCNC")
    seen["ini"] = status.ini_filename
    hand = hand_of("Hal_mpg")
    probe = hal.component("newcomer")  # without one, HAL cannot be read
    probe.ready()
    hal.set_p("watchdog.timeout-0", "5")  # a busy machine without realtime may stand still for 0.1 s
    wait_until(lambda: hal.get_value("hal_mpg.connected"), "the pendant to be connected")
    (wheel,), (selector, scale), (estop,) = (
        [(left + width / 2, top + height / 2) for left, top, width, height in hand.parts(parts[name])]
        for name in ("wheel", "selector", "estop")
    )
    wait_until(lambda: hal.get_value("hal_mpg.estop-ok"), "the pendant's E-stop to be released")

    def is_reset() -> bool:
        hand.click(estop[0] - 140, estop[1])  # RESET
        time.sleep(1.0)
        status.poll()
        return bool(status.task_state != linuxcnc.STATE_ESTOP)

    wait_until(is_reset, "the E-stop to be reset")
    left, top, _, height = axis.window()
    hand.move(left + 60, top + height - 8)
    end = time.monotonic() + LIMIT_S
    while not polled(lambda: status.task_state == linuxcnc.STATE_ON)():
        hand.type("F2")
        time.sleep(1.0)
        if time.monotonic() > end:
            raise TimeoutError("the machine does not go on")
    hand.key("Control_L", True)
    hand.type("Home")
    hand.key("Control_L", False)
    wait_until(polled(lambda: all(status.homed[:4])), "all axes to be homed")
    wait_until(polled(lambda: status.motion_mode == linuxcnc.TRAJ_MODE_TELEOP), "teleop mode")
    hand.click(*selector, button=4)  # X
    hand.click(*scale, button=4)  # x10
    wait_until(lambda: hal.get_value("hal_mpg.scale") == 0.01, "x10")
    hand.move(*wheel)
    hand.key("space", True)
    wait_until(lambda: hal.get_value("hal_mpg.armed"), "the wheel to be live")
    time.sleep(0.5)
    hand.click(*wheel, button=4, times=20)
    wait_until(polled(lambda: abs(status.position[0] - 0.2) < 1e-6), "X at 0.200", 20)
    time.sleep(1.0)
    photograph(folder, "jogged")
    hand.key("space", False)
    wait_until(lambda: not hal.get_value("hal_mpg.armed"), "the wheel to be dead")
    hand.click(*wheel, button=4, times=5)
    time.sleep(1.0)
    status.poll()
    seen["positions"] = [round(value, 6) for value in status.position[:4]]
    seen["dropped"] = hal.get_value("hal_mpg.dropped")
    seen["components"] = subprocess.run(
        ["halcmd", "-s", "show", "comp"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    probe.exit()


def processes() -> list[str]:
    """Return the processes of this user by name, but for this one and the screen."""
    listed = subprocess.run(["ps", "-e", "-o", "comm="], capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in listed.split()
        if name not in ("ps", "Xvfb", "sh", "timeout", "newcomer.py", "python3")
    ]


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    seen: dict[str, Any] = {}
    screen = start_screen(folder)
    machine = None
    try:
        sys.path.insert(0, "/project")  # for this program alone: hal_mpg is the installed one
        from tests.gui.x_hand import Hand, Pointer

        with (folder / "linuxcnc.log").open("w") as log:
            machine = subprocess.Popen(["linuxcnc"], stdout=log, stderr=log, start_new_session=True)
        choose(folder, Pointer(DISPLAY), seen)
        jog(folder, lambda name: Hand(DISPLAY, name, LIMIT_S), seen)
        subprocess.run(["axis-remote", "--quit"], check=True)
        machine.wait(LIMIT_S)
        wait_until(lambda: "hal_mpg" not in processes(), "the pendant to have ended, too", 30)
        seen["left"] = processes()
    except Exception:  # noqa: BLE001  # whatever it is, the test is to show it
        photograph(folder, "failed")
        seen["exception"] = traceback.format_exc()
    finally:
        for file in Path("/tmp").glob("linuxcnc.*"):  # where LinuxCNC writes to, started from a menu
            seen.setdefault("said", []).extend(file.read_text(errors="replace").splitlines()[-60:])
        (folder / "result.json").write_text(json.dumps(seen, indent=1))
        screen.terminate()


main()
