# SPDX-License-Identifier: GPL-2.0-or-later
"""What the doctor says: findings."""

from __future__ import annotations

from typing import NamedTuple

OK, NOTE, WARNING, ERROR = "ok", "note", "warning", "error"
SEVERITIES = (OK, NOTE, WARNING, ERROR)
"""From good to bad. From a warning on, something is wrong, and the exit status says so."""


class Finding(NamedTuple):
    """One thing that was looked at.

    `id` is a stable name of what is found. `mend` is what to do: a command, or lines to write; "" where there
    is nothing to be done. `where` is FILE:LINE, or "".
    """

    id: str
    severity: str
    what: str
    mend: str = ""
    where: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong."""
        return self.severity in (WARNING, ERROR)
