# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg demo`: the tour and the live view, on the fake HAL and on a whole LinuxCNC.

As root, the demo runs as root, as in a container, and has to find another user for LinuxCNC.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from hal_mpg.demo.link import Status, parse_line, status_line
from hal_mpg.demo.session import STALLED
from hal_mpg.demo.tour import Row
from hal_mpg.virtual.cable import Lines
from tests.beds.linuxcnc import ROOT, require_linuxcnc
from tests.beds.namespaces import NAMESPACES, private_command
from tests.beds.require import skip_or_fail

DEMO = [sys.executable, "-m", "hal_mpg", "demo"]

LIMIT_S = 240.0
"""A tour takes ten seconds on an idle machine."""

REPORT = """
"$@"
status=$?
echo "left: $(ps -e -o comm= | grep -E 'linuxcnc|milltask|rtapi|halui|python' | tr '\\n' ' ')."
echo "segments: $(tail -n +2 /proc/sysvipc/shm | wc -l)."
exit $status
"""
"""For sh, as the first process of private namespaces: run a command, and say what is left of it."""

REFUSE = """
"$@" > "$HOME/first" 2>&1 &
while [ "$(wc -l < /proc/sysvipc/shm)" -lt 2 ]; do kill -0 $! || exit 99; done
"$@"
status=$?
kill -TERM $!
wait $!
exit $status
"""
"""For sh: run a command a second time while LinuxCNC is running for the first one."""

ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|[()].|[=>78])")


@pytest.fixture(autouse=True)
def _needs_rich() -> None:
    if importlib.util.find_spec("rich") is None:
        skip_or_fail("the Python library rich is not installed")


@pytest.fixture(params=["fake", "linuxcnc"])
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Return the command of a demo: on the fake HAL, or on LinuxCNC in private namespaces."""
    if request.param == "fake":
        return [*DEMO, "--fake"]
    require_linuxcnc()
    return private(["sh", "-c", REPORT, "sh", *DEMO], tmp_path)


def private(argv: Sequence[str], home: Path) -> list[str]:
    """Return the command that runs `argv` in private namespaces, as root if that is what we are."""
    if os.geteuid() == 0:
        return ["unshare", *NAMESPACES, "env", f"HOME={home}", *argv]
    return private_command(argv, home)


def environment() -> dict[str, str]:
    given = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    for name in ("DISPLAY", "COLUMNS", "LINES", "SUDO_UID", "SUDO_GID"):
        given.pop(name, None)
    return given


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a demo without a terminal."""
    return subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=LIMIT_S,
    )


def assert_nothing_left(output: str) -> None:
    if "left:" in output:  # in private namespaces
        assert "left: ." in output
        assert "segments: 0." in output


class Stalled(Exception):
    """The computer was so busy that LinuxCNC's watchdog tripped: nothing has been tested."""


class Terminal:
    """A terminal of 80 times 24, with a demo in it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.end, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # no threads here
        )
        os.close(slave)
        self.raw = b""

    def press(self, keys: str) -> None:
        """Press keys, and forget what was shown before."""
        self.raw = b""
        os.write(self.end, keys.encode("ascii"))

    def wait_for(self, pattern: str) -> None:
        """Wait until the terminal has shown this since the last key."""
        deadline = time.monotonic() + LIMIT_S
        while not re.search(pattern, self.text()):
            if STALLED[:40] in self.text():
                raise Stalled
            assert time.monotonic() < deadline, f"{pattern!r} was not shown, but:\n{self.text()[-4000:]}"
            assert self._read(), f"it ended without {pattern!r}:\n{self.text()[-4000:]}"

    def wait_for_end(self) -> int:
        """Read to the end; return the exit status."""
        while self._read():
            pass
        return self.process.wait(LIMIT_S)

    def text(self) -> str:
        """Return what was shown since the last key, without colors."""
        return ESCAPES.sub(b"", self.raw).decode("utf-8", "replace")

    def _read(self) -> bool:
        try:
            if not select.select([self.end], [], [], LIMIT_S)[0]:
                return False
            data = os.read(self.end, 65536)
        except OSError:  # EIO: nobody has the other end open any more
            return False
        self.raw += data
        return bool(data)

    def hang_up(self) -> None:
        os.close(self.end)
        self.end = -1

    def close(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.end >= 0:
            self.hang_up()


@contextmanager
def terminal(command: Sequence[str]) -> Iterator[Terminal]:
    with contextlib.closing(Terminal(command)) as opened:
        yield opened


def play(command: Sequence[str], user: Callable[[Terminal], None]) -> None:
    """Let a user play with a demo; once more where the computer has stalled."""
    for tries_left in (2, 1, 0):
        try:
            with terminal(command) as shown:
                return user(shown)
        except Stalled:
            if not tries_left:
                raise
    return None


def test_the_tour_ends_with_every_axis_where_it_should_be(command: list[str]) -> None:
    done = run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    stalled = "from where they are" in done.stdout
    for axis, position in (("X", "0.299"), ("Y", "0.693"), ("Z", "0.933"), ("A", "3.360")):
        number = r"[-0-9.]+" if stalled else position
        assert re.search(rf"{axis} +. +{number} . +{number} .+yes", done.stdout), done.stdout
    assert "WRONG" not in done.stdout
    assert ("FAKE HAL" in done.stdout) == ("--fake" in command)
    assert_nothing_left(done.stdout)


def test_the_live_view_follows_the_keys(command: list[str]) -> None:
    def user(shown: Terminal) -> None:
        shown.wait_for("READY: a detent moves X by 0.001 mm")
        shown.press("\x1b[C\x1b[C\x1b[C")
        shown.wait_for(r"X +0\.003 +mm")
        shown.press("y3.")
        shown.wait_for(r"Y +1\.000 +mm")
        shown.press(" ")
        shown.wait_for(r"armed +FALSE")
        shown.press("e")
        shown.wait_for(r"PRESSED[^@]*E-stop, homed")
        shown.press("e")
        shown.wait_for(r"estop-ok TRUE")
        shown.press("r")
        shown.wait_for("off, homed")
        shown.press("p")
        shown.wait_for("on, homed")
        shown.press(" ")
        shown.wait_for("READY")
        shown.press("u")
        shown.wait_for(r"UNPLUGGED[^@]*connected FALSE")
        shown.press("u")
        shown.wait_for(r"connected TRUE[^@]*reconnects 1")
        shown.press("q")
        assert shown.wait_for_end() == 0, shown.text()
        assert b"\x1b[?1049l" in shown.raw  # the screen is as it was before
        assert_nothing_left(shown.text())

    play(command, user)


def test_what_a_user_breaks_is_told_and_the_way_back_works(tmp_path: Path) -> None:
    require_linuxcnc()

    def user(shown: Terminal) -> None:
        shown.wait_for("READY: a detent moves X by 0.001 mm")
        shown.press("\x1b[C\x1b[C")
        shown.wait_for(r"X +0\.002 +mm")
        shown.press("k")
        shown.wait_for(r"E-stop, homed[^@]*DOES NOT ANSWER")
        shown.wait_for("the watchdog has tripped")
        shown.press("b")
        # The screen has room for two messages; on a busy computer hal_mpg's own follow before it is drawn.
        shown.wait_for("runs again, as hal_mpg-2|hal_mpg: machine is off or in E-stop")
        shown.wait_for(r"connected TRUE[^@]*why-not +4")
        shown.press("p")
        shown.wait_for("on, homed")
        shown.press(" ")
        shown.wait_for("not held")
        shown.press(" ")
        shown.wait_for("READY")
        shown.press("\x1b[C")
        shown.wait_for(r"X +0\.003 +mm")
        shown.press("c")
        shown.wait_for(r"WIRE CUT[^@]*E-stop, homed")
        shown.wait_for("its wire is broken")
        shown.press("q")
        assert shown.wait_for_end() == 0, shown.text()
        assert_nothing_left(shown.text())

    play(private(["sh", "-c", REPORT, "sh", *DEMO], tmp_path), user)


def test_ctrl_c_ends_it(command: list[str]) -> None:
    # sh, which says what is left, has to outlive the Ctrl-C.
    command = [REPORT.replace('"$@"', 'trap : INT\n"$@"') if word == REPORT else word for word in command]

    def user(shown: Terminal) -> None:
        shown.wait_for("READY")
        shown.press("\x03")
        assert shown.wait_for_end() == 128 + signal.SIGINT, shown.text()
        assert_nothing_left(shown.text())

    play(command, user)


def test_a_terminal_that_hangs_up_ends_it() -> None:
    with terminal([*DEMO, "--fake"]) as shown:
        shown.wait_for("READY")
        shown.hang_up()
        shown.process.wait(LIMIT_S)


def test_a_running_linuxcnc_is_left_alone(tmp_path: Path) -> None:
    require_linuxcnc()
    done = run(private(["sh", "-c", REFUSE, "sh", *DEMO], tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a LinuxCNC is running here already" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_position_that_differs_does_not_agree() -> None:
    assert Row("x", Decimal("0.003"), 0.0030000001).agrees
    assert not Row("x", Decimal("0.003"), 0.002).agrees
    assert not Row("a", Decimal("-1"), 1.0).agrees


def test_its_help_has_the_keys() -> None:
    done = run([*DEMO, "--help"])
    assert done.returncode == 0
    for key in ("x y z a", "SPACE", "power up"):
        assert key in done.stdout


def test_a_wrong_option_is_one_line() -> None:
    done = run([*DEMO, "--turbo"])
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (Status("ESTOP"), "reset"),
        (Status("ESTOP_RESET"), "on"),
        (Status("ON"), "home"),
        (Status("ON", homed=True), "teleop"),
        (Status("ON", homed=True, teleop=True), None),
    ],
)
def test_the_way_from_estop_to_a_jog(status: Status, command: str | None) -> None:
    assert status.next_command() == command


def test_a_status_survives_the_link_in_any_split() -> None:
    status = Status("ON", True, True, {"x": 0.1, "a": -3.0}, {"armed": True, "counts": -7, "scale": 0.01})
    here, there = socket.socketpair()
    with here, there:
        lines = Lines(here)
        found = []
        for byte in status_line(status):
            there.sendall(bytes([byte]))
            found += lines.read()
    assert [parse_line(line) for line in found] == [status]


def test_keys_survive_any_split() -> None:
    from hal_mpg.demo.view import split_keys

    sent = b"x\x1b[C\x1b[1;2D\x1bOC 3\x1b[Dq"
    whole, rest = split_keys(sent)
    assert whole == [b"x", b"\x1b[C", b"\x1b[1;2D", b"\x1bOC", b" ", b"3", b"\x1b[D", b"q"]
    assert rest == b""
    pieces: list[bytes] = []
    for byte in sent:
        keys, rest = split_keys(rest + bytes([byte]))
        pieces += keys
    assert pieces == whole
