# SPDX-License-Identifier: GPL-2.0-or-later
"""record and monitor on a raw HID pendant, whose node is a socket (tests/beds/hid_socket.py)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hal_mpg.commands import monitor, record, replay
from hal_mpg.errors import DeviceError, UsageError
from hal_mpg.recording.hid_format import read_hid
from hal_mpg.recording.hid_recorder import HidRecorder
from hal_mpg.sources import hidraw_nodes
from hal_mpg.sources.hidraw import HidrawSource
from tests.beds.hid_socket import HidSocket, HidSockets

DESCRIPTOR = bytes.fromhex("0600ff0901a10185040901150026ff00750895078102c0")
AT_REST = bytes((0x04, 0x10, 0, 0, 0x0E, 0x11, 0, 0x10))
TURNED = bytes((0x04, 0x20, 0, 0, 0x0E, 0x11, 1, 0x20))


class Pendant:
    """A WHB04B-6 at /dev/hidraw0, which says `at_once` as soon as it is opened."""

    def __init__(self, folder: Path) -> None:
        self.nodes = HidSockets(folder)
        self.hardware: HidSocket = self.nodes.plug(0, 0x10CE, 0xEB93, "KTURT.LTD", DESCRIPTOR)
        self.at_once: list[bytes] = []

    def open(self, path: str) -> int:
        descriptor = self.nodes.open(path)
        for report in self.at_once:
            self.hardware.send(report)
        return descriptor


@pytest.fixture
def pendant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pendant:
    made = Pendant(tmp_path)
    monkeypatch.setattr(hidraw_nodes, "SYS_HIDRAW", str(made.nodes.sysfs))
    monkeypatch.setattr(hidraw_nodes, "check_access", lambda _profile, _device: None)
    for kind in (HidRecorder, HidrawSource):
        monkeypatch.setattr(kind, "_open", lambda _self, path: made.open(path))
    return made


@pytest.mark.parametrize("words", [["--device", "/dev/hidraw0"], ["--pendant", "xhc-whb04b-6"]])
def test_what_is_recorded_is_replayed(
    pendant: Pendant, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    pendant.at_once = [AT_REST, TURNED]
    file = tmp_path / "p.hid"
    assert record.main([str(file), "--seconds", "0.01", *words]) == 0
    said = capsys.readouterr().err
    assert "recording KTURT.LTD at /dev/hidraw0" in said and f"{file}: 2 reports of /dev/hidraw0" in said
    found = read_hid(file.read_text("utf-8"))
    assert [report.data for report in found.reports] == [AT_REST, TURNED]
    assert (found.identity.vendor, found.identity.product, found.name) == (0x10CE, 0xEB93, "KTURT.LTD")
    assert found.descriptor == DESCRIPTOR
    assert found.pendant == (words[1] if words[0] == "--pendant" else None)
    assert replay.main([str(file), "--pendant", "xhc-whb04b-6", "--events"]) == 0
    assert "WHEEL 1" in capsys.readouterr().out


def test_it_is_not_written_over_a_file_that_is_there(pendant: Pendant, tmp_path: Path) -> None:
    file = tmp_path / "p.hid"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        record.main([str(file), "--device", "/dev/hidraw0"])
    assert file.read_text() == "mine"
    assert not pendant.hardware.is_open


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "/dev/hidraw9"], "there is no such raw HID device"),
        (["--device", "/dev/hidraw0", "--pendant", "generic-4axis"], "is for no raw HID pendant"),
        (["--device", "/dev/hidraw0", "--baud", "9600"], "are for serial ports"),
        (["--pendant", "shuttle-xpress"], "is not plugged in"),
    ],
)
def test_what_record_refuses(pendant: Pendant, tmp_path: Path, words: list[str], said: str) -> None:
    with pytest.raises((UsageError, DeviceError), match=said):
        record.main([str(tmp_path / "p.hid"), *words])
    assert not pendant.hardware.is_open


def test_a_silent_one_is_told_of(
    pendant: Pendant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record.main([str(tmp_path / "p.hid"), "--seconds", "0.01", "--device", "/dev/hidraw0"]) == 0
    assert "no report came; it says how it stands only when something changes" in capsys.readouterr().err
    assert pendant.hardware.is_open


def test_one_that_goes_is_told_of(pendant: Pendant, tmp_path: Path) -> None:
    recorder = HidRecorder(hidraw_nodes.hid_nodes()[0])
    with (tmp_path / "p.hid").open("w") as file:
        recorder.begin(file, 0.0, "")
        pendant.hardware.unplug()
        with pytest.raises(DeviceError, match="/dev/hidraw0: the device has gone"):
            recorder.read(1.0)
    recorder.close()


def test_monitor_shows_it_and_why_it_is_not_read(pendant: Pendant, tmp_path: Path) -> None:
    options = monitor.parser().parse_args(["--pendant", "xhc-whb04b-6"])
    reader = monitor._reader(options)
    lines = reader.update([], 1.0)
    reader.update([], 1.1)
    assert (
        reader.shown.where == "KTURT.LTD at /dev/hidraw0: turn its wheel or press a key: only then "
        "does it say how it stands"
    )
    pendant.hardware.send(AT_REST)
    lines = reader.update(reader.descriptors(), 1.2)
    assert "plug   KTURT.LTD at /dev/hidraw0" in lines
    assert reader.shown.pins["connected"] is True and reader.shown.pins["axis-select"] == 0
    pendant.hardware.send(TURNED)
    lines = reader.update(reader.descriptors(), 1.9)
    assert "event  WHEEL 1" in lines
    assert reader.shown.wheel == 1
    pendant.hardware.unplug()
    lines = reader.update(reader.descriptors(), 2.0)
    assert any(line.startswith("unplug /dev/hidraw0") for line in lines)
    for now in (2.1, 3.0, 4.0):
        reader.update([], now)
    assert reader.shown.where == "not there: plug it in"
    reader.close()


def test_monitor_finds_its_profile(
    pendant: Pendant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    access: Callable[..., bool] = hidraw_nodes.os.access
    monkeypatch.setattr(
        hidraw_nodes.os, "access", lambda path, mode: "hidraw" in str(path) or access(path, mode)
    )
    assert monitor._profile_of_what_is_there(None).name == "XHC WHB04B-6"
    assert monitor._profile_of_what_is_there("/dev/hidraw0").name == "XHC WHB04B-6"
    assert "using profile xhc-whb04b-6" in capsys.readouterr().err
