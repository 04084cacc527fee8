# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements beside LinuxCNC's own hal_input, on the same device, on the same kernel, in the same run."""

from pathlib import Path

BUILD = Path(__file__).resolve().parents[1] / "build" / "bench"
"""What is built for the measurements: programs, an installed hal_mpg, and one file with all for the guest."""
PREFIX = BUILD / "installed"
PACK = BUILD / "pack.tar"
