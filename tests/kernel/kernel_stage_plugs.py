# SPDX-License-Identifier: GPL-2.0-or-later
"""Acts of the kernel bed: plugs, drivers, nodes, and who may open them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.stage import LIMIT_S
from tests.kernel.kernel_stage_base import FAR, KernelBase
from tests.linuxcnc.driver import wait_until

AT_LEAST_MM = 0.5
"""What X has to have gone when the plug is pulled in the middle of a turn, or nothing was moving."""


class PlugActs(KernelBase):
    """What breaks between the pendant and hal_mpg."""

    def do_unplug(self) -> Callable[[], float]:
        return self.hands.began("unplug")

    def do_unplug_in_turn(self, detents: int) -> Callable[[], float]:
        """Turn at x100, and pull the plug while the axis is on its way."""
        detents = self.select_far(detents)
        self.should["x"] += detents * FAR
        before = self.driver.positions()["x"]

        def has_moved(_: float) -> None:
            assert abs(self.driver.positions()["x"] - before) > AT_LEAST_MM

        return self.began_then(self.hands.began("reports_and_unplug", self.hands.turns(detents)), has_moved)

    def do_replug(self, port: int) -> float:
        """Pull the plug, and plug it in again, everything held as it was."""
        began = self.unplug_and_wait()
        self.hands.port = port
        self.hands.plug_in()
        self.show_after_connect()
        return began

    def do_replug_as_another_node(self) -> float:
        """Plug it in again while another device has its node's number."""
        began = self.unplug_and_wait()
        self.hands.ask("plug_as_another_node", self.hands.port)
        self.show_after_connect()
        return began

    def unplug_and_wait(self) -> float:
        began = self.hands.began("unplug")()
        self.wait_pin("connected", False)
        self.driver.wait_state("ESTOP", LIMIT_S)
        return began

    def show_after_connect(self) -> None:
        self.wait_pin("connected", True)
        self.hands.show()

    def do_plug_in_holding(self, button: str) -> float:
        """Plug it in again with a button held that was not pressed since, then bring the machine up."""
        began = self.unplug_and_wait()
        self.hands.enable, self.hands.reset = button == "enable", button == "reset"
        self.hands.plug_in()
        self.show_after_connect()
        self.wait_pin("estop-ok", True)
        if button == "enable":
            self.driver.turn_on()
            self.driver.teleop()
            self.wait_pin("machine-is-on", True)
        return began

    # Two of them.

    def do_plug_second_in(self) -> Callable[[], float]:
        return self.hands.began("plug_second_in")

    def do_unplug_beside_second(self) -> Callable[[], float]:
        """Pull the plug of the pendant that is used, while a second one is there."""
        self.hands.ask("plug_second_in")
        return self.hands.began("unplug")

    def back_take_second(self) -> None:
        """Take the other pendant."""
        self.hands.ask("take_second")
        self.hands.show()

    # Who may use it.

    def do_plug_in_without_access(self) -> float:
        began = self.unplug_and_wait()
        self.hands.ask("plug_without_access", self.hands.port)
        return began

    def do_plug_in_grabbed(self) -> float:
        """Plug it in where another program is quicker."""
        began = self.do_plug_in_without_access()
        self.hands.ask("grab")
        self.hands.ask("give_access")
        return began

    def do_revoke(self) -> Callable[[], float]:
        return self.hands.began("revoke", self.process())

    def do_press_estop_while_closed(self) -> float:
        """Press the E-stop while nobody has the node open, so that the kernel does not hear of it."""
        process = self.process()
        began = self.hands.began("close_for_all", process)()
        self.wait_pin("connected", False)
        wait_until(lambda: not _has_input_open(process), "the node to be closed", LIMIT_S)
        self.hands.press_estop()
        self.hands.ask("tidy")
        self.wait_pin("connected", True)
        return began

    # The computer's side of the plug.

    def do_deauthorize(self) -> Callable[[], float]:
        return self.hands.began("deauthorize")

    def do_unbind_driver(self) -> Callable[[], float]:
        return self.hands.began("unbind_driver")

    def do_disable_port(self) -> Callable[[], float]:
        return self.hands.began("disable_port")

    def do_inhibit(self) -> Callable[[], float]:
        return self.hands.began("inhibit")

    def do_save_power(self, detents: int) -> float:
        """Let the kernel suspend the pendant if it wants to, and turn the wheel."""
        began = self.hands.began("save_power")()
        self.turn(detents)
        status = self.hands.ask("power_status")
        assert status == "active", status
        return began

    def do_suspend(self) -> float:
        """Let the kernel suspend the pendant, and wait until it has."""
        began = self.hands.began("save_power")()
        wait_until(lambda: self.hands.ask("power_status") == "suspended", "the pendant to sleep", LIMIT_S)
        return began

    def back_wake_up(self) -> None:
        """Let the kernel wake the pendant up, and turn the selectors to where they were."""
        self.hands.ask("tidy")
        wait_until(lambda: self.hands.ask("power_status") == "active", "the pendant to wake up", LIMIT_S)
        self.hands.select("x", "x10")

    def do_plug_board_in(self, times: int) -> float:
        """Use a board whose keys repeat: keys that are held, and some that are not."""
        self.unplug_and_wait()
        self.hands.ask("plug_board_in")
        self.hands.enable = False
        self.show_after_connect()
        self.back_reset()
        self.back_switch_on()
        self.arm()
        began = time.monotonic()
        self.hands.ask("repeat_keys", [*range(12)], times)
        return began


def _has_input_open(process: int) -> bool:
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            if link.readlink().match("/dev/input/event*"):
                return True
        except OSError:  # closed meanwhile
            continue
    return False
