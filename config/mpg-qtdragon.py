# SPDX-License-Identifier: GPL-2.0-or-later
#
# mpg-qtdragon.py: the pendant's panel in QtDragon, and its selected axis and jog increments, which follow the
# pendant. In the INI file, with this file and mpg_panel.py beside it:
#   [DISPLAY]
#   USER_COMMAND_FILE = mpg-qtdragon.py
# The panel is a dock at the right side, 350 pixels wide: with QtDragon's own 1280 it wants a screen of 1640.
# It can be pulled out, and laid on another screen.
#
# Nothing moves by it. It waits while a mouse button is held, something is jogged or a window asks something:
# QtDragon does not stop a continuous jog whose increment was changed meanwhile.

import os
import sys
import traceback
from pathlib import Path

import hal
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtWidgets import QApplication, QDockWidget, QGridLayout, QLabel, QVBoxLayout, QWidget
from qtvcp.core import Action, Status
from qtvcp.widgets.axis_tool_button import AxisToolButton

# Beside the INI file: a file of yours that has this one carried out may be anywhere.
sys.path.insert(0, str(Path(os.environ.get("INI_FILE_NAME", rcfile)).resolve().parent))
import mpg_panel

STATUS, ACTION = Status(), Action()

SETTLE_MS = 500
"""QtDragon sizes its window after this file was read."""

LOOKS = """
#mpg_panel { background-color: #d8d8d8; }
#mpg_panel QLabel { color: #000000; background: transparent; border: none; font-size: 17px; }
#mpg_panel QLabel#mpg_selected { font-size: 100px; font-weight: bold; }
#mpg_panel QLabel#mpg_click { font-size: 44px; font-weight: bold; }
#mpg_panel QLabel#mpg_why { font-size: 48px; font-weight: bold; }
#mpg_panel QLabel[kind="number"] { font-size: 28px; font-weight: bold; }
#mpg_panel QLabel[kind="lamp"] { font-size: 22px; font-weight: bold; padding: 5px; border: 2px solid black; }
#mpg_panel QLabel[lamp="off"] { color: #808080; border-color: #808080; }
#mpg_panel QLabel[lamp="red"] { color: #ffffff; background-color: #d00000; }
#mpg_panel QLabel[lamp="yellow"] { background-color: #ffe040; }
#mpg_panel QLabel[lamp="green"] { background-color: #40e040; }
""" + "".join(
    f'#mpg_panel QLabel#mpg_why[tone="{tone}"] {{ color: {words}; background-color: {field}; }}\n'
    for tone, (words, field) in mpg_panel.TONES.items()
)

LAMPS = {
    "estop": ("E-STOP", "red"),
    "enable": ("ENABLE", "yellow"),
    "armed": ("ARMED", "green"),
    "connected": ("PENDANT", "green"),
}


class Panel(QWidget):
    """Shows the pendant; has QtDragon's selection follow it."""

    def __init__(self, window):
        super().__init__()
        self.setObjectName("mpg_panel")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedWidth(350)
        self._window = window
        self._pendant = mpg_panel.Pendant(hal.get_value)
        self._follower = mpg_panel.Follower()
        self._jogs = []
        self._follows = True
        self._labels = {}
        self._lay_out()
        self.setStyleSheet(LOOKS)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self._look()

    def _lay_out(self):
        column = QVBoxLayout(self)
        column.setSpacing(2)
        for name in ("selected", "click"):
            column.addWidget(self._label(name))
        column.addWidget(self._label("caption", "one click of the wheel"))
        column.addWidget(self._label("why", height=124))
        column.addWidget(self._label("why_long", height=84))
        lamps, numbers = QGridLayout(), QGridLayout()
        for index, (name, (word, _)) in enumerate(LAMPS.items()):
            lamps.addWidget(self._label(name, word, kind="lamp"), index // 2, index % 2)
        for index, name in enumerate(("turned", "speed", "dropped")):
            numbers.addWidget(self._label(f"{name}_caption", name), 0, index)
            numbers.addWidget(self._label(name, kind="number"), 1, index)
        column.addLayout(lamps)
        column.addLayout(numbers)
        column.addStretch()

    def _label(self, name, text="-", height=None, kind=""):
        label = self._labels[name] = QLabel(text)
        label.setObjectName(f"mpg_{name}")
        label.setProperty("kind", kind)
        label.setAlignment(Qt.AlignCenter)
        label.setWordWrap(name == "why_long")
        if height:
            label.setFixedHeight(height)
        return label

    def _look(self):
        """Look at the pins. What fails is shown: a panel that stood still would go on saying READY."""
        try:
            self._show()
            if self._follows:
                self._follow()
        except Exception:
            traceback.print_exc()
            self._follows = False
            self._labels["why"].setText("PANEL\nFAULT")
            self._dress(self._labels["why"], "tone", "wait")
        self._timer.start(mpg_panel.look_after_ms())

    def _show(self):
        self._pendant.read()
        for name, text in self._pendant.texts().items():
            self._labels[name].setText(text)
        lit = self._pendant.lamps()
        self._dress(self._labels["why"], "tone", self._pendant.tone())
        for name, (_, color) in LAMPS.items():
            self._dress(self._labels[name], "lamp", color if lit[name] else "off")

    def _dress(self, label, name, looks):
        """Set a property that LOOKS goes by."""
        if label.property(name) != looks:
            label.setProperty(name, looks)
            label.style().unpolish(label)  # Qt does not look at properties again by itself
            label.style().polish(label)

    def _follow(self):
        # Before homing, QtDragon selects joints, by number.
        wanted = "" if STATUS.is_joint_mode() else self._pendant.axis
        is_free = self._is_free()
        axis, click = self._follower.look(wanted, self._pendant.click, is_free)
        if wanted and (axis or (is_free and STATUS.get_selected_axis() in ("", "None"))):
            self._select(wanted)  # QtDragon forgets its own with each change of LinuxCNC's mode
        if click:
            self._increment(click, self._pendant.axis in "abc")

    def _is_free(self):
        """Tell whether nothing is jogged by keys or the mouse, and no window asks anything."""
        if not self._jogs:
            of = [f"axis.{letter}" for letter in mpg_panel.AXES] + [f"joint.{n}" for n in range(16)]
            names = [f"{which}.kb-jog-active" for which in of]
            self._jogs = [name for name in names if _value(name) is not None]
        is_held = QApplication.mouseButtons() != Qt.NoButton
        asks = QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None
        return not (is_held or asks or any(_value(name) for name in self._jogs))

    def _select(self, axis):
        ACTION.SET_SELECTED_AXIS(axis.upper())
        for button in self._window.findChildren(AxisToolButton):
            if button._axis.upper() == axis.upper():
                button.setChecked(True)
                STATUS.selected_joint = button._joint  # as its own click does

    def _increment(self, click, is_angular):
        box = getattr(self._window, "jogincrements_angular" if is_angular else "jogincrements_linear", None)
        if box is None:
            return
        read = box.parse_angular_increment if is_angular else box.parse_increment
        offered = [None, *(read(box.itemText(index)) for index in range(1, box.count()))]
        index = mpg_panel.index_of(click, offered)
        if index is not None:
            box.setCurrentIndex(index)


def _value(pin):
    try:
        return hal.get_value(pin)
    except RuntimeError:
        return None


def _dock(window):
    dock = QDockWidget("Pendant", window)
    dock.setObjectName("mpg_dock")
    dock.setFeatures(QDockWidget.DockWidgetMovable | QDockWidget.DockWidgetFloatable)
    dock.setWidget(Panel(window))
    window.addDockWidget(Qt.RightDockWidgetArea, dock)
    QTimer.singleShot(SETTLE_MS, lambda: _make_room(window, dock))


def _make_room(window, dock):
    """Make the window wider where the screen has the room; the panel a window of its own where it has not."""
    wanted = window.centralWidget().minimumSizeHint().width() + dock.width()
    if window.width() >= wanted:
        return
    if QApplication.primaryScreen().availableGeometry().width() < wanted:
        dock.setFloating(True)
    else:
        window.resize(wanted, window.height())


_dock(self.w)
