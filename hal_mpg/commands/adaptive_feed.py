# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg adaptive-feed`: switches LinuxCNC's adaptive feed on, by which the wheel runs programs.

It is M52 P1 for every program. Measured in LinuxCNC 2.9: it outlives M2, M30, aborts, E-stop and faults of
programs, and ends with M52 P0 or with LinuxCNC. In RS274NGC_STARTUP_CODE, M52 P1 has no effect.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from hal_mpg.errors import HalError
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.options import Parser

if TYPE_CHECKING:
    from typing import Any

START_S = 120.0
"""How long LinuxCNC may take to start, and to be in manual mode: nowhere else does it take this command."""

LOOK_S = 0.2
"""How often it is looked at."""

BY_HAND = "give the MDI command M52 P1, or write it into the program"


def main(arguments: Sequence[str]) -> int:
    """Switch it on; return the exit status."""
    parser().parse_args(arguments)
    switch_on(load_linuxcnc())
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    return Parser(
        prog="hal_mpg adaptive-feed",
        description="Switch LinuxCNC's adaptive feed (M52 P1) on for every program, as MPG-run needs it.",
        epilog="For `loadusr` in a HAL file (mpg-run.hal): it waits for LinuxCNC, and ends. "
        "exit status: 0, 2 command line, 5 LinuxCNC.",
    )


def load_linuxcnc() -> Any:
    """Return LinuxCNC's Python module. Raises HalError where it is missing."""
    try:
        import linuxcnc
    except ImportError as error:
        raise HalError(
            f"adaptive-feed: LinuxCNC's Python module cannot be imported ({error}); {BY_HAND}"
        ) from None
    return linuxcnc


def answers(linuxcnc: Any) -> bool:
    """Tell whether LinuxCNC can be looked at by now. Another process looks.

    In 2.9, a process that looks before LinuxCNC has made the file of its tool table may get an answer once,
    and then never again: each further `poll` is a SystemError (`mmap_available` in emcmodule.cc).
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    status = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)  # what is missing is said at each look
        stat = linuxcnc.stat()
        stat.poll()
        stat.poll()
        status = 0
    finally:
        os._exit(status)


def switch_on(linuxcnc: Any) -> None:
    """Wait until LinuxCNC can be told, tell it, and see that it was done.

    Raises HalError where that does not come about in START_S.
    """
    end = time.monotonic() + START_S
    stat = None
    while time.monotonic() < end:
        try:
            stat = stat or (linuxcnc.stat() if answers(linuxcnc) else None)
            if stat is not None:
                stat.poll()
        except linuxcnc.error:
            stat = None  # it has ended
        if stat is None:
            time.sleep(LOOK_S)
            continue
        if stat.adaptive_feed_enabled:
            tell("adaptive feed is on (M52 P1): the wheel can run programs")
            return
        # task_state is 0 before the task has read the INI file; beyond manual mode it would complain.
        if stat.task_state > 0 and stat.task_mode == linuxcnc.MODE_MANUAL:
            linuxcnc.command().set_adaptive_feed(1)
        time.sleep(LOOK_S)
    raise HalError(f"adaptive-feed: LinuxCNC has not switched it on within {START_S:.0f} s; {BY_HAND}")
