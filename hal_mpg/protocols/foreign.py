# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of a serial language that is not ours: `protocol: {lines: ...}` or `{packets: ...}`."""

from __future__ import annotations

from hal_mpg.lean_typing import NamedTuple


class Lines(NamedTuple):
    """Lines of text, each fitting one of the rules."""


class Packets(NamedTuple):
    """Packets of a fixed length between a start and an end."""
