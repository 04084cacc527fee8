# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view: what it draws at any size, and what it reads from a component on the fake HAL."""

from __future__ import annotations

import errno
import io
import re
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import hal_mpg.fake_hal
from hal_mpg import cli
from hal_mpg.commands import monitor as command
from hal_mpg.errors import HalError, UsageError
from hal_mpg.events import (
    EV_KEY,
    EV_REL,
    Connected,
    DeviceEvent,
    Disconnected,
    EventsLost,
    Frame,
    NodeState,
    Snapshot,
)
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.monitor import hal as monitor_hal
from hal_mpg.monitor.device import DeviceReader
from hal_mpg.monitor.hal import HalReader
from hal_mpg.monitor.picture import picture
from hal_mpg.monitor.shown import Shown, changes, from_pins, from_profile
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Identity
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources import Untimed, evdev_nodes
from hal_mpg.sources.evdev_nodes import Found
from tests.core.bed import CONTACT, ENABLE, HOME, REL_DIAL, X1, X, Y, make_profile
from tests.fuzz.profiles import random_profile


def drawn(shown: Shown, width: int = 80, height: int = 24, is_ascii: bool = False) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, force_terminal=False)
    console.print(picture(shown, width, height, is_ascii))
    return file.getvalue().splitlines()


def ready() -> Shown:
    """Return a pendant that may jog X by 0.01."""
    profile = make_profile()
    shown = from_profile(profile)
    shown.pins = {pin.name: pin.initial for pin in Pendant(profile, Machine()).pins if not pin.is_input}
    shown.pins |= {"connected": True, "estop": False, "estop-ok": True, "enable": True, "armed": True}
    shown.pins |= {"axis-select": 0, "axis.x.selected": True, "scale-select": 1, "scale": 0.01, "why-not": 0}
    shown.units = "mm"
    return shown


def test_what_is_drawn() -> None:
    shown = ready()
    shown.wheel, shown.pins["velocity"] = -3, -12.5
    shown.pins["button.home"] = True
    shown.events.append("REL_DIAL -1")
    text = "\n".join(drawn(shown))
    for words in ("● X", "○ Y", "● x10", "E-stop released", "HELD", "-3", "12.5 /s", "back", "● home"):
        assert words in text
    assert "READY: one detent moves X by 0.01 mm" in text
    assert "REL_DIAL -1" in text


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ({"estop": True, "why-not": 2}, ("E-STOP PRESSED", "release it, then reset")),
        ({"connected": False, "why-not": 1}, ("pendant NOT THERE", "plug it in")),
        ({"enable": False, "why-not": 6}, ("not enabled (button)", "hold the enabling button")),
        ({"axis.x.selected": False, "why-not": 8}, ("axis selector: none", "no axis selected")),
        ({"scale-select": -1, "why-not": 9}, ("scale selector: none", "selector fault")),
        ({"why-not": 99}, ("no pendant",)),
    ],
)
def test_states_have_their_words(pins: dict[str, Any], words: tuple[str, ...]) -> None:
    shown = ready()
    shown.pins |= pins
    text = "\n".join(drawn(shown))
    for word in words:
        assert word in text


def test_the_mark_goes_around_with_the_wheel() -> None:
    shown, seen = ready(), set()
    for shown.wheel in range(12):
        rows = [line[2:15] for line in drawn(shown)[2:7]]
        [place] = [(row, text.index("●")) for row, text in enumerate(rows) if "●" in text]
        seen.add(place)
    assert len(seen) == 12


def test_an_override_is_shown_as_selected() -> None:
    shown = ready()
    shown.pins["axis.x.selected"], shown.target = False, "feed-override"
    text = "\n".join(drawn(shown))
    assert "● feed-override" in text
    assert "READY: one detent turns feed-override" in text


def test_how_far_a_stick_is_pushed_is_shown() -> None:
    shown = ready()
    shown.pins["axis.y.analog"] = -0.25
    (line,) = (line for line in drawn(shown, 120, 40) if "axis.y.analog" in line)
    assert "-0.25" in line


def test_the_axis_is_right_whatever_the_profiles_order_is() -> None:
    profile = make_profile(axis="{keys: {z: 0x120, x: 0x121}}")
    pins = [pin.name for pin in Pendant(profile, Machine()).pins]
    for shown in (from_profile(profile), from_pins("hal_mpg", pins)):
        shown.pins = {"axis.z.selected": True, "axis.x.selected": False, "axis-select": 0}
        assert shown.axis == "z"


def test_without_a_heartbeat_it_says_so() -> None:
    shown = ready()
    shown.answers = False
    assert "hal_mpg does not answer" in "\n".join(drawn(shown))


@settings(max_examples=60, deadline=None)
@given(st.integers(), st.integers(10, 200), st.integers(3, 80), st.booleans())
def test_any_pendant_at_any_size(seed: int, width: int, height: int, is_ascii: bool) -> None:
    profile = load_profile(random_profile(Random(seed)), "p.yaml")
    shown = from_profile(profile)
    try:
        pins = Pendant(profile, Machine()).pins
    except UsageError:
        return
    shown.pins = {pin.name: pin.initial for pin in pins if not pin.is_input}
    lines = drawn(shown, width, height, is_ascii)
    assert all(len(line) <= width for line in lines)


def test_in_a_usual_terminal_everything_fits() -> None:
    for width, height in ((80, 24), (100, 30), (160, 50)):
        lines = drawn(ready(), width, height)
        assert len(lines) <= height
        assert "READY" in lines[-2]


class Table(Untimed):
    """A source that says what it is told to."""

    description = "a table"

    def __init__(self) -> None:
        self.waiting: list[DeviceEvent] = []
        self.is_open = self.was_closed = False

    def search(self, now: float) -> list[DeviceEvent]:
        self.is_open = bool(self.waiting)
        return self._taken()

    def descriptors(self) -> list[int]:
        return [5] if self.is_open else []

    def read(self, descriptors: object, now: float) -> list[DeviceEvent]:
        return self._taken()

    def _taken(self) -> list[DeviceEvent]:
        taken, self.waiting = self.waiting, []
        return taken

    def hotplug_descriptor(self) -> int | None:
        return 6

    def drain_hotplug(self) -> None:
        pass

    def set_led(self, name: str, lit: bool) -> None:
        pass

    def close(self) -> None:
        self.is_open, self.was_closed = False, True


def test_a_device_is_followed_as_the_component_would() -> None:
    source = Table()
    reader = DeviceReader(make_profile(), Machine(), source, lambda: "away")
    assert reader.update([], 10.0) == []
    assert reader.shown.where == "away"
    state = NodeState(frozenset({X, X1, CONTACT}), {})
    source.waiting = [Connected(11.0, (state,))]
    lines = reader.update([6], 11.0)
    assert "state  held: BTN_TRIGGER, BTN_BASE, BTN_BASE4" in lines
    assert "pin    connected TRUE" in lines
    assert reader.shown.where == "a table"
    reader.update([], 12.0)
    source.waiting = [Frame(12.0, 0, ((EV_REL, REL_DIAL, 2),))]  # it is not armed, but seen
    assert "event  REL_DIAL 2" in reader.update([5], 12.0)
    assert reader.shown.wheel == 2
    source.waiting = [Frame(13.0, 0, ((EV_KEY, ENABLE, 1), (EV_KEY, HOME, 1)))]
    reader.update([5], 13.0)
    source.waiting = [Frame(14.0, 0, ((EV_REL, REL_DIAL, -1),))]
    assert "pin    axis.x.jog-counts -1" in reader.update([5], 14.0)
    source.waiting = [
        EventsLost(15.0, 0, ((EV_KEY, X, 0),)),
        Snapshot(15.0, 0, NodeState(frozenset({Y, X1, CONTACT}), {})),
    ]
    assert "lost   1 events; the state is read again" in reader.update([5], 15.0)
    assert reader.shown.axis == "y"
    source.waiting = [Disconnected(16.0, "unplugged")]
    lines = reader.update([5], 16.0)
    assert "unplug unplugged" in lines
    assert "pin    connected FALSE" in lines
    assert source.was_closed


@pytest.fixture
def hal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    hal_mpg.fake_hal.reset()
    monkeypatch.setitem(sys.modules, "hal", hal_mpg.fake_hal)
    yield hal_mpg.fake_hal
    hal_mpg.fake_hal.reset()


def test_a_component_is_followed_and_nothing_is_written(hal: Any) -> None:
    pendant = Pendant(make_profile(), Machine())
    port = HalPort(hal, "hal_mpg", pendant.pins)
    port.ready()
    reader = HalReader(hal, "hal_mpg")
    hal.log.clear()
    assert "pin    estop TRUE" in reader.update([], 0.0)
    assert reader.shown.axes == ("x", "y", "z", "a")
    assert hal.log == []
    port.toggle_heartbeat(0.0)
    hal_mpg_pins = {"counts": 2, "axis.x.jog-counts": 20, "axis.x.selected": True, "scale-select": 2}
    for name, value in hal_mpg_pins.items():
        port.write([(name, value)])  # type: ignore[list-item]  # a PinWrite is such a pair
    hal.log.clear()
    assert reader.update([], 0.01) == []  # it is not time yet
    assert "pin    axis.x.jog-counts 20" in reader.update([], 0.1)
    assert (reader.shown.wheel, reader.shown.axis, reader.shown.scale) == (2, "x", "scale 3")
    assert "hal    hal_mpg does not answer: killed, hung, or stopped" in reader.update([], 1.0)
    assert not reader.shown.answers
    port.toggle_heartbeat(2.0)
    reader.update([], 2.0)
    assert reader.shown.answers
    port.close()
    assert reader.update([], 3.0) == ["hal    the component hal_mpg has gone"]
    assert reader.update([], 3.1) == []
    again = HalPort(hal, "hal_mpg", pendant.pins)
    again.ready()
    assert reader.update([], 5.0)[0] == "hal    the component hal_mpg is there again"
    assert reader.shown.answers
    reader.close()


def test_no_component_is_told_and_nothing_stays_behind(hal: Any) -> None:
    with pytest.raises(HalError, match="no component mpg2 in HAL"):
        HalReader(hal, "mpg2")
    keeper = hal.component("keeper")
    with pytest.raises(HalError):
        HalReader(hal, "mpg2")
    assert keeper is not None
    assert hal.get_info_pins() == []


def test_hal_is_known_by_its_shared_memory(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "shm"
    monkeypatch.setattr(monitor_hal, "SHARED_MEMORY", table)
    assert not monitor_hal.is_hal_running()
    head = "       key      shmid perms\n"
    table.write_text(head + "1212238898 3 600\n")
    assert monitor_hal.is_hal_running()
    table.write_text(head + "         0 3 600\n")
    assert not monitor_hal.is_hal_running()


def test_what_a_component_was_started_with_is_found(tmp_path: Any) -> None:
    def process(number: int, *words: str) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "cmdline").write_bytes(b"".join(f"{word}\0".encode() for word in words))
        (folder / "cwd").symlink_to("/home/me")

    process(1, "/usr/bin/python3", "-m", "hal_mpg", "monitor", "--pendant", "wrong")
    process(2, "halcmd", "loadusr", "-W", "hal_mpg", "--pendant", "wrong")
    process(3, "/usr/bin/python3", "/usr/local/bin/hal_mpg", "--pendant", "my.yaml", "--units", "inch")
    process(4, "/usr/bin/python3", "-m", "hal_mpg", "--name", "mpg2", "--pendant", "generic-4axis")
    (tmp_path / "5").mkdir()
    found = monitor_hal.started_with("hal_mpg", tmp_path)
    assert found == {"--pendant": "/home/me/my.yaml", "--units": "inch"}
    assert monitor_hal.started_with("mpg2", tmp_path)["--pendant"] == "generic-4axis"
    assert monitor_hal.started_with("mpg3", tmp_path) == {}


def test_changes_leave_the_heartbeat_out() -> None:
    assert changes({"heartbeat": False, "a": 1}, {"heartbeat": True, "a": 1, "b": 2.5}) == ["pin    b 2.5"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--name", "é"],
        ["--hal", "--device", "x"],
        ["--units", "cm"],
        ["x"],
    ],
)
def test_a_wrong_command_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "is_hal_running", lambda: False)
    status = cli.main(["monitor", "--pendant", "generic-4axis", *wrong])
    out, err = capsys.readouterr()
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_without_rich_one_line_names_the_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    monkeypatch.setitem(sys.modules, "rich", None)
    assert cli.main(["monitor", "--pendant", "generic-4axis"]) == 1
    _, err = capsys.readouterr()
    assert re.fullmatch(r"hal_mpg: the live view needs .*python3-rich, or use --plain\n", err)


@pytest.mark.parametrize(
    ("keys", "busy", "why"),
    [
        (set(range(0x120, 0x12C)), False, "cannot be used yet"),
        (set(range(0x120, 0x12C)), True, "cannot be used: another program has it. With LinuxCNC: --hal"),
        ({0x120}, True, "cannot be used: another program has it. With LinuxCNC: --hal"),
        (
            set(range(0x120, 0x12C)) - {0x124, 0x125},
            False,
            "lacks BTN_TOP2 and 1 more of the profile; looking whether another node has it",
        ),
        (set(), False, "has no code of the profile; is it another one's?"),
    ],
)
def test_why_a_pendant_that_is_there_is_not_read(
    keys: set[int], busy: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Node:
        def grab(self) -> None:
            if busy:
                raise OSError(errno.EBUSY, "busy")

        def close(self) -> None:
            pass

    found = Found("/dev/input/event3", (), Identity(0x1209, 1, "MPG"), {1: keys, 2: {7} if keys else set()})
    monkeypatch.setattr(evdev_nodes.Nodes, "devices", lambda _: [[found]])
    monkeypatch.setattr(command, "open_node", lambda _: Node())
    assert command._why_absent(read_profile(find_profile("generic-6axis")), None) == f"{found.path} {why}"
