# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes paths away from a running LinuxCNC, and puts them back.

"never": as if it had never been there; done while everything is as at the start of LinuxCNC: unplugged,
E-stop, watchdog and latch tripped, heartbeat FALSE. "broken": lost while the machine is on; what it
carried keeps its last value.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.lesions.harmed_pendant import HarmedPendant
from tests.lesions.machinist import WATCHDOG_S, hal_command
from tests.lesions.rules import FILE_VARIABLE, done_file
from tests.lesions.wiring import Line, lines
from tests.linuxcnc.driver import Driver, hal, linuxcnc, process_of, wait_until

BARE: Mapping[str, bool] = {
    "motion.enable": True,
    "mpg-latch.ok-in": True,
    "hal_mpg.machine-is-on": True,
    "hal_mpg.mode-is-manual": True,
}
"""Pins that are something else than 0 or FALSE as long as no line has to do with them."""

PROCESSES = {
    "hal_mpg": "hal_mpg",
    "halui": "halui",
    "io": "io",
    "milltask": "milltask",
    "rtapi_app": "rtapi_app",
}

Part = dict[str, Any]


class Surgeon:
    """Applies lesions, and undoes them."""

    def __init__(self, driver: Driver, pendant: HarmedPendant) -> None:
        self.driver = driver
        self.pendant = pendant
        self._lines = lines(Path(driver.stat.ini_filename))
        self._undo: list[Callable[[], object]] = []
        self._rules = Path(os.environ[FILE_VARIABLE])
        self._days = 0
        self._intact = self._anatomy()

    def chill(self) -> None:
        """Bring everything to where it is when LinuxCNC has just been started."""
        self.switch_off([])
        if not self.pendant.is_plugged_in:
            self.pendant.plug_in()  # a loss that hal_mpg did not tell is told by the next one
        self.pendant.unplug()
        self.driver.wait_pin("hal_mpg.connected", False)
        self.driver.command.state(linuxcnc.STATE_ESTOP)
        self.driver.command.wait_complete(2.0)
        hal.set_p("watchdog.timeout-0", str(WATCHDOG_S))
        self.freeze()

    def freeze(self) -> None:
        """Stop hal_mpg so that the watchdog has tripped and the heartbeat is FALSE."""
        process = process_of("hal_mpg")
        while True:
            self.driver.wait_heartbeats()
            os.kill(process, signal.SIGSTOP)
            wait_until(lambda: not self.driver.pin("watchdog.ok-out"), "the watchdog to trip")
            if not self.driver.pin("hal_mpg.heartbeat"):
                return
            os.kill(process, signal.SIGCONT)

    def thaw(self) -> None:
        """Let hal_mpg go on."""
        os.kill(process_of("hal_mpg"), signal.SIGCONT)

    def repair(self) -> None:
        """Undo everything. Raises RuntimeError where something is not as it was."""
        while self._undo:
            self._undo.pop()()
        self.pendant.heal()
        if (now := self._anatomy()) != self._intact:
            raise RuntimeError(f"not repaired: {set(now) ^ set(self._intact)}")

    def _anatomy(self) -> list[str]:
        links = [f"{s['NAME']}: {s['DRIVER']}" for s in hal.get_info_signals()]
        pins = hal_command("-s", "show", "pin").splitlines()
        wires = [f"{words[4]} {words[-1]}" for words in map(str.split, pins) if len(words) > 5]
        thread = hal_command("-s", "show", "thread").split()
        return [*sorted(links), *sorted(wires), *(word for word in thread if not word.isdigit())]

    def cut(self, parts: Sequence[Part], now: str) -> None:
        """Apply the parts that are to be applied `now`: "cold" or "running"."""
        for part in parts:
            if (part["how"] in ("never", "without")) == (now == "cold"):
                getattr(self, f"_cut_{part['kind']}")(part, parts)

    def switch_off(self, rules: Sequence[str]) -> None:
        """Have hal_mpg work without these rules, and with all others; wait until it does."""
        self._days += 1
        wanted = "\n".join([f"day {self._days}", *rules])
        self._rules.write_text(wanted)
        done = done_file(self._rules)
        wait_until(lambda: done.exists() and done.read_text() == wanted, f"hal_mpg without {rules}")

    def _line(self, text: str) -> Line:
        return next(line for line in self._lines if line.text == text)

    def _cut_net(self, part: Part, parts: Sequence[Part]) -> None:
        signal_name, *pins = self._line(part["what"]).words
        elsewhere = {
            word
            for line in self._lines
            if line.kind == "net" and line.text != part["what"]
            for word in line.words
        }
        pins = [part["pin"]] if "pin" in part else [pin for pin in pins if pin not in elsewhere]
        inputs = {pin["NAME"] for pin in hal.get_info_pins() if pin["DIRECTION"] == hal.HAL_IN}
        for pin in pins:
            hal.disconnect(pin)
            self._undo.append(lambda pin=pin: hal.connect(pin, signal_name))
            if part["how"] == "never" and pin in inputs:
                hal.set_p(pin, self._at_start(pin, parts))

    def _at_start(self, pin: str, parts: Sequence[Part]) -> str:
        """Return what a pin is without its net line."""
        lost = {part["what"] for part in parts if part["kind"] == "setp"}
        for line in self._lines:
            if line.kind == "setp" and line.words[0] == pin and line.text not in lost:
                return line.words[1]
        return str(int(BARE.get(pin, False)))

    def _cut_setp(self, part: Part, parts: Sequence[Part]) -> None:
        pin, _ = self._line(part["what"]).words
        if any(line.kind == "net" and pin in line.words for line in self._lines):
            return  # its net line decides, while that is there
        before = self.driver.pin(pin)
        hal.set_p(pin, str(int(BARE.get(pin, False))))
        self._undo.append(lambda: hal.set_p(pin, str(before)))

    def _cut_addf(self, part: Part, parts: Sequence[Part]) -> None:
        name, thread, *place = self._line(part["what"]).words
        hal_command("delf", name, thread)
        self._undo.append(lambda: hal_command("addf", name, thread, *self._place(name, place)))

    def _place(self, name: str, place: Sequence[str]) -> Sequence[str]:
        """Return where in the thread a function was."""
        order = [word for word in self._intact if word in self._functions()]
        return [str(order.index(name) + 1)] if name in order else place

    def _functions(self) -> set[str]:
        return {line.words[0] for line in self._lines if line.kind == "addf"}

    def _cut_code(self, part: Part, parts: Sequence[Part]) -> None:
        if part["what"] == "REL_DIAL":
            self.pendant.has_wheel = False
        elif part["how"] == "silent":
            self.pendant.silence(part["key"])
        else:
            self.pendant.stick(part["key"], part["how"] == "closed")

    def _cut_rule(self, part: Part, parts: Sequence[Part]) -> None:
        """The file of rules is written in `cut`."""

    def _cut_process(self, part: Part, parts: Sequence[Part]) -> None:
        process = find_process(part["what"])
        os.kill(process, getattr(signal, part["how"]))
        if part["how"] != "SIGSTOP":
            return
        self._undo.append(lambda: os.kill(process, signal.SIGCONT))


def find_process(name: str) -> int:
    """Return the process id of one of LinuxCNC's programs, or hal_mpg's."""
    if name == "hal_mpg":
        return process_of(name)
    found = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (entry / "comm").read_text().strip() == name
    ]
    if len(found) != 1:
        raise LookupError(f"{len(found)} processes of {name}")
    return found[0]
