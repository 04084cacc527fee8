# SPDX-License-Identifier: GPL-2.0-or-later
"""hid-recorder's text format: what was written is read again, theirs as well; faults have their lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.profile import Identity
from hal_mpg.recording.hid_format import HidRecording, Report, is_hid, read_hid, to_text
from hal_mpg.recording.serial_format import is_serial

THEIRS = """\
# ShuttleXpress
# Report descriptor length: 5 bytes
# 0x05, 0x0c,                    // Usage Page (Consumer Devices)       0
R: 5 05 0c 09 01 a1
N: Contour Design ShuttleXpress
P: usb-0000:00:14.0-2/input0
I: 3 0b33 0020
D: 0
# Array Array / Wheel: 0
E: 000000.000000 5 00 0a 00 00 00
E: 000001.250000 5 fe 0B 00 10 00

"""


def test_what_hid_recorder_writes_is_read() -> None:
    found = read_hid(THEIRS)
    assert found.identity == Identity(
        0x0B33, 0x20, "Contour Design ShuttleXpress", "usb-0000:00:14.0-2/input0"
    )
    assert found.ids[0] == 3 and found.descriptor == bytes.fromhex("050c0901a1") and found.pendant is None
    assert found.reports == (
        Report(0.0, b"\x00\x0a\x00\x00\x00"),
        Report(1.25, b"\xfe\x0b\x00\x10\x00"),
    )


def test_it_is_told_from_the_other_recordings() -> None:
    assert is_hid(THEIRS) and is_hid("\ufeff# x\n\nD: 0\n") and not is_serial(THEIRS)
    for other in (
        "",
        "# R:\n",
        "# EVEMU 1.3\nN: x\nI: 3\nR: 1\n",
        "# hal_mpg serial recording 1\n",
        "DR: 0\n",
    ):
        assert not is_hid(other), other


TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(
    st.lists(st.tuples(st.integers(0, 10**10), st.binary(max_size=70)), max_size=5),
    st.binary(max_size=300),
    TEXTS,
    st.tuples(st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
)
def test_what_is_written_is_read_again(
    said: list[tuple[int, bytes]], descriptor: bytes, name: str, ids: tuple[int, int, int]
) -> None:
    reports = tuple(Report(time / 1e6, data) for time, data in sorted(said))
    whole = HidRecording(reports, descriptor, name, "usb-1/input0", ids, "xhc-hb04")
    text = to_text(whole)
    assert is_hid(text)
    assert read_hid(text) == whole
    assert read_hid(text.replace("\n", "\r\n")) == whole


FAULTS = {
    "X: 1": "is no line of hid-recorder's",
    "D: 1": "a second D: line",
    "N: other": "a second N: line",
    "E: 1.0 2 01": "1 bytes, where it says 2",
    "E: 1.0 1 zz": "is not of the form E:",
    "E: -1 1 01": "is not of the form E:",
    "E: 1.0": "is not of the form E:",
    "E: 1.0 1 01\nE: 0.5 1 01": "is before the last one",
}


@pytest.mark.parametrize("line", FAULTS)
def test_each_fault_is_told_with_its_line(line: str) -> None:
    text = f"D: 0\nN: a\n{line}\n"
    with pytest.raises(UsageError, match=FAULTS[line]) as caught:
        read_hid(text, "file")
    assert str(caught.value).startswith(f"file:{len(text.splitlines())}: ")


@pytest.mark.parametrize(
    "line", ["R: 3 01 02", "R: x", "R: 1 zz", "R: 5000 " + "00 " * 5000, "I: 3 10ce", "I: zz 1 1"]
)
def test_a_spoilt_head_is_told_with_its_line(line: str) -> None:
    with pytest.raises(UsageError, match=r"^file:2: '[RI]: .* is not of the form"):
        read_hid(f"D: 0\n{line}\n", "file")


@given(st.text(max_size=200))
def test_garbage_is_refused_in_one_line_or_read(text: str) -> None:
    try:
        read_hid(text)
    except UsageError as error:
        assert "\n" not in str(error)
