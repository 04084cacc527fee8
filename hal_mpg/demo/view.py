# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view: the pendant, the component's pins and the machine on one screen, played with keys."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.demo.session import Session
from hal_mpg.demo.tour import unit_of
from hal_mpg.terminal import keys_at_once

KEYS = """\
 arrow right, left  wheel, 1 detent      x y z a  axis    SPACE  enabling button
 with shift, or . , wheel, 10 detents    1 2 3    scale   e E-stop   r reset
 p  power up: reset, on, home            q  quit
 break it:  u unplug, plug in   c cut, mend the E-stop wire   k kill hal_mpg
 b  bring a killed hal_mpg back"""

WHAT_HELPS = {
    WhyNot.NO_DEVICE: "[u]",
    WhyNot.ESTOP: "[e] [p]",
    WhyNot.MACHINE_OFF: "[p]",
    WhyNot.NOT_ENABLED: "[SPACE]",
}
"""The keys to press where the wheel is not armed."""

STATES = {"ESTOP": "E-stop", "ESTOP_RESET": "off", "OFF": "off", "ON": "on"}

PINS = (
    ("connected", "estop", "counts", "axis-select"),
    ("enable", "estop-ok", "dropped", "scale-select"),
    ("armed", "reset", "reconnects", "scale"),
    ("velocity", "jog-stop", "", "why-not"),
)
"""The pins that are shown, as they are laid out."""

FIXED_LINES = 22
"""Lines of the screen that are not messages."""

_KEY = re.compile(rb"\x1b[\[O][0-9;]*[A-Za-z~]|[^\x1b]|\x1b(?=[^\[O])")
_UNFINISHED = re.compile(rb"\x1b(?:[\[O][0-9;]*)?\Z")


def split_keys(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the keys in what a terminal has sent, and what may be the beginning of one more."""
    unfinished = _UNFINISHED.search(data)
    rest = unfinished[0] if unfinished else b""
    return _KEY.findall(data[: len(data) - len(rest)]), rest


class View:
    """Shows a session on the terminal, and plays its pendant by keys."""

    def __init__(self, session: Session, title: str) -> None:
        self._session, self._pendant, self._title = session, session.pendant, title
        self._rest = b""
        self._quit = False
        self._actions = self._bind()

    def run(self) -> None:
        """Show it until the user quits; begins with a power-up. Raises what `Session.turn` raises."""
        session, console = self._session, Console(highlight=False)
        session.power_up()
        self._pendant.hold_enable(True)
        shown: object = None
        with (
            keys_at_once(sys.stdin.fileno()),
            Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False) as live,
        ):
            while not self._quit:
                state = self._state(console)
                if state != shown:
                    shown = state
                    live.update(self._render(console.size), refresh=True)
                if session.turn(sys.stdin.fileno(), limit_s=0.05):
                    self._read_keys()

    def _state(self, console: Console) -> object:
        """Return all that the picture depends on."""
        pendant = self._pendant
        switches = (pendant.axis, pendant.scale, pendant.estop_pressed, pendant.enable_held)
        more = (
            pendant.reset_held,
            pendant.estop_cut,
            pendant.is_plugged_in,
            len(self._session.notes),
            console.size,
        )
        return switches, more, self._session.status, list(self._session.notes)

    def _read_keys(self) -> None:
        data = os.read(sys.stdin.fileno(), 1024)
        if not data:
            self._quit = True  # the terminal has gone
        keys, self._rest = split_keys(self._rest + data)
        for key in keys:
            action = self._actions.get(key)
            if action:
                action()

    def _bind(self) -> dict[bytes, Callable[[], None]]:
        turn, select = self._pendant.turn, self._pendant.select
        bound: dict[bytes, Callable[[], None]] = {}
        for keys, detents in (
            ((b"\x1b[C", b"\x1bOC", b"+"), 1),
            ((b"\x1b[D", b"\x1bOD", b"-"), -1),
            ((b"\x1b[1;2C", b"."), 10),
            ((b"\x1b[1;2D", b","), -10),
        ):
            bound |= dict.fromkeys(keys, lambda n=detents: turn(n))
        for axis in self._pendant.axes:
            bound[axis.encode()] = lambda to=axis: select(to, self._pendant.scale)  # type: ignore[misc]
        for number, scale in enumerate(self._pendant.scales, start=1):
            bound[str(number).encode()] = lambda to=scale: select(self._pendant.axis, to)  # type: ignore[misc]
        bound |= {b" ": self._toggle_enable, b"e": self._toggle_estop, b"u": self._toggle_plug}
        bound |= {b"r": self._pendant.press_reset, b"p": self._power_up, b"q": self._leave}
        bound |= {b"c": self._toggle_wire, b"k": self._session.kill, b"b": self._session.recover}
        return bound

    def _toggle_enable(self) -> None:
        self._pendant.hold_enable(not self._pendant.enable_held)

    def _toggle_estop(self) -> None:
        self._pendant.press_estop(not self._pendant.estop_pressed)

    def _toggle_wire(self) -> None:
        self._pendant.cut_estop(not self._pendant.estop_cut)

    def _toggle_plug(self) -> None:
        if self._pendant.is_plugged_in:
            self._pendant.unplug()
        else:
            self._pendant.plug_in()

    def _power_up(self) -> None:
        if (self._session.status.pins or {}).get("estop"):
            self._session.note("demo: release the E-stop (e), or plug the pendant in (u), first")
        else:
            self._session.power_up()

    def _leave(self) -> None:
        self._quit = True

    def _render(self, size: ConsoleDimensions) -> RenderableType:
        top = Table.grid(expand=True)
        top.add_column(ratio=1)
        top.add_column(ratio=1)
        top.add_row(self._pendant_panel(), self._machine_panel())
        lines = max(size.height - FIXED_LINES, 1)
        is_small = size.width < 80 or size.height < 24
        hint = " (this terminal is smaller than 80x24; q quits)" if is_small else ""
        notes = list(self._session.notes)[-lines:]
        text = Text("\n".join(notes + [""] * (lines - len(notes))), no_wrap=True, overflow="ellipsis")
        return Group(
            Text(f"{self._title}{hint}", style="bold", no_wrap=True, overflow="ellipsis"),
            top,
            self._pin_panel(),
            self._why_line(),
            Panel(text, title="what happened", title_align="left"),
            Text(KEYS, style="dim", no_wrap=True),
        )

    def _pendant_panel(self) -> Panel:
        pendant = self._pendant
        rows = _grid()
        rows.add_row("axis", _choice(pendant.axis, pendant.axes, str.upper))
        rows.add_row("scale", _choice(pendant.scale, pendant.scales, str))
        pressed = pendant.estop_pressed
        estop = Text("PRESSED", "bold white on red") if pressed else Text("released")
        rows.add_row("E-stop", estop + Text("   WIRE CUT" if pendant.estop_cut else "", "bold"))
        held = Text("held", "bold") if pendant.enable_held else Text("not held")
        rows.add_row("enabling button", held + Text("   reset pressed" if pendant.reset_held else ""))
        plugged = pendant.is_plugged_in
        rows.add_row("plug", Text("plugged in") if plugged else Text("UNPLUGGED", "bold"))
        return Panel(rows, title="pendant", title_align="left")

    def _machine_panel(self) -> Panel:
        status = self._session.status
        rows = Table.grid(padding=(0, 2))
        rows.add_column(justify="left")
        rows.add_column(justify="right", width=10)
        rows.add_column()
        rows.add_column(justify="right")
        for axis, position in (status.positions or {}).items():
            counts = (status.pins or {}).get(f"axis.{axis}.jog-counts", 0)
            selected = "bold" if axis == self._pendant.axis else ""
            rows.add_row(
                axis.upper(), f"{position:.3f}", unit_of(axis), f"{counts} jog-counts", style=selected
            )
        homed = "homed" if status.homed else "not homed"
        return Panel(
            Group(rows, Text(f"{STATES[status.state]}, {homed}")), title="machine", title_align="left"
        )

    def _pin_panel(self) -> Panel:
        pins = self._session.status.pins or {}
        rows = Table.grid(padding=(0, 1), expand=True)
        for _ in range(4):
            rows.add_column(justify="left", no_wrap=True)
            rows.add_column(justify="left", ratio=1, no_wrap=True)
        for names in PINS:
            cells: list[RenderableType] = []
            for name in names:
                cells += [Text(name, "dim"), _pin_text(pins.get(name))]
            rows.add_row(*cells)
        return Panel(rows, title="pins of hal_mpg", title_align="left")

    def _why_line(self) -> Text:
        pins = self._session.status.pins or {}
        why_not = WhyNot(int(pins.get("why-not", WhyNot.NO_DEVICE)))
        if not self._session.status.answers:
            return Text(" hal_mpg DOES NOT ANSWER: killed, or hung   [b] bring it back, [p]", "bold red")
        if self._session.is_powering_up:
            # While LinuxCNC homes and changes its mode, it takes no detents.
            return Text(" powering up: E-stop reset, machine on, home, teleop mode ...", "bold yellow")
        if why_not is WhyNot.READY:
            axis = self._pendant.axis
            return Text(
                f" READY: a detent moves {axis.upper()} by {pins.get('scale')} {unit_of(axis)}", "bold green"
            )
        keys = WHAT_HELPS.get(why_not, "")
        text = f" {keys} {WORDS[why_not]}" if keys else f" {WORDS[why_not]}"
        return Text(text, "bold yellow", no_wrap=True, overflow="ellipsis")


def _grid() -> Table:
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column()
    return rows


def _choice(chosen: str, names: tuple[str, ...], spell: Callable[[str], str]) -> Text:
    """Return the positions of a selector with the one that it is on marked, also without colors."""
    text = Text()
    for name in names:
        if name == chosen:
            text.append(f"[{spell(name)}]", "bold")
        else:
            text.append(f" {spell(name)} ", "dim")
    return text


def _pin_text(value: object) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("TRUE", "bold") if value else Text("FALSE")
    return Text(f"{value:g}" if isinstance(value, float) else str(value))
