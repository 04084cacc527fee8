# SPDX-License-Identifier: GPL-2.0-or-later
"""A component with a serial pendant on the fake HAL: the real source, the real loop, a real terminal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.runner import Runner
from hal_mpg.sources.serial import SerialSource

LIMIT_S = 30.0
CONTROLS = "axis=xyzabc scale=x1,x10,x100 estop reset enable buttons=home,go leds=ready,fault text=16"


def make_profile(port: str, more: str = "", greeting: str = CONTROLS) -> Profile:
    """Return a profile of the line protocol at a port."""
    text = f"""\
name: Bench pendant
source: serial
match: [{{port: "{port}"}}]
greeting: "{greeting}"
increments:
  x1:   {{mm: 0.001, degree: 0.01}}
  x10:  {{mm: 0.01, degree: 0.1}}
  x100: {{mm: 0.1, degree: 1.0}}
{more}"""
    return load_profile(text, "bench.yaml")


class SerialWorld:
    """The component in the main thread, and what its user does in another one."""

    def __init__(self, profile: Profile, device: str | None = None) -> None:
        self.hal = FakeHal()
        self.pendant = Pendant(profile, Machine())
        self.source = SerialSource(profile, device)
        self.port = HalPort(self.hal, "hal_mpg", self.pendant.pins)
        self.fault: BaseException | None = None

    def run(self, user: Callable[[], None], verbose: bool = False) -> None:
        """Run the component until the user has done."""

        def do() -> None:
            try:
                user()
            except BaseException as error:  # noqa: BLE001  # it is raised again in the main thread
                self.fault = error
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=do)
        thread.start()
        try:
            Runner(self.pendant, self.source, self.port, verbose).run()
        finally:
            thread.join(LIMIT_S)
            if self.fault:
                raise self.fault

    def get(self, pin: str) -> Any:
        """Return what a pin shows."""
        return self.hal.get_value(f"hal_mpg.{pin}")

    def wait_for(self, pin: str, value: object) -> float:
        """Wait until a pin has a value; return when that was seen."""
        return self.wait_until(lambda: self.get(pin) == value, f"{pin} to be {value}, and it is {{}}", pin)

    def wait_until(self, condition: Callable[[], bool], what: str, pin: str = "connected") -> float:
        """Wait for a condition; return when it was seen."""
        limit = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < limit, f"waited in vain for {what.format(self.get(pin))}"
            threading.Event().wait(0.001)
        return time.monotonic()
