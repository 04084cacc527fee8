# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg recover`: a hal_mpg that has ended is started again, in the LinuxCNC that still runs.

What a component that ended properly was wired to is known from the configuration's HAL files. One that was
killed has left its name and its pins in HAL, where nobody can remove them: its pins are unlinked, and a
component of another name takes its place on the same signals.
"""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import IO, NamedTuple

from hal_mpg.errors import HalError, UsageError
from hal_mpg.linuxcnc_files.hal import PROGRAM, component_lines, hal_lines, renamed
from hal_mpg.messages import tell
from hal_mpg.options import Parser

LIMIT_S = 60.0
"""How long halcmd may take, on a machine that is busy."""


class Linuxcnc(NamedTuple):
    """The LinuxCNC that runs: its configuration, and the surroundings in which it starts components."""

    process: int
    ini: Path
    directory: Path
    environment: Mapping[str, str]


def main(arguments: Sequence[str]) -> int:
    """Bring the component back; return the exit status."""
    options = parser().parse_args(arguments)
    if os.geteuid() == 0:
        raise UsageError("recover: root cannot use this HAL; run it as the user who runs LinuxCNC")
    linuxcnc = running(options.ini)
    load, wires = component_lines(hal_lines(linuxcnc.ini), options.name)
    if load is None:
        raise UsageError(f"{linuxcnc.ini}: none of its HAL files loads {options.name}; see --name")
    name = _free_name(options.name, linuxcnc)
    halcmd(linuxcnc, renamed(load, wires, options.name, name), quiet=False)
    tell(f"runs again, as {name}; reset the E-stop, then switch the machine on")
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg recover",
        description="Start a hal_mpg that has ended, or was killed, again, without restarting LinuxCNC.",
        epilog="The machine stays in E-stop until it is reset. exit status: 0, 2 command line, 5 HAL.",
    )
    parser.add_argument("ini", nargs="?", type=Path, help="default: the INI file that LinuxCNC runs with")
    parser.add_argument("--name", default=PROGRAM, help=f"the component's name (default: {PROGRAM})")
    return parser


def running(ini: Path | None) -> Linuxcnc:
    """Find LinuxCNC by its task controller, which is started with `-ini FILE`."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "task" not in Path(words[0]).name or "-ini" not in words:
                continue
            directory = (process / "cwd").resolve(strict=True)
            environment = (process / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended, or is another user's
        variables = dict(entry.split("=", 1) for entry in environment if "=" in entry)
        file = directory / (ini or words[words.index("-ini") + 1])
        return Linuxcnc(int(process.name), file, directory, variables)
    raise HalError("recover: no LinuxCNC of yours is running; start it instead")


def _free_name(name: str, linuxcnc: Linuxcnc) -> str:
    """Return the name under which it can be started; the pins of those that were killed are unlinked.

    Raises HalError where one is still running.
    """
    components = _components(linuxcnc)
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    dead: list[str] = []
    for candidate in names:
        if candidate not in components:
            break
        if is_alive(components[candidate]):
            raise HalError(
                f"recover: {candidate} is running (process {components[candidate]}), there is nothing to "
                f"recover; if it hangs: kill -9 {components[candidate]}, then this again"
            )
        dead.append(candidate)
    pins = [line.split() for line in halcmd(linuxcnc, [f"show pin {name}"]).splitlines()] if dead else []
    linked = [words[4] for words in pins if len(words) > 5 and words[4].split(".")[0] in dead]
    if linked:
        halcmd(linuxcnc, [f"unlinkp {pin}" for pin in linked])
    return candidate


def _components(linuxcnc: Linuxcnc) -> dict[str, int]:
    """Return HAL's userspace components and their processes."""
    lines = (line.split() for line in halcmd(linuxcnc, ["show comp"]).splitlines())
    return {words[2]: int(words[3]) for words in lines if len(words) > 3 and words[1] == "User"}


def is_alive(process: int) -> bool:
    """Tell whether a process is there, and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def halcmd(linuxcnc: Linuxcnc, commands: Sequence[str], quiet: bool = True) -> str:
    """Run commands of halcmd; return what it prints. Raises HalError with what it complains of.

    Not `quiet`: what is started speaks in this terminal, or where LinuxCNC does, but outlives this command,
    in a session of its own.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".hal", encoding="utf-8") as file, ExitStack() as stack:
        file.write("\n".join(commands) + "\n")
        file.flush()
        command = ["halcmd", "-s", "-i", str(linuxcnc.ini), "-f", file.name]
        output = error = subprocess.PIPE
        if not quiet:
            error = stack.enter_context(_messages_file(linuxcnc)).fileno()
            output = error if _is_pipe(1) else 1
        try:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=error,
                text=True,
                cwd=linuxcnc.directory,
                env=dict(linuxcnc.environment),
                timeout=LIMIT_S,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise HalError("recover: halcmd is not there; install linuxcnc-uspace") from None
        except subprocess.TimeoutExpired:
            raise HalError("recover: halcmd does not answer; restart LinuxCNC") from None
    if done.returncode:
        place = "see LinuxCNC's own messages" if _is_pipe(2) else "see above"
        complaint = " ".join((done.stderr or place).split())
        raise HalError(f"recover: halcmd: {complaint}; if this stays, restart LinuxCNC")
    return done.stdout or ""


def _messages_file(linuxcnc: Linuxcnc) -> IO[bytes]:
    """Open what a component may write to that outlives this command.

    Not a pipe of this command's: who reads that waits for its end, and it would end with the component.
    """
    if not _is_pipe(2):
        return os.fdopen(os.dup(2), "wb", buffering=0)
    try:
        return Path(f"/proc/{linuxcnc.process}/fd/2").open("ab", buffering=0)
    except OSError:  # a socket, as of systemd's journal; or LinuxCNC has ended meanwhile
        return Path(os.devnull).open("ab", buffering=0)


def _is_pipe(descriptor: int) -> bool:
    """Tell whether somebody may wait for the end of a descriptor, or it is closed."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return True
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
