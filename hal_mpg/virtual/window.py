# SPDX-License-Identifier: GPL-2.0-or-later
"""The front of a pendant on the screen, laid out as its profile describes it, and the hand that plays it."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterable
from functools import partial

from hal_mpg.events import Connected, Frame
from hal_mpg.profile import StepSelector
from hal_mpg.profile_parts.front import GAP, Front, Part
from hal_mpg.virtual.cable import Cable
from hal_mpg.virtual.device import Device, Report, all_positions
from hal_mpg.virtual.keys import Key, KeyboardKey
from hal_mpg.virtual.knobs import BODY, FAINT, EStop, Lamp, Selector, Stick, Wheel, plain

POLL_MS = 50
"""How often the cable is looked at; what a hand does is sent at once."""

DETENT_MS = 5
"""From one detent to the next: the mouse comes in jumps, a wheel does not."""

MAX_PENDING = 20
"""Detents that may still be to come: the wheel stands still within 0.1 s."""

LEAP = 10
"""Detents for an arrow key with shift."""

HINT = (
    "wheel: mouse wheel, drag, or arrow keys (shift: 10)\n"
    "x y z ...: axis \u00b7 1 2 3: scale \u00b7 e: E-stop \u00b7 r: reset \u00b7 u: unplug"
)
ENABLE_HINT = "the enabling button: hold SPACE, or a right click latches it"
UNPLUGGED = "unplugged"
WAITING = "plugged in; nobody reads it (hal_mpg is not running, or has another pendant)"
CONNECTED = "connected to hal_mpg"


class Window:
    """One pendant in one window. `parts` are its widgets by the names of their controls."""

    def __init__(self, root: tk.Tk, device: Device, front: Front, cable: Cable, zoom: float = 1.0) -> None:
        """Fill `root`, and plug the pendant in. Raises OSError where there can be no socket.

        `zoom` is how large it is: 1 on a large screen, less on a small one.
        """
        self.root, self.device, self.cable = root, device, cable
        self._zoom = zoom
        self.parts: dict[str, tk.Widget] = {}
        self._pending = 0
        self._is_turning = False
        root.configure(bg=BODY, padx=8 * zoom, pady=10 * zoom)
        root.title(f"hal_mpg: {device.profile.name}")
        root.resizable(False, False)
        for row in front.rows:
            self._add_row(row)
        self.state = tk.Label(root, bg=BODY, fg="white", font=plain(zoom))
        self.state.pack(pady=(8 * zoom, 2 * zoom))
        tk.Label(root, text=self._hint(), bg=BODY, fg=FAINT, font=plain(zoom)).pack()
        self._bind_keyboard()
        self.plug(True)
        self._poll()

    def turn(self, detents: int) -> None:
        """Turn the wheel, one detent after the other; backwards if negative."""
        self._pending = max(-MAX_PENDING, min(MAX_PENDING, self._pending + detents))
        if not self._is_turning:
            self._is_turning = True
            self._turn_on()

    def select(self, selector: str, position: str) -> None:
        """Turn the selector "axis" or "scale"."""
        self._say(self.device.select(selector, position))
        part = self.parts.get(selector)
        if isinstance(part, Selector):
            part.show(position)

    def toggle_estop(self) -> None:
        """Press the E-stop, or release it."""
        pressed = not self.device.is_held("estop")
        self._hold("estop", pressed)
        part = self.parts.get("estop")
        if isinstance(part, EStop):
            part.show(pressed)

    def plug(self, plugged_in: bool) -> None:
        """Plug it in, or pull the plug: its lamps are dark then."""
        if plugged_in:
            self.cable.plug_in()
        else:
            self.cable.unplug()
            self._darken()
        self._show_state()

    def toggle_plug(self) -> None:
        """Pull the plug, or plug it in again."""
        self.plug(not self.cable.is_plugged_in)

    def _hint(self) -> str:
        return f"{ENABLE_HINT}\n{HINT}" if self.device.profile.enable else HINT

    def _show_state(self) -> None:
        words = CONNECTED if self.cable.is_met else WAITING if self.cable.is_plugged_in else UNPLUGGED
        mark = "\u25cf " if self.cable.is_met else "\u25cb "
        self.state.configure(text=mark + words)

    def _say(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self.cable.say(Frame(time.monotonic(), 0, report))

    def _hold(self, control: str, held: bool) -> None:
        self._say(self.device.hold(control, held))

    def _turn_on(self) -> None:
        """Turn by the next detent, and come again as long as there are more."""
        if not self._pending:
            self._is_turning = False
            return
        step = 1 if self._pending > 0 else -1
        self._pending -= step
        self._say(self.device.turn(step))
        part = self.parts.get("wheel")
        if isinstance(part, Wheel):
            part.show(step)
        self.root.after(DETENT_MS, self._turn_on)

    def _poll(self) -> None:
        """Meet hal_mpg, light its lamps, and notice that it has gone."""
        if self.cable.meet():
            self.cable.say(Connected(time.monotonic(), (self.device.state,)))
            self._show_state()
        elif self.cable.is_met and self.cable.has_news():
            for name, lit in self.cable.read():
                part = self.parts.get(f"led.{name}")
                if isinstance(part, Lamp):
                    part.show(lit)
            if not self.cable.is_met:
                self._darken()
                self._show_state()
        self.root.after(POLL_MS, self._poll)

    def _darken(self) -> None:
        for part in self.parts.values():
            if isinstance(part, Lamp):
                part.show(False)

    def _add_row(self, row: Iterable[Part]) -> None:
        frame = tk.Frame(self.root, bg=BODY)
        frame.pack(pady=4 * self._zoom)
        for part in row:
            cell = tk.Frame(frame, bg=BODY)
            cell.pack(side="left", padx=6 * self._zoom)
            if part.controls[0] == GAP:
                cell.configure(width=80 * self._zoom)
            for control, text in zip(part.controls, part.printed, strict=True):
                self._add(cell, control, text)

    def _add(self, cell: tk.Frame, control: str, text: str) -> None:
        """Add one control; where nothing is printed on it, its name is."""
        first, _, rest = control.partition(".")
        title = text or (rest or first).upper()
        widget: tk.Widget | None = None
        if control == "wheel":
            widget, title = Wheel(cell, self.turn, self._zoom), text
        elif control in ("axis", "scale"):
            widget = self._selector(cell, control)
        elif control == "estop":
            widget, title = EStop(cell, self.toggle_estop, self._zoom), ""
        elif first == "led":
            widget = Lamp(cell, self._zoom)
        elif first == "analog":
            widget = self._stick(cell, rest)
        elif self._press(control) is not None:
            hold, latches = self._press(control) or self._nothing, control == "enable"
            widget, title = Key(cell, title, hold, self._zoom, latches), ""
        if widget is None:
            widget, title = tk.Label(cell, text=title, bg=BODY, fg=FAINT, font=plain(self._zoom)), ""
        widget.pack()
        self.parts[control] = widget
        if title:
            tk.Label(cell, text=title, bg=BODY, fg="white", font=plain(self._zoom)).pack()

    def _selector(self, cell: tk.Frame, name: str) -> tk.Widget | None:
        selector = self.device.profile.axis if name == "axis" else self.device.profile.scale
        at = self.device.position(name)
        if selector is None or at is None:
            return None
        return Selector(cell, all_positions(selector), at, partial(self.select, name), self._zoom)

    def _stick(self, cell: tk.Frame, axis: str) -> Stick | None:
        places = [n for n, stick in enumerate(self.device.profile.analog) if stick.axis == axis]
        return Stick(cell, partial(self._push, places[0]), self._zoom) if places else None

    def _push(self, place: int, way: float | None) -> None:
        hold = f"hold.{place}"
        if hold in self.device.buttons():
            self._hold(hold, way is not None)
        self._say(self.device.push(place, way or 0.0))

    def _press(self, control: str) -> Callable[[bool], None] | None:
        """Return what holds a button, and lets it go; None: it is none that a hand can hold."""
        first, _, rest = control.partition(".")
        if control in self.device.buttons():
            return partial(self._hold, control)
        if first == "wheel" and rest:
            return lambda held: self.turn(1 if rest == "forward" else -1) if held else None
        if first in ("axis", "scale") and rest in self._positions(first):
            return lambda held: self.select(first, rest) if held else None
        return None

    def _positions(self, name: str) -> tuple[str, ...]:
        """Return where a selector can be turned to; nowhere where it is stepped through."""
        selector = self.device.profile.axis if name == "axis" else self.device.profile.scale
        if selector is None or isinstance(selector, StepSelector):
            return ()
        return all_positions(selector)

    def _nothing(self, held: bool) -> None:
        pass

    def _bind_keyboard(self) -> None:
        root = self.root
        for keys, way in (
            (("Right", "Up", "plus", "KP_Add"), 1),
            (("Left", "Down", "minus", "KP_Subtract"), -1),
        ):
            for key in keys:
                root.bind(f"<KeyPress-{key}>", lambda _, by=way: self.turn(by))  # type: ignore[misc]
                root.bind(f"<Shift-KeyPress-{key}>", lambda _, by=way: self.turn(by * LEAP))  # type: ignore[misc]
        for axis in self._positions("axis"):
            if len(axis) == 1:
                for key in (axis, axis.upper()):  # Caps Lock
                    root.bind(f"<KeyPress-{key}>", lambda _, to=axis: self.select("axis", to))  # type: ignore[misc]
        for number, scale in enumerate(self._positions("scale")[:9], start=1):
            root.bind(f"<KeyPress-{number}>", lambda _, to=scale: self.select("scale", to))  # type: ignore[misc]
        for key in "uU":
            root.bind(f"<KeyPress-{key}>", lambda _: self.toggle_plug())
        for key in "eE" if "estop" in self.device.buttons() else "":
            root.bind(f"<KeyPress-{key}>", lambda _: self.toggle_estop())
        for control, key in (("enable", "space"), ("reset", "r"), ("reset", "R")):
            part = self.parts.get(control)
            if isinstance(part, Key):
                KeyboardKey(root, key, part.press)
