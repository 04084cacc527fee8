# SPDX-License-Identifier: GPL-2.0-or-later
"""Private namespaces, so that a test can have a HAL (or a whole LinuxCNC) of its own.

HAL's shared memory is System V IPC and there is one per machine: a private IPC namespace makes it
one per command. The PID namespace takes every process along when its first one ends, and the
network namespace keeps NML and linuxcncrsh ports apart. LinuxCNC refuses to run as root, so root
gives its identity up; an ordinary user needs a user namespace to be allowed to make the others.
"""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

NOBODY = 65534
"""User and group id that root changes to (Debian's `nobody` and `nogroup`)."""

NAMESPACES = ("-i", "-n", "-p", "-f", "--kill-child", "--mount-proc")


def private_command(argv: Sequence[str], home: Path) -> list[str]:
    """Return the command that runs `argv` in private namespaces, never as root.

    As root, `argv` runs as user nobody: it must be able to read the program and what that imports
    (see `unreadable_for_nobody`), and `home` is handed over to it. As an ordinary user, `argv`
    keeps the user. `home` (an existing directory) becomes HOME, since LinuxCNC writes there.

    The command's exit status is that of `argv`, and killing it kills all that `argv` started.
    Raises OSError if `home` cannot be handed over.
    """
    environment = ["env", f"HOME={home}"]
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return ["unshare", *NAMESPACES, *drop, *environment, *argv]
    user = ["-U", "--map-current-user"]
    return ["unshare", *user, *NAMESPACES, *environment, *argv]


@functools.cache
def has_namespaces() -> bool:
    """Tell whether this machine lets this user make the namespaces of `private_command`."""
    try:
        user = [] if os.geteuid() == 0 else ["-U", "--map-current-user"]
        command = ["unshare", *user, *NAMESPACES, "true"]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
        return done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def unreadable_for_nobody(path: Path) -> Path | None:
    """Return the first part of `path` that others than its owner cannot enter or read, or None.

    For a clear error instead of a "file not found" from inside the namespace, when root runs the
    tests of a repository that lies in a directory of its own (/root, or a CI runner's home).
    """
    path = path.absolute()
    for part in [*reversed(path.parents), path]:
        wanted = 0o5 if part.is_dir() else 0o4
        if part.stat().st_mode & wanted != wanted:
            return part
    return None
