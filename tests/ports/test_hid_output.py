# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written to raw HID devices is written by a process of its own, whatever the device does.

The devices are sockets that keep reports apart, as the kernel does; one that is full holds its writer up.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.sources.hid_output import CLOSING_S, HidOutput
from hal_mpg.sources.hid_writer import Report, packed, set_feature, unpacked

LIMIT_S = 10.0


class Device:
    """A device that takes reports: `ours` is its descriptor, as a program has it open."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.theirs.settimeout(LIMIT_S)

    def next(self) -> bytes:
        """Wait for the next report."""
        return self.theirs.recv(4096)

    def all(self) -> list[bytes]:
        """Return the reports that have come."""
        self.theirs.setblocking(False)
        found = []
        try:
            while report := self.theirs.recv(4096):
                found.append(report)
        except BlockingIOError:
            pass
        finally:
            self.theirs.settimeout(LIMIT_S)
        return found

    def hang(self) -> int:
        """Fill it up, so that the next writer waits; return with how many reports."""
        self.ours.setblocking(False)
        count = 0
        try:
            while True:
                self.ours.send(b"old")
                count += 1
        except BlockingIOError:
            self.ours.setblocking(True)
            return count


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def output() -> Iterator[HidOutput]:
    output = HidOutput()
    output.start()
    yield output
    output.close()


def out(*data: bytes) -> list[Report]:
    return [(b"O", one) for one in data]


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.002)


def process_of(output: HidOutput) -> subprocess.Popen[bytes]:
    assert output._process is not None
    return output._process


def test_reports_arrive_whole_and_in_their_order(output: HidOutput, device: Device) -> None:
    output.use(device.ours.fileno())
    assert output.write(0, out(b"\x06one", b"\x06two"))
    assert [device.next(), device.next()] == [b"\x06one", b"\x06two"]
    assert output.complaint() == ""


def test_of_pictures_that_wait_the_newest_is_written(output: HidOutput, device: Device) -> None:
    device.hang()
    output.use(device.ours.fileno())
    output.write(0, out(b"the one that hangs"))
    time.sleep(0.3)  # until it does
    for number in range(50):
        output.write(0, out(b"picture %d" % number))
        output.write(1, out(b"lamp %d" % number))
    found: list[bytes] = []
    wait_for(lambda: found.extend(device.all()) or b"lamp 49" in found, "it went on")  # type: ignore[func-returns-value]
    assert [one for one in found if one != b"old"] == [b"the one that hangs", b"picture 49", b"lamp 49"]


def test_nothing_here_waits_for_a_device_that_hangs(output: HidOutput, device: Device) -> None:
    device.hang()
    output.use(device.ours.fileno())
    longest = 0.0
    refused = 0
    for _ in range(20_000):
        at = time.perf_counter()
        refused += not output.write(0, out(bytes(48)))
        longest = max(longest, time.perf_counter() - at)
        if refused:
            break
    else:
        pytest.fail("20000 pictures are waiting")
    assert longest < 0.5, "a slow moment of this computer, not a wait of seconds"
    output.let_go(100.0)
    assert output.is_closing(100.0), "it cannot have closed it yet; there is not even room to ask it to"
    while output.is_closing(100.0):
        device.all()


def test_it_says_when_the_device_is_closed_there_too(output: HidOutput, device: Device) -> None:
    output.use(device.ours.fileno())
    device.ours.close()
    output.let_go(100.0)
    wait_for(lambda: not output.is_closing(100.0), "closed")
    assert device.theirs.recv(100) == b"", "nobody has it open any more"


def test_a_writer_that_never_lets_go_is_left_to_itself(output: HidOutput, device: Device) -> None:
    device.hang()
    output.use(device.ours.fileno())
    output.write(0, out(b"hangs"))
    time.sleep(0.3)
    hung = process_of(output)
    output.let_go(100.0)
    assert output.is_closing(100.0)
    assert output.is_closing(100.0 + CLOSING_S - 0.1)
    assert not output.is_closing(100.0 + CLOSING_S)
    other = Device()
    output.use(other.ours.fileno())
    output.write(0, out(b"another one writes"))
    assert other.next() == b"another one writes"
    wait_for(lambda: b"hangs" in device.all() or hung.poll() is not None, "it went on")
    assert hung.wait(LIMIT_S) == 0


def test_what_fails_is_told_once_for_each_device_and_tried_again(output: HidOutput) -> None:
    read_only = os.open("/dev/null", os.O_RDONLY)
    output.use(read_only)
    complaints: list[str] = []
    for number in range(3):
        output.write(0, out(b"%d" % number))
    wait_for(lambda: complaints.append(output.complaint()) or complaints[-1], "a complaint")  # type: ignore[func-returns-value]
    assert complaints[-1] == os.strerror(errno.EBADF)
    output.write(0, [(b"F", b"\x06")])
    time.sleep(1.3)
    assert output.complaint() == ""
    output.use(read_only)
    output.write(0, [(b"F", b"\x06")])
    wait_for(lambda: complaints.append(output.complaint()) or complaints[-1], "a complaint")  # type: ignore[func-returns-value]
    assert complaints[-1] == os.strerror(errno.ENOTTY), "/dev/null takes no feature reports"


def test_after_a_failure_the_newest_is_written_as_soon_as_it_works(output: HidOutput) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)  # full: an error, and no wait
    filled = 0
    try:
        while True:
            ours.send(b"old")
            filled += 1
    except BlockingIOError:
        pass
    output.use(ours.fileno())
    output.write(0, out(b"first"))
    wait_for(output.complaint, "a complaint")
    output.write(0, out(b"second"))
    for _ in range(filled):
        theirs.recv(10)
    theirs.settimeout(LIMIT_S)
    assert theirs.recv(10) == b"second"


def test_a_writer_that_was_killed_is_told_of_and_comes_back_with_the_next_device(
    output: HidOutput, device: Device
) -> None:
    output.leave_behind(out(b"last"))
    output.use(device.ours.fileno())
    process_of(output).kill()
    process_of(output).wait(LIMIT_S)
    output.write(0, out(b"nobody"))
    wait_for(lambda: "ended" in output.complaint(), "a complaint")
    assert not output.write(0, out(b"nobody"))
    output.use(device.ours.fileno())
    assert output.write(0, out(b"somebody"))
    assert device.next() == b"somebody"
    output.close()
    assert device.next() == b"last"


PARENT = """
import os, signal, sys
from hal_mpg.sources.hid_output import HidOutput
output = HidOutput()
output.start()
output.leave_behind([(b"O", b"last words"), (b"O", b"and more")])
output.use(int(sys.argv[1]))
output.write(0, [(b"O", b"picture")])
print(output._process.pid, flush=True)
signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whatever_ends_the_program_something_is_left_on_the_display(
    number: signal.Signals, device: Device
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(device.ours.fileno())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[device.ours.fileno()],
        start_new_session=True,
    )
    device.ours.close()
    assert parent.stdout is not None
    writer = int(parent.stdout.readline())
    assert device.next() == b"picture"
    if number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(parent.pid, number)  # as a terminal does: to the writer as well
    else:
        parent.send_signal(number)
    parent.wait(LIMIT_S)
    parent.stdout.close()
    assert [device.next(), device.next()] == [b"last words", b"and more"]
    assert device.theirs.recv(100) == b"", "and the writer has ended, too"
    wait_for(lambda: _is_dead(writer), "the writer's end")


def _is_dead(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text("ascii")
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def test_a_picture_that_was_begun_is_ended_before_the_last_one(output: HidOutput, device: Device) -> None:
    device.hang()
    output.leave_behind(out(b"last"))
    output.use(device.ours.fileno())
    output.write(0, out(b"begun", b"and", b"ended"))
    time.sleep(0.3)  # the first part hangs
    output.close()
    found: list[bytes] = []
    wait_for(lambda: found.extend(device.all()) or b"last" in found, "the end")  # type: ignore[func-returns-value]
    assert [one for one in found if one != b"old"] == [b"begun", b"and", b"ended", b"last"]


def test_one_that_hangs_leaves_something_on_the_display_and_goes_on_when_it_does(
    output: HidOutput, device: Device
) -> None:
    output.leave_behind(out(b"last"), 0.3)
    output.use(device.ours.fileno())
    output.write(0, out(b"picture"))
    assert [device.next(), device.next()] == [b"picture", b"last"]
    time.sleep(0.7)
    assert device.all() == [], "once is enough"
    output.write(0, out(b"again"))
    assert [device.next(), device.next()] == [b"again", b"last"]


def test_without_a_limit_silence_is_no_fault(output: HidOutput, device: Device) -> None:
    output.leave_behind(out(b"last"))
    output.use(device.ours.fileno())
    output.write(0, out(b"picture"))
    assert device.next() == b"picture"
    time.sleep(0.5)
    assert device.all() == []
    output.close()
    assert device.next() == b"last"


@given(st.lists(st.tuples(st.sampled_from([b"F", b"O"]), st.binary(max_size=1025)), max_size=8))
def test_reports_are_packed_and_unpacked(reports: list[Report]) -> None:
    assert unpacked(packed(reports)) == reports


def test_the_request_is_the_kernels() -> None:
    # linux/hidraw.h: _IOC(_IOC_WRITE|_IOC_READ, 'H', 0x06, len); for 8 bytes strace shows it as 0xc0084806
    assert set_feature(8) == 0xC0084806
