# SPDX-License-Identifier: GPL-2.0-or-later
"""The component's command line in full: its help, what is wrong with a line, and what tools share with it."""

from __future__ import annotations

import argparse

from hal_mpg import __version__
from hal_mpg.cli import TOOLS
from hal_mpg.errors import UsageError

EPILOG = """\
exit status: 2 command line, 3 profile, 4 device, 5 HAL, 70 internal fault; 0 when told to stop.

In a HAL file:
  loadusr -W hal_mpg --pendant generic-4axis --units [TRAJ]LINEAR_UNITS --axes [TRAJ]COORDINATES
A second pendant:
  loadusr -Wn mpg2 hal_mpg --name mpg2 --pendant my-other-pendant

hal_mpg is not a safety function: wire the pendant's E-stop button into the machine's E-stop circuit.
"""


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]  # argparse says NoReturn
        raise UsageError(f"{message}; see {self.prog} --help")


def component_parser() -> argparse.ArgumentParser:
    """Return the parser of the component's command line."""
    tools = "\n".join(f"  hal_mpg {name:15}{what}" for name, what in TOOLS.items())
    parser = Parser(
        prog="hal_mpg",
        description="LinuxCNC HAL component for MPG (handwheel) pendants.\n\ntools:\n" + tools,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--pendant",
        metavar="NAME|FILE",
        help="profile by name, or its file; default: what is plugged in",
    )
    add("--name", default="hal_mpg", help="component name and prefix of its pins (default: hal_mpg)")
    add(
        "--device",
        metavar="PATH|URL",
        help="use this input device, raw HID device (/dev/hidraw0) or serial port instead of the match",
    )
    add("--no-grab", action="store_true", help="let other programs see the pendant's events, too")
    add_machine_options(parser)
    add("-v", "--verbose", action="store_true", help="say on stderr what happens")
    add("--version", action="version", version=f"hal_mpg {__version__}")
    return parser


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what the user's machine is; `machine_of` reads them."""
    add = parser.add_argument
    add("--units", default="mm", help="the machine's linear unit: mm or inch (default: mm)")
    add("--axes", nargs="+", metavar="XYZ", help="the machine's axes; default: the pendant's")
    add(
        "--increments",
        metavar="A,B,C",
        help="distance of a detent for each scale, in machine units",
    )
    add("--angular-increments", metavar="A,B,C", help="the same for rotary axes, in degrees")
