# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines out of bytes: any split, any garbage, bounded memory."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.protocols.framing import CR, LineFramer

MAX = 8
BYTES = st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\xff", b"longlonglong"])).map(b"".join)


def fed(framer: LineFramer, data: bytes, sizes: list[int]) -> list[bytes | None]:
    """Return what comes of data that arrive in pieces of these sizes, then one by one."""
    lines: list[bytes | None] = []
    for size in sizes:
        lines += framer.feed(data[:size])
        data = data[size:]
    for byte in data:
        lines += framer.feed(bytes([byte]))
    return lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\ntwo\n", [b"one", b"two"]),
        (b"one\r\n\r\n\n\ntwo\r\n", [b"one", b"two"]),
        (b"half", []),
        (b"12345678\n", [b"12345678"]),
        (b"12345678\r\n", [b"12345678"]),
        (b"123456789\nnext\n", [None, b"next"]),
        (b"12345678\rx\nnext\n", [None, b"next"]),
        (b"x" * 1000, [None]),
        (b"x" * 1000 + b"\n" + b"y" * 1000 + b"\ngood\n", [None, None, b"good"]),
        (b"a\rb\n", [b"a\rb"]),
    ],
)
def test_what_is_a_line(data: bytes, lines: list[bytes | None]) -> None:
    assert LineFramer(MAX).feed(data) == lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\rtwo\r", [b"one", b"two"]),
        (b"one\r\ntwo\r\n", [b"one", b"two"]),
        (b"one\n\r\n\r\r", [b"one"]),
        (b"123456789\rnext\r", [None, b"next"]),
    ],
)
def test_lines_that_end_with_cr(data: bytes, lines: list[bytes | None]) -> None:
    assert LineFramer(MAX, CR).feed(data) == lines
    assert fed(LineFramer(MAX, CR), data, []) == lines


@given(BYTES, st.lists(st.integers(0, 20)), st.sampled_from([10, 13]))
def test_the_split_makes_no_difference(data: bytes, sizes: list[int], end: int) -> None:
    assert fed(LineFramer(MAX, end), data, sizes) == LineFramer(MAX, end).feed(data)


@given(st.binary(max_size=300))
def test_a_good_line_after_garbage_is_always_found(data: bytes) -> None:
    framer = LineFramer(MAX)
    framer.feed(data)
    assert framer.feed(b"\ngood\n")[-1] == b"good"


def test_nothing_is_kept_of_what_never_ends() -> None:
    framer = LineFramer(250)
    for _ in range(1000):
        framer.feed(b"x" * 4096)
    assert sum(sys.getsizeof(getattr(framer, name)) for name in framer.__slots__) < 1000


def test_after_a_reset_half_a_line_is_none() -> None:
    framer = LineFramer(MAX)
    framer.feed(b"half ")
    framer.reset()
    assert framer.feed(b"line\n") == [b"line"]
