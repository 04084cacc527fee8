# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements beside LinuxCNC's own hal_input, on the same device, on the same kernel, in the same run."""
