# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of each of LinuxCNC's GUIs with the panel, and a pendant that is played: notes and photographs."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.beds.linuxcnc import ROOT, SYSTEM_PYTHON, LinuxcncRun, require_linuxcnc, run_linuxcnc
from tests.beds.require import skip_or_fail
from tests.beds.screen import require_screen, screen

HERE = Path(__file__).parent

GUIS = {
    "axis": ("sim-4axis.ini", (1366, 768), "tkinter, PIL.ImageGrab", "python3-tk, python3-pil"),
    "gmoccapy": ("sim-gmoccapy.ini", (1366, 800), "gi, PIL.ImageGrab", "gir1.2-gtk-3.0, python3-pil"),
    "qtdragon": ("sim-qtdragon.ini", (1920, 1080), "PyQt5.Qsci, PyQt5.QtOpenGL, cv2", "the group gui"),
}
"""The sample of each, the screen's size in pixels, and what its Python needs (and who brings it)."""


def require_gui(name: str) -> None:
    """Skip (or, where it must be there, fail) the running test without what a GUI needs."""
    require_linuxcnc()
    require_screen()
    _, _, modules, packages = GUIS[name]
    imports = [SYSTEM_PYTHON, "-c", f"import {modules}"]
    if subprocess.run(imports, check=False, capture_output=True).returncode:
        skip_or_fail(f"{name}: {SYSTEM_PYTHON} lacks one of {modules} (Debian: {packages})")


def started(ini: str, gui: str, driver: Path) -> LinuxcncRun:
    """Run a driver that starts a GUI, whatever GUI the sample is for; return what came of it.

    mpg-axis.py is carried out as docs/panels.md says it for a user's own file, which lies elsewhere.
    """

    def edit(config: Path) -> None:
        for spy in HERE.glob("spy_*.py"):
            shutil.copy(spy, config)
        path = config / ini
        text = path.read_text()
        text = text.replace("-u mpg-gladevcp.py", "-u mpg-gladevcp.py -u spy_gladevcp.py")
        text = text.replace("\nHALFILE = mpg-overrides.hal\n", "\n")  # this pendant has no such positions
        text = text.replace("USER_COMMAND_FILE = mpg-axis.py", "USER_COMMAND_FILE = yours/axisrc.py")
        path.write_text(text.replace("= mpg-qtdragon.py", "= spy_qtvcp.py"))
        (config / "yours").mkdir()
        (config / "yours/axisrc.py").write_text(f"{recipe()}\n")

    _, size, _, _ = GUIS[gui]
    with screen(size) as env:
        virtual = ROOT / "config/pendants/generic-4axis.yaml"
        return run_linuxcnc(ini, driver, virtual=virtual, edit=edit, arguments=gui, env=env)


def recipe() -> str:
    """Return the line of docs/panels.md for ~/.axisrc."""
    return re.findall(r"`(exec\(.*?\))`", (ROOT / "docs/panels.md").read_text())[0]


@functools.cache
def played(gui: str) -> dict[str, Any]:
    """Run a GUI and play the pendant, once; return what drive_panel.py noted."""
    return dict(started(GUIS[gui][0], gui, HERE / "drive_panel.py").result)
