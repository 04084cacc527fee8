# SPDX-License-Identifier: GPL-2.0-or-later
"""The start with a serial pendant: the profile, the port, the pins; faults are said before it is ready."""

from __future__ import annotations

import os
import pty as terminals
from collections.abc import Iterator
from pathlib import Path

import pytest

import hal_mpg.fake_hal
from hal_mpg import cli, serial_start
from hal_mpg.arming import SHORT, WhyNot
from hal_mpg.events import EventsLost, Garbled, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.runner import Runner
from hal_mpg.selection import NOTHING
from hal_mpg.serial_runner import SerialRunner, display_text
from hal_mpg.sources import serial_ports
from hal_mpg.sources.serial import SerialSource
from hal_mpg.sources.serial_ports import is_serial_device
from tests.beds.serial_pendant import Firmware, PtyPendant
from tests.core.bed import Bed
from tests.core.serial_world import make_profile
from tests.core.test_cli import no_nodes, refused, runs  # noqa: F401  # fixtures

WORDS = "axis=xz,feed-override scale=x1,x10 estop buttons=go leds=ready detent=4".replace("xz,", "x,z,")


@pytest.fixture(autouse=True)
def _alone(no_nodes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Neither input nodes nor ports of this machine are looked at."""
    (tmp_path / "tty").mkdir()
    monkeypatch.setattr(serial_ports, "SYS_TTY", str(tmp_path / "tty"))


@pytest.fixture
def closes(runs: list[Runner]) -> Iterator[list[Runner]]:  # noqa: F811
    """The runners that were started; their ports are closed at the end."""
    yield runs
    for runner in runs:
        runner._source.close()


@pytest.mark.parametrize(
    ("device", "is_serial"),
    [
        ("/dev/ttyACM0", True),
        ("/dev/ttyUSB12", True),
        ("/dev/serial/by-id/usb-x", True),
        ("/dev/rfcomm0", True),
        ("socket://10.0.0.1:2000", True),
        ("rfc2217://box:4000", True),
        ("/dev/input/event3", False),
        ("/dev/input/by-id/usb-x-event-joystick", False),
        ("/dev/null", False),
        ("/nonexistent", False),
        ("", False),
    ],
)
def test_what_is_a_serial_device(device: str, is_serial: bool) -> None:
    assert is_serial_device(device) is is_serial


def test_a_pendant_that_speaks_the_protocol_needs_no_profile(
    closes: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    with PtyPendant(Firmware(WORDS, name="My MPG")) as pty:
        assert cli.main(["--device", pty.path]) == 0
        [runner] = closes
        profile = runner._pendant.profile
        assert (profile.axes, profile.targets, profile.scales) == (
            ("x", "z"),
            ("feed-override",),
            ("x1", "x10", "x100"),
        )
        assert profile.wheel.counts_per_detent == 4
        assert isinstance(runner, SerialRunner)
        assert runner._source.descriptors(), "the port stays open"
    err = capsys.readouterr().err
    assert "My MPG at" in err
    assert "using profile line-protocol" in err


def test_its_pins_are_those_that_it_tells(closes: list[Runner]) -> None:
    with PtyPendant(Firmware(WORDS)) as pty:
        cli.main(["--device", pty.path])
        names = {pin.name for pin in closes[0]._pendant.pins}
    assert {"axis.z.jog-counts", "feed-override.counts", "button.go", "led.ready", "garbled"} <= names
    assert not {"axis.y.jog-counts", "button.home"} & names


def test_one_that_says_nothing_gets_the_usual_pins(
    closes: list[Runner], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_start, "GREETING_S", 0.2)
    master, slave = terminals.openpty()
    assert cli.main(["--device", os.ttyname(slave)]) == 0
    assert closes[0]._pendant.profile.axes == tuple("xyzabc")
    assert "no greeting came from" in capsys.readouterr().err
    os.close(slave)
    os.close(master)


def test_one_that_is_not_there_may_still_come(
    closes: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--device", "/dev/ttyNONE7"]) == 0
    assert closes[0]._pendant.profile.axes == tuple("xyzabc")
    assert "no pendant is there yet" in capsys.readouterr().err


def test_a_profile_that_tells_the_controls_waits_for_nobody(closes: list[Runner], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("""\
name: Mine
source: serial
match: [{name: "nobody has this"}]
greeting: "axis=xy leds=a"
increments: {x1: {mm: 0.001}}
""")
    path.chmod(0o644)
    assert cli.main(["--pendant", str(path)]) == 0
    assert closes[0]._pendant.profile.axes == ("x", "y")


def test_it_is_found_by_the_name_of_its_usb_device(
    closes: list[Runner], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usb = tmp_path / "devices/1-1"
    (usb / "1-1:1.0").mkdir(parents=True)
    for name, text in {"idVendor": "1209", "idProduct": "0001", "product": "my hal_mpg pendant"}.items():
        (usb / name).write_text(text)
    (tmp_path / "tty/ttyNONE7").mkdir()
    (tmp_path / "tty/ttyNONE7/device").symlink_to(usb / "1-1:1.0")
    assert cli.main([]) == 0
    assert "using profile line-protocol" in capsys.readouterr().err


@pytest.mark.parametrize(("device", "word"), [("nosuch://x", "nosuch"), ("ttyfile", "is no serial port")])
def test_what_cannot_be_a_port_is_refused(
    device: str, word: str, closes: list[Runner], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "ttyfile").write_text("no port")
    status = cli.main(["--device", device.replace("ttyfile", str(tmp_path / "ttyfile"))])
    assert status == 2
    assert word in capsys.readouterr().err
    assert closes == []


@pytest.mark.parametrize("device", ["/dev/null", "/dev"])
def test_what_is_no_terminal_is_refused_with_a_serial_profile_too(
    device: str, closes: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--pendant", "line-protocol", "--device", device]) == 2
    assert "is no serial port" in capsys.readouterr().err


def test_a_port_that_may_not_be_opened_is_said_before_it_is_ready(
    closes: list[Runner], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with PtyPendant() as pty:
        assert cli.main(["--device", pty.path]) == 4
    assert "install-udev" in capsys.readouterr().err
    assert closes == []


def test_device_is_refused_for_other_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "virtual.yaml"
    path.write_text(
        "name: v\nsource: virtual\nmatch: [{socket: /x}]\nincrements: {x1: {mm: 1}}\n"
        "controls: {wheel: {rel: 7}, axis: {keys: {x: 288}}}\n"
    )
    path.chmod(0o644)
    status, said = refused(["--pendant", str(path), "--device", "/dev/input/event7"], capsys)
    assert status == 2
    assert "source virtual, which has none" in said


# What a display shows.


def test_a_display_says_what_the_next_detent_moves_or_why_it_does_not() -> None:
    bed = Bed(make_profile("x", greeting="axis=x,y,feed-override scale=x1,x10,x100"))
    scales = bed.pendant.profile.scales
    selection = NOTHING._replace(axis=bed.pendant._axes["y"], scale=1)
    assert display_text(WhyNot.READY, selection, scales) == "Y x10"
    assert display_text(WhyNot.ESTOP, selection, scales) == "E-STOP"
    assert display_text(WhyNot.READY, NOTHING._replace(target="feed-override"), scales) == "FEED-OVERRIDE"
    assert {*SHORT} == {*WhyNot}
    assert max(map(len, SHORT.values())) <= 16


def test_the_runner_fills_the_display() -> None:
    profile = make_profile("x")
    source = SerialSource(profile)
    shown: list[str] = []
    source.show = shown.append  # type: ignore[method-assign]
    runner = serial_runner(source)
    runner._report([], runner._pendant.tick(0.0))
    runner._report([], [PinWrite("why-not", 2)])
    assert shown[-1] == "E-STOP"
    runner._poll.close()


def serial_runner(source: SerialSource, verbose: bool = False) -> SerialRunner:
    pendant = Pendant(make_profile("x"), Machine())
    port = HalPort(hal_mpg.fake_hal.FakeHal(), "hal_mpg", pendant.pins)
    return SerialRunner(pendant, source, port, verbose)


def test_bad_lines_are_told_to_who_wants_to_know_once_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    source = SerialSource(make_profile("x"))
    source.decoder.feed(b"half\njunk\n", 0.0)
    for verbose, lines in ((False, 0), (True, 2)):
        runner = serial_runner(source, verbose)
        for at in (0.0, 0.5, 0.9, 1.0, 1.5):
            runner._report([Garbled(at, 1), EventsLost(at, 0, ())], [])
        said = capsys.readouterr().err.splitlines()
        assert len(said) == lines
        assert all("1 lines were refused" in line and "'junk' has no *CCCC" in line for line in said)
        runner._poll.close()
