# SPDX-License-Identifier: GPL-2.0-or-later
"""Codes as a profile has them."""

from __future__ import annotations

from hal_mpg.devices.input_codes import code_name
from hal_mpg.events import EV_KEY
from hal_mpg.profile import Code
from hal_mpg.yaml_reader import code_names


def name_of(code: Code) -> str:
    """Return a code by its name, or as a number where it has none that a profile may use."""
    name = code_name(code.type, code.number)
    return name if name in code_names() else f"{code.number:#x}"


def key_name(key: int) -> str:
    """Return the name of a key or button."""
    return name_of(Code(EV_KEY, key))
