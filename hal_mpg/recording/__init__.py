# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of what a device is and what it sends: evemu's format, written, read and played."""
