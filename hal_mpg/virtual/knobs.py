# SPDX-License-Identifier: GPL-2.0-or-later
"""What is turned on the front of a pendant in a window: the wheel, selectors, sticks; and its lamps."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from math import atan2, cos, degrees, pi, radians, sin
from typing import Literal

BODY, PLATE, INK, FAINT, RIM, LIT = "#2f3237", "#e9e7df", "#17191c", "#c3c7cd", "#0f1113", "#7CFC66"
FAMILY = "DejaVu Sans"

Anchor = Literal["s", "w", "e"]

DETENTS = 100
"""Of one turn of the wheel, as on most handwheels."""

SHORT = {
    "off": "OFF",
    "feed-override": "FEED %",
    "rapid-override": "RAPID %",
    "spindle-override": "SPINDLE %",
    "max-velocity": "MAX V",
    "mpg-run": "RUN",
}


def printed(position: str) -> str:
    """Return what stands beside a selector's position."""
    return SHORT.get(position, position.upper() if len(position) == 1 else position)


def plain(zoom: float) -> tuple[str, int]:
    """Return the font of what is printed; on a small front it is not made smaller than can be read."""
    return FAMILY, -max(11, round(13 * zoom))


def bold(zoom: float) -> tuple[str, int, str]:
    """Return the font of what is pressed or selected."""
    return FAMILY, -max(11, round(14 * zoom)), "bold"


class Face(tk.Canvas):
    """A part of the front that draws itself; `zoom` times as large as its measures say."""

    def __init__(self, parent: tk.Misc, width: int, height: int, zoom: float) -> None:
        super().__init__(
            parent, width=round(width * zoom), height=round(height * zoom), bg=BODY, highlightthickness=0
        )
        self.zoom = zoom

    def enlarge(self) -> None:
        """Bring what was drawn so far to its size."""
        self.scale("all", 0, 0, self.zoom, self.zoom)

    def put(self, item: int, *places: float) -> None:
        """Move a part of the drawing; the places are as it was drawn, not as large as it is."""
        self.coords(item, *(place * self.zoom for place in places))

    def on_mouse_wheel(self, turn: Callable[[int], None]) -> None:
        """Call `turn` with 1 or -1 for each notch of the mouse's wheel."""
        self.bind("<Button-4>", lambda _: turn(1))
        self.bind("<Button-5>", lambda _: turn(-1))
        self.bind("<MouseWheel>", lambda event: turn(1 if event.delta > 0 else -1))  # Tk 8.7 and later


class Wheel(Face):
    """The handwheel: turned by the mouse's wheel above it, or round and round with its button held."""

    RADIUS = 118

    def __init__(self, parent: tk.Misc, turn: Callable[[int], None], zoom: float) -> None:
        """`turn` is called with the detents that the mouse asks for; `show` shows those that were turned."""
        size = 2 * self.RADIUS + 8
        super().__init__(parent, size, size, zoom)
        self._turn = turn
        self._middle = size / 2
        self._at, self._angle, self._rest = 0, 0.0, 0.0
        self._draw_dial()
        self.on_mouse_wheel(turn)
        self.bind("<ButtonPress-1>", self._grip)
        self.bind("<B1-Motion>", self._drag)

    def show(self, direction: int) -> None:
        """Turn the picture by one detent."""
        self._at = (self._at + direction) % DETENTS
        self._place_handle()

    def _draw_dial(self) -> None:
        middle, radius = self._middle, self.RADIUS
        small, large = (FAMILY, -round(11 * self.zoom)), (FAMILY, -round(20 * self.zoom), "bold")
        self._disc(radius, PLATE)
        for mark in range(DETENTS):
            angle, tens = 2 * pi * mark / DETENTS, mark % 10 == 0
            inner = radius - (16 if tens else 9)
            self.create_line(
                *(middle + inner * sin(angle), middle - inner * cos(angle)),
                *(middle + (radius - 3) * sin(angle), middle - (radius - 3) * cos(angle)),
                fill=INK,
                width=2 if tens else 1,
            )
            if tens:
                across, up = (radius - 26) * sin(angle), (radius - 26) * cos(angle)
                self.create_text(middle + across, middle - up, text=str(mark), font=small)
        self._disc(radius - 36, "#4a4e55")
        self.create_text(middle, middle + 34, text="\u2212   +", fill=PLATE, font=large)
        self._handle = self._disc(15, INK, FAINT)
        self._pointer = self.create_line(0, 0, 0, 0, fill="#ffb300", width=4)
        self.enlarge()
        self._place_handle()

    def _disc(self, radius: float, fill: str, outline: str = RIM) -> int:
        low, high = self._middle - radius, self._middle + radius
        return self.create_oval(low, low, high, high, fill=fill, outline=outline, width=2)

    def _place_handle(self) -> None:
        angle = 2 * pi * self._at / DETENTS
        across, up = sin(angle), cos(angle)
        middle, radius = self._middle, self.RADIUS - 58
        x, y = middle + radius * across, middle - radius * up
        self.put(self._handle, x - 15, y - 15, x + 15, y + 15)
        inner, outer = self.RADIUS - 38, self.RADIUS - 17
        ends = (middle + inner * across, middle - inner * up, middle + outer * across, middle - outer * up)
        self.put(self._pointer, *ends)

    def _degrees(self, event: tk.Event[tk.Canvas]) -> float:
        middle = self._middle * self.zoom
        return degrees(atan2(event.x - middle, middle - event.y))

    def _grip(self, event: tk.Event[tk.Canvas]) -> None:
        self._angle, self._rest = self._degrees(event), 0.0

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        angle = self._degrees(event)
        way = (angle - self._angle + 180) % 360 - 180  # the shorter one
        detents = int((self._rest + way) / (360 / DETENTS))  # toward 0: a detent is one when it is reached
        self._angle, self._rest = angle, self._rest + way - detents * 360 / DETENTS
        if detents:
            self._turn(detents)


class Selector(Face):
    """A rotary switch: a click at a position, or the mouse's wheel."""

    SPREAD = radians(265)

    def __init__(
        self,
        parent: tk.Misc,
        positions: Sequence[str],
        at: str,
        select: Callable[[str], None],
        zoom: float,
    ) -> None:
        """`select` is called with the position that the mouse asks for; `show` shows where it stands."""
        super().__init__(parent, 256, 156, zoom)
        self._positions, self._select, self._at = positions, select, at
        self._middle = (108.0, 86.0)
        self._labels: dict[str, int] = {}
        x, y = self._middle
        self.create_oval(x - 40, y - 40, x + 40, y + 40, fill="#1b1d20", outline=FAINT, width=2)
        self._line = self.create_line(0, 0, 0, 0, fill="white", width=6, capstyle="round")
        for position in positions:
            across, up = self._way(position)
            anchor: Anchor = "s" if abs(across) < 0.1 and up > 0 else "w" if across > 0 else "e"
            left, top = x + 50 * across, y - 66 * up  # an ellipse: lines have to be apart
            label = self.create_text(left, top, text=printed(position), anchor=anchor, font=bold(zoom))
            self._labels[position] = label
        self.enlarge()
        self.bind("<Button-1>", self._click)
        self.on_mouse_wheel(self.step)
        self.show(at)

    def show(self, position: str) -> None:
        """Show where the switch stands."""
        self._at = position
        across, up = self._way(position)
        x, y = self._middle
        self.put(self._line, x - 6 * across, y + 6 * up, x + 34 * across, y - 34 * up)
        for name, label in self._labels.items():
            self.itemconfigure(label, fill="#ffd54f" if name == position else FAINT)

    def step(self, by: int) -> None:
        """Turn the switch by one position; it has a first and a last one."""
        place = self._positions.index(self._at) + by
        if 0 <= place < len(self._positions):
            self._select(self._positions[place])

    def place_of(self, position: str) -> tuple[int, int]:
        """Return where a position's name stands, in pixels."""
        left, top, right, bottom = self.bbox(self._labels[position])
        return (left + right) // 2, (top + bottom) // 2

    def _way(self, position: str) -> tuple[float, float]:
        """Return the direction of a position, across and up."""
        last = len(self._positions) - 1
        share = self._positions.index(position) / last if last else 0.5
        angle = (share - 0.5) * (self.SPREAD if last > 3 else radians(50) * last)
        return sin(angle), cos(angle)

    def _click(self, event: tk.Event[tk.Canvas]) -> None:
        """Select the position whose name is nearest."""

        def distance(position: str) -> float:
            x, y = self.place_of(position)
            return float((x - event.x) ** 2 + (y - event.y) ** 2)

        self._select(min(self._positions, key=distance))


class Stick(Face):
    """A stick or a spring-loaded ring: dragged to a side, and back in its middle when it is let go."""

    REACH = 80

    def __init__(self, parent: tk.Misc, push: Callable[[float | None], None], zoom: float) -> None:
        """`push` is called with -1 to 1, and with None when it is let go."""
        super().__init__(parent, 2 * self.REACH + 50, 50, zoom)
        self._push = push
        self._middle = self.REACH + 25
        self.create_line(25, 25, 25 + 2 * self.REACH, 25, fill=FAINT, width=6)
        self.create_line(self._middle, 12, self._middle, 38, fill=FAINT, width=2)
        self._knob = self.create_oval(0, 0, 0, 0, fill=PLATE, outline=RIM, width=2)
        self.enlarge()
        self._place(0.0)
        self.bind("<ButtonPress-1>", self._drag)
        self.bind("<B1-Motion>", self._drag)
        self.bind("<ButtonRelease-1>", self._let_go)

    def _place(self, way: float) -> None:
        x = self._middle + way * self.REACH
        self.put(self._knob, x - 18, 7, x + 18, 43)

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        way = max(-1.0, min(1.0, (event.x / self.zoom - self._middle) / self.REACH))
        self._place(way)
        self._push(way)

    def _let_go(self, event: tk.Event[tk.Canvas]) -> None:
        del event
        self._place(0.0)
        self._push(None)


class Lamp(Face):
    """A lamp: bright and filled, or dark and hollow."""

    def __init__(self, parent: tk.Misc, zoom: float) -> None:
        super().__init__(parent, 34, 34, zoom)
        self._glass = self.create_oval(6, 6, 28, 28, outline=FAINT, width=2)
        self.enlarge()
        self.is_lit = False
        self.show(False)

    def show(self, lit: bool) -> None:
        """Light it, or put it out."""
        self.is_lit = lit
        self.itemconfigure(self._glass, fill=LIT if lit else "#1b1d20", outline="white" if lit else FAINT)


class EStop(Face):
    """The mushroom button, which stays down: a click presses it, the next one releases it."""

    def __init__(self, parent: tk.Misc, press: Callable[[], None], zoom: float) -> None:
        super().__init__(parent, 128, 128, zoom)
        self.create_oval(4, 4, 124, 124, fill="#f4c430", outline=RIM, width=2)
        self._mushroom = self.create_oval(0, 0, 0, 0, outline=RIM, width=2)
        self._word = self.create_text(64, 64, fill="white")
        self.enlarge()
        self.bind("<Button-1>", lambda _: press())
        self.show(False)

    def show(self, pressed: bool) -> None:
        """Show whether it is pressed."""
        size = 34 if pressed else 46
        self.put(self._mushroom, 64 - size, 64 - size, 64 + size, 64 + size)
        self.itemconfigure(self._mushroom, fill="#7f1010" if pressed else "#d32020")
        word, font = ("PRESSED", plain(self.zoom)) if pressed else ("E-STOP", bold(self.zoom))
        self.itemconfigure(self._word, text=word, font=font)
