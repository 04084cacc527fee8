# SPDX-License-Identifier: GPL-2.0-or-later
"""A screen that nobody looks at (Xvfb), for LinuxCNC's own GUIs, and pictures of it.

The X server runs outside of the namespaces that LinuxCNC gets (namespaces.py): it is reached by its socket in
/tmp, and by a key (Xauthority) that the GUI's user can read. With a key, Tk's `send` works, too.
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.beds.require import skip_or_fail

SCREEN_VARIABLE = "HAL_MPG_SCREEN"
"""Environment variable: the X display that a driver's GUI is to be on. LinuxCNC itself is to have none."""

SIZE = (1366, 768)
"""Pixels: a common small screen at machines. What fits on it fits on the others."""

START_LIMIT_S = 30.0

# Families of addresses in an Xauthority file: any display; one of this host (python-xlib knows no other).
_WILD, _LOCAL = 65535, 256


def require_screen() -> None:
    """Skip (or, where it must be there, fail) the running test without an X server in memory."""
    if shutil.which("Xvfb") is None:
        skip_or_fail("there is no Xvfb (Debian: xvfb)")


@contextmanager
def screen(size: tuple[int, int] = SIZE) -> Iterator[dict[str, str]]:
    """Run an X server of `size` pixels; give the environment variables that lead a driver to it.

    Raises RuntimeError where the server does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="hal_mpg-screen-"))
    folder.chmod(0o755)
    key, cookie = folder / "key", secrets.token_bytes(16)
    key.write_bytes(_authority(_WILD, b"", b"", cookie))
    key.chmod(0o644)  # for the user that LinuxCNC runs as
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writer), "-auth", str(key), "-nolisten", "tcp"),
            *("-screen", "0", f"{size[0]}x{size[1]}x24", "-dpi", "96"),
        ],
        pass_fds=[writer],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        number = _first_line(reader)
        key.write_bytes(_authority(_LOCAL, socket.gethostname().encode(), number.encode(), cookie))
        yield {SCREEN_VARIABLE: f":{number}", "XAUTHORITY": str(key), "LIBGL_ALWAYS_SOFTWARE": "1"}
    finally:
        os.close(reader)
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _first_line(descriptor: int) -> str:
    """Return the number of the display, which the server writes when it can be reached."""
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], START_LIMIT_S)
        more = os.read(descriptor, 64) if ready else b""
        if not more:
            raise RuntimeError("Xvfb does not start")
        text += more
    return text.decode().strip()


def _authority(family: int, host: bytes, number: bytes, cookie: bytes) -> bytes:
    """Return the contents of an Xauthority file: one key, and what it is good for (Xau, Xauth.h)."""
    fields = (host, number, b"MIT-MAGIC-COOKIE-1", cookie)
    return family.to_bytes(2, "big") + b"".join(len(field).to_bytes(2, "big") + field for field in fields)
