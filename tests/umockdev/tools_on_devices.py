# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs under umockdev-wrapper, for test_list_and_doctor.py: plugs in devices, and runs tools beside them.

The argument is JSON: {"devices": [[number, hardware], ...], "commands": [[word, ...], ...]}; a command that
starts with a number is for that node: [5, "chmod", 0]. What comes of each tool is printed as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.beds.umockdev import Hardware, Node, new_testbed


def run(command: list[str]) -> dict[str, Any]:
    """Run a tool; the loop of the emulated devices goes on meanwhile, in threads of its own."""
    with open("out", "wb") as out, open("err", "wb") as err:
        tool = subprocess.Popen([sys.executable, "-m", "hal_mpg", *command], stdout=out, stderr=err)
        while tool.poll() is None:
            time.sleep(0.01)
    return {"status": tool.returncode, "out": Path("out").read_text(), "err": Path("err").read_text()}


def main() -> None:
    """Do what the argument says."""
    task = json.loads(sys.argv[1])
    testbed = new_testbed()
    nodes = {number: Node(testbed, number, Hardware(**hardware)) for number, hardware in task["devices"]}
    results = []
    for first, *words in task["commands"]:
        if isinstance(first, int):
            getattr(nodes[first], words[0])(*words[1:])
        else:
            results.append(run([first, *words]))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
