# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver's side of the hands on a serial pendant; see tests/beds/serial_hands.py."""

from __future__ import annotations

import json
import socket
from typing import Any


class Hands:
    """What a user's hands do to the pendant."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(path)
        self._answers = self._socket.makefile()

    def do(self, act: str, *arguments: object) -> Any:
        """Do one of `Acts`, and return what it returns. Raises RuntimeError with what it raised."""
        self._socket.sendall(json.dumps([act, *arguments]).encode() + b"\n")
        error, value = json.loads(self._answers.readline())
        if error:
            raise RuntimeError(f"{act}: {error}")
        return value
