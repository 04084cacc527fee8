# SPDX-License-Identifier: GPL-2.0-or-later
"""All contract checks, by name."""

from __future__ import annotations

from tests.hal import checks_component, checks_items, checks_signals, checks_values
from tests.hal.expect import Check

CHECKS: dict[str, Check] = {
    name: check
    for module in (checks_component, checks_items, checks_signals, checks_values)
    for name, check in vars(module).items()
    if name.startswith("check_")
}
