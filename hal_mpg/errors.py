# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong, sorted by whose fault it is; each kind has its own exit status.

Every message is one line: what is wrong, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence


class HalMpgError(Exception):
    """The base of every error that hal_mpg reports on purpose; `status` is the exit status."""

    status = 1


class UsageError(HalMpgError):
    """The command line is wrong (exit status 2)."""

    status = 2


class ProfileError(HalMpgError):
    """A profile cannot be used (exit status 3).

    `faults` has every fault found, one line each, in the order of the file.
    """

    status = 3

    def __init__(self, faults: Sequence[str]) -> None:
        assert faults
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class DeviceError(HalMpgError):
    """The pendant cannot be used: permission, or no such device (exit status 4)."""

    status = 4


class HalError(HalMpgError):
    """HAL is missing, or refused something (exit status 5)."""

    status = 5


INTERNAL_FAULT = 70
"""Exit status where the fault is hal_mpg's own (EX_SOFTWARE of sysexits.h)."""


class IllegalEvent(HalMpgError):
    """An event that cannot follow what came before: a fault of the source, not of the user."""

    status = INTERNAL_FAULT
