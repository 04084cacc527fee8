# SPDX-License-Identifier: GPL-2.0-or-later
"""What the drivers of a LinuxCNC without a screen have in common; see tests/beds/linuxcnc.py.

A driver is a script that LinuxCNC starts in the place of its GUI. It ends with `finish(main)`.
"""

from __future__ import annotations

import importlib
import json
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# These two exist only in the system's Python, and have no type hints.
hal: Any = importlib.import_module("hal")
linuxcnc: Any = importlib.import_module("linuxcnc")

LIMIT_S = 30.0
"""How long a condition is waited for: far beyond what it takes, for machines that are busy."""

AGAIN_S = 3.0
"""After so long without an answer, a reset is asked for again."""

POLL_S = 0.001


class Driver:
    """A user at the machine: gives commands to LinuxCNC, reads its state and HAL's pins."""

    def __init__(self) -> None:
        """Connect to LinuxCNC and HAL, and wait until both answer."""
        self.command = linuxcnc.command()
        self.stat = linuxcnc.stat()
        self.errors: list[str] = []
        self._channel = linuxcnc.error_channel()
        self._component = hal.component("driver")  # without one, HAL cannot be read
        self._component.ready()
        wait_until(self._answers, "LinuxCNC to answer")

    def _answers(self) -> bool:
        try:
            self.stat.poll()
        except linuxcnc.error:
            return False
        # task has read the INI file, and run its first cycle
        return bool(self.stat.task_state > 0 and self.stat.joints > 0)

    def pin(self, name: str) -> Any:
        """Return the value of any pin, whoever owns it."""
        return hal.get_value(name)

    def wait_pin(self, name: str, value: object, limit_s: float = LIMIT_S) -> float:
        """Wait until a pin has a value; return how long it took, in seconds."""
        return wait_until(lambda: self.pin(name) == value, f"{name} to be {value}", limit_s)

    def set_watchdog(self, timeout_s: float) -> float:
        """Set the watchdog's time; return what it was, in seconds.

        A test wants it long: without realtime, a busy machine can stall for longer than that, and
        the servo thread then catches up with many periods at once, in which no heartbeat comes.
        It applies from the heartbeat after next on: see `wait_heartbeats`.
        """
        before: float = self.pin("watchdog.timeout-0")
        hal.set_p("watchdog.timeout-0", str(timeout_s))
        return before

    def wait_heartbeats(self) -> None:
        """Wait until the realtime watchdog has seen hal_mpg's heartbeat change."""
        for _ in range(3):
            before = self.pin("hal_mpg.heartbeat")
            self.wait_pin("hal_mpg.heartbeat", not before)

    def complete(self) -> None:
        """Wait until LinuxCNC has carried out the last command."""
        self.command.wait_complete(LIMIT_S)

    def state(self) -> str:
        """Return the machine's state: ESTOP, ESTOP_RESET, OFF or ON."""
        self.stat.poll()
        names = ("ESTOP", "ESTOP_RESET", "OFF", "ON")
        return next(n for n in names if getattr(linuxcnc, f"STATE_{n}") == self.stat.task_state)

    def wait_state(self, name: str, limit_s: float = LIMIT_S) -> None:
        """Wait until the machine is in the state ESTOP, ESTOP_RESET or ON."""

        def there() -> bool:
            self.read_errors()  # as a GUI does: where nobody takes its messages, LinuxCNC waits for seconds
            return self.state() == name

        wait_until(there, f"state {name}", limit_s)

    def ask_state(self, name: str) -> None:
        """Ask for a state, as the GUI's buttons do, and wait until LinuxCNC has seen it."""
        self.command.state(getattr(linuxcnc, f"STATE_{name}"))
        self.complete()

    def mode(self, name: str) -> None:
        """Change to the mode MANUAL, MDI or AUTO."""
        wanted = getattr(linuxcnc, f"MODE_{name}")
        self.command.mode(wanted)
        self.complete()
        self.wait_stat(lambda: self.stat.task_mode == wanted, f"mode {name}")

    def turn_on(self) -> None:
        """Reset the E-stop and turn the machine on. TimeoutError if either does not happen.

        It is asked for more than once, as by a user: on a very busy machine, the E-stop that went through
        halui can come after a reset that is quicker than any hand.
        """
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                self.ask_state("ESTOP_RESET")
                self.wait_state("ESTOP_RESET", AGAIN_S)
                self.ask_state("ON")
                self.wait_state("ON", AGAIN_S)
                return
            except TimeoutError:
                if time.monotonic() > end:
                    raise

    def home(self) -> None:
        """Home all joints, and change to teleop mode as GUIs do then."""
        self.mode("MANUAL")
        self.command.teleop_enable(0)
        self.complete()
        self.command.home(-1)
        joints = range(self.stat.joints)
        self.wait_stat(lambda: all(self.stat.homed[j] for j in joints), "all joints homed")
        self.teleop()

    def teleop(self) -> None:
        """Change to teleop mode, where `axis.L.jog-*` counts."""
        self.command.teleop_enable(1)
        self.complete()
        mode = linuxcnc.TRAJ_MODE_TELEOP
        self.wait_stat(lambda: self.stat.motion_mode == mode, "teleop mode")

    def power_up(self) -> None:
        """Do all that comes before jogging: turn on, home, teleop."""
        self.turn_on()
        self.home()

    def positions(self) -> dict[str, float]:
        """Return the commanded position of each axis of the machine, in machine units."""
        self.stat.poll()
        letters = "xyzabcuvw"
        mask = self.stat.axis_mask
        return {x: self.stat.position[i] for i, x in enumerate(letters) if mask & 1 << i}

    def read_errors(self) -> list[str]:
        """Return all messages so far that LinuxCNC had for the operator."""
        while (message := self._channel.poll()) is not None:
            self.errors.append(message[1].strip())
        return self.errors

    def wait_stat(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition on `stat`, which is kept up to date meanwhile, holds."""

        def polled() -> bool:
            self.stat.poll()
            return condition()

        wait_until(polled, what)


def wait_until(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> float:
    """Wait until `condition` holds; return how long it took, in seconds.

    Raises TimeoutError after `limit_s`, saying `what` was waited for.
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > limit_s:
            raise TimeoutError(f"waited {limit_s} s for {what}")
        time.sleep(POLL_S)
    return time.monotonic() - start


def process_of(program: str) -> int:
    """Return the process id of the running component `program` (a script, or a Python module).

    Raises LookupError if there is not exactly one.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:  # ended meanwhile
            continue
        # "python3 /path/PROGRAM ..." or "python3 -m PROGRAM ...": not "halcmd loadusr PROGRAM"
        names = [Path(word).name for word in words[1:3]]
        if "python" in Path(words[0]).name and program in names:
            found.append(int(entry.name))
    if len(found) != 1:
        raise LookupError(f"{len(found)} processes of {program}")
    return found[0]


def arguments() -> Any:
    """Return what the test gave to `run_linuxcnc` as `arguments`."""
    return json.loads(os.environ["HAL_MPG_LINUXCNC_ARGUMENTS"])


def finish(main: Callable[[Driver], object]) -> None:
    """Run `main`, and leave what it returns, or its exception, for `run_linuxcnc`."""
    result: dict[str, object] = {}
    driver = None
    try:
        driver = Driver()
        result["result"] = main(driver)
    except Exception:  # noqa: BLE001  # whatever it is, the test is to show it
        result["exception"] = traceback.format_exc()
        if driver is not None:
            result["errors"] = driver.read_errors()
    Path(os.environ["HAL_MPG_LINUXCNC_RESULT"]).write_text(json.dumps(result))
