# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs under valgrind: python -m tests.instructions.counted real|fake JOB ...

A job is a case, or one of the loops beside it, played as a whole or to its pin ("detent", "detent:pin"). It
is played in forked processes, two of which differ at their ends by what is to be counted. A JSON line for
each goes to standard output: the job, and the process id, by which valgrind names its file.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from tests.instructions.cases import ARMING, CASES, CYCLES, HELD, PIN, Case, key
from tests.instructions.loops import LOOPS
from tests.instructions.pipe_pendant import Device, SteppedEpoll, install
from tests.instructions.watch import COMPONENT, Watch

install()

from hal_mpg.hal_port import HalPort  # noqa: E402  # after the clock was put in its place
from hal_mpg.machine import Machine  # noqa: E402
from hal_mpg.pendant import Pendant  # noqa: E402
from hal_mpg.profile import Profile  # noqa: E402
from hal_mpg.profile_yaml import load_profile  # noqa: E402
from hal_mpg.runner import Runner  # noqa: E402
from hal_mpg.sources import node_paths  # noqa: E402
from hal_mpg.sources.evdev import EvdevSource  # noqa: E402


def main() -> None:
    """Do the jobs that the command line names."""
    is_real = sys.argv[1] == "real"
    if is_real and os.getpid() != 1:
        sys.exit("a HAL that is thrown away has to be in namespaces of its own (see measure.py)")
    hal = importlib.import_module("hal" if is_real else "hal_mpg.fake_hal")
    for job in sys.argv[2:]:
        name, _, part = job.partition(":")
        profile = load_profile(CASES[name].profile(), "pipe.yaml") if name in CASES else None
        # What a forked process has counted begins with what this one has. What this one does between the
        # first fork and the second, it does between the second and the third, too; so it drops out.
        for place, is_longer in enumerate((False, True, False)):
            pid = os.fork()
            if pid == 0:
                _do(hal, name, profile, part == PIN, is_longer, Path(f"{name}.{part}.{place}"))
            if os.waitpid(pid, 0)[1]:
                sys.exit(f"{job} failed")
            if is_real:
                os.waitpid(os.posix_spawnp("ipcrm", ["ipcrm", "--all=shm"], {}), 0)
            print(json.dumps({"job": job, "pid": pid}), flush=True)


def _do(hal: Any, name: str, profile: Profile | None, to_pin: bool, is_longer: bool, folder: Path) -> None:
    """Do a job once, in a directory of its own, and end the process."""
    try:
        folder.mkdir()
        os.chdir(folder)
        cycles = CYCLES * (3 if is_longer and not to_pin else 1)
        more = int(is_longer and to_pin)
        if profile is None:
            LOOPS[name](Watch(hal, "counts" if to_pin else ""), cycles, more)
        else:
            case = CASES[name]
            run(Watch(hal, case.pin if to_pin else ""), case, profile, cycles, more)
    except BaseException:  # noqa: BLE001  # whatever it is, it is told
        traceback.print_exc()
    os._exit(1)


def run(watch: Watch, case: Case, profile: Profile, cycles: int, more: int) -> None:
    """Run hal_mpg on a pendant with which the case's cycle is done, and then `more`, to the first pin."""
    node_paths.INPUT_DIR = "nodes"
    device = Device(Path("nodes"), case.codes(), map(key, HELD))
    pendant = Pendant(profile, Machine())
    port = HalPort(watch, COMPONENT, pendant.pins)
    for axis in profile.axes:
        watch.set_p(f"{COMPONENT}.axis.{axis}.max-velocity", "100")
        watch.set_p(f"{COMPONENT}.axis.{axis}.max-acceleration", "1000")
    # As many are made ready in any case, for that takes instructions, too.
    played = device.played(chain(ARMING, *repeat(case.cycle, 3 * CYCLES)))
    begin, end = (len(ARMING) + count * len(case.cycle) for count in (cycles, cycles + more))
    SteppedEpoll.play(played[:begin], played[begin:end], watch)
    expected = [True, cycles * case.counts]

    def check() -> str:
        seen = [watch.get_value(f"{COMPONENT}.{pin}") for pin in ("armed", "axis.x.jog-counts")]
        return "" if more or seen == expected else f"armed, jog-counts: {seen}, expected {expected}"

    watch.check = check
    gc.disable()  # the component looks for garbage so rarely that it never happens
    Runner(pendant, EvdevSource(profile), port).run()


if __name__ == "__main__":
    main()
