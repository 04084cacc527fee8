# SPDX-License-Identifier: GPL-2.0-or-later
"""A running demo: the machine's process, the link to it, the pendant, and the loop around them."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from hal_mpg.demo.faults import kill_component, start_recovery
from hal_mpg.demo.link import Command, Status, parse_line
from hal_mpg.demo.pendant import DemoPendant
from hal_mpg.demo.setup import Place, hal_memory, processes_of, remove_stale_lock
from hal_mpg.errors import HalMpgError
from hal_mpg.profile_files import read_profile
from hal_mpg.virtual.cable import Lines, listen

START_S = 120.0
"""How long the machine may take to come up; a few seconds, but AXIS on a busy machine takes longer."""

POWER_UP_S = 30.0
"""How long a power-up is tried before it is given up."""

AGAIN_S = 3.0
"""After which time a command that has changed nothing is given again."""

END_S = 30.0
"""How long LinuxCNC may take to end by itself; then it is told to, and then it is killed."""

LEFTOVER_S = 15.0
"""How long to wait for what LinuxCNC leaves to end by itself."""

SHOWN_LINES = 15
"""The last lines of the log that are shown where the machine has failed."""


STALLED = "demo: E-stop by AXIS, or the watchdog (a busy computer); p: go on"
"""What is said of an E-stop that the pendant has not made."""

SILENT = "demo: hal_mpg does not answer: killed, or hung; the watchdog has tripped; b: bring it back"


class Interrupted(Exception):
    """A signal asks the demo to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class MachineEnded(HalMpgError):
    """The machine has ended by itself; `is_proper`: without an error, as when AXIS is closed."""

    def __init__(self, message: str, is_proper: bool) -> None:
        super().__init__(message)
        self.is_proper = is_proper


class Signals:
    """Notes the signals that ask for an end; the loop looks at it, so that no clean-up is cut short."""

    def __init__(self) -> None:
        self._number = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._number = number

    def check(self) -> None:
        """Raise Interrupted if there was one."""
        if self._number:
            raise Interrupted(self._number)


class Session:
    """One machine with one pendant."""

    def __init__(self, place: Place, signals: Signals, tell: Callable[[str], None]) -> None:
        """Prepare it; `start` starts it. `tell` is given what happens, in words."""
        owner = place.account.owner
        self._place, self._signals, self._tell = place, signals, tell
        self.profile = read_profile(place.profile)
        self.pendant = DemoPendant(self.profile, place.pendant_socket, owner)
        self.status = Status()
        self.notes: deque[str] = deque(maxlen=50)
        self._listener = listen(place.control_socket, owner)
        self._machine: Lines | None = None
        self._log = place.log.open("w+", encoding="utf-8", errors="replace")
        self._log_rest = ""
        self._process: subprocess.Popen[bytes] | None = None
        self.is_linuxcnc = False
        self._power_until = 0.0
        self._asked, self._ask_again_at = "", 0.0
        self._was_killed = False
        self._recovery: subprocess.Popen[bytes] | None = None

    def start(self, argv: list[str], environment: dict[str, str], is_linuxcnc: bool) -> None:
        """Start the machine and wait until it and the component are up, and the pendant is plugged in."""
        self.pendant.plug_in()
        self.is_linuxcnc = is_linuxcnc
        with self._place.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self._place.home,
                start_new_session=True,  # the terminal's Ctrl-C is for the demo alone
            )
        if not self.wait(lambda: bool(self.status.pins and self.status.pins["connected"]), START_S):
            raise HalMpgError(f"the machine has not come up within {START_S:.0f} s\n{self.log_tail()}")

    def note(self, text: str) -> None:
        """Say what has happened."""
        self.notes.append(text)
        self._tell(text)

    def command(self, word: Command) -> None:
        """Ask the machine for something."""
        if self._machine:
            self._machine.send(f"{word}\n".encode("ascii"))

    def power_up(self) -> None:
        """Begin to do what lies between an E-stop and a jog: reset, machine on, home, teleop mode."""
        self._power_until = time.monotonic() + POWER_UP_S
        self._asked = ""

    def kill(self) -> None:
        """Kill hal_mpg."""
        if not self.is_linuxcnc:
            self.note("demo: without LinuxCNC there is nothing that could notice")
        elif kill_component(self._place):
            self._was_killed = True
            self.note("demo: hal_mpg was killed (SIGKILL)")

    def recover(self) -> None:
        """Bring hal_mpg back into the running LinuxCNC."""
        if self.is_linuxcnc and (self._recovery is None or self._recovery.poll() is not None):
            self.note("demo: hal_mpg recover")
            self._recovery = start_recovery(self._place)

    @property
    def is_powering_up(self) -> bool:
        """Whether what `power_up` began is still under way."""
        return bool(self._power_until)

    def wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        """Keep everything going until a condition holds; return whether it did, within the limit."""
        deadline = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.turn()
        return True

    def turn(self, *others: int, limit_s: float = 0.02) -> list[int]:
        """Wait a moment for something to happen, and handle it.

        Returns which of the descriptors `others` can be read. Raises Interrupted, MachineEnded.
        """
        self._signals.check()
        link = self._machine.socket if self._machine else self._listener
        watched: list[socket.socket | int] = [link, *self.pendant.descriptors(), *others]
        ready = select.select(watched, [], [], limit_s)[0]
        now = time.monotonic()
        if link in ready:
            self._hear()
        if any(end in ready for end in self.pendant.descriptors()):
            self.pendant.look()
        self.pendant.pump(now)
        self._follow_log()
        self._go_on_powering_up(now)
        self._check_process()
        return [other for other in others if other in ready]

    def _hear(self) -> None:
        if self._machine is None:
            with suppress(BlockingIOError):
                self._machine = Lines(self._listener.accept()[0])
            return
        for line in self._machine.read():
            said = parse_line(line)
            if isinstance(said, Status):
                # Between on and E-stop it may be seen as off: iocontrol is slower than motion.
                trips = self.status.state != "ESTOP" and said.state == "ESTOP"
                if self.status.answers and not said.answers:
                    self.note(SILENT)
                elif trips and said.answers and not (said.pins or {}).get("estop") and not self._was_killed:
                    self.note(STALLED)
                self.status = said
                self._was_killed &= not said.answers or said.state != "ESTOP"
            else:
                self.note(said)
        if not self._machine.is_open:
            self._await_end()

    def _await_end(self) -> None:
        """The machine has hung up, so it is ending."""
        with suppress(subprocess.TimeoutExpired):
            if self._process:
                self._process.wait(END_S)
        raise self._ended()

    def _check_process(self) -> None:
        if self._process and self._process.poll() is not None:
            raise self._ended()

    def _ended(self) -> MachineEnded:
        self._follow_log()
        status = self._process.returncode if self._process else None
        what = "LinuxCNC" if self.is_linuxcnc else "the fake machine"
        words = f"{what} has ended (status {status}); its last words:\n{self.log_tail()}"
        return MachineEnded(words, is_proper=status == 0)

    def _follow_log(self) -> None:
        """Take note of what hal_mpg has to say."""
        *lines, self._log_rest = (self._log_rest + self._log.read()).split("\n")
        for line in lines:
            if line.startswith("hal_mpg: "):
                self.note(line)

    def log_tail(self) -> str:
        """Return the last lines of what the machine's programs have printed."""
        text = self._place.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"  {line}" for line in text.splitlines()[-SHOWN_LINES:])

    def _go_on_powering_up(self, now: float) -> None:
        if not self._power_until:
            return
        word = self.status.next_command()
        if word is None:
            self._power_until = 0.0
            self.note("demo: the machine is on and homed")
        elif now > self._power_until:
            self._power_until = 0.0
            self.note(f"demo: LinuxCNC refuses: {word}")
        elif word != self._asked or now >= self._ask_again_at:
            self._asked, self._ask_again_at = word, now + AGAIN_S
            self.command(word)

    def close(self) -> None:
        """End the machine, and leave nothing of it behind but the directory."""
        met = self._machine is not None
        if self._machine:
            self._machine.close()
        self._listener.close()
        if self._process:
            self._end_process(self._process, told=met)
        self.pendant.unplug()
        self._log.close()

    def _end_process(self, process: subprocess.Popen[bytes], told: bool) -> None:
        """Wait for the end of what was told to end by hanging up; tell it by signals where that fails."""
        for number in (0, signal.SIGTERM, signal.SIGKILL):
            if number == 0 and not told:
                continue
            if number == signal.SIGTERM and process.poll() is None:
                process.terminate()
            elif number == signal.SIGKILL and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
                break
        if process.returncode == -signal.SIGKILL and self.is_linuxcnc:
            self._clean_up_hal()
        # Daemons that LinuxCNC has told to end may take a moment to do so.
        deadline = time.monotonic() + LEFTOVER_S
        while self._leftovers() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _leftovers(self) -> bool:
        return bool(processes_of(self._place.path)) or (self.is_linuxcnc and hal_memory() is not None)

    def _clean_up_hal(self) -> None:
        """Do what LinuxCNC's own script would have done, had it not been killed."""
        for number in processes_of(self._place.path):
            with suppress(OSError):
                os.kill(number, signal.SIGTERM)
        with suppress(HalMpgError):
            remove_stale_lock()
        halrun = self._place.account.command(["halrun", "-U"])
        with suppress(OSError, subprocess.TimeoutExpired):
            environment = self._place.environment(display=False)
            subprocess.run(halrun, check=False, capture_output=True, env=environment, timeout=END_S)
