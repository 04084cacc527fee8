# SPDX-License-Identifier: GPL-2.0-or-later
"""LinuxCNC's INI, HAL and Tcl files, read as LinuxCNC reads them; for the tools."""
