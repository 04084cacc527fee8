# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs on the machine, for test_reading.py: reads a pendant's nodes when it is told to, ready or not.

`read_nodes.py PROFILE`: prints a line when the pendant is open. For each line of standard input, the
numbers of the nodes that are said to be ready, it reads them once, and prints the events as a JSON list
of [kind, node]. The time of each reading is that of the opening, so that every event is later.
"""

import json
import sys
import time
from pathlib import Path

from hal_mpg.profile_files import read_profile
from hal_mpg.sources.evdev import EvdevSource

source = EvdevSource(read_profile(Path(sys.argv[1])))
assert source.search(time.monotonic())
now = time.monotonic()
print("open", flush=True)
for line in sys.stdin:
    descriptors = source.descriptors()
    events = source.read([descriptors[int(number)] for number in line.split()], now)
    print(json.dumps([[type(event).__name__, getattr(event, "node", None)] for event in events]), flush=True)
