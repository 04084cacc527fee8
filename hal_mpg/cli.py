# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: the component that `loadusr` starts, and the tools.

What only a tool or a fault needs is imported there, so that the component starts lean: what it imports before
it is ready is a list in tests/core/test_start.py.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from hal_mpg.errors import INTERNAL_FAULT, DeviceError, HalMpgError, ProfileError, UsageError
from hal_mpg.messages import tell

TOOLS = {
    "demo": "try it: a simulated machine, and a virtual pendant in this terminal",
    "virtual": "a pendant in a window, to try a machine without one",
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
    "adaptive-feed": "switch LinuxCNC's adaptive feed on, which mpg-run.hal needs",
    "recover": "start a hal_mpg that has ended or was killed again, in a running LinuxCNC",
}
"""The subcommands: their module in `hal_mpg.commands`, with _ for -, and what each is for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if "_ARGCOMPLETE" in os.environ:  # the shell asks what may stand next
            from hal_mpg.completion import complete

            return complete()
        if words and words[0] in TOOLS:
            return _run_tool(words[0], words[1:])
        if words and words[0] == "help":
            return _help(words[1:])
        if words and words[0] and not words[0].startswith("-"):
            from hal_mpg.yaml_reader import quoted, suggestion

            near = suggestion(words[0], [*TOOLS, "help"], "hal_mpg --help shows the tools")
            raise UsageError(f"there is no tool {quoted(words[0])}; {near}")
        from hal_mpg.component import run_component
        from hal_mpg.run_options import run_options

        return run_component(run_options(words))
    except ModuleNotFoundError as error:
        from hal_mpg.missing_module import missing_module

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
    import importlib
    import io

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
        try:  # the interpreter's own last flush is to be silent, too
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError:
            pass
        return 141  # 128 + SIGPIPE
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise HalMpgError("the disk that the output goes to is full; make room on it") from None
    return status


def _internal_fault(error: Exception) -> int:
    import traceback

    tell(
        f"internal fault, stopped with safe values: {type(error).__name__}: {error}; "
        f"please report it with the lines below (a component that ran: `hal_mpg recover` starts it again)"
    )
    for line in "".join(traceback.format_exception(error)).splitlines():
        tell(line, speaker="")
    return INTERNAL_FAULT
