# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of a node that has gone is an OSError, whatever python-evdev makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from hal_mpg import evdev_library, input_node
from hal_mpg.evdev_library import open_node
from hal_mpg.input_node import absolute_value, check_alive, held_keys


@pytest.fixture
def no_node() -> Iterator[int]:
    """The descriptor of something that answers no such request."""
    descriptor = os.open("/dev/null", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(
    "ask",
    [held_keys, lambda descriptor: absolute_value(descriptor, 0), check_alive],
    ids=["keys", "abs", "alive"],
)
def test_a_request_that_fails_is_an_oserror(ask: Callable[[int], object], no_node: int) -> None:
    with pytest.raises(OSError):
        ask(no_node)


def test_opening_what_is_no_node_is_an_oserror() -> None:
    with pytest.raises(OSError):
        open_node("/dev/null")


def test_a_node_that_goes_while_it_is_opened_is_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: str) -> None:
        raise SystemError("<built-in function ioctl_devinfo> returned NULL without setting an exception")

    monkeypatch.setattr(evdev_library, "InputDevice", gone)
    with pytest.raises(OSError) as caught:
        open_node("/dev/input/event0")
    assert caught.value.strerror


def test_what_is_asked_is_what_the_kernel_defines() -> None:
    """linux/input.h: EVIOCGVERSION, EVIOCGKEY(KEY_CNT / 8), EVIOCGABS(0), EVIOCSABS(0), EVIOCSCLOCKID."""

    def request(direction: int, number: int, size: int) -> int:
        return direction << 30 | size << 16 | ord("E") << 8 | number

    read, write = 2, 1
    assert request(read, 0x01, 4) == input_node.EVIOCGVERSION
    assert request(read, 0x18, 0x300 // 8) == input_node.EVIOCGKEY
    assert request(read, 0x40, 6 * 4) == input_node.EVIOCGABS
    assert request(write, 0xC0, 6 * 4) == input_node.EVIOCSABS
    assert request(write, 0xA0, 4) == input_node.EVIOCSCLOCKID


def test_a_node_whose_name_cannot_be_decoded_is_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    def undecodable(path: str) -> None:
        b"\xff".decode()

    monkeypatch.setattr(evdev_library, "InputDevice", undecodable)
    with pytest.raises(OSError, match="not UTF-8"):
        open_node("/dev/input/event0")
