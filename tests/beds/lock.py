# SPDX-License-Identifier: GPL-2.0-or-later
"""A lock file of its own for each LinuxCNC in private namespaces.

LinuxCNC marks that it is running by /tmp/linuxcnc.lock, the only thing of it that the namespaces do not keep
apart: where another test's mark is, it "cleans up" first, for seconds; and the one that ends first takes the
other's mark away. The name is fixed in the script `linuxcnc`, no variable changes it; and a file that is
bound there would look like a mark, and could not be removed. So a copy of the script has another name.
"""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path


def with_own_lock(argv: Sequence[str]) -> list[str]:
    """Return the command that runs `argv`, for which `linuxcnc` has its lock file in HOME.

    Raises ValueError where LinuxCNC's script is not as it is known.
    """
    program = shutil.which("linuxcnc")
    if program is None:
        return list(argv)
    return ["sh", "-c", 'PATH="$0:$PATH" exec "$@"', str(_folder(program)), *argv]


@functools.cache
def _folder(program: str) -> Path:
    """Return a directory with the changed copy of the script, which any user can run."""
    text, found = re.subn(
        r"^LOCKFILE=.*$", "LOCKFILE=$HOME/linuxcnc.lock", Path(program).read_text(), flags=re.MULTILINE
    )
    if found != 1:
        raise ValueError(f"{program} sets LOCKFILE {found} times; once is right")
    folder = Path(tempfile.mkdtemp(prefix="hal_mpg-own-lock-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / "linuxcnc"
    copy.write_text(text)
    for path in (folder, copy):
        path.chmod(0o755)
    return folder
