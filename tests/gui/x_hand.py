# SPDX-License-Identifier: GPL-2.0-or-later
"""A hand at mouse and keyboard of an X display: the server makes the events itself (XTEST)."""

from __future__ import annotations

import base64
import importlib
import io
import time
from typing import Any

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol.event import ClientMessage

from tests.linuxcnc.driver import wait_until

FIND_LIMIT_S = 30.0

Place = tuple[int, int, int, int]
"""Left, top, width and height on the screen, in pixels."""


class Pointer:
    """The mouse and the keyboard; no program in particular."""

    def __init__(self, display: str) -> None:
        """Connect to an X display."""
        self._name, self._display = display, Display(display)

    def move(self, x: float, y: float) -> None:
        """Move the pointer."""
        xtest.fake_input(self._display, X.MotionNotify, x=round(x), y=round(y))
        self._display.sync()

    def click(self, x: float, y: float, button: int = 1, times: int = 1) -> None:
        """Click; button 4 and 5 are the mouse's wheel, away from the hand and towards it."""
        self.move(x, y)
        for _ in range(times):
            self.button(True, button)
            self.button(False, button)

    def button(self, down: bool, button: int = 1) -> None:
        """Press a button of the mouse, or let it go."""
        xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, button)
        self._display.sync()
        time.sleep(0.02)

    def key(self, name: str, down: bool) -> None:
        """Press a key of the keyboard, or let it go, by its X name."""
        code = self._display.keysym_to_keycode(XK.string_to_keysym(name))
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, code)
        self._display.sync()
        time.sleep(0.02)

    def type(self, *names: str) -> None:
        """Press keys, one after the other."""
        for name in names:
            self.key(name, True)
            self.key(name, False)

    def color(self, x: float, y: float) -> tuple[int, int, int]:
        """Return the color of a pixel of the screen: red, green, blue, 0 to 255."""
        image = self._display.screen().root.get_image(round(x), round(y), 1, 1, X.ZPixmap, 0xFFFFFFFF)
        blue, green, red = image.data[:3]
        return red, green, blue


class Hand(Pointer):
    """Finds one program's window, and uses it."""

    def __init__(self, display: str, window_class: str, limit_s: float = FIND_LIMIT_S) -> None:
        """Wait until the window is there. Its class is what the program calls itself (WM_CLASS)."""
        super().__init__(display)
        self._class = window_class
        self._found: list[Any] = []
        wait_until(self._find, f"a window of {window_class}", limit_s)

    def parts(self, size: tuple[int, int]) -> list[Place]:
        """Return where the window's parts of this size are, from the left to the right and downwards."""
        found = {place for place in map(self._place, self._all(self._found[0])) if place[2:] == size}
        return sorted(found, key=lambda place: (place[1], place[0]))

    def window(self) -> Place:
        """Return where the window is."""
        return self._place(self._found[0])

    def is_open(self) -> bool:
        """Tell whether the window is there."""
        return self._find()

    def photograph(self) -> str:
        """Return what the window shows, as a PNG file in base64."""
        left, top, width, height = self.window()
        grab: Any = importlib.import_module("PIL.ImageGrab")
        box = (left, top, left + width, top + height)
        image = grab.grab(bbox=box, xdisplay=self._name).convert("RGB").quantize(64, dither=0)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return base64.b64encode(file.getvalue()).decode()

    def close(self) -> None:
        """Close the window, as a window manager does."""
        atom = self._display.intern_atom
        window = self._found[0]
        data = (32, [atom("WM_DELETE_WINDOW"), X.CurrentTime, 0, 0, 0])
        window.send_event(ClientMessage(window=window, client_type=atom("WM_PROTOCOLS"), data=data))
        self._display.sync()

    def _find(self) -> bool:
        self._found = [
            window
            for window in self._all(self._display.screen().root)
            if self._class in (_quiet(window.get_wm_class) or ()) and self._is_shown(window)
        ]
        time.sleep(0.05)
        return bool(self._found)

    def _is_shown(self, window: Any) -> bool:
        attributes = _quiet(window.get_attributes)
        return attributes is not None and attributes.map_state == X.IsViewable

    def _all(self, window: Any) -> list[Any]:
        tree = _quiet(window.query_tree)
        found = []
        for child in tree.children if tree else ():
            found += [child, *self._all(child)]
        return found

    def _place(self, window: Any) -> Place:
        geometry = _quiet(window.get_geometry)
        if geometry is None:
            return 0, 0, 0, 0
        corner = window.translate_coords(self._display.screen().root, 0, 0)
        return -corner.x, -corner.y, geometry.width, geometry.height


def _quiet(ask: Any) -> Any:
    """Return an answer of the X server's; None where the window has gone meanwhile."""
    try:
        return ask()
    except Exception:  # noqa: BLE001  # BadWindow, BadDrawable, ...: python-xlib has many names for it
        return None
