# SPDX-License-Identifier: GPL-2.0-or-later
"""mpg_panel.py: what the pendant's panels have in common, and how a GUI follows the pendant.

mpg-axis.py, mpg-gladevcp.py and mpg-qtdragon.py, which LinuxCNC's GUIs run, need it beside them. It only
reads hal_mpg's pins, by their names: nothing has to be netted, and a GUI starts without hal_mpg as well.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence

# Written by tools/panel_words.py, from hal_mpg's own.
WHY: dict[int, str] = {
    0: "READY",
    1: "NO\nPENDANT",
    2: "E-STOP",
    3: "INHIBITED",
    4: "MACHINE\nOFF",
    5: "NOT IN\nMANUAL",
    6: "HOLD\nENABLE",
    7: "WAIT",
    8: "NO AXIS",
    9: "SELECTOR\nFAULT",
    10: "RE-\nREADING",
    11: "PROGRAM\nRUNS",
    12: "PROGRAM\nPAUSED",
    13: "NOT\nHOMED",
    14: "STILL\nMOVING",
    15: "NOTHING\nRUNS",
    16: "BUSY",
    17: "STATE\nUNKNOWN",
    18: "NOT\nFOLLOWED",
}
WHY_LONG: dict[int, str] = {
    0: "ready",
    1: "no pendant: plug it in, or wake it up",
    2: "E-stop is pressed, or its wire is broken: release it, then reset",
    3: "inhibited by HAL (inhibit is TRUE)",
    4: "machine is off or in E-stop (or has no servo thread): reset, switch on",
    5: "not in manual mode",
    6: "hold the enabling button (let go of it once, if it was held all along)",
    7: "waiting for the wheel to be still",
    8: "no axis selected",
    9: "selector fault: two positions at once, or no scale",
    10: "re-reading the pendant after lost events",
    11: "refused: a program or an MDI command is running",
    12: "refused: a program is paused (resume or stop it first)",
    13: "refused: the machine is not homed",
    14: "refused: an axis is still moving (or, for the probe, the spindle)",
    15: "refused: nothing runs, or is paused, for that",
    16: "busy with what a button asked for",
    17: "refused: LinuxCNC's state is not known (see mpg-actions.hal for the nets)",
    18: "LinuxCNC did not do what a button asked for (see its own message)",
}
SELECTED: dict[int, str] = {
    0: "-",
    1: "X",
    2: "Y",
    3: "Z",
    4: "A",
    5: "B",
    6: "C",
    7: "U",
    8: "V",
    9: "W",
    10: "F%",
    11: "R%",
    12: "S%",
    13: "VEL",
    14: "RUN",
}
SELECTED_LONG: dict[int, str] = {
    10: "feed override",
    11: "rapid override",
    12: "spindle override",
    13: "max. velocity",
    14: "runs program",
}
UNITS: dict[int, str] = {
    0: "",
    1: "mm",
    2: "in",
    3: "deg",
}

SILENT_S = 1.0
"""Without a beat for so long, hal_mpg was killed, hangs or is stopped; it beats every 55 ms at the least."""

LOOK_MS = (30, 70)
"""How often to look, at random: in step with the beat, one would always see the same."""

GONE = "NO\nHAL_MPG"
GONE_LONG = "hal_mpg does not run: `hal_mpg recover` in a terminal starts it again"

TONES: dict[str, tuple[str, str]] = {
    "live": ("#000000", "#40e040"),
    "stop": ("#ffffff", "#c00000"),
    "wait": ("#ffe040", "#101010"),
}
"""The colors of the reason and of its field: READY, E-STOP, all else. The words differ as well."""

MOST_RECOVERED = 20
"""So many times it may be killed and recovered in one LinuxCNC; then the panels know it no longer."""

AXES = "xyzabcuvw"


class Pendant:
    """What hal_mpg's pins say, now: `read` brings it up to date. `name` is the component's.

    One that was killed leaves its pins in HAL, as they were, and `hal_mpg recover` starts NAME-2, then
    NAME-3: the pins of the newest that beats are read; `component` is its name.

    `get` is `get_value` of LinuxCNC's module `hal` (or what stands in its place): it raises RuntimeError for
    a pin that is not there, and wants a component of its own in the same process.
    """

    def __init__(self, get: Callable[[str], object], name: str = "hal_mpg") -> None:
        self._get = get
        self._names = [name, *(f"{name}-{number}" for number in range(2, MOST_RECOVERED + 2))]
        self._beats: dict[str, tuple[object, float]] = {}
        self.component = name
        self.runs = False

    def pin(self, name: str) -> float:
        """Return a pin's value; 0 where there is no such pin."""
        try:
            return float(self._get(f"{self.component}.{name}"))  # type: ignore[arg-type]  # a number, or a bit
        except RuntimeError:
            return 0.0

    def read(self, now: float | None = None) -> None:
        """See whether a component runs, and which. `now`: seconds of the monotonic clock.

        It has to be seen beating: at first, and where there is none, nothing is known.
        """
        now = time.monotonic() if now is None else now
        beats: dict[str, tuple[object, float]] = {}
        for name in self._names:
            try:
                beat = self._get(f"{name}.heartbeat")
            except RuntimeError:
                break  # and so there is none after it
            before, since = self._beats.get(name, (beat, -math.inf))
            beats[name] = beat, since if beat == before else now
        self._beats = beats
        running = [name for name, (_, since) in beats.items() if now - since < SILENT_S]
        self.runs = bool(running)
        if running:
            self.component = running[-1]

    @property
    def axis(self) -> str:
        """The selected axis, a small letter; "" for none, or a target instead of one."""
        number = int(self.pin("panel.selected")) if self.runs else 0
        return AXES[number - 1] if 0 < number <= len(AXES) else ""

    @property
    def click(self) -> float:
        """The distance of one click, in the machine's unit or degrees; 0: none."""
        return self.pin("scale") if self.runs else 0.0

    def texts(self) -> dict[str, str]:
        """Return what a panel shows, in words."""
        if not self.runs:
            blank = dict.fromkeys(("click", "turned", "speed", "dropped"), "-")
            return {"selected": "-", "why": GONE, "why_long": GONE_LONG, **blank}
        selected, why = int(self.pin("panel.selected")), int(self.pin("why-not"))
        unit = UNITS.get(int(self.pin("panel.unit")), "?")
        return {
            "selected": SELECTED.get(selected, "?"),
            "click": SELECTED_LONG.get(selected) or (f"{distance(self.click)} {unit}" if self.click else "-"),
            "why": WHY.get(why, f"REASON {why}"),
            "why_long": WHY_LONG.get(why, f"why-not is {why}: see the manual page of hal_mpg"),
            "turned": f"{self.pin('counts'):.0f}",
            "speed": f"{self.pin('velocity'):.0f}/s",
            "dropped": f"{self.pin('dropped'):.0f}",
        }

    def tone(self) -> str:
        """Return what the reason amounts to, one of TONES: the wheel is live, E-stop, or something lacks."""
        return {0: "live", 2: "stop"}.get(int(self.pin("why-not")), "wait") if self.runs else "wait"

    def lamps(self) -> dict[str, bool]:
        """Return which lamps of a panel are lit."""
        lit = {name: self.runs and bool(self.pin(name)) for name in ("estop", "enable", "armed", "connected")}
        return {**lit, "runs": self.runs}


def distance(value: float) -> str:
    """Return a distance as people write it: 0.001, 0.1, 1."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def look_after_ms() -> int:
    """Return when a panel is to look again, in milliseconds."""
    return random.randint(*LOOK_MS)


class Follower:
    """Tells what a GUI is to select: once for each change at the pendant, and not before the GUI is free.

    The pendant leads, and the mouse may still choose: what is chosen there stays until the pendant changes.
    """

    def __init__(self) -> None:
        self._axis, self._click = "", 0.0
        self._new_axis, self._new_click = "", 0.0

    def look(self, axis: str, click: float, is_free: bool) -> tuple[str, float]:
        """Take what the pendant has selected; return the axis and click to be selected, "" and 0 for none.

        `is_free`: the GUI may be changed now, for it jogs nothing and asks nothing.
        """
        if axis and axis != self._axis:
            self._axis = self._new_axis = axis
        if click > 0 and click != self._click:
            self._click = self._new_click = click
        if not is_free:
            return "", 0.0
        news = self._new_axis, self._new_click
        self._new_axis, self._new_click = "", 0.0
        return news


def index_of(click: float, distances: Sequence[float | None]) -> int | None:
    """Return which of a GUI's increments a click is, in the same unit; None: it has none like that."""
    for index, offered in enumerate(distances):
        if offered and abs(offered - click) < 1e-6 * click:
            return index
    return None


PER_MM = {"mm": 1.0, "cm": 10.0, "um": 0.001, "mil": 0.0254, "in": 25.4, "inch": 25.4}


def increment(text: str, unit_mm: float) -> float | None:
    """Return the distance of an entry of [DISPLAY]INCREMENTS, in units of `unit_mm` mm; None: continuous.

    An entry without a unit is in the machine's, or in degrees; it may be a fraction. LinuxCNC's GUIs all read
    them so.
    """
    words = text.strip().lower().removesuffix("°").removesuffix("deg")
    unit = next((name for name in sorted(PER_MM, key=len, reverse=True) if words.endswith(name)), "")
    number, _, below = words.removesuffix(unit).strip().partition("/")
    try:
        value = float(number) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value * PER_MM[unit] / unit_mm if unit else value
