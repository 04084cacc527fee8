# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view of a pendant: who reads it (`device`, `hal`), what is known (`shown`), how it looks.

`picture` and `screen` need the library rich; nothing else here does.
"""
