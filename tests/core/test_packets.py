# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets of other people's pendants: found in any stream, checked, and read by fields or as text."""

from __future__ import annotations

import binascii
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.protocols import decoder_of
from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.fields import sums_of, value_in
from hal_mpg.protocols.foreign import Checksum, Field
from tests.core.foreign_bed import TAIL, bytewise, decoder_for, fed, pieces, profile_of, shown, turned

BINARY = """
packets:
  start: [0xaa, 0x55]
  end: [0x0d]
  length: 9
  checksum: {kind: crc16-xmodem, at: 6, from: 2, to: 5, order: big}
  fields:
    turn: {at: 2, type: s8}
    axis: {at: 3, mask: 0x0f}
    scale: {at: 3, mask: 0xf0}
    released: {at: 4, bit: 0}
    kind: {at: 5}
rules:
  - when: {kind: 1}
    set:
      AXIS: {abs: axis}
      SCALE: {abs: scale, values: {0: 1, 1: 10}}
      SAFE: {key: released}
      WHEEL: {rel: turn}
  - {when: {kind: 2}, answer: [6], restarts: true}
"""
BINARY_TAIL = f"{TAIL}  estop: {{key: SAFE}}\n"


def packet(turn: int, axis: int = 1, scale: int = 0, released: int = 1, kind: int = 1) -> bytes:
    """Return a packet as BINARY has them, its checksum by Python's own binascii."""
    body = bytes([turn & 0xFF, axis | scale << 4, released, kind])
    return b"\xaa\x55" + body + binascii.crc_hqx(body, 0).to_bytes(2, "big") + b"\x0d"


FRAMES = """
packets: {start: [2], end: [3]}
longest: 12
rules:
  - text: 'T(?P<axis>[0-9])(?P<count>-?[0-9]{1,5})'
    set: {AXIS: {abs: axis}, SCALE: {abs: 1}, WHEEL: {rel: count}}
  - {text: 'B ', answer: 'B '}
"""


def frame(count: int) -> bytes:
    """Return a frame as FRAMES has them."""
    return b"\x02T1%d\x03" % count


def test_a_packet_is_read_by_its_fields() -> None:
    decoder = decoder_for(BINARY, BINARY_TAIL)
    said = shown(fed(decoder, [packet(-3, axis=2, scale=1)]))
    assert said == ["connected [] {}", "3:1:2 3:2:10", "snapshot [1] {1: 2, 2: 10}", "2:1:-3"]
    assert shown(fed(decoder, [packet(127, axis=3, scale=0, released=0)])) == ["3:1:3 3:2:1 1:1:0 2:1:127"]
    assert (decoder.understood, decoder.garbled) == (2, 0)


def test_what_a_rule_answers_is_sent_as_it_stands() -> None:
    decoder = decoder_for(BINARY, BINARY_TAIL)
    assert shown(fed(decoder, [packet(0, kind=2)])) == ["connected [] {}"]
    assert decoder.to_send(1.0) == b"\x06"
    decoder = decoder_for(FRAMES)
    fed(decoder, [b"\x02B \x03"])
    assert decoder.to_send(1.0) == b"\x02B \x03"


@pytest.mark.parametrize("place", range(9))
def test_no_damaged_packet_is_taken(place: int) -> None:
    decoder = decoder_for(BINARY, BINARY_TAIL)
    for flip in range(1, 256):
        bad = bytearray(packet(5))
        bad[place] ^= flip
        assert turned(fed(decoder, [bytes(bad), packet(1)])) == 1
    assert decoder.understood == 255


def test_a_run_of_junk_counts_once_and_says_why() -> None:
    decoder = decoder_for(BINARY, BINARY_TAIL)
    fed(decoder, [b"junk", b"junk\xaa", b"junk"])
    assert decoder.garbled == 1
    assert "bytes 'junk' between the packets; is the baud rate right?" in decoder.complaint
    fed(decoder, [packet(1), packet(1)[:-1] + b"\x0a"])
    assert decoder.garbled == 2
    assert "does not end with 0d" in decoder.complaint
    fed(decoder, [packet(1), packet(1)[:6] + b"\x00\x00\x0d"])
    assert re.search(r"has the checksum 0x0, and its bytes have 0x[0-9a-f]{4}", decoder.complaint)


def test_a_packet_that_no_rule_fits_is_told_with_its_fields() -> None:
    decoder = decoder_for(BINARY, BINARY_TAIL)
    assert fed(decoder, [packet(1, kind=9)]) == []
    assert "fits no rule of the profile (turn 1, axis 1, scale 0, released 1, kind 9)" in decoder.complaint
    assert fed(decoder, [packet(1, scale=7)]) == []
    assert "scale is '7', and the profile knows 0, 1 only" in decoder.complaint
    decoder = decoder_for(FRAMES)
    assert fed(decoder, [b"\x02T1x\x03"]) == []
    assert "packet 'T1x' fits no rule" in decoder.complaint and "not 'x'" in decoder.complaint


def offline(data: bytes) -> list[bytes]:
    """Return BINARY's packets in a whole stream: at each place there is one, or a byte is passed over."""
    found, at = [], 0
    while at < len(data):
        one = data[at : at + 9]
        sums = binascii.crc_hqx(one[2:6], 0).to_bytes(2, "big")
        if len(one) == 9 and one[:2] == b"\xaa\x55" and one[6:8] == sums and one[8] == 0x0D:
            found.append(one)
            at += 9
        else:
            at += 1
    return found


noise = st.one_of(
    st.binary(max_size=20),
    st.lists(st.sampled_from([b"\xaa", b"\x55", b"\xaa\x55", b"\x0d", b"\x02", b"\x03", b"T1"])).map(
        b"".join
    ),
)
packets = st.builds(packet, st.integers(-128, 127), st.integers(1, 3))
cut_packets = st.tuples(packets, st.integers(1, 8)).map(lambda both: both[0][: both[1]])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(packets, packets, cut_packets, noise)), st.lists(st.integers(0, 10_000)))
def test_every_whole_packet_of_a_stream_is_found_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, single, cut = (decoder_for(BINARY, BINARY_TAIL) for _ in range(3))
    events = fed(whole, [data])
    assert events == fed(single, bytewise(data)) == fed(cut, pieces(data, cuts))
    assert whole.garbled == single.garbled == cut.garbled
    true = [one for one in offline(data) if one[5] == 1 and one[3] >> 4 in (0, 1) and one[4] in (0, 1)]
    assert turned(events) == sum((one[2] ^ 0x80) - 0x80 for one in true)


frames = st.builds(frame, st.integers(-9999, 99999))
cut_frames = st.tuples(frames, st.integers(1, 4)).map(lambda both: both[0][: both[1]])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(frames, frames, cut_frames, noise)), st.lists(st.integers(0, 10_000)))
def test_every_whole_frame_of_a_stream_is_found_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, single, cut = (decoder_for(FRAMES) for _ in range(3))
    events = fed(whole, [data])
    assert events == fed(single, bytewise(data)) == fed(cut, pieces(data, cuts))
    assert whole.garbled == single.garbled == cut.garbled
    bodies = re.findall(rb"\x02([^\x02\x03]{0,10})\x03", data)
    true = [re.fullmatch(rb"T[0-9](-?[0-9]{1,5})", body) for body in bodies]
    assert turned(events) == sum(int(one[1]) for one in true if one)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(frames, cut_frames, noise)))
def test_the_core_takes_whatever_a_decoder_says(parts: list[bytes]) -> None:
    profile = profile_of(FRAMES)
    decoder, pendant = decoder_of(profile), Pendant(profile, Machine())
    for number, part in enumerate(parts):
        pendant.handle(decoder.feed(part, float(number)), float(number))


def test_starts_without_an_end_take_no_memory_and_hide_nothing() -> None:
    decoder = decoder_for(FRAMES)
    decoder.feed(b"\x02" * 100_000 + b"\x02TTTT" * 10_000, 1.0)
    assert decoder.garbled == 1
    assert turned(fed(decoder, [frame(7)])) == 7
    decoder = decoder_for(BINARY, BINARY_TAIL)
    decoder.feed(b"\xaa\x55" * 50_000, 1.0)
    assert turned(fed(decoder, [packet(7)])) == 7


def test_a_frame_that_is_too_long_is_none() -> None:
    decoder = decoder_for(FRAMES)
    assert turned(fed(decoder, [b"\x02T1" + b"0" * 8 + b"\x03", frame(1)])) == 1
    assert decoder.garbled == 1


def test_text_goes_without_its_checksum() -> None:
    checked = FRAMES.replace("end: [3]}", "end: [3], checksum: {kind: xor, at: -2, from: 1, to: -3}}")
    checked = checked.replace(", answer: 'B '", "")
    decoder = decoder_for(checked)
    body = b"T112"
    good = b"\x02" + body + bytes([CHECKSUMS["xor"][1](body)]) + b"\x03"
    assert turned(fed(decoder, [good, good.replace(b"2", b"3"), good])) == 24
    assert decoder.garbled == 1


NMEA = r"""
packets:
  start: [0x24]
  end: [0x0d, 0x0a]
  checksum: {kind: xor, form: hex, at: -4, from: 1, to: -6}
longest: 30
rules:
  - text: 'W(?P<axis>[1-3]),(?P<scale>1|10),(?P<n>-?[0-9]{1,3})\*'
    set: {AXIS: {abs: axis}, SCALE: {abs: scale}, WHEEL: {rel: n}}
"""


def test_a_checksum_may_stand_as_digits() -> None:
    decoder = decoder_for(NMEA)
    assert turned(fed(decoder, [b"$W1,1,5*62\r\n$W1,1,-1*4b\r\n"])) == 4
    assert decoder.garbled == 0
    for bad in (
        b"$W1,1,5*63\r\n",
        b"$W1,1,5*6G\r\n",
        b"$W1,1,5*6\r\n",
        b"$*\r\n",
        b"$\r\n",
        b"$W1,1,5* 2\r\n",
    ):
        assert turned(fed(decoder, [bad, b"$W1,1,5*62\r\n"])) == 5
    assert decoder.garbled == 6
    fed(decoder, [b"$W1,1,5*6G\r\n"])
    assert "has no checksum, and its bytes have 0x62" in decoder.complaint


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        *(("xor", 0x31), ("sum8", 0xDD), ("sum8-negated", 0x23), ("sum16", 0x1DD), ("crc8", 0xF4)),
        *(("crc8-maxim", 0xA1), ("crc16-xmodem", 0x31C3), ("crc16-ccitt", 0x29B1), ("crc16-modbus", 0x4B37)),
    ],
)
def test_the_checksums_have_the_check_values_of_the_catalogue(kind: str, check: int) -> None:
    """Those of CRCs are in Greg Cook's catalogue; the others are small enough to add up."""
    assert CHECKSUMS[kind][1](b"123456789") == check


@pytest.mark.parametrize(
    ("is_big", "is_hex", "written"),
    [(True, True, b"31C3"), (False, True, b"c331"), (True, False, b"\x31\xc3")],
)
def test_how_a_checksum_stands_in_a_packet(is_big: bool, is_hex: bool, written: bytes) -> None:
    end = -len(written) - 1
    checksum = Checksum("crc16-xmodem", end, 1, end - 1, is_big, is_hex)
    assert sums_of(checksum, b"$123456789" + written + b"\n") == (0x31C3, 0x31C3)


def test_no_checksum_is_left_out_here() -> None:
    assert len(CHECKSUMS) == 9


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field("x", 1), 0x80),
        (Field("x", 1, is_signed=True), -128),
        (Field("x", 1, 2), 0xFF80),
        (Field("x", 1, 2, is_signed=True), -128),
        (Field("x", 1, 2, is_big_endian=True), 0x80FF),
        (Field("x", 1, 3), 0x01FF80),
        (Field("x", 0, 4, is_big_endian=True), 0x0080FF01),
        (Field("x", 1, mask=0xF0), 8),
        (Field("x", 1, 2, mask=0x0180), 3),
        (Field("x", 1, is_signed=True, mask=0xF0), -8),
        (Field("x", 1, is_signed=True, mask=0x40), 0),
        (Field("x", 1, 2, is_signed=True, mask=0x3F80), 127 - 128),
        (Field("x", 1, 2, is_signed=True, mask=0x0780), 15 - 16),
        (Field("x", 3, 2), None),
    ],
)
def test_fields(field: Field, value: int | None) -> None:
    assert value_in(field, b"\x00\x80\xff\x01") == value
