# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands in the place of mpg-qtdragon.py, which it runs; writes what the widgets say to spy.json."""

import json
from pathlib import Path

from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QLabel

exec(compile(Path("mpg-qtdragon.py").read_text(), "mpg-qtdragon.py", "exec"))

PERIOD_MS = 50
FILE = Path("spy.json")
WINDOW = self.w  # noqa: F821  # qtvcp has it there


def spy():
    """Write what is there to be seen now."""
    panel = WINDOW.findChild(QWidget, "mpg_panel")  # noqa: F821
    labels = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    seen = {
        "texts": {label.objectName().removeprefix("mpg_"): label.text() for label in labels},
        "lit": [label.text() for label in labels if label.property("lamp") in ("red", "yellow", "green")],
        "axis": STATUS.get_selected_axis().lower(),  # noqa: F821  # its buttons do not show which
        "increment": WINDOW.jogincrements_linear.currentText(),
        "angular": WINDOW.jogincrements_angular.currentText(),
    }
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps(seen))
    new.rename(FILE)


SPY = QTimer(WINDOW)
SPY.timeout.connect(spy)
SPY.start(PERIOD_MS)
