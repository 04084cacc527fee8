# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg record` on emulated nodes, and `hal_mpg replay` of what it wrote; evemu's own programs as well."""

from __future__ import annotations

import json
import shutil
import time
from typing import Any

from evdev import ecodes

from hal_mpg.recording.evemu_format import Recording, event_line, parse
from tests.beds.require import skip_or_fail
from tests.umockdev.bed import ABS, DROPPED, KEY, REL, REPORT, Bed, wait_until
from tests.umockdev.pendants import DIAL, ENABLE, ESTOP_RELEASED, KEYBOARD, X1, X10, X, Y, plug_pendant
from tests.umockdev.tools import Tool


def begin(bed: Bed, file: str, *arguments: str, **more: Any) -> Tool:
    """Start recording, and wait until it does."""
    tool = Tool(bed, "record", str(bed.home / file), *arguments, **more)
    wait_until(lambda: "# hal_mpg: state" in text_of(bed, file) or tool.status() is not None, "the header")
    assert tool.status() is None, tool.err()
    return tool


def text_of(bed: Bed, file: str) -> str:
    path = bed.home / file
    return path.read_text("utf-8") if path.exists() else ""


def recorded(bed: Bed, file: str) -> Recording:
    [recording] = parse(text_of(bed, file), file)
    return recording


def replayed(bed: Bed, file: str, *arguments: str) -> dict[str, Any]:
    tool = Tool(bed, "replay", str(bed.home / file), "--json", *arguments)
    assert tool.wait_for_end() == 0, tool.err()
    document: dict[str, Any] = json.loads(tool.out())
    return document


def test_a_pendant_is_recorded_and_replayed(bed: Bed) -> None:
    node = plug_pendant(bed)
    tool = begin(bed, "p.evemu")
    assert node.is_grabbed()
    node.press(ENABLE)
    node.turn(3)
    node.release(X1)
    node.press(X10)
    node.turn(-2)
    wait_until(lambda: text_of(bed, "p.evemu").count("REL_DIAL") > 5, "the events")
    assert tool.interrupt() == 0
    assert "8 events" in tool.err()
    recording = recorded(bed, "p.evemu")
    assert (recording.name, recording.ids) == ("Test MPG Pendant", (3, 0x1209, 1, 0x110))
    assert set(recording.state or ()) == {(KEY, X, 1), (KEY, X1, 1), (KEY, ESTOP_RELEASED, 1)}
    assert recording.codes[REL] == {DIAL}
    turned = [event.value for event in recording.events if event.type == REL]
    assert turned == [1, 1, 1, -1, -1]
    # The first turns come in the instant of the press, when the wheel was not yet still.
    pins = replayed(bed, "p.evemu")["pins"]
    assert pins["armed"]
    assert pins["axis-select"] == 0
    assert pins["scale-select"] == 1


def test_what_was_held_at_the_start_is_held_in_the_replay(bed: Bed) -> None:
    node = plug_pendant(bed, down={Y, X10, ESTOP_RELEASED, ENABLE})
    tool = begin(bed, "p.evemu")
    node.turn(4)
    wait_until(lambda: text_of(bed, "p.evemu").count("REL_DIAL") > 4, "the events")
    assert tool.terminate() == 0
    document = replayed(bed, "p.evemu")
    assert document["pins"]["axis.y.jog-counts"] == 40
    assert document["assumed"] == []


def test_several_nodes_are_several_files_of_one_recording(bed: Bed) -> None:
    keyboard = bed.plug(keys={ecodes.KEY_F1}, interface=0)
    wheel = bed.plug(relatives=[DIAL], interface=1)
    profile = bed.write_profile(axis={"keys": {"x": "KEY_F1"}})
    tool = begin(bed, "p.evemu", "--pendant", profile)
    wait_until(lambda: "hal_mpg: state" in text_of(bed, "p-2.evemu"), "the other file")
    keyboard.press(ecodes.KEY_F1)
    wait_until(lambda: "KEY_F1 1" in text_of(bed, "p.evemu"), "the key")
    wheel.turn(5)
    wait_until(lambda: text_of(bed, "p-2.evemu").count("REL_DIAL 1") == 5, "the turns")
    assert tool.interrupt() == 0
    for given in ("p.evemu", "p-2.evemu"):  # either names the other
        assert replayed(bed, given, "--pendant", profile)["pins"]["axis.x.jog-counts"] == 5


def test_lost_events_and_absolute_axes(bed: Bed) -> None:
    node = bed.plug(keys={X, ENABLE}, absolutes={ecodes.ABS_WHEEL: 250}, down={X})
    tool = begin(bed, "p.evemu", "--device", node.path)
    node.hold(ENABLE)
    node.let_go(X)
    node.stood_at(ecodes.ABS_WHEEL, 3)
    node.send((KEY, 1, 1), DROPPED, (KEY, 2, 1), REPORT)
    wait_until(lambda: "SYN_DROPPED" in text_of(bed, "p.evemu"), "the loss")
    assert tool.interrupt() == 0
    recording = recorded(bed, "p.evemu")
    assert (ABS, ecodes.ABS_WHEEL, 250) in (recording.state or ())
    after = [event[1:] for event in recording.events]
    assert after[-4:] == [(KEY, X, 0), (KEY, ENABLE, 1), (ABS, ecodes.ABS_WHEEL, 3), (0, 0, 0)] or set(
        after[-5:-1]
    ) >= {(KEY, X, 0), (KEY, ENABLE, 1), (ABS, ecodes.ABS_WHEEL, 3)}


def test_unplugging_ends_it_and_keeps_the_file(bed: Bed) -> None:
    node = plug_pendant(bed)
    tool = begin(bed, "p.evemu")
    node.turn(1)
    wait_until(lambda: "REL_DIAL 1" in text_of(bed, "p.evemu"), "the turn")
    node.unplug()
    assert tool.wait_for_end() == 4
    assert "the device has gone" in tool.err()
    assert [event.value for event in recorded(bed, "p.evemu").events if event.type == REL] == [1]


def test_a_file_that_is_there_is_not_written_over(bed: Bed) -> None:
    plug_pendant(bed)
    (bed.home / "p.evemu").write_text("mine")
    tool = Tool(bed, "record", str(bed.home / "p.evemu"))
    assert tool.wait_for_end() == 2
    assert "--force" in tool.err()
    assert text_of(bed, "p.evemu") == "mine"


def test_what_another_program_has_grabbed_is_not_recorded_in_silence(bed: Bed) -> None:
    plug_pendant(bed)
    bed.start("--pendant", "generic-6axis")
    for more in ((), ("--no-grab",)):
        tool = Tool(bed, "record", str(bed.home / "p.evemu"), *more)
        assert tool.wait_for_end() == 4
        assert "another program has grabbed it" in tool.err()


def test_which_device_is_asked_for_where_it_is_not_clear(bed: Bed) -> None:
    bed.plug(**KEYBOARD)
    assert "nothing looks like a pendant" in ended(Tool(bed, "record", "-"), 4)
    bed.plug(name="Knob 1", vendor=1, product=2, keys={ecodes.KEY_VOLUMEUP}, port="1-2")
    bed.plug(name="Knob 2", vendor=1, product=3, keys={ecodes.KEY_VOLUMEUP}, port="1-3")
    said = ended(Tool(bed, "record", "-"), 2)
    assert "Knob 1" in said
    assert "Knob 2" in said
    assert "is no input device" in ended(Tool(bed, "record", "-", "--device", "/dev/null"), 4)
    assert "not plugged in" in ended(Tool(bed, "record", "-", "--pendant", "generic-4axis"), 4)


def ended(tool: Tool, status: int) -> str:
    assert tool.wait_for_end() == status, tool.err()
    assert len(tool.err().splitlines()) == 1, tool.err()
    return tool.err()


def test_it_stops_by_itself_and_by_ctrl_c_on_the_device(bed: Bed) -> None:
    keyboard = bed.plug(**KEYBOARD)
    assert Tool(bed, "record", "-", "--device", keyboard.path, "--seconds", "0.2").wait_for_end() == 0
    tool = begin(bed, "k.evemu", "--device", keyboard.path)
    keyboard.press(ecodes.KEY_LEFTCTRL)
    keyboard.press(ecodes.KEY_C)
    assert tool.wait_for_end() == 0


def test_the_enter_that_starts_it_is_let_go_before_the_grab(bed: Bed) -> None:
    keyboard = bed.plug(**KEYBOARD, down={ecodes.KEY_ENTER})
    tool = Tool(bed, "record", str(bed.home / "k.evemu"), "--device", keyboard.path)
    wait_until(keyboard.is_open, "it to be opened")
    assert not keyboard.is_grabbed()
    keyboard.let_go(ecodes.KEY_ENTER)
    wait_until(keyboard.is_grabbed, "the grab")
    wait_until(lambda: "hal_mpg: state" in text_of(bed, "k.evemu"), "the beginning")
    assert tool.interrupt() == 0


def test_progress_is_shown_on_a_terminal(bed: Bed) -> None:
    node = plug_pendant(bed)
    tool = begin(bed, "p.evemu", size=(60, 24))
    node.turn(1)
    tool.wait_for("1 events; last: REL_DIAL 1")
    tool.type("\x03")
    assert tool.wait_for_end() == 0
    assert "1 events of" in tool.text()


def test_what_evemu_record_writes_is_the_same(bed: Bed) -> None:
    if shutil.which("evemu-record") is None:
        skip_or_fail("no evemu-record (Debian: evemu-tools)")
    node = plug_pendant(bed, relatives=[DIAL, ecodes.REL_WHEEL], absolutes={ecodes.ABS_RX: 2})
    ours = begin(bed, "ours.evemu")
    node.turn(2)
    wait_until(lambda: text_of(bed, "ours.evemu").count("REL_DIAL 1") == 2, "the turns")
    assert ours.interrupt() == 0
    theirs = Tool(bed, node.path, program=["evemu-record"], size=(200, 50))
    theirs.wait_for("Waiting for events")
    node.turn(2)
    theirs.wait_for(r"(?s)(REL_DIAL .*){2}")
    theirs.interrupt()
    mine, [other] = recorded(bed, "ours.evemu"), parse(theirs.text(), "evemu-record")
    assert (mine.name, mine.ids, mine.properties) == (other.name, other.ids, other.properties)
    assert mine.codes == other.codes
    assert mine.ranges == other.ranges
    assert [event[1:] for event in mine.events] == [event[1:] for event in other.events]


def test_umockdev_plays_our_recording_to_hal_mpg(bed: Bed) -> None:
    """Its `evemu` script, with our file: the component reads what was recorded."""
    node = plug_pendant(bed, down={X, X10, ESTOP_RELEASED})
    tool = begin(bed, "p.evemu")
    node.press(ENABLE)
    wait_until(lambda: "BTN_BASE6 1" in text_of(bed, "p.evemu"), "the press")
    time.sleep(0.5)  # so that the wheel has been still
    node.turn(7)
    wait_until(lambda: text_of(bed, "p.evemu").count("REL_DIAL 1") == 7, "the turns")
    assert tool.interrupt() == 0
    node.let_go(ENABLE)  # as it was when the recording began
    program = bed.start("--pendant", "generic-6axis")
    program.wait("connected", True)
    # umockdev plays the stamps as they are, and what is old is no turn of a wheel now.
    now = time.monotonic() + 0.1
    moved = [event._replace(time=event.time + now) for event in recorded(bed, "p.evemu").events]
    (bed.home / "moved.evemu").write_text("".join(f"{event_line(event)}\n" for event in moved))
    bed.ask("play_evemu", node.path, str(bed.home / "moved.evemu"))
    program.wait("axis.x.jog-counts", 70)
    assert replayed(bed, "p.evemu")["pins"]["axis.x.jog-counts"] == 70


def test_a_recording_drives_the_real_hal(bed: Bed) -> None:
    node = plug_pendant(bed, down={X, X10, ESTOP_RELEASED, ENABLE})
    tool = begin(bed, "p.evemu")
    time.sleep(0.3)
    node.turn(4)
    wait_until(lambda: text_of(bed, "p.evemu").count("REL_DIAL 1") == 4, "the turns")
    assert tool.interrupt() == 0
    player = Tool(bed, "replay", str(bed.home / "p.evemu"), "--hal", "--stay", "--name", "played")
    wait_until(lambda: bool(bed.ask("is_ready", "played")) or player.status() is not None, "the component")

    def pins(*names: str) -> list[Any]:
        values: list[Any] = bed.ask("pins", [f"played.{name}" for name in names])
        return values

    wait_until(lambda: pins("axis.x.jog-counts") == [40], "the turns on the HAL")
    assert pins("connected", "armed", "dropped", "scale-select") == [True, True, 0, 1]
    assert player.terminate() == 0
    once = Tool(bed, "replay", str(bed.home / "p.evemu"), "--hal", "--speed", "10")
    assert once.wait_for_end() == 0
    assert "the recording has ended" in once.err()
    assert not bed.ask("is_ready", "hal_mpg")
