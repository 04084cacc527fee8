# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg virtual`: a pendant in a window, for a machine that has none. It is a pendant and nothing else."""

from __future__ import annotations

import argparse
import os
import select
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from hal_mpg.errors import HalMpgError, UsageError
from hal_mpg.options import Parser
from hal_mpg.profile_files import find_profile, read_profile, read_text
from hal_mpg.profile_parts.front import Front, Part, controls_of, read_front
from hal_mpg.virtual.cable import Cable, Claim
from hal_mpg.virtual.device import Device
from hal_mpg.virtual.place import make_socket_path

if TYPE_CHECKING:
    import tkinter

    from hal_mpg.profile import Profile

DEFAULT = "virtual-4axis"

LINUXCNC = "linuxcnc"
"""The process that starts LinuxCNC and the programs of [APPLICATIONS], and that ends with LinuxCNC."""

LOOK_MS = 50
"""How often it is looked for a reason to close."""

LARGE_SCREEN = 1900
"""Pixels: on screens of that width the window, at its full size, lies beside AXIS."""

AXIS_WIDTH = 1108
"""Pixels, with the panel; those of AXIS alone are at the left."""

SMALL = 0.75
"""The size on smaller screens."""

MARGIN, TOP, BARS = 20, 40, 60
"""Pixels: to the right edge, to the upper one, and what a desktop's bar and the window's title take below."""

HELP = """\
In an INI file of LinuxCNC's, as sim-virtual.ini has it:
  [HAL_MPG]
  PENDANT = virtual-4axis
  [APPLICATIONS]
  APP = hal_mpg virtual --pendant virtual-4axis

The window is plugged in as long as it is open; closing it is unplugging. Started by LinuxCNC, it closes
when LinuxCNC ends. The wheel is turned by the mouse's wheel, by dragging it round, or by the arrow keys (with
shift: 10 detents); SPACE holds the enabling button, and a right click latches it.

exit status: 0; 1 no display, or no place for its socket; 2 command line, 3 profile, 4 no python3-tk.
"""


def main(arguments: Sequence[str]) -> int:
    """Show the window until it is closed; return the exit status."""
    options = parser().parse_args(arguments)
    file = find_profile(options.pendant)
    profile = read_profile(file)
    names = [match.socket for match in profile.match if match.socket]
    if not names:
        raise UsageError(
            f"--pendant {options.pendant}: is a device (source: {profile.source}); a window plays pendants "
            "of `source: virtual`, such as virtual-4axis (docs/virtual-pendant.md)"
        )
    has_linuxcnc_ended = _has_linuxcnc_ended()  # first: it may end while the window comes up
    root, is_told_to_end = _root(), _is_told_to_end()
    try:
        path = Path(make_socket_path(names[0]))
        with Claim(path):
            cable = Cable(path)
            try:
                root.attributes("-topmost", not options.not_on_top)
                _show(root, profile, _front(profile, file), cable)
                _close_when(root, is_told_to_end, has_linuxcnc_ended)
                root.mainloop()
            finally:
                cable.unplug()
    except OSError as error:
        raise HalMpgError(
            f"{error.filename or names[0]}: {error.strerror or error}; no window without a socket"
        ) from None
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg virtual",
        description="Show the front of a pendant in a window, to be played with mouse and keyboard.\n"
        "hal_mpg, run with the same profile, reads it as any other pendant.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--pendant",
        metavar="NAME|FILE",
        default=DEFAULT,
        help=f"profile of `source: virtual`, by name, or its file (default: {DEFAULT})",
    )
    parser.add_argument("--not-on-top", action="store_true", help="let other windows lie above it")
    return parser


def _root() -> tkinter.Tk:
    """Return an empty window. Raises HalMpgError where there is no display."""
    import tkinter

    try:
        root = tkinter.Tk(className="hal_mpg")
    except tkinter.TclError as error:
        raise HalMpgError(
            f"there is no display for a window ({error}); start it in a terminal on the desktop"
        ) from None
    return root


def _front(profile: Profile, file: str) -> Front:
    """Return what is on the front; where the profile does not say that, everything, three in a row."""
    front = read_front(read_text(file), file)
    if front.rows:
        return front
    parts = [
        Part((name,), ("",)) for name in controls_of(profile) if not name.startswith(("axis.", "scale."))
    ]
    rows = [tuple(parts[at : at + 3]) for at in range(0, len(parts), 3)]
    return Front(rows=tuple(rows))


def _show(root: tkinter.Tk, profile: Profile, front: Front, cable: Cable) -> None:
    from hal_mpg.virtual.window import Window

    across, down = root.winfo_screenwidth(), root.winfo_screenheight()
    Window(root, Device(profile), front, cable, zoom_for(across))
    root.update_idletasks()
    left, top = place_for((across, down), (root.winfo_reqwidth(), root.winfo_reqheight()))
    root.geometry(f"+{left}+{top}")


def zoom_for(screen_width: int) -> float:
    """Return how large the window is to be on a screen of that many pixels."""
    return 1.0 if screen_width >= LARGE_SCREEN else SMALL


def place_for(screen: tuple[int, int], window: tuple[int, int]) -> tuple[int, int]:
    """Return left and top, in pixels, so that LinuxCNC's panel, which is at AXIS' right side, is to be seen.

    Beside AXIS, which begins at the left; on a smaller screen at the lower left, below AXIS' positions, its
    E-stop, and Home All.
    """
    free = screen[0] - window[0]
    if free >= AXIS_WIDTH:
        return max(free - MARGIN, AXIS_WIDTH), TOP
    return 0, max(screen[1] - window[1] - BARS, 0)


def _close_when(root: tkinter.Tk, *reasons: Callable[[], bool]) -> None:
    """Close the window as soon as there is a reason."""
    if any(reason() for reason in reasons):
        root.destroy()
    else:
        root.after(LOOK_MS, lambda: _close_when(root, *reasons))


def _is_told_to_end() -> Callable[[], bool]:
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    return lambda: bool(told)


def _has_linuxcnc_ended() -> Callable[[], bool]:
    """Return what tells whether the LinuxCNC that started us is over: it does not end its applications."""
    number = linuxcnc_among(_ancestors())
    if number is None:
        return lambda: False
    try:
        ended = os.pidfd_open(number)
    except OSError:
        return lambda: True
    return lambda: bool(select.select([ended], [], [], 0)[0])


def linuxcnc_among(ancestors: Sequence[tuple[int, str]]) -> int | None:
    """Return the process that is LinuxCNC's start: the highest; those below are of each application."""
    found = [number for number, name in ancestors if name == LINUXCNC]
    return found[-1] if found else None


def _ancestors() -> list[tuple[int, str]]:
    """Return number and name of each process above this one, the nearest first."""
    found = []
    number = os.getppid()
    while number > 1:
        try:
            words = Path(f"/proc/{number}/stat").read_text()
        except OSError:
            break
        found.append((number, words[words.index("(") + 1 : words.rindex(")")]))
        number = int(words.rpartition(")")[2].split()[1])
    return found
