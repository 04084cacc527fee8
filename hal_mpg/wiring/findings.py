# SPDX-License-Identifier: GPL-2.0-or-later
"""What there is to say about a machine's wiring, sorted by how much it matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

ERROR, WARNING, NOTE = "error", "warning", "note"


class Finding(NamedTuple):
    """One line for the user. `id` is the same for the same kind of finding, for programs.

    ERROR: the machine cannot be wired like this, nothing is written. WARNING: a click would come out wrong,
    or a guarantee is missing. NOTE: good to know.
    """

    severity: str
    id: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.text}"


def of_severity(findings: Iterable[Finding], severity: str) -> list[Finding]:
    """Return the findings of one severity."""
    return [finding for finding in findings if finding.severity == severity]
