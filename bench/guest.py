# SPDX-License-Identifier: GPL-2.0-or-later
"""In the emulated machine: a Python in memory, a user, the stopwatch, and the programs under test.

The stopwatch has the second processor for itself; the program under test has the first. It runs as an
ordinary user, with the limits that `make install` gives to who may use realtime priority.
"""

from __future__ import annotations

import ctypes
import grp
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from bench import BUILD, PACK, PREFIX
from tests.beds.gadget import wait_for
from tests.beds.kernel import ROOT

NOBODY = 65534
HOME = Path("/tmp/bench-home")
MEMORY = Path("/run/bench-memory")
PROGRAM_CPU, STOPWATCH_CPU = 0, 1
STOPWATCH_PRIORITY = 50
LIMITS = {resource.RLIMIT_RTPRIO: 10, resource.RLIMIT_MEMLOCK: resource.RLIM_INFINITY}
MS_BIND = 4096
ATTEMPTS, ARMED_S = 10, 3.0
ENVIRONMENT = os.environ | {
    "HOME": str(HOME),
    "PATH": f"{PREFIX}/bin:{BUILD}/bin:/usr/bin:/usr/sbin",
}
ENVIRONMENT.pop("PYTHONPATH", None)  # what is installed is measured, not what lies in the repository
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)


def plan() -> dict[str, Any]:
    """Return what the host asked for."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    return asked


def tell(what: str) -> None:
    """Say on the host how far this is."""
    print(f"progress: {what}", flush=True)


def run(*command: str) -> str:
    """Run a command as root, and return what it says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def prepare() -> dict[str, str]:
    """Make the machine ready to measure in; return what it is."""
    tell("unpacking into the guest's memory")
    _into_memory()
    HOME.mkdir()
    os.chown(HOME, NOBODY, NOBODY)
    for module in ("uinput", "evdev"):
        run("modprobe", module)
    os.chown("/dev/uinput", NOBODY, NOBODY)
    Path("/proc/sys/kernel/sched_rt_runtime_us").write_text("-1")
    rules = Path("/run/udev/rules.d")
    rules.mkdir(exist_ok=True)
    shutil.copy(ROOT / "udev/70-hal-mpg.rules", rules)
    run("udevadm", "control", "--reload")
    kernel = os.uname()
    version = run("dpkg-query", "-W", "-f", "${Version}", "linuxcnc-uspace")
    virtual = subprocess.run(["systemd-detect-virt"], capture_output=True, text=True, check=False).stdout
    accelerated = "with KVM" if virtual.strip() == "kvm" else "without hardware acceleration"
    return {
        "kernel": f"{kernel.release} {kernel.version}",
        "linuxcnc": version,
        "python": sys.version.split()[0],
        "emulation": f"QEMU {accelerated}, {os.cpu_count()} processors",
    }


def _into_memory() -> None:
    MEMORY.mkdir()
    run("mount", "-t", "tmpfs", "-o", "mode=0755,size=1G", "none", str(MEMORY))
    run("tar", "-xf", str(PACK), "-C", str(MEMORY))
    library = f"/usr/lib/python{sys.version_info.major}.{sys.version_info.minor}"
    folders = [library, "/usr/lib/python3/dist-packages", str(PREFIX), str(BUILD / "bin")]
    inside = tuple(f"{folder}/" for folder in folders)
    for folder in folders:
        _bind(MEMORY / folder[1:], Path(folder))
    for file in MEMORY.rglob("*"):
        there = f"/{file.relative_to(MEMORY)}"
        if file.is_file() and not there.startswith(inside):
            _bind(file, Path(there).resolve())


def _bind(source: Path, target: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(bytes(source), bytes(target), None, MS_BIND, None):
        raise OSError(ctypes.get_errno(), "cannot be mounted", str(target))


def start(
    command: Sequence[str], cpu: int | None = None, priority: int = 0, **streams: Any
) -> subprocess.Popen[str]:
    """Start a program as the user, on one processor where that is given."""

    def become_user() -> None:
        limits = LIMITS | ({resource.RLIMIT_RTPRIO: 99} if priority else {})
        for which, limit in limits.items():
            resource.setrlimit(which, (limit, limit))
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        if priority:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        os.setgroups([grp.getgrnam("plugdev").gr_gid])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    return subprocess.Popen(
        command,
        env=ENVIRONMENT,
        cwd=HOME,
        text=True,
        preexec_fn=become_user,  # noqa: PLW1509  # there is one thread
        **streams,
    )


def as_user(*command: str) -> str:
    """Run a command as the user, and return all that it says."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = process.communicate()
    return said


def pin(name: str) -> str:
    """Return the value of a pin, in halcmd's words."""
    return as_user("halcmd", "getp", name).strip()


class Stopwatch:
    """The pendant, and who watches a pin follow it (stopwatch.c). `serial`: at a pseudo-terminal."""

    def __init__(self, name: str = "stopwatch", keys: int = 16, serial: bool = False) -> None:
        self.name = name
        self._process = start(
            [str(BUILD / "bin/stopwatch"), name, str(keys), *(["serial"] if serial else [])],
            STOPWATCH_CPU,
            STOPWATCH_PRIORITY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        ready, *port = self._process.stdout.readline().split() or [""]
        if ready != "ready":
            raise RuntimeError("the stopwatch did not start")
        if serial:
            self.node: str = port[0]
            return
        self.node = wait_for("node of the pendant", self._node)
        run("udevadm", "settle")
        os.chown(self.node, NOBODY, NOBODY)

    def _node(self) -> str:
        for node in Path("/sys/class/input").glob("event*"):
            with suppress(OSError):
                device = Path("/dev/input", node.name)
                if (node / "device/name").read_text().strip() == self.name and device.exists():
                    return str(device)
        return ""

    def ask(self, line: str) -> list[str]:
        """Give a command; return the words of the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer or answer.startswith("unknown"):
            raise RuntimeError(f"stopwatch, {line}: {answer}")
        return answer.split()

    def hold(self, *buttons: int) -> None:
        """Press these buttons, and let go of all others."""
        self.ask("hold " + " ".join(map(str, buttons)))

    def latency(self, detents: int, from_us: int, to_us: int) -> list[int]:
        """Return microseconds from detent to pin; -1: nothing came; -2: the stopwatch stood still."""
        taken = self.ask(f"latency {detents} {from_us} {to_us}")
        return [round(int(ns) / 1000) if int(ns) > 0 else int(ns) for ns in taken]

    def close(self) -> None:
        """Take the pendant away."""
        self._process.communicate()


class Program:
    """A program under test (an entry of programs.yaml), running and ready."""

    def __init__(self, entry: Mapping[str, Any], stopwatch: Stopwatch, cpu: int | None = PROGRAM_CPU) -> None:
        self.entry = entry
        self._stopwatch = stopwatch
        self._said = HOME / f"{entry['component']}.said"
        with self._said.open("w") as said:
            self.process = start(load_words(entry, stopwatch), cpu, stdout=said, stderr=said)
        wait_for(f"{entry['component']} ready", self._is_ready, 60)

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.entry['component']} ended: {self._said.read_text()}")
        return "ready" in as_user("halcmd", "-s", "show", "comp", self.entry["component"]).split()

    def wire(self) -> None:
        """Let the stopwatch see the pin that follows the wheel, and make the program count."""
        as_user("halcmd", "net", self._stopwatch.name, self.entry["counts"], f"{self._stopwatch.name}.counts")
        self.arm()

    def arm(self) -> None:
        """Hold what has to be held, until detents count; press again what it was too early for."""
        held = self.entry.get("hold", [])
        for _ in range(ATTEMPTS):
            self._stopwatch.hold(*held)
            time.sleep(0.1)
            self._stopwatch.hold(*held, *self.entry.get("then", []))
            with suppress(TimeoutError):
                wait_for("armed", self._is_armed, ARMED_S)
                return
        raise RuntimeError(f"{self.entry['component']} is not armed: {self._said.read_text()}")

    def _is_armed(self) -> bool:
        time.sleep(0.2)  # for the kernel and the program to have taken it
        return "armed" not in self.entry or pin(self.entry["armed"]) == "TRUE"

    def dropped(self) -> int:
        """Return how many detents it says that it has refused."""
        return int(pin(self.entry["dropped"])) if "dropped" in self.entry else 0

    def overflows(self) -> int:
        """Return how often it said that the kernel had lost events."""
        words = self.entry.get("overflows")
        return self._said.read_text().count(words) if words else 0

    def cpu_s(self) -> float:
        """Return the seconds of processor time that it has had."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e9

    def status(self, name: str) -> int:
        """Return a number of /proc/PID/status (memory: kB)."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{name}:\s*(\d+)", text, re.MULTILINE)
        return int(found[1]) if found else 0

    def stop(self) -> None:
        """End it, and take the net away."""
        as_user("halcmd", "delsig", self._stopwatch.name)
        self.process.terminate()
        self.process.wait(60)


def load_words(entry: Mapping[str, Any], stopwatch: Stopwatch) -> list[str]:
    """Return the command that loads a program for this pendant."""
    meant = {"NODE": stopwatch.node, "PENDANT": stopwatch.name}
    return [meant.get(word, word) for word in entry["load"]]


def entries(asked: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the programs that the plan names, or all."""
    table = yaml.safe_load((ROOT / "bench/programs.yaml").read_text(encoding="utf-8"))
    return {name: entry for name, entry in table.items() if name in asked.get("programs", table)}


@contextmanager
def running(
    entry: Mapping[str, Any], stopwatch: Stopwatch, cpu: int | None = PROGRAM_CPU
) -> Iterator[Program]:
    """Run a program, wired and armed."""
    program = Program(entry, stopwatch, cpu)
    try:
        program.wire()
        yield program
    finally:
        program.stop()


def in_turn(names: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield each round and program; each round begins with another one."""
    for number in range(rounds):
        for place in range(len(names)):
            yield number, names[(number + place) % len(names)]
