#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hal_mpg on a machine without raw HID: the node is a socket at which the driver plays the pendant.

All else is as it is shipped: what opens the node, and what tells that it is there, is replaced.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from hal_mpg.__main__ import main
from hal_mpg.profile import Identity, Profile
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw import HidrawSource
from hal_mpg.sources.hidraw_nodes import HidNode

PATH = os.environ["HAL_MPG_LINUXCNC_SOCKET"]
PRODUCT = int(os.environ["HAL_MPG_TEST_PRODUCT"], 16)


def nodes() -> list[HidNode]:
    """Return the node, while the driver listens."""
    there = Path(PATH).exists()
    return [HidNode(PATH, Identity(0x10CE, PRODUCT, "XHC"), 0, None, PATH)] if there else []


def opened(_: HidrawSource, path: str) -> int:
    """Open the node."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    end.connect(path)
    end.setblocking(False)
    return end.detach()


def allowed(profile: Profile, device: str | None) -> None:
    """Everybody may use it."""


hidraw_nodes.hid_nodes = nodes
hidraw_nodes.check_access = allowed
HidrawSource._open = opened  # type: ignore[method-assign]
sys.argv[0] = "hal_mpg"
sys.exit(main())
