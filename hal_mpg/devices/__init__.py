# SPDX-License-Identifier: GPL-2.0-or-later
"""What is plugged in, who may use it, and the udev rules that say so; for the tools."""
