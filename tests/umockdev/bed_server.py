# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in private namespaces under umockdev-wrapper, for bed.py: the machine that hal_mpg is tried on.

It plays the input devices, starts hal_mpg, and reads HAL's pins. Each line of standard input is what
to do, as ["method of Machine", argument, ...]; each is answered with {"result": ...} or {"error": ...}.
Conditions are waited for by the tests, and not here; nothing is asserted of hal_mpg.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import traceback
from pathlib import Path
from typing import Any

from tests.beds.umockdev import Hardware, Node, new_testbed

hal: Any = importlib.import_module("hal")  # LinuxCNC's; only the system's Python has it


class Machine:
    """Input devices, programs, and a HAL of its own."""

    def __init__(self) -> None:
        self._testbed = new_testbed()
        self._input = Path(self._testbed.get_root_dir(), "dev/input")
        self._nodes: dict[int, Node] = {}
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._memory_kib: dict[str, int] = {}
        self._hands: dict[str, int] = {}  # the hand's end of a tool's terminal
        self._component = hal.component("bed")  # without one, HAL cannot be read
        self._component.ready()

    def plug(self, number: int, hardware: dict[str, Any], tell: bool = True) -> str:
        """Make a node and, with `tell`, let udev say so. JSON has only strings as keys: see `absolutes`."""
        absolutes = dict(hardware.pop("absolutes", ()))
        ranges = dict(hardware.pop("ranges", ()))
        down = set(hardware.pop("down", ()))
        known = Hardware(absolutes=absolutes, ranges=ranges, down=down, **hardware)
        node = Node(self._testbed, number, known)
        self._nodes[number] = node
        if tell:
            node.uevent("add")
        return node.path

    def link(self, name: str, number: int) -> str:
        """Make a symbolic link to a node, as udev does; return its path."""
        (self._input / name).symlink_to(f"event{number}")
        return f"/dev/input/{name}"

    def do(self, number: int, method: str, *arguments: Any) -> Any:
        """Call a method of a node."""
        return getattr(self._nodes[number], method)(*arguments)

    def set_state(self, number: int, down: list[int], up: list[int], absolutes: list[list[int]]) -> None:
        """Let switches have changed, without an event."""
        hardware = self._nodes[number].hardware
        hardware.down.update(down)
        hardware.down.difference_update(up)
        for code, value in absolutes:
            hardware.absolutes[code] = value

    def state(self, number: int) -> dict[str, Any]:
        """Return what programs have done to a node, and where its absolute axes stand."""
        node = self._nodes[number]
        done = {"seen": node.was_open, "open": node.is_open, "grabbed": node.is_grabbed, "clock": node.clock}
        return {**done, "absolutes": list(node.hardware.absolutes.items())}

    def start(self, name: str, arguments: list[str]) -> None:
        """Start hal_mpg as component `name`; what it says on stderr goes to the file `name`.err."""
        command = [sys.executable, "-m", "hal_mpg", "--name", name, *arguments]
        with open(f"{name}.err", "wb") as said:
            # Not with an environment of our own: umockdev's is C's, os.environ does not have it.
            self._memory_kib[name] = 0
            self._programs[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said)

    def start_tool(self, name: str, words: list[str], size: list[int], variables: dict[str, str]) -> None:
        """Start a command in a terminal of so many columns and lines; [0, 0]: without one.

        What it prints goes to `name`.out and, without a terminal, `name`.err.
        """
        command = ["env", *(f"{key}={value}" for key, value in variables.items())]
        command += words
        if size == [0, 0]:
            with open(f"{name}.out", "wb") as out, open(f"{name}.err", "wb") as err:
                self._programs[name] = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=err
                )
            self._memory_kib[name] = 0
            return
        hand, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._memory_kib[name] = 0
        self._programs[name] = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command], stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        self._hands[name] = hand
        threading.Thread(target=_copy, args=(hand, f"{name}.out"), daemon=True).start()

    def play_evemu(self, node: str, file: str) -> None:
        """Let umockdev itself play a recording in evemu's format to whoever has a node open."""
        self._testbed.load_evemu_events(node, file)

    def type(self, name: str, text: str) -> None:
        """Type something in a tool's terminal."""
        os.write(self._hands[name], text.encode())

    def start_reader(self, profile: str) -> None:
        """Start read_nodes.py, and wait until it has opened the pendant."""
        script = Path(__file__).with_name("read_nodes.py")
        pipe = subprocess.PIPE
        self._reader = subprocess.Popen([sys.executable, script, profile], stdin=pipe, stdout=pipe)
        assert self._reader.stdout is not None
        assert self._reader.stdout.readline() == b"open\n"

    def read_nodes(self, numbers: list[int]) -> Any:
        """Let read_nodes.py read the nodes of these numbers; return what it read."""
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        self._reader.stdin.write(" ".join(map(str, numbers)).encode() + b"\n")
        self._reader.stdin.flush()
        return json.loads(self._reader.stdout.readline())

    def is_ready(self, name: str) -> bool:
        """Tell whether a component is there and ready, so that `loadusr -W` would go on."""
        return bool(hal.component_exists(name) and hal.component_is_ready(name))

    def status(self, name: str) -> int | None:
        """Return the exit status of a program; None while it runs."""
        self._note_memory(name)
        return self._programs[name].poll()

    def memory_kib(self, name: str) -> int:
        """Return the most memory that a program had (resident) when it was last looked at, in KiB."""
        self._note_memory(name)
        return self._memory_kib[name]

    def _note_memory(self, name: str) -> None:
        program = self._programs[name]
        if program.returncode is None:  # not yet reaped, so that there is such a process
            for line in Path(f"/proc/{program.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):  # not there any more in one that has ended
                    self._memory_kib[name] = int(line.split()[1])

    def terminate(self, name: str) -> None:
        """Send SIGTERM to a program."""
        self._programs[name].terminate()

    def interrupt(self, name: str) -> None:
        """Send SIGINT to a program, as Ctrl-C does."""
        self._programs[name].send_signal(signal.SIGINT)

    def freeze(self, name: str, frozen: bool) -> None:
        """Send SIGSTOP or SIGCONT to a program."""
        self._programs[name].send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def is_frozen(self, name: str) -> bool:
        """Tell whether SIGSTOP has had its effect."""
        status = Path(f"/proc/{self._programs[name].pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    def pins(self, names: list[str]) -> list[Any]:
        """Return the values of pins, by their full names."""
        return [hal.get_value(name) for name in names]

    def set_pin(self, name: str, value: str) -> None:
        """Set an input pin that nothing is netted to."""
        hal.set_p(name, value)


def _copy(hand: int, file: str) -> None:
    """Copy what is shown on a terminal to a file, until nothing more can come."""
    with open(file, "wb", buffering=0) as copy:
        while True:
            try:
                data = os.read(hand, 65536)
            except OSError:
                return  # nobody has the terminal any more
            copy.write(data)


def main() -> None:
    """Do what is asked for, until there is no more of it; then everything ends with this process."""
    machine = Machine()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        try:
            answer = {"result": getattr(machine, method)(*arguments)}
        except Exception:  # noqa: BLE001  # whatever it is, the test raises it
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
