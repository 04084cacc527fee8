# SPDX-License-Identifier: GPL-2.0-or-later
"""From bytes to frames: any split gives the same frames, and what was lost is void."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.events import EV_KEY, EV_REL, EV_SYN, SYN_DROPPED, SYN_REPORT, EventsLost, Frame
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder

DETENT, PRESS = (EV_REL, 7, 1), (EV_KEY, 0x120, 1)
REPORT, DROPPED = (EV_SYN, SYN_REPORT, 0), (EV_SYN, SYN_DROPPED, 0)

raw = st.lists(st.sampled_from([DETENT, PRESS, REPORT, REPORT, DROPPED, (EV_REL, 7, -(2**31))]), max_size=25)


def packed(changes: list[tuple[int, int, int]], time: float = 5.5) -> bytes:
    seconds, fraction = divmod(time, 1)
    return b"".join(INPUT_EVENT.pack(int(seconds), round(fraction * 1e6), *change) for change in changes)


def fed(data: bytes, cuts: list[int]) -> list[Frame | EventsLost]:
    builder = FrameBuilder(3)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [event for a, b in pairwise(places) for event in builder.feed(data[a:b], 9.0)]


def merged(events: list[Frame | EventsLost]) -> list[object]:
    """Return the frames, and between them what was lost, in however many pieces it was told."""
    result: list[object] = []
    for event in events:
        if isinstance(event, Frame):
            result.append(event)
        elif result and isinstance(result[-1], list):
            result[-1] += event.void
        else:
            result.append([*event.void])
    return result


def test_a_frame_is_what_stands_before_its_report() -> None:
    assert fed(packed([DETENT, PRESS, REPORT]), []) == [Frame(5.5, 3, (DETENT, PRESS))]


def test_without_its_report_there_is_no_frame() -> None:
    assert fed(packed([DETENT, PRESS]), []) == []


def test_without_monotonic_stamps_the_time_is_that_of_reading() -> None:
    (frame,) = FrameBuilder(0, has_monotonic_stamps=False).feed(packed([DETENT, REPORT]), 9.0)
    assert frame.time == 9.0


def test_after_dropped_everything_is_void_back_and_forth_to_the_next_report() -> None:
    events = fed(packed([PRESS, REPORT, DETENT, DROPPED, PRESS, DETENT, REPORT, DETENT, REPORT]), [])
    assert merged(events) == [Frame(5.5, 3, (PRESS,)), [DETENT, PRESS, DETENT], Frame(5.5, 3, (DETENT,))]


def test_a_loss_is_told_before_its_report_has_come() -> None:
    """What an E-stop does must not wait for a report that may come late."""
    assert [type(event) for event in fed(packed([DETENT, DROPPED, PRESS]), [])] == [EventsLost]


def test_a_loss_between_two_frames() -> None:
    events = fed(packed([DETENT, REPORT, DROPPED, REPORT, PRESS, REPORT]), [])
    assert merged(events) == [Frame(5.5, 3, (DETENT,)), [], Frame(5.5, 3, (PRESS,))]


@given(raw, st.lists(st.integers(0, 10_000), max_size=10))
def test_any_split_gives_the_same(changes: list[tuple[int, int, int]], cuts: list[int]) -> None:
    data = packed(changes)
    assert merged(fed(data, cuts)) == merged(fed(data, []))


@given(raw)
def test_byte_by_byte_gives_the_same(changes: list[tuple[int, int, int]]) -> None:
    data = packed(changes)
    assert merged(fed(data, list(range(len(data))))) == merged(fed(data, []))


@given(raw)
def test_no_change_is_lost_or_made_up(changes: list[tuple[int, int, int]]) -> None:
    events = fed(packed([*changes, REPORT]), [])
    seen = [change for event in events for change in event[2]]
    assert seen == [change for change in changes if change[0] != EV_SYN]


@given(st.binary(max_size=500))
def test_any_bytes_are_taken(data: bytes) -> None:
    fed(data, [])


def test_a_device_that_never_ends_its_frame_is_asked_for_its_state() -> None:
    """Or an E-stop in that frame would never be seen, and the memory would be full one day."""
    builder = FrameBuilder(0)
    lost = [event for _ in range(300) for event in builder.feed(packed([PRESS] * 10), 1.0)]
    assert lost
    assert {type(event) for event in lost} == {EventsLost}
    assert len(builder.feed(packed([REPORT]), 1.0)) == 1
    assert builder.feed(packed([PRESS, REPORT]), 1.0) == [Frame(5.5, 0, (PRESS,))]


def test_the_longest_frame_is_a_frame_and_one_change_more_is_a_loss() -> None:
    for number, kind in ((1024, Frame), (1025, EventsLost)):
        events = FrameBuilder(0).feed(packed([PRESS] * number + [REPORT]), 1.0)
        assert [(type(event), len(event[2])) for event in events] == [(kind, number)]


def test_a_loss_is_dated() -> None:
    """With its report; before it has come, with the time of reading, but not before what was read."""
    whole, open_end = packed([DROPPED, REPORT], 5.5), packed([DETENT, DROPPED], 5.6)
    assert [event.time for event in FrameBuilder(0).feed(whole, 9.0)] == [5.5]
    assert [event.time for event in FrameBuilder(0).feed(whole + open_end, 9.0)] == [5.5, 9.0]
    late = packed([DETENT, REPORT], 9.5)
    assert [event.time for event in FrameBuilder(0).feed(late + open_end, 9.0)] == [9.5, 9.5]


def unsummed(frames: list[Frame | EventsLost]) -> list[object]:
    """Return frames with neighbors that are one wheel's turn added up, and without their times."""
    result: list[list[object]] = []
    for frame in frames:
        kind, code, value = frame[2][0] if len(frame[2]) == 1 else (None, None, 0)
        if result and kind == EV_REL and result[-1][:3] == [Frame, kind, code] and result[-1][3] * value > 0:
            result[-1][3] += value
        elif kind == EV_REL:
            result.append([Frame, kind, code, value])
        else:
            result.append([type(frame), *frame[2]])
    return [tuple(item) for item in result]


OTHER_WHEEL, MORE, BACK = (EV_REL, 8, 1), (EV_REL, 7, 3), (EV_REL, 7, -1)
wheel_frames = st.sampled_from([DETENT, DETENT, DETENT, BACK, MORE, OTHER_WHEEL, PRESS, DROPPED])


@given(st.lists(wheel_frames, max_size=40), st.lists(st.integers(0, 10_000), max_size=3))
def test_sums_are_what_the_single_frames_are(changes: list[tuple[int, int, int]], cuts: list[int]) -> None:
    data = b"".join(packed([change, REPORT]) for change in changes)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    one_by_one, summing = FrameBuilder(0), FrameBuilder(0, sums_up=True)
    single, sums = (
        [event for a, b in pairwise(places) for event in builder.feed(data[a:b], 5.51)]
        for builder in (one_by_one, summing)
    )
    assert unsummed(sums) == unsummed(single)


def test_a_spun_wheel_is_one_frame_of_the_last_one_s_time() -> None:
    data = b"".join(packed([DETENT, REPORT], 5.5 + i / 1000) for i in range(30))
    assert FrameBuilder(2, sums_up=True).feed(data, 5.53) == [Frame(5.529, 2, ((EV_REL, 7, 30),))]
    assert len(FrameBuilder(2).feed(data, 5.53)) == 30


def test_what_was_turned_longer_ago_is_told_one_by_one() -> None:
    """Detents that are too old to be used must not be counted as young as the last of them."""
    data = b"".join(packed([DETENT, REPORT], time) for time in (5.0, 5.6))
    assert len(FrameBuilder(0, sums_up=True).feed(data, 5.61)) == 2


def test_a_sum_stays_below_what_a_hand_cannot_do() -> None:
    data = packed([(EV_REL, 7, 100), REPORT]) * 3
    assert len(FrameBuilder(0, sums_up=True).feed(data, 5.5)) == 3
    assert len(FrameBuilder(0, sums_up=True).feed(data[: 2 * len(data) // 3], 5.5)) == 1


def test_keys_are_never_summed() -> None:
    data = packed([PRESS, REPORT]) * 3
    assert FrameBuilder(0, sums_up=True).feed(data, 5.5) == [Frame(5.5, 0, (PRESS,))] * 3
