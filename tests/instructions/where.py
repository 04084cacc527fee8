# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the work of a case is done: python -m tests.instructions.where CASE

Counts the bytecodes of each function of hal_mpg, which are the same each time, too. What they call in C is
not in it; for that, see callgrind_annotate on the files of `python -m tests.instructions --keep`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NoReturn

from hal_mpg import fake_hal
from hal_mpg.profile_yaml import load_profile
from tests.instructions import counted
from tests.instructions.cases import CASES, CYCLES
from tests.instructions.measure import ROOT
from tests.instructions.pipe_pendant import Play
from tests.instructions.watch import Watch

SHOWN = 30
PACKAGE = str(ROOT / "hal_mpg")
FAKE_HAL = (str(ROOT / "hal_mpg" / "_fake_hal"), str(ROOT / "hal_mpg" / "fake_hal"))


class Tracer(Watch):
    """Counts from the time that it is armed to the end."""

    def __init__(self, name: str) -> None:
        super().__init__(fake_hal, "")
        self._case = CASES[name]
        self._calls: Counter[CodeType] = Counter()
        self._bytecodes: Counter[CodeType] = Counter()

    def arm(self) -> Iterator[Play]:
        """Begin."""
        sys.settrace(self._trace)
        frame: FrameType | None = sys._getframe()
        while frame:
            self._follow(frame)
            frame = frame.f_back
        yield from ()

    def _follow(self, frame: FrameType) -> bool:
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE) or file.startswith(FAKE_HAL):
            return False
        frame.f_trace_lines, frame.f_trace_opcodes, frame.f_trace = False, True, self._trace
        return True

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            self._calls[frame.f_code] += 1
            return self._trace if self._follow(frame) else None
        if event == "opcode":
            self._bytecodes[frame.f_code] += 1
        return self._trace

    def end(self) -> NoReturn:
        """Show what was counted, and end the process."""
        sys.settrace(None)
        events = CYCLES * self._case.events
        total = sum(self._bytecodes.values()) / events
        print(f"{self._case.words}: {total:,.0f} bytecodes of hal_mpg's own\n\nbytecodes   calls")
        for code, bytecodes in self._bytecodes.most_common(SHOWN):
            name = f"{code.co_qualname} ({Path(code.co_filename).relative_to(PACKAGE)})"
            print(f"{bytecodes / events:9.1f} {self._calls[code] / events:7.2f}   {name}")
        sys.stdout.flush()
        os._exit(0)


def main() -> None:
    """Play the case, and show the table."""
    case = CASES[sys.argv[1]]
    profile = load_profile(case.profile(), "pipe.yaml")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if os.fork() == 0:
            counted.run(Tracer(sys.argv[1]), case, profile, CYCLES, CYCLES)
        os.wait()


if __name__ == "__main__":
    main()
