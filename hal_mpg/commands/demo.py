# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg demo`: a simulated machine, and a virtual pendant in this terminal.

It runs the sample configuration sim-4axis.ini in a copy of its own, with the real component and the
real LinuxCNC; only the pendant is played. Where there is no LinuxCNC, the fake HAL takes its place.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hal_mpg.demo.session import Interrupted, MachineEnded, Session, Signals
from hal_mpg.demo.setup import (
    Account,
    Place,
    find_python,
    linuxcnc_account,
    refuse_if_running,
    remove_stale_lock,
    why_no_axis,
)
from hal_mpg.demo.tour import Row, Tour
from hal_mpg.errors import HalMpgError
from hal_mpg.options import Parser

GET_LINUXCNC = "to get it: apt install linuxcnc-uspace (Debian 12 and later), or see linuxcnc.org"

KEYS_HELP = """\
keys of the live view:
  arrow right, left    turn the wheel by one detent (also + and -)
  shift-arrow, or . ,  turn the wheel by ten detents
  x y z a              axis selector
  1 2 3                scale selector: x1, x10, x100
  e                    E-stop button: press, release
  r                    reset button
  SPACE                enabling button: hold, let go
  u                    unplug, plug in again
  c                    cut the wire of the E-stop, mend it
  k                    kill hal_mpg
  b                    bring it back into the running LinuxCNC (hal_mpg recover)
  p                    power up: reset the E-stop, switch the machine on, home all axes
  q                    quit

exit status: 0, or on the tour 0 only if every axis is where it should be.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        import rich  # noqa: F401
    except ImportError:
        raise HalMpgError("the demo needs the Python library rich: apt install python3-rich") from None
    tours = options.tour or not _is_terminal()
    signals = Signals()
    place = None
    try:
        account = Account() if options.fake else linuxcnc_account()
        # Not in $TMPDIR, where another user may not get at it; and a socket's path has to be short.
        place = Place(Path(tempfile.mkdtemp(prefix="hal_mpg-demo-", dir="/tmp")), account)
        return _run(place, signals, options, tours)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        _discard_output()  # the reader, or the terminal, has gone
        return 1
    finally:
        if place:
            place.remove()


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg demo",
        description="Try hal_mpg: LinuxCNC's simulation of a machine with 4 axes, and a virtual pendant in\n"
        "this terminal. Without a terminal: a scripted tour. Without LinuxCNC: on a fake HAL.",
        epilog=KEYS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--tour", action="store_true", help="play the tour, even in a terminal")
    parser.add_argument("--fake", action="store_true", help="use the fake HAL, even where LinuxCNC is")
    parser.add_argument("--no-axis", action="store_true", help="do not show AXIS, even on a display")
    return parser


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _say(text: str) -> None:
    print(text, flush=True)


def _say_aside(text: str) -> None:
    _say(f"    {text}")


def _discard_output() -> None:
    """Let the interpreter's last flush of a closed standard output be no error."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(place: Place, signals: Signals, options: argparse.Namespace, tours: bool) -> int:
    python = None if options.fake or shutil.which("linuxcnc") is None else find_python(place)
    signals.check()
    if python:
        refuse_if_running()
        what = f"LinuxCNC's simulation {place.ini.name}"
        command = _linuxcnc_command(place, python, options.no_axis)
    else:
        what = "FAKE HAL, not LinuxCNC"
        command = _fake_command(place, options.fake)
    signals.check()
    session = Session(place, signals, _say_aside if tours else lambda _: None)
    try:
        session.start(*command, is_linuxcnc=python is not None)
        return _tour(session, what) if tours else _view(session, what)
    finally:
        session.close()


Command = tuple[list[str], dict[str, str]]
"""What to start, and its environment."""


def _linuxcnc_command(place: Place, python: str, no_axis: bool) -> Command:
    remove_stale_lock()
    why = "--no-axis" if no_axis else why_no_axis(place)
    if why:
        _say(f"AXIS is not shown: {why}")
    place.make_commands(python, shows_axis=why is None)
    _say(f"Starting LinuxCNC as user {place.account.name} ...")
    return place.account.command(["linuxcnc", "-r", str(place.ini)]), place.environment(display=why is None)


def _fake_command(place: Place, is_wanted: bool) -> Command:
    place.account = Account()  # no need to be somebody else
    _say("This is the FAKE HAL: the real hal_mpg, but no LinuxCNC; the machine is a small emulation.")
    if not is_wanted:
        missing = "is not installed" if shutil.which("linuxcnc") is None else "has no Python with its modules"
        _say(f"LinuxCNC {missing} here; {GET_LINUXCNC}")
    module = "hal_mpg.demo.fake"
    argv = [sys.executable, "-m", module, str(place.control_socket), str(place.profile)]
    return argv, place.environment(display=False)


def _view(session: Session, what: str) -> int:
    from hal_mpg.demo.view import View

    try:
        View(session, f"hal_mpg demo: {what}").run()
    except MachineEnded as ended:
        if not ended.is_proper:
            raise
    _say("Ending ...")
    return 0


def _tour(session: Session, what: str) -> int:
    """Play the tour, and print what has come of it."""
    tour = Tour(session, _say)
    faults = tour.run()
    _print_table(tour.rows(), what)
    return 0 if not faults and all(row.agrees for row in tour.rows()) and tour.rows() else 1


def _print_table(rows: Sequence[Row], what: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=what)
    table.add_column("axis")
    for heading in ("should be", "is at"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("agrees")
    for row in rows:
        should, position = f"{row.should_be:.3f}", f"{row.is_at:.3f}"
        table.add_row(row.axis.upper(), should, position, row.unit, "yes" if row.agrees else "NO")
    Console(highlight=False).print(table)
