# SPDX-License-Identifier: GPL-2.0-or-later
"""The view for what is no terminal: a line for each change, with the seconds since the beginning."""

from __future__ import annotations

import select
import sys
import time

from hal_mpg.messages import printable
from hal_mpg.monitor.shown import Reader
from hal_mpg.stop_signals import StopSignals


def run(reader: Reader, seconds: float | None) -> None:
    """Print what changes until a signal comes, or so many seconds have passed."""
    began = time.monotonic()
    end = None if seconds is None else began + seconds
    ready: list[int] = []
    where = ""
    with StopSignals() as stop:
        while not stop.number:
            now = time.monotonic()
            lines = reader.update(ready, now)
            if reader.shown.where != where:
                where = reader.shown.where
                lines = [f"view   {reader.shown.title}: {where}", *lines]
            for line in lines:
                print(f"{now - began:10.3f}  {printable(line)}")
            sys.stdout.flush()
            if end is not None and now >= end:
                return
            ready = wait(reader, [stop.descriptor, sys.stdout.fileno()], end)
            if sys.stdout.fileno() in ready:
                raise BrokenPipeError  # only a reader that has gone makes it "ready"


def wait(reader: Reader, others: list[int], end: float | None, limit_s: float = 1.0) -> list[int]:
    """Wait until the reader or one of the others has something to say, or time is due; return which."""
    poll = select.poll()
    for descriptor in {*reader.descriptors(), *others}:
        poll.register(descriptor, 0 if descriptor == sys.stdout.fileno() else select.POLLIN)
    now = time.monotonic()
    until = min(reader.deadline(), now + limit_s, now + limit_s if end is None else end)
    return [descriptor for descriptor, _ in poll.poll(max(0, (until - now) * 1000 + 0.5))]
