# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs as an ordinary user, for guest_serial.py: how long hal_mpg takes to take note of what happens.

Times are from the last line (or the pulled plug) until the HAL pin has changed; -1 where whoever looked
stood still meanwhile, for such a time says nothing. Printed as JSON.
"""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.linuxcnc.serial_hands import Hands

hal: Any = importlib.import_module("hal")

LIMIT_S = 60.0
STOOD_STILL_S = 0.01
NOISE_S, NOISES = 20.0, 3


def pin(name: str) -> Any:
    return hal.get_value(f"hal_mpg.{name}")


def wait_pin(name: str, value: Any) -> float:
    """Wait for a pin; return when it was seen, or -1 where nobody looked for too long before."""
    last = began = time.monotonic()
    while True:
        now = time.monotonic()
        if pin(name) == value:
            return now if now - last < STOOD_STILL_S else -1.0
        if now > began + LIMIT_S:
            raise TimeoutError(f"{name} is not {value}, but {pin(name)}; why-not {pin('why-not')}")
        last = now
        time.sleep(0.0005)


def taken(act: Callable[[], float], name: str, value: Any) -> float:
    """Return the seconds from what `act` says until a pin has a value."""
    began: list[float] = []
    thread = threading.Thread(target=lambda: began.append(act()))
    thread.start()
    seen = wait_pin(name, value)
    thread.join()
    # What pulls a plug has taken effect before it is over.
    return max(0.0, round(seen - began[0], 4)) if seen > 0 else -1.0


def times(hands: Hands) -> dict[str, Any]:
    """Measure each kind."""
    found: dict[str, Any] = {name: [] for name in ("silent", "back", "pressed", "unplugged", "plugged")}
    hands.do("set", "estop", True)
    wait_pin("estop-ok", True)
    for _ in range(20):
        time.sleep(random.uniform(0.3, 0.5))  # at no fixed place between two lines
        found["silent"].append(taken(lambda: hands.do("silence", True), "connected", False))
        began = time.monotonic()
        hands.do("silence", False)
        wait_pin("connected", True)
        found["back"].append(round(time.monotonic() - began, 4))
    for _ in range(20):
        hands.do("set", "estop", True)
        wait_pin("estop-ok", True)
        time.sleep(random.uniform(0.2, 0.4))
        found["pressed"].append(taken(lambda: hands.do("set", "estop", False), "estop-ok", False))
    hands.do("set", "estop", True)
    found["lost on a bad wire"] = on_a_bad_wire(hands)
    for port in (1, 0, 1, 0, 1):
        wait_pin("connected", True)
        time.sleep(0.3)
        found["unplugged"].append(taken(lambda: hands.do("unplug"), "connected", False))
        hands.do("plug", port)
        began = time.monotonic()
        wait_pin("connected", True)
        found["plugged"].append(round(time.monotonic() - began, 4))
    return found


def on_a_bad_wire(hands: Hands) -> list[float]:
    """Return how often the pendant was lost on a bad wire, in how many seconds, and the lines refused.

    It is lost, too, while the emulated machine stands still: so where it was, that is tried again.
    """
    lost = refused = 0
    for _ in range(NOISES):
        before, garbled = pin("reconnects"), pin("garbled")
        hands.do("noise", 0.01, 0.02, 0.02, 6)
        time.sleep(NOISE_S)
        hands.do("noise", 0.0, 0.0, 0.0, 0)
        lost, refused = pin("reconnects") - before, pin("garbled") - garbled
        if not lost:
            break
    return [lost, NOISE_S, refused]


def main() -> None:
    hands, profile = Hands(sys.argv[1]), sys.argv[2]
    component = hal.component("watch")
    component.ready()
    command = [sys.executable, "-m", "hal_mpg", "--pendant", profile, "-v"]
    process = subprocess.Popen(command, stderr=sys.stderr)
    try:
        deadline = time.monotonic() + LIMIT_S
        while not hal.component_exists("hal_mpg") or not hal.component_is_ready("hal_mpg"):
            if time.monotonic() > deadline or process.poll() is not None:
                raise TimeoutError("hal_mpg is not ready")
            time.sleep(0.05)
        wait_pin("connected", True)
        found = times(hands)
    finally:
        process.terminate()
        status = process.wait(60)
        component.exit()
    print(json.dumps(found | {"status": status}))


if __name__ == "__main__":
    main()
