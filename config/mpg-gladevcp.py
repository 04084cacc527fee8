# SPDX-License-Identifier: GPL-2.0-or-later
"""mpg-gladevcp.py: the pendant's panel in gmoccapy, and the jog increment that follows the pendant there.

In the INI file, with this file, mpg-gladevcp.ui and mpg_panel.py beside it:
  [DISPLAY]
  EMBED_TAB_NAME = Pendant
  EMBED_TAB_LOCATION = box_right
  EMBED_TAB_COMMAND = gladevcp -c mpg-panel -u mpg-gladevcp.py -x {XID} mpg-gladevcp.ui
box_left and box_right are always in sight; ntb_user_tabs and ntb_preview are tabs. It fits any program that
takes GladeVCP panels.

Nothing moves by it. gmoccapy stops every jog when it changes its increment, so that waits until the machine
is on, the wheel is still and no axis jogs: a jog of the wheel's that was cut off would rest between detents.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import hal
import linuxcnc
import mpg_panel
from gi.repository import Gdk, GLib, Gtk

PULSE_MS = 300
"""gmoccapy looks at its pins ten times a second."""

LOOKS = """
#mpg-panel { padding: 6px; background-color: #d8d8d8; }
#mpg-panel label { color: #000000; font-size: 17px; }
#mpg-panel #mpg-selected { font-size: 100px; font-weight: bold; }
#mpg-panel #mpg-click { font-size: 44px; font-weight: bold; }
#mpg-panel #mpg-why { font-size: 48px; font-weight: bold; }
#mpg-panel #mpg-turned, #mpg-panel #mpg-speed, #mpg-panel #mpg-dropped { font-size: 28px; font-weight: bold; }
#mpg-panel #mpg-estop, #mpg-panel #mpg-enable, #mpg-panel #mpg-armed, #mpg-panel #mpg-connected {
    font-size: 22px; font-weight: bold; padding: 5px; color: #808080; border: 2px solid #808080; }
#mpg-panel #mpg-estop.lit { color: #ffffff; background-color: #d00000; border-color: #000000; }
#mpg-panel #mpg-enable.lit { color: #000000; background-color: #ffe040; border-color: #000000; }
#mpg-panel #mpg-armed.lit, #mpg-panel #mpg-connected.lit {
    color: #000000; background-color: #40e040; border-color: #000000; }
""" + "".join(
    f"#mpg-panel #mpg-why.{tone} {{ color: {words}; background-color: {field}; }}\n"
    for tone, (words, field) in mpg_panel.TONES.items()
)


class Panel:
    """Shows the pendant in the labels of mpg-gladevcp.ui."""

    def __init__(self, builder: Any, gui: str = "gmoccapy") -> None:
        provider = Gtk.CssProvider()
        provider.load_from_data(LOOKS.encode())
        priority = Gtk.STYLE_PROVIDER_PRIORITY_USER
        Gtk.StyleContext.add_provider_for_screen(Gdk.Screen.get_default(), provider, priority)
        self._widget = builder.get_object
        self._pendant = mpg_panel.Pendant(hal.get_value)
        self._follower = mpg_panel.Follower()
        self._gui = gui
        self._increments = _increments()
        self._jogs: list[str] = []
        self._follows = True
        self._look()

    def _look(self) -> bool:
        """Look at the pins. What fails is shown: a panel that stood still would go on saying READY."""
        try:
            self._show()
            if self._follows:
                self._follow()
        except Exception:
            traceback.print_exc()
            self._follows = False
            self._widget("why").set_text("PANEL\nFAULT")
            self._color("wait")
        GLib.timeout_add(mpg_panel.look_after_ms(), self._look)
        return False

    def _show(self) -> None:
        self._pendant.read()
        for name, text in self._pendant.texts().items():
            label = self._widget(name)
            if label.get_text() != text:
                label.set_text(text)
        self._color(self._pendant.tone())
        for name, lit in self._pendant.lamps().items():
            label = self._widget(name)
            if label is not None:
                style = label.get_style_context()
                (style.add_class if lit else style.remove_class)("lit")

    def _color(self, tone: str) -> None:
        style = self._widget("why").get_style_context()
        for other in mpg_panel.TONES:
            (style.add_class if other == tone else style.remove_class)(other)

    def _follow(self) -> None:
        _, click = self._follower.look(self._pendant.axis, self._pendant.click, self._is_free())
        if click:
            self._select(click)

    def _is_free(self) -> bool:
        """Tell whether the machine is on, and nothing jogs by whatever: gmoccapy would stop it."""
        if not self._jogs:
            self._jogs = [name for name in _jog_pins() if _value(name) is not None]
        is_still = self._pendant.pin("velocity") == 0 and not any(_value(name) for name in self._jogs)
        return is_still and bool(_value("motion.motion-enabled"))

    def _select(self, click: float) -> None:
        index = mpg_panel.index_of(click, self._increments)
        pin = f"{self._gui}.jog.jog-inc-{index}"
        if index is None or _value(pin) is None:
            return
        try:
            hal.set_p(pin, "TRUE")
        except RuntimeError as error:
            # Something of the machine's own selects the increment: that stays so.
            print(f"mpg-gladevcp.py: {pin}: {error}; the jog increment does not follow", file=sys.stderr)
            return
        GLib.timeout_add(PULSE_MS, self._let_go, pin)

    def _let_go(self, pin: str) -> bool:
        hal.set_p(pin, "FALSE")
        return False


def _value(pin: str) -> Any:
    try:
        return hal.get_value(pin)
    except RuntimeError:
        return None


def _jog_pins() -> list[str]:
    of = [f"axis.{letter}" for letter in mpg_panel.AXES] + [f"joint.{number}" for number in range(16)]
    return [f"{which}.{by}-jog-active" for which in of for by in ("wheel", "kb")]


def _increments() -> list[float | None]:
    """Return gmoccapy's increments in machine units, from [DISPLAY]INCREMENTS; the first is continuous."""
    ini = linuxcnc.ini(os.environ["INI_FILE_NAME"])
    text = ini.find("DISPLAY", "INCREMENTS") or "1.000 0.100 0.010 0.001"
    entries = text.split(",") if "," in text else text.split()
    unit = (ini.find("TRAJ", "LINEAR_UNITS") or "mm").lower()
    unit_mm = 25.4 if unit in ("in", "inch", "imperial") else 1.0
    return [None, *(mpg_panel.increment(entry, unit_mm) for entry in entries)]


def get_handlers(halcomp: Any, builder: Any, useropts: list[str]) -> list[Any]:
    """Return what GladeVCP is to call: nothing, the panel looks by itself."""
    return [Panel(builder)]
