# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that a recording is written to, line by line: what was recorded is there whatever comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from hal_mpg.errors import UsageError


def write_lines(file: IO[str], lines: Iterable[str]) -> None:
    """Write lines at once.

    Raises UsageError where there is no room for them, BrokenPipeError where the reader has gone.
    """
    text = "".join(f"{line}\n" for line in lines)
    try:
        file.write(text)
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{file.name}: cannot be written: {error.strerror}; make room") from None
