# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage of the kernel bed: a USB pendant made by the kernel, hal_mpg, LinuxCNC; runs in the driver.

The acts are in the classes that are put together here.
"""

from __future__ import annotations

from tests.kernel.kernel_stage_computer import ComputerActs
from tests.kernel.kernel_stage_plugs import PlugActs
from tests.kernel.kernel_stage_switches import SwitchActs


class KernelStage(PlugActs, SwitchActs, ComputerActs):
    """All acts, beginnings and steps of this bed."""
