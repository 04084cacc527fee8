# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices of tests/kernel/real_pendants.yaml, made in the emulated kernel, and recordings played on them.

Needs root, and a machine that may be thrown away: never run it outside the guest of `beds.kernel`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from hal_mpg.evdev_library import ecodes
from hal_mpg.events import EV_SYN, Change
from hal_mpg.recording.evemu_format import parse
from hal_mpg.recording.hid_format import is_hid, read_hid
from tests.beds.event_reports import KINDS, EventReports
from tests.beds.gadget import UinputPendant, wait_for
from tests.beds.uhid_device import UhidDevice, settle
from tests.beds.usb_gadget import HidFunction, UsbGadget, VendorFunction

BUS_HOST = 0x19
"""Of linux/input.h: what a device of the device tree is on."""

MOST_PAUSE_S = 1.0
"""Longer pauses of a recording are cut to this: whatever they were for has happened by then."""

Play = tuple[float, Callable[[], None]]


class RealDevice:
    """One device, at first not plugged in; `said` is its entry in real_pendants.yaml."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        """Nothing is made before it is plugged in."""
        self._said = said
        self._gadget: UsbGadget | None = None
        self._hid: UhidDevice | None = None
        self._nodes: list[UinputPendant] = []
        self._reports = [
            EventReports(interface["layout"]) if "layout" in interface else None
            for interface in said.get("interfaces", ())
        ]
        self.paths: list[str] = []
        """Its nodes, while it is plugged in."""

    def plug(self, port: int = 0) -> list[str]:
        """Plug it in; return its nodes, when udev is done with them."""
        before = set(_nodes())
        made = self._said["made"]
        if made == "usb":
            self._gadget = self._gadget or self._usb()
            self._gadget.plug(port)
        elif made == "uhid":
            vendor, product = self._said["id"]
            descriptor = bytes.fromhex(self._said["interfaces"][0]["hid"])
            self._hid = UhidDevice(
                descriptor, vendor, product, self._said["strings"][1], bus=self._said["bus"]
            )
            self.wait(1.0)  # drivers may ask for reports before there is a node
        else:
            self._nodes = [
                UinputPendant(node["name"], _codes(node["codes"]), *self._said["id"], BUS_HOST)
                for node in self._said["nodes"]
            ]
        settle()
        wait_for("a node", lambda: set(_nodes()) - before)
        settle()
        self.paths = sorted(set(_nodes()) - before)
        return self.paths

    def _usb(self) -> UsbGadget:
        functions: list[HidFunction | VendorFunction] = []
        for interface in self._said["interfaces"]:
            if "hid" in interface:
                functions.append(HidFunction(bytes.fromhex(interface["hid"]), interface["length"]))
            else:
                first, second, third = interface["vendor"]
                functions.append(VendorFunction((first, second, third), interface["length"], has_out=True))
        manufacturer, name, serial = self._said["strings"]
        return UsbGadget(*self._said["id"], (manufacturer, name, serial), functions)

    def unplug(self) -> None:
        """Pull the plug; wait until its nodes have gone."""
        if self._gadget is not None:
            self._gadget.unplug()
        if self._hid is not None:
            self._hid.unplug()
            self._hid = None
        for node in self._nodes:
            node.close()
        self._nodes = []
        gone = self.paths
        wait_for("end of its nodes", lambda: not any(Path(path).exists() for path in gone))
        settle()
        self.paths = []

    def close(self) -> None:
        """Unplug it, and take it apart."""
        self.unplug()
        if self._gadget is not None:
            self._gadget.close()
            self._gadget = None

    def written(self) -> list[bytes]:
        """Return the reports (or control requests) that were written to it since the last time."""
        if self._hid is not None:
            self._hid.serve()
            found, self._hid.written = [one.data for one in self._hid.written], []
            return found
        functions = self._gadget.functions if self._gadget else ()
        return [data for function in functions for data in function.written()]

    def wait(self, seconds: float) -> None:
        """Let time pass, and answer the kernel meanwhile."""
        if self._hid is not None:
            self._hid.wait(seconds)
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for function in self._gadget.functions if self._gadget else ():
                if isinstance(function, VendorFunction):
                    function.serve()
            time.sleep(min(left, 0.05))

    def acts(self, recordings: Sequence[str]) -> list[Play]:
        """Return what the recordings of its nodes let it do: when, in seconds, and a function that does it.

        The first act shows how everything stands.
        """
        if is_hid(recordings[0]):
            return [
                (report.time, partial(self._send, 0, report.data))
                for report in read_hid(recordings[0]).reports
            ]
        nodes = [node for text in recordings for node in parse(text, "the recording")]
        events = [(e.time, (e.type, e.code, e.value)) for node in nodes for e in node.events]
        changes = sorted((at, change) for at, change in events if change[0] != EV_SYN)
        stands = [change for node in nodes for change in node.state or ()]
        frames = [
            (at, partial(self._emit, [change for _, change in group]))
            for at, group in groupby(changes, key=lambda pair: pair[0])
        ]
        return [(0.0, partial(self._emit, stands, all_reports=True)), *frames]

    def play(self, acts: Sequence[Play]) -> None:
        """Do what a recording has, in its time."""
        before = acts[0][0] if acts else 0.0
        for at, act in acts:
            self.wait(min(at - before, MOST_PAUSE_S))
            before = at
            act()

    def _send(self, interface: int, data: bytes) -> None:
        if self._hid is not None:
            self._hid.send(data)
        elif self._gadget is not None:
            self._gadget.functions[interface].send(data)

    def _emit(self, frame: Sequence[Change], all_reports: bool = False) -> None:
        """Send the reports that make these events; each event lies in one of them."""
        for node, said in zip(self._nodes, self._said.get("nodes", ()), strict=False):
            mine = [c for c in frame if (c[0], c[1]) in {_code(name) for name in said["codes"]}]
            if mine:
                node.write(*mine)
        for number, reports in enumerate(self._reports):
            mine = [change for change in frame if reports is not None and reports.has(change)]
            if reports is not None and (mine or all_reports):
                self._send(number, reports.report(mine))


def _nodes() -> list[str]:
    return [str(path) for path in (*Path("/dev").glob("hidraw*"), *Path("/dev/input").glob("event*"))]


def _code(name: str) -> tuple[int, int]:
    return KINDS[name.partition("_")[0]], ecodes.ecodes[name]


def _codes(names: Iterable[str]) -> dict[int, Sequence[int]]:
    found: dict[int, list[int]] = {}
    for kind, number in map(_code, names):
        found.setdefault(kind, []).append(number)
    return {**found}
