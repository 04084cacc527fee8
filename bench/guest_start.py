# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the emulated machine: from `loadusr` to ready, with the pendant plugged in."""

from __future__ import annotations

import subprocess
import time
from functools import partial

from bench.guest import Stopwatch, as_user, entries, in_turn, load_words, plan, prepare, start, tell
from tests.beds.gadget import wait_for
from tests.beds.kernel import write_result

PAUSE_S = 0.5


def has_gone(component: str) -> bool:
    """Tell whether HAL does not know the component any more."""
    return component not in as_user("halcmd", "-s", "show", "comp").split()


def main() -> None:
    asked = plan()
    facts = prepare()
    programs = entries(asked)
    stopwatch = Stopwatch()
    stopwatch.hold(0, 8, 9)
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for number, name in in_turn(list(programs), asked["rounds"] + 1):
        component = programs[name]["component"]
        words = load_words(programs[name], stopwatch)
        time.sleep(PAUSE_S)
        began = time.monotonic()
        # It keeps standard output open for as long as it runs, so that is not read.
        loading = start(["halcmd", "loadusr", "-Wn", component, *words], stdout=subprocess.DEVNULL)
        loading.wait(120)
        seconds = time.monotonic() - began
        if "ready" not in as_user("halcmd", "-s", "show", "comp", component).split():
            raise RuntimeError(f"{name} is not ready")
        as_user("halcmd", "unload", component)
        wait_for(f"end of {name}", partial(has_gone, component))
        if number:  # the first one of each fills the caches
            taken[name].append(round(seconds, 4))
            tell(f"start {number} of {asked['rounds']}: {name}, {seconds:.2f} s")
    stopwatch.close()
    write_result({"facts": facts, "taken": taken})


if __name__ == "__main__":
    main()
