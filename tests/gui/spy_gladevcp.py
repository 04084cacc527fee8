# SPDX-License-Identifier: GPL-2.0-or-later
"""Goes into GladeVCP beside the panel's own handler (-u), and writes what its labels say to spy.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gi.repository import GLib

PERIOD_MS = 50
FILE = Path("spy.json")


def get_handlers(halcomp: Any, builder: Any, useropts: list[str]) -> list[Any]:
    """Have the labels read, again and again."""
    GLib.timeout_add(PERIOD_MS, spy, builder)
    return []


def spy(builder: Any) -> bool:
    """Write what is there to be seen now."""
    labels = [item for item in builder.get_objects() if hasattr(item, "get_text") and item.is_visible()]
    seen = {
        "texts": {item.get_name().removeprefix("mpg-").replace("-", "_"): item.get_text() for item in labels},
        "lit": [item.get_text() for item in labels if item.get_style_context().has_class("lit")],
    }
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps(seen))
    new.rename(FILE)
    return True
