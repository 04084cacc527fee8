# SPDX-License-Identifier: GPL-2.0-or-later
"""Input nodes that are pipes, for what does not need a whole device (see tests/umockdev)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, SYN_DROPPED, SYN_REPORT
from hal_mpg.sources import evdev, evdev_nodes, node_paths
from hal_mpg.sources.frames import INPUT_EVENT
from tests.core.bed import READY, REL_DIAL

REPORT, DROPPED = (EV_SYN, SYN_REPORT, 0), (EV_SYN, SYN_DROPPED, 0)
DETENT = (EV_REL, REL_DIAL, 1)
CODES = {EV_REL: [REL_DIAL], EV_KEY: list(range(0x120, 0x130))}


class Table:
    """Input nodes that are pipes, and what the devices behind them say when they are asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.devices: dict[str, SimpleNamespace] = {}
        self.writers: list[int] = []
        self.keys = READY
        self.is_gone = False

    def add(self, phys: str = "usb-1/input0", uniq: str = "", codes: dict[int, list[int]] = CODES) -> None:
        path = self.folder / f"event{len(self.devices)}"
        path.touch()
        reader, writer = os.pipe2(os.O_NONBLOCK)
        self.writers.append(writer)
        self.devices[str(path)] = SimpleNamespace(
            fd=reader,
            info=SimpleNamespace(vendor=1, product=2),
            name="test",
            phys=phys,
            uniq=uniq,
            capabilities=lambda: codes,
            grab=lambda: None,
            close=lambda: None,
        )

    def open(self, path: str) -> Any:
        return self.devices[path]

    def held_keys(self, descriptor: int) -> frozenset[int]:
        if self.is_gone:
            raise OSError(errno.ENODEV, "No such device")
        return self.keys

    def say(self, *events: tuple[int, int, int], node: int = 0, at: float = 1.0) -> None:
        data = [INPUT_EVENT.pack(int(at), round(at % 1 * 1e6), *event) for event in events]
        os.write(self.writers[node], b"".join(data))


@contextmanager
def table_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """Have hal_mpg find its input nodes on a table."""
    table = Table(folder)
    monkeypatch.setattr(node_paths, "INPUT_DIR", folder)
    for module in (evdev, evdev_nodes):
        monkeypatch.setattr(module, "open_node", table.open)
    monkeypatch.setattr(evdev, "held_keys", table.held_keys)
    monkeypatch.setattr(evdev, "use_monotonic_clock", lambda descriptor: True)
    yield table
    for descriptor in [*table.writers, *(device.fd for device in table.devices.values())]:
        os.close(descriptor)
