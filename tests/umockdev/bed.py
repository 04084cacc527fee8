# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine that hal_mpg is tried on, as tests see it: pendants to plug in, programs to start, pins.

The machine itself is another process (bed_server.py), in namespaces of its own, with emulated input
devices and a real HAL. All waiting is done here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evdev import ecodes

from tests.beds.namespaces import private_command

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python that has the module `hal`."""

LIMIT_S = 30.0
"""How long a condition is waited for: far beyond what it takes, for machines that are busy."""

KEY, REL, ABS = ecodes.EV_KEY, ecodes.EV_REL, ecodes.EV_ABS
REPORT = (ecodes.EV_SYN, ecodes.SYN_REPORT, 0)
DROPPED = (ecodes.EV_SYN, ecodes.SYN_DROPPED, 0)

Event = Sequence[int]


def copy_project(directory: Path) -> None:
    """Copy what the machine runs: an ordinary user cannot read a repository everywhere."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("hal_mpg", "config", "tests/beds", "tests/umockdev"):
        shutil.copytree(ROOT / name, directory / name, ignore=ignored)
    # Nobody else could keep what is compiled there, and each start would compile it anew.
    subprocess.run([SYSTEM_PYTHON, "-m", "compileall", "-q", directory], check=True)
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


class Bed:
    """One machine. A context manager; everything on it ends with it."""

    def __init__(self, project: Path, home: Path) -> None:
        """Start it. `home` is a directory of its own, that an ordinary user can enter."""
        self.home = home
        self.programs: list[Program] = []
        command = ["umockdev-wrapper", SYSTEM_PYTHON, "-m", "tests.umockdev.bed_server"]
        environment = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
        self._process = subprocess.Popen(
            private_command(command, home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=home,
            # umockdev's own directory would stay behind in /tmp.
            env={**environment, "PYTHONPATH": str(project), "TMPDIR": str(home)},
        )
        self._numbers = iter(range(3, 1000))

    def __enter__(self) -> Bed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and everything on it."""
        self._process.kill()  # it is the namespaces' unshare, which takes the others along
        self._process.communicate()

    def ask(self, method: str, *arguments: Any) -> Any:
        """Have the machine do something; RuntimeError with its traceback where it cannot."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([method, *arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the machine has ended"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def plug(self, *, tell: bool = True, number: int | None = None, **hardware: Any) -> Node:
        """Plug in an input device of one node; see `Hardware` in tests/beds/umockdev.py.

        `tell`: whether udev says so. Unless a number is asked for, it is the next one.
        """
        number = next(self._numbers) if number is None else number
        lists = {key: list(value) for key, value in hardware.items() if isinstance(value, range | set)}
        for key in hardware.keys() & {"absolutes", "ranges"}:
            lists[key] = list(hardware[key].items())
        path = self.ask("plug", number, hardware | lists, tell)
        return Node(self, number, path)

    def start(self, *arguments: str, name: str = "hal_mpg") -> Program:
        """Start hal_mpg, and wait until it is ready and has looked for its pendant, which it does then."""
        program = self.try_to_start(*arguments, name=name)
        wait_until(lambda: program.has_begun() or program.status() is not None, f"{name} to be ready")
        assert program.status() is None, program.said()
        return program

    def try_to_start(self, *arguments: str, name: str = "hal_mpg") -> Program:
        """Start hal_mpg, and do not wait."""
        program = Program(self, name)
        self.ask("start", name, arguments)
        self.programs.append(program)
        return program

    def write_profile(self, **changes: Any) -> str:
        """Write a profile with other controls than usual, or None in their place; return its path.

        The keys of `changes` are those of controls, and `match`, `increments`, `name` and `on_disconnect`.
        YAML includes JSON.
        """
        usual = {"wheel": {"rel": "REL_DIAL"}, "axis": {"keys": {"x": "BTN_TRIGGER", "y": "BTN_THUMB"}}}
        top = {
            "name": changes.pop("name", "of a test"),
            "match": changes.pop("match", [{"vendor": 0x1209, "product": 1}]),
            "increments": changes.pop("increments", {"x1": {"mm": 0.001}}),
        }
        if "on_disconnect" in changes:
            top["on-disconnect"] = changes.pop("on_disconnect")
        controls = {key: value for key, value in {**usual, **changes}.items() if value is not None}
        path = self.home / f"{top['name'].replace(' ', '-')}.yaml"
        path.write_text(json.dumps({**top, "controls": controls}, indent=1))
        path.chmod(0o644)
        return str(path)


class Program:
    """A running hal_mpg, and the pins of its component."""

    def __init__(self, bed: Bed, name: str) -> None:
        self._bed = bed
        self.name = name

    def is_ready(self) -> bool:
        return bool(self._bed.ask("is_ready", self.name))

    def has_begun(self) -> bool:
        """Tell whether it has looked for its pendant, and its heart beats."""
        return self.is_ready() and bool(self.pin("heartbeat"))

    def status(self) -> int | None:
        """Return the exit status; None while it runs."""
        status: int | None = self._bed.ask("status", self.name)
        return status

    def wait_for_end(self) -> int:
        """Wait until the program has ended; return its exit status."""
        wait_until(lambda: self.status() is not None, f"{self.name} to end")
        return self.status() or 0

    def stop(self) -> int:
        """End the program as LinuxCNC does; return its exit status."""
        self._bed.ask("terminate", self.name)
        return self.wait_for_end()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the program where it is, and let it go on afterwards."""
        self._bed.ask("freeze", self.name, True)
        wait_until(lambda: bool(self._bed.ask("is_frozen", self.name)), f"{self.name} to be frozen")
        try:
            yield
        finally:
            self._bed.ask("freeze", self.name, False)

    def said(self) -> list[str]:
        """Return what it has said on stderr so far, in lines."""
        return (self._bed.home / f"{self.name}.err").read_text().splitlines()

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has said a line in which a regular expression is found."""
        wait_until(lambda: any(re.search(pattern, line) for line in self.said()), pattern)

    def memory_kib(self) -> int:
        """Return the most memory that it had (resident) when it was last looked at, in KiB."""
        return int(self._bed.ask("memory_kib", self.name))

    def pin(self, name: str) -> Any:
        return self._bed.ask("pins", [f"{self.name}.{name}"])[0]

    def pins(self, *names: str) -> dict[str, Any]:
        """Return the values of pins, read one after the other."""
        values = self._bed.ask("pins", [f"{self.name}.{name}" for name in names])
        return dict(zip(names, values, strict=True))

    def set_pin(self, name: str, value: object) -> None:
        self._bed.ask("set_pin", f"{self.name}.{name}", str(value))

    def wait(self, pin: str, value: object) -> None:
        """Wait until a pin has a value."""
        self.wait_pins({pin: value})

    def wait_pins(self, wanted: Mapping[str, object]) -> None:
        """Wait until pins have these values at one time."""
        try:
            wait_until(lambda: self.pins(*wanted) == wanted, f"{wanted}")
        except TimeoutError as error:
            error.add_note(f"instead: {self.pins(*wanted, 'why-not')}")
            raise


class Node:
    """An input node of the machine, and the hand on it."""

    def __init__(self, bed: Bed, number: int, path: str) -> None:
        self._bed = bed
        self.number = number
        self.path = path

    def send(self, *events: Event) -> None:
        """Let the device say something, in one piece; the REPORTs are among the events."""
        self._bed.ask("do", self.number, "send", events)

    def press(self, *keys: int) -> None:
        """Press keys in one frame; they stay pressed."""
        self.hold(*keys)
        self.send(*((KEY, key, 1) for key in keys), REPORT)

    def release(self, *keys: int) -> None:
        """Let go of keys in one frame."""
        self.let_go(*keys)
        self.send(*((KEY, key, 0) for key in keys), REPORT)

    def turn(self, detents: int, code: int = ecodes.REL_DIAL) -> None:
        """Turn a relative wheel, each detent in a frame of its own, all in one piece."""
        self.send(*turned(detents, code))

    def stand_at(self, code: int, value: int) -> None:
        """Move an absolute axis."""
        self.stood_at(code, value)
        self.send((ABS, code, value), REPORT)

    def hold(self, *keys: int) -> None:
        """Let keys be pressed, without an event."""
        self._bed.ask("set_state", self.number, keys, (), ())

    def let_go(self, *keys: int) -> None:
        """Let keys be released, without an event."""
        self._bed.ask("set_state", self.number, (), keys, ())

    def absolute(self, code: int) -> int:
        """Return where an absolute axis stands."""
        return int(dict(self._bed.ask("state", self.number)["absolutes"])[code])

    def stood_at(self, code: int, value: int) -> None:
        """Let an absolute axis have moved, without an event."""
        self._bed.ask("set_state", self.number, (), (), [(code, value)])

    def unplug(self, releases: bool = False) -> None:
        """Take the device away; with `releases`, let go of all keys first, as the kernel does."""
        self._bed.ask("do", self.number, "unplug", releases)

    def revoke(self) -> None:
        """Take the node from the programs that have it open, although it stays."""
        self._bed.ask("do", self.number, "revoke")

    def fail_reads(self, error: int) -> None:
        """Let each read of the programs that have it open now fail with this errno."""
        self._bed.ask("do", self.number, "fail_reads", error)

    def fail_ioctl(self, number: int, error: int) -> None:
        """From now on, this ioctl (its number of linux/input.h) fails with this errno; 0: no longer."""
        self._bed.ask("do", self.number, "fail_ioctl", number, error)

    def hang_up(self) -> None:
        """Let the node hang up without anything to read."""
        self._bed.ask("do", self.number, "hang_up")

    def chmod(self, mode: int, tell: bool = True) -> None:
        """Change who may read the node, as udev's rules do."""
        self._bed.ask("do", self.number, "chmod", mode)
        if tell:
            self._bed.ask("do", self.number, "uevent", "change")

    def link(self, name: str) -> str:
        """Make /dev/input/`name` a symbolic link to it; return that path."""
        path: str = self._bed.ask("link", name, self.number)
        return path

    def written(self) -> list[list[int]]:
        """Return the events that programs have written to the node since the last call."""
        events: list[list[int]] = self._bed.ask("do", self.number, "written")
        return events

    def has_unread(self) -> bool:
        """Tell whether events wait for a reader."""
        return bool(self._bed.ask("do", self.number, "has_unread"))

    def was_looked_at(self) -> bool:
        """Tell whether a program has ever had it open."""
        return bool(self._bed.ask("state", self.number)["seen"])

    def is_open(self) -> bool:
        return bool(self._bed.ask("state", self.number)["open"])

    def wait_until_closed(self) -> None:
        """Wait until no program has it open; the machine learns of that a little late."""
        wait_until(lambda: not self.is_open(), f"{self.path} to be closed")

    def is_grabbed(self) -> bool:
        return bool(self._bed.ask("state", self.number)["grabbed"])

    def clock(self) -> int:
        """Return the clock of the time stamps, as time.CLOCK_..."""
        clock: int = self._bed.ask("state", self.number)["clock"]
        return clock


def turned(detents: int, code: int = ecodes.REL_DIAL) -> list[Event]:
    """Return the events of a relative wheel that is turned, each detent in a frame of its own."""
    step = 1 if detents > 0 else -1
    return [event for _ in range(abs(detents)) for event in ((REL, code, step), REPORT)]


def wait_until(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait until `condition` holds. Raises TimeoutError, saying `what` was waited for."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit_s} s for {what}")
        time.sleep(0.002)
