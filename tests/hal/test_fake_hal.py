# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fake HAL has and the real one has not: log, reset, FakeHal, ProcessKilled."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from types import ModuleType

import pytest

from hal_mpg.fake_hal import FakeHal, ProcessKilled, Write


def test_log_has_every_write_in_order(fake_hal: ModuleType) -> None:
    comp = fake_hal.component("c", "p")
    pin = comp.newpin("x", fake_hal.HAL_S32, fake_hal.HAL_OUT)
    comp.newparam("y", fake_hal.HAL_BIT, fake_hal.HAL_RO)
    comp.newpin("z", fake_hal.HAL_FLOAT, fake_hal.HAL_IN)
    comp["x"] = 1
    comp["x"] = 1
    comp["y"] = 7
    pin.set(2)
    pin.value = "3"
    comp.z = 4
    comp.getitem("x").set(5)
    with pytest.raises(OverflowError):
        comp["x"] = 2**31
    fake_hal.set_p("p.z", "9")
    assert comp["x"] == 5
    values = [("p.x", 1), ("p.x", 1), ("p.y", True), ("p.x", 2), ("p.x", 3), ("p.z", 4.0)]
    assert fake_hal.log == [Write(*value) for value in [*values, ("p.x", 5)]]
    assert fake_hal.log[2].value is True
    fake_hal.log.clear()
    comp["x"] = 6
    assert fake_hal.log == [Write("p.x", 6)]


def test_log_records_are_frozen() -> None:
    record = Write("c.x", 1)
    with pytest.raises(FrozenInstanceError):
        record.value = 2  # type: ignore[misc]


def test_reset_empties_everything(fake_hal: ModuleType) -> None:
    log = fake_hal.log
    comp = fake_hal.component("c")
    pin = comp.newpin("x", fake_hal.HAL_S32, fake_hal.HAL_OUT)
    fake_hal.net("s", "c.x")
    comp["x"] = 1
    fake_hal.reset()
    assert log == []
    assert fake_hal.log is log
    with pytest.raises(RuntimeError, match="closed"):
        comp["x"] = 2
    with pytest.raises(ProcessKilled):
        pin.set(2)
    again = fake_hal.component("c")
    assert "c(2) with 0 pins" in repr(again)
    assert fake_hal.get_info_pins() == fake_hal.get_info_signals() == []
    del comp  # its end must not take the new component of that name along
    assert fake_hal.component_exists("c")


def test_instances_are_apart(fake_hal: ModuleType) -> None:
    one, two = FakeHal(), FakeHal()
    first = one.component("c")
    first.newpin("x", one.HAL_S32, one.HAL_OUT)
    second = two.component("c")
    first["x"] = 3
    assert one.log == [Write("c.x", 3)]
    assert two.log == fake_hal.log == []
    assert len(second) == 0
    with pytest.raises(RuntimeError, match="before creating component"):
        fake_hal.get_value("c.x")
    with pytest.raises(fake_hal.error):
        one.component("c")


def test_process_killed_is_no_exception_that_a_handler_hides(fake_hal: ModuleType) -> None:
    keeper = fake_hal.component("keeper")
    comp = fake_hal.component("c")
    pin = comp.newpin("x", fake_hal.HAL_S32, fake_hal.HAL_OUT)
    comp.exit()
    for action in (pin.get, lambda: pin.set(1), lambda: repr(comp)):
        with pytest.raises(ProcessKilled, match="SIGSEGV"):
            action()
    assert not issubclass(ProcessKilled, Exception)
    assert fake_hal.log == []
    keeper.exit()
