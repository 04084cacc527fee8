# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of modes: the wheel turns throughout, and the machine goes into another mode, or off."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.faults.stage import INCREMENT
from tests.linuxcnc.driver import linuxcnc, wait_until
from tests.linuxcnc.motion_wheel import SCALES, WheelStage

PROGRAM = "G21 G90 G40\nG53 G1 F600 X3 Y1\nG53 G1 X4\nM2\n"
END = {"x": 4.0, "y": 1.0}
"""Where the program ends."""

HOME = 2.0
"""Where X is moved to by homing, so that it takes its time."""


class ModeActs(WheelStage):
    """Acts that change the mode in mid-turn. They return with the wheel still turning."""

    def do_turn_into(self, what: str) -> float:
        """Turn the wheel, and in mid-turn do something else."""
        self.wheel.start()
        self.wait_gone(5 * INCREMENT)
        getattr(self, f"_into_{what.replace('-', '_')}")()
        self.positions_at_rest()
        self.turn_on_dead()
        return time.monotonic()

    def do_ask_for_mdi_in_mid_jog(self) -> float:
        """Ask for MDI mode while X runs on: LinuxCNC ignores it, and the jog ends where it should."""
        self.hands.select("x", "x100")
        self.turn(40, SCALES["x100"])
        self.wait_gone(1.0)  # task hears of a jog some milliseconds later
        asked = time.monotonic()
        self.driver.command.mode(linuxcnc.MODE_MDI)
        self.driver.complete()
        self.driver.wait_pin("motion.jog-is-active", False)
        self.driver.stat.poll()
        assert self.driver.stat.task_mode == linuxcnc.MODE_MANUAL
        return asked

    def _into_mdi(self) -> None:
        self.ask_mode("MDI")
        self._moved_until_disarmed()

    def _into_mdi_move(self) -> None:
        self.ask_mode("MDI")
        self.mdi("G53 G1 F600 X3")
        self.command_to(x=3.0)

    def _into_program(self) -> None:
        self._run_program()
        self.driver.wait_stat(self._is_idle, "the program to end")
        self.command_to(**END)

    def _into_program_paused(self) -> None:
        self._pause_program()

    def _into_program_resumed(self) -> None:
        self._pause_program()
        self.back_resume_program()
        self.command_to(**END)

    def _into_program_aborted(self) -> None:
        self._run_program()
        self.driver.command.abort()
        self.driver.complete()
        self._rest_where_it_is()

    def _into_machine_off(self) -> None:
        self.driver.ask_state("OFF")
        self._moved_until_disarmed()

    def _into_estop(self) -> None:
        self.driver.ask_state("ESTOP")
        self._moved_until_disarmed()

    def _moved_until_disarmed(self) -> None:
        """What was turned before may have moved X: no less than nothing, no more than that."""
        self.wait_pin("armed", False)
        self.should["x"] = self.taken() * INCREMENT

    def _run_program(self) -> None:
        file = Path(os.environ["HAL_MPG_LINUXCNC_SOCKET"]).parent / "fault.ngc"
        file.write_text(PROGRAM)
        self.ask_mode("AUTO")
        self.driver.command.program_open(str(file))
        self.driver.complete()
        self.driver.command.auto(linuxcnc.AUTO_RUN, 0)
        wait_until(lambda: self.driver.positions()["y"] > 0.3, "the program to be under way")

    def _pause_program(self) -> None:
        self._run_program()
        self.driver.command.auto(linuxcnc.AUTO_PAUSE)  # not complete before the program is
        self.driver.wait_stat(lambda: bool(self.driver.stat.paused), "the program to pause")
        self._rest_where_it_is()

    def _rest_where_it_is(self) -> None:
        """See the program's axes stop on their way; from there on nothing may move."""
        at = self.positions_at_rest()
        assert 0.3 < at["y"] < END["y"], f"it did not stop on its way: {at}"
        self.command_to(**at)

    def back_resume_program(self) -> None:
        """Resume the program, and see it end where it says."""
        self.driver.command.auto(linuxcnc.AUTO_RESUME)
        self.driver.wait_stat(self._is_idle, "the program to end")
        self.rest_at("the program's end", **END)

    def _is_idle(self) -> bool:
        return bool(self.driver.stat.interp_state == linuxcnc.INTERP_IDLE)

    # Homing. The mode is manual all the time, so the wheel is live; LinuxCNC takes no counts meanwhile.

    def do_home_in_mid_turn(self) -> float:
        """Home in mid-turn; from its end on the wheel moves X again, from there."""
        self.set_pin("ini.0.home", HOME)
        self.wheel.start()
        self.wait_gone(5 * INCREMENT)
        self.driver.command.home(-1)
        self.driver.wait_pin("joint.0.homing", True)
        asked, before = self.taken(), 0

        def is_homed() -> bool:
            nonlocal before
            before = self.taken()
            return not self.driver.pin("joint.0.homing")

        wait_until(is_homed, "X to be homed")
        after = self.taken()
        self.wheel.go_on()
        self.wheel.stop()
        self.account()
        x = self.positions_at_rest()["x"]
        later = round((x - HOME) / INCREMENT)
        assert before - asked > 2, "nothing was turned while it homed"
        assert self.taken() - after <= later <= self.taken() - before, f"{later} detents of {self.taken()}"
        self.command_to(x=HOME + later * INCREMENT)
        return time.monotonic()
