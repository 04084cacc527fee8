# SPDX-License-Identifier: GPL-2.0-or-later
"""AXIS as its user sees it: what its widgets say, by Tk's `send`, and what the mouse does to them."""

from __future__ import annotations

import tkinter
from typing import Any

from tests.gui.gui import Gui, Seen

# The labels and the colors of the lamps in AXIS' PyVCP panel, in the order in which they are made.
WIDGETS = """
proc mpgWidgets {path} {
    set found {}
    foreach child [winfo children $path] {
        set class [winfo class $child]
        if {$class eq "Label"} { lappend found [$child cget -text] }
        if {$class eq "Canvas"} { lappend found [$child itemcget 1 -fill] }
        set found [concat $found [mpgWidgets $child]]
    }
    return $found
}
mpgWidgets [lindex [grid slaves . -column 4] 0]
"""

NAMES = ("selected", "scale", "unit", "target", "caption", "why")
LAMPS = ("E-STOP", "ENABLE", "ARMED", "PENDANT", "ALIVE")
OFF = "#303030"


class Axis(Gui):
    """AXIS on the bed's screen."""

    def __init__(self) -> None:
        super().__init__("axis")
        self._tk: Any = None
        self.wait(self._is_there, "AXIS to have its window")
        self.send("wm geometry . 1366x768+0+0")

    def _is_there(self) -> bool:
        if self._tk is None:
            self._tk = tkinter.Tk(screenName=self.display)
            self._tk.withdraw()
        try:
            return self.send("winfo viewable .") == "1"
        except tkinter.TclError:
            return False

    def send(self, script: str, *, wait: bool = True) -> str:
        """Evaluate Tcl in AXIS; return what comes of it."""
        return str(self._tk.tk.call("send", *([] if wait else ["-async"]), "axis", script))

    def seen(self) -> Seen:
        """Return what the panel shows, and what AXIS has selected."""
        found = [str(item) for item in self._tk.tk.splitlist(self.send(WIDGETS))]
        texts = dict(zip(NAMES, found, strict=False))
        lamps = found[len(NAMES) : len(NAMES) + 2 * len(LAMPS)]
        numbers = found[len(NAMES) + 2 * len(LAMPS) :]
        texts |= dict(zip(numbers[::2], numbers[1::2], strict=True))
        click = texts.pop("target") or f"{texts['scale']} {texts['unit']}".strip()
        return {
            "texts": {**texts, "click": click or "-"},
            "lit": [name for color, name in zip(lamps[::2], lamps[1::2], strict=True) if color != OFF],
            "axis": self.send("set ::ja_rbutton"),
            "increment": self.send("set ::jogincrement"),
        }

    def choose(self, letter: str) -> None:
        """Click at an axis."""
        self.send(f"$::_tabs_manual.axes.axis{letter} invoke")

    def choose_increment(self, index: int) -> None:
        """Choose from the list of increments."""
        self.send(f"$::_tabs_manual.jogf.jog.jogincr select {index}")

    def hold_plus(self) -> None:
        """Press the mouse button on the + of jogging, and hold it."""
        self.send("event generate $::_tabs_manual.jogf.jog.jogplus <Button-1>")

    def let_go_of_plus(self) -> None:
        """Let go of it."""
        self.send("event generate $::_tabs_manual.jogf.jog.jogplus <ButtonRelease-1>")

    def touch_off(self) -> str:
        """Press Touch Off; return the window that it opens."""
        before = set(self.send("winfo children .").split())
        self.send("after idle touch_off_system", wait=False)
        new: set[str] = set()

        def opened() -> bool:
            tops = self.send("lmap w [winfo children .] {expr {[winfo ismapped $w] ? $w : {}}}").split()
            new.update(set(tops) - before - {"{}"})
            return bool(new)

        self.wait(opened, "the window of Touch Off")
        return new.pop()

    def press_ok(self, window: str) -> None:
        """Press OK in the window of Touch Off."""
        self.send(f"event generate {window} <Return>")
