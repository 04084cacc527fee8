# SPDX-License-Identifier: GPL-2.0-or-later
"""What is pressed on the front of a pendant in a window, by the mouse or by a key of the keyboard."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from hal_mpg.virtual.knobs import bold

REPEAT_MS = 40
"""A key that is held repeats: the X server lets it go and presses it again. After this time it was let go."""

RESTING, HELD = ("#e9e7df", "#17191c"), ("#ffd54f", "#17191c")


class Key(tk.Label):
    """A button that is held as long as the mouse's button is; where it may be, a right click latches it."""

    def __init__(
        self, parent: tk.Misc, text: str, hold: Callable[[bool], None], zoom: float, latches: bool = False
    ) -> None:
        """`hold` is called when it is pressed, and when it is let go."""
        wrap = round(110 * zoom)
        super().__init__(parent, text=text, font=bold(zoom), width=11, height=2, bd=3, wraplength=wrap)
        self._hold, self._text = hold, text
        self._help = "\nhold SPACE" if latches else ""  # the one thing that everybody has to know
        self.is_held = self.is_latched = False
        self.bind("<ButtonPress-1>", lambda _: self.press(True))
        self.bind("<ButtonRelease-1>", lambda _: self.press(False))
        if latches:
            self.bind("<Button-3>", lambda _: self.latch())
        self._show()

    def press(self, held: bool) -> None:
        """Press it, or let it go, which ends its being latched, too."""
        self.is_latched = False
        self._change(held)

    def latch(self) -> None:
        """Hold it until the next time."""
        self.is_latched = not self.is_latched
        self._change(self.is_latched)

    def _change(self, held: bool) -> None:
        changed, self.is_held = held != self.is_held, held
        self._show()
        if changed:
            self._hold(held)

    def _show(self) -> None:
        background, foreground = HELD if self.is_held else RESTING
        word = self._help if not self.is_held else "\n(latched)" if self.is_latched else "\n(held)"
        self.configure(bg=background, fg=foreground, relief="sunken" if self.is_held else "raised")
        self.configure(text=self._text + word)


class KeyboardKey:
    """Holds a button while a key of the keyboard is held, and lets go when the window no longer sees it."""

    def __init__(self, window: tk.Tk, keysym: str, press: Callable[[bool], None]) -> None:
        self._window, self._press, self._is_down = window, press, False
        self._release: str | None = None
        window.bind(f"<KeyPress-{keysym}>", self._down)
        window.bind(f"<KeyRelease-{keysym}>", self._up)
        window.bind("<FocusOut>", self._lost, add="+")

    def _down(self, event: tk.Event[tk.Misc]) -> None:
        del event
        if self._release:
            self._window.after_cancel(self._release)
            self._release = None
        if not self._is_down:
            self._is_down = True
            self._press(True)

    def _up(self, event: tk.Event[tk.Misc]) -> None:
        del event
        if self._is_down and not self._release:
            self._release = self._window.after(REPEAT_MS, self._let_go)

    def _lost(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._window and self._is_down:
            self._let_go()

    def _let_go(self) -> None:
        self._release, self._is_down = None, False
        self._press(False)
