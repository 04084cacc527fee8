# SPDX-License-Identifier: GPL-2.0-or-later
"""evemu's format: other people's files are read, ours are read by evemu, and what is none is told so."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL
from hal_mpg.recording.evemu_format import AbsRange, RawEvent, Recording, description, event_line, parse
from tests.beds.require import skip_or_fail

EVEMU_1_3 = """\
# EVEMU 1.3
# Kernel: 6.1.0-18-amd64
# Input device name: "Some MPG"
# Properties:
N: Some MPG #2
I: 0003 10ce eb93 0110
P: 00 00 00 00 00 00 00 00
B: 00 0b 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 03 00 00 00
B: 02 80 00 00 00 00 00 00 00
B: 03 08 00 00 00 00 00 00 00
A: 03 -5 255 0 15 0
L: 08 1
S: 00 0
################################
#      Waiting for events      #
################################
E: 0.000001 0002 0007 0001\t# EV_REL / REL_DIAL             1
E: 0.000001 0000 0000 0000\t# ------------ SYN_REPORT (0) ---------- +0ms
E: 12.345678 0002 0007 -001\t# EV_REL / REL_DIAL             -1
E: 12.345678 0000 0000 0000\t# ------------ SYN_REPORT (0) ---------- +12345ms
"""


def one(text: str) -> Recording:
    [recording] = parse(text, "f")
    return recording


def test_what_evemu_record_writes() -> None:
    found = one(EVEMU_1_3)
    assert (found.name, found.ids) == ("Some MPG #2", (3, 0x10CE, 0xEB93, 0x110))
    assert found.codes == {EV_KEY: {0x120, 0x121}, EV_REL: {7}, EV_ABS: {3}}
    assert found.ranges == {3: AbsRange(-5, 255, 0, 15, 0)}
    assert (found.leds, found.switches) == ({8: 1}, {0: 0})
    assert found.events[2] == RawEvent(12.345678, 2, 7, -1)
    assert not found.is_ours


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: f"~$ sudo evemu-record\nSelect the device event number [0-21]: 5\n{text}^C\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("# EVEMU 1.3\n", ""),
    ],
    ids=["CRLF", "BOM", "mail", "terminal", "no last line end", "no version"],
)
def test_the_ways_in_which_it_arrives(change: object) -> None:
    assert callable(change)
    assert one(change(EVEMU_1_3)) == one(EVEMU_1_3)


def test_events_without_a_description_as_evemu_1_0_had_them() -> None:
    found = one("E: 1371563721.000001 0003 0000 0042\nE: 1371563721.000001 0000 0000 0000\n")
    assert found.events[0].value == 42
    assert found.name == ""


def test_umockdev_has_the_events_of_several_nodes_in_one_file() -> None:
    text = "# EVEMU 1.2\n# device /dev/input/event1\nE: 1.5 0001 0174 1\n"
    first, second = parse(text + text.replace("event1", "event2"), "f")
    assert (first.name, second.name) == ("/dev/input/event1", "/dev/input/event2")
    assert first.events == second.events


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no recording"),
        ("hello\n", "is no recording"),
        ("Input driver version is 1.0.1\nEvent: time 1.2, type 2\n", "what evtest prints"),
        ("# libinput record\nversion: 1\nndevices: 1\nlibinput:\n", "what libinput record prints"),
        ("D: 0\nR: 4 05 01 09 04\n", "what hid-recorder prints"),
        ("N: a\nE: 1.0 0001 0120\n", "f:2:1: 'E: 1.0 0001 0120' is not what evemu writes after E:"),
        ("N: a\nE: 1.0 0001 012g 1\n", "f:2:1:"),
        ("N: a\nE: 1.0 0001 10000 1\n", "f:2:1:"),
        ("N: a\nE: -1.0 0001 0120 1\n", "f:2:1:"),
        ("N: a\nE: nan 0001 0120 1\n", "f:2:1:"),
        ("N: a\nE: 1.0 0001 0120 99999999999\n", "f:2:1:"),
        ("N: a\nI: 0003 1209\n", "f:2:1:"),
        ("N: a\nB: 01 100\n", "f:2:1:"),
        ("N: a\nA: 03 1\n", "f:2:1:"),
        ("N: a\nX: 1\n", "f:2:1: 'X: 1' is no line of evemu's"),
        ("N: a\n\x00\x1b[2J\n", "f:2:1:"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "f")
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


codes = st.frozensets(st.integers(0, 63), max_size=5)
changes = st.tuples(st.sampled_from((1, 2, 3, 4)), st.integers(0, 0x2FF), st.integers(-(2**31), 2**31 - 1))
raw_events = st.builds(
    lambda micros, change: RawEvent(micros // 10**6 + micros % 10**6 * 1e-6, *change),
    st.integers(0, 10**12),
    changes,
)
recordings = st.builds(
    Recording,
    name=st.text(st.characters(whitelist_categories=("L", "N", "P")), min_size=1, max_size=20),
    ids=st.tuples(*[st.integers(1, 0xFFFF)] * 4),
    properties=codes,
    codes=st.dictionaries(st.sampled_from((EV_REL, EV_ABS, EV_LED)), codes.filter(bool), max_size=3),
    ranges=st.dictionaries(st.integers(0, 63), st.builds(AbsRange, *[st.integers(-(2**31), 2**31 - 1)] * 5)),
    leds=st.dictionaries(st.integers(0, 15), st.integers(0, 1), max_size=3),
    switches=st.dictionaries(st.integers(0, 15), st.integers(0, 1), max_size=3),
    state=st.none() | st.lists(changes, max_size=4).map(tuple),
    others=st.lists(st.sampled_from(("a.evemu", "b-2.evemu")), max_size=2).map(tuple),
    events=st.lists(raw_events, max_size=8),
)


@given(recordings)
def test_what_is_written_is_read_back(recording: Recording) -> None:
    lines = [*description(recording, ["a comment"]), *map(event_line, recording.events)]
    assert one("\n".join(lines)) == recording


@given(st.text(max_size=200) | st.lists(st.sampled_from(EVEMU_1_3.splitlines())).map("\n".join))
def test_garbage_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "f")
    except UsageError as error:
        assert str(error).isprintable()


def test_evemu_itself_reads_our_description(tmp_path: Path) -> None:
    """libevemu, by its C interface (evemu.h)."""
    try:
        evemu, libc = ctypes.CDLL("libevemu.so.3"), ctypes.CDLL(None)
    except OSError:
        skip_or_fail("no libevemu.so.3 (Debian: evemu-tools)")
    recording = one(EVEMU_1_3)
    recording.state = ((EV_KEY, 0x120, 1), (EV_ABS, 3, 7))
    recording.others = ("b.evemu",)
    path = tmp_path / "p.evemu"
    path.write_text("\n".join([*description(recording), *map(event_line, recording.events), ""]))
    evemu.evemu_new.restype = libc.fopen.restype = ctypes.c_void_p
    evemu.evemu_get_name.restype = ctypes.c_char_p
    device = ctypes.c_void_p(evemu.evemu_new(None))
    file = ctypes.c_void_p(libc.fopen(str(path).encode(), b"r"))
    assert evemu.evemu_read(device, file) > 0
    assert evemu.evemu_get_name(device) == b"Some MPG #2"
    assert evemu.evemu_get_id_vendor(device) == 0x10CE
    assert evemu.evemu_get_abs_maximum(device, 3) == 255
    found = {
        (kind, code) for kind in (1, 2, 3) for code in range(768) if evemu.evemu_has_event(device, kind, code)
    }
    assert found == {(1, 0x120), (1, 0x121), (2, 7), (3, 3)}
    event = (ctypes.c_long * 3)()  # struct input_event
    values = []
    while evemu.evemu_read_event(file, ctypes.byref(event)) > 0:
        values.append((event[2] & 0xFFFF, event[2] >> 16 & 0xFFFF, ctypes.c_int(event[2] >> 32).value))
    assert values[:3] == [(1, 0x120, 1), (3, 3, 7), (0, 0, 0)]
    assert values[-2:] == [(2, 7, -1), (0, 0, 0)]
