# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: the component that `loadusr` starts, and the tools.

What only a tool needs is imported by the tool, so that the component starts lean.
"""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import io
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from hal_mpg import __version__
from hal_mpg.errors import INTERNAL_FAULT, DeviceError, HalMpgError, ProfileError, UsageError
from hal_mpg.hal_port import HalPort, is_real, load_hal
from hal_mpg.machine import Machine, parse_axes, parse_increments, parse_units
from hal_mpg.messages import tell
from hal_mpg.missing_module import missing_module
from hal_mpg.pendant import Pendant
from hal_mpg.pins import MAX_NAME
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile, readable_profiles
from hal_mpg.realtime import take_priority
from hal_mpg.runner import Runner
from hal_mpg.sources import Source
from hal_mpg.yaml_reader import quoted, suggestion

TOOLS = {
    "demo": "try it: a simulated machine, and a virtual pendant in this terminal",
    "list": "show the devices of this machine, and which profile fits each",
    "learn": "make a profile of a pendant that nobody knows yet, by asking you to use it",
    "check": "say what is wrong with a profile, or what its pendant will do",
    "install-udev": "give users access to their pendants (as root)",
    "uninstall-udev": "take that away again",
    "wiring": "write the HAL file for a machine, from its INI file",
    "doctor": "look for whatever keeps a pendant from jogging, and say what mends it",
    "monitor": "show the pendant and its pins as they change",
    "record": "write what a pendant sends to a file, for a bug report or a test",
    "replay": "play such a file, and show what the pins would do",
    "recover": "start a hal_mpg that has ended or was killed again, in a running LinuxCNC",
}
"""The subcommands: their module in `hal_mpg.commands`, with _ for -, and what each is for."""

DEFAULT_PENDANT = "generic-6axis"
"""Whose pins there are when none is named and none is plugged in; its pins include the smaller ones'."""

EVENT_NODE = re.compile(r"event[0-9]+")

COMPONENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

EPILOG = """\
exit status: 2 command line, 3 profile, 4 device, 5 HAL, 70 internal fault; 0 when told to stop.

In a HAL file:
  loadusr -W hal_mpg --pendant generic-4axis --units [TRAJ]LINEAR_UNITS --axes [TRAJ]COORDINATES
A second pendant:
  loadusr -Wn mpg2 hal_mpg --name mpg2 --pendant my-other-pendant

hal_mpg is not a safety function: wire the pendant's E-stop button into the machine's E-stop circuit.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if "_ARGCOMPLETE" in os.environ:  # the shell asks what may stand next
            return importlib.import_module("hal_mpg.completion").complete()  # type: ignore[no-any-return]
        if words and words[0] in TOOLS:
            return _run_tool(words[0], words[1:])
        if words and words[0] == "help":
            return _help(words[1:])
        if words and words[0] and not words[0].startswith("-"):
            near = suggestion(words[0], [*TOOLS, "help"], "hal_mpg --help shows the tools")
            raise UsageError(f"there is no tool {quoted(words[0])}; {near}")
        return _run_component(component_parser().parse_args(words))
    except ModuleNotFoundError as error:
        tell(missing_module(error))
        return DeviceError.status
    except ProfileError as error:
        for fault in error.faults:
            tell(fault, speaker="")  # FILE:LINE:COLUMN first, as editors and compilers have it
        return error.status
    except HalMpgError as error:
        tell(str(error))
        return error.status
    except Exception as error:  # noqa: BLE001  # whatever it is, the pins are safe by now, and it is to be told
        return _internal_fault(error)


def _help(words: Sequence[str]) -> int:
    """Show the help of a tool, or of the whole: what some type instead of --help."""
    return main([*words[:1], "--help"])


def _run_tool(name: str, arguments: Sequence[str]) -> int:
    """Run a subcommand; neither Ctrl-C nor a reader that has gone (`| head`) is a fault of anybody's."""
    # None where a descriptor was closed at the start (`>&-`).
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a device's name, on a terminal of another age
    try:
        module = importlib.import_module(f"hal_mpg.commands.{name.replace('-', '_')}")
        status = int(module.main(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130  # as a shell has it: 128 + SIGINT
    except BrokenPipeError:
        with suppress(OSError):  # the interpreter's own last flush is to be silent, too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # 128 + SIGPIPE
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise HalMpgError("the disk that the output goes to is full; make room on it") from None
    return status


def _internal_fault(error: Exception) -> int:
    tell(
        f"internal fault, stopped with safe values: {type(error).__name__}: {error}; "
        f"please report it with the lines below (a component that ran: `hal_mpg recover` starts it again)"
    )
    for line in "".join(traceback.format_exception(error)).splitlines():
        tell(line, speaker="")
    return INTERNAL_FAULT


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
    add("--device", metavar="PATH", help="use this input device instead of the profile's match")
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


def machine_of(options: argparse.Namespace) -> Machine:
    """Return the machine that the options describe. Raises UsageError."""

    def increments(option: str, text: str | None) -> tuple[Decimal, ...] | None:
        return None if text is None else parse_increments(option, text)

    return Machine(
        units=parse_units(options.units),
        axes=None if options.axes is None else parse_axes(options.axes),
        increments=increments("--increments", options.increments),
        angular_increments=increments("--angular-increments", options.angular_increments),
    )


def _choose_profile(options: argparse.Namespace) -> Profile:
    """Return the profile that was asked for, or the one that fits what is plugged in."""
    if options.pendant is not None:
        return read_profile(find_profile(options.pendant))
    from hal_mpg.sources.evdev_nodes import detect

    fitting = detect(readable_profiles(), options.device)
    if not fitting:
        if options.device and Path(options.device).exists():
            raise UsageError(f"no known profile fits {options.device}; name one with --pendant")
        tell(f"no known pendant is plugged in; taking {DEFAULT_PENDANT} (see --pendant)")
        return read_profile(find_profile(DEFAULT_PENDANT))
    names = [name for name, _ in fitting]
    others = f"; {', '.join(names[1:])} fit as well (see --pendant)" if names[1:] else ""
    tell(f"using profile {names[0]}{others}")
    return fitting[0][1]


def _run_component(options: argparse.Namespace) -> int:
    if not COMPONENT_NAME.fullmatch(options.name):
        raise UsageError(f"--name {options.name}: use letters, digits, - and _, a letter first")
    machine = machine_of(options)
    profile = _choose_profile(options)
    for note in profile.notes:
        tell(note, speaker="")
    if options.device is not None:
        _check_device(options.device)
    if options.device and profile.source != "evdev":
        raise UsageError(f"--device is for evdev pendants, but this profile is of source {profile.source}")
    pendant = Pendant(profile, machine)
    longest = max((f"{options.name}.{pin.name}" for pin in pendant.pins), key=len)
    if len(longest) > MAX_NAME:
        raise UsageError(
            f"--name {options.name}: {longest} is longer than HAL's {MAX_NAME} characters; use a shorter one"
        )
    hal = load_hal()
    source = _open_source(profile, options)
    port = HalPort(hal, options.name, pendant.pins)
    if is_real(hal):
        refusal = take_priority()
        if refusal and options.verbose:
            tell(
                f"no realtime priority ({refusal}): on a busy computer the watchdog may trip; see the README"
            )
        gc.freeze()  # what the imports made stays; a collection has only the loop's own to look through
    stopped = Runner(pendant, source, port, options.verbose).run()
    if stopped:
        tell(f"stopped by {stopped.name}; `hal_mpg recover` starts it again while LinuxCNC runs")
    return 0


def _check_device(path: str) -> None:
    """Raise UsageError for what cannot be an input device; one that is not there may still come."""
    is_there = not path or Path(path).exists()
    if is_there and not EVENT_NODE.fullmatch(Path(os.path.realpath(path)).name):
        raise UsageError(f"--device {path}: is no input device; use one such as /dev/input/event5")


def _open_source(profile: Profile, options: argparse.Namespace) -> Source:
    if profile.source == "virtual":
        from hal_mpg.sources.virtual import VirtualSource

        return VirtualSource(profile)
    from hal_mpg.sources.evdev import EvdevSource

    source = EvdevSource(profile, options.device, grab=not options.no_grab)
    source.check_access()
    return source
