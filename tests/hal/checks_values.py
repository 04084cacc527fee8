# SPDX-License-Identifier: GPL-2.0-or-later
"""Contract checks: what values pins and parameters take, from their component and from set_p."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from tests.hal.expect import one_pin, raises, same


def check_values_of_new_items(hal: Any) -> None:
    comp = hal.component("c")
    for name, hal_type, value in (
        ("b", hal.HAL_BIT, False),
        ("f", hal.HAL_FLOAT, 0.0),
        ("s", hal.HAL_S32, 0),
        ("u", hal.HAL_U32, 0),
    ):
        for direction in (hal.HAL_IN, hal.HAL_OUT, hal.HAL_IO):
            pin = comp.newpin(f"{name}-{direction}", hal_type, direction)
            assert same(pin.get(), value)
            assert same(hal.get_value(f"c.{name}-{direction}"), value)
        for direction in (hal.HAL_RO, hal.HAL_RW):
            assert same(comp.newparam(f"{name}-{direction}", hal_type, direction).get(), value)
            assert same(hal.get_value(f"c.{name}-{direction}"), value)


def check_bit_takes_anything(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_BIT)
    for value in (True, 1, 256, -1, 0.1, math.nan, "False", "0", [0], object()):
        comp["x"] = value
        assert comp["x"] is True, value
        comp["x"] = False
        assert comp["x"] is False
    for value in (False, 0, 0.0, None, "", [], b""):
        comp["x"] = True
        comp["x"] = value
        assert comp["x"] is False, value


def check_float_takes(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_FLOAT)
    for value, expected in (
        (1.5, 1.5),
        (-0.0, -0.0),
        (1e-320, 1e-320),
        (math.nan, math.nan),
        (-math.inf, -math.inf),
        (3, 3.0),
        (True, 1.0),
        (10**30, 1e30),
        ("1.5", 1.5),
        (" 2 ", 2.0),
        ("1e3", 1000.0),
        (b"3", 3.0),
        (Decimal("1.25"), 1.25),
    ):
        comp["x"] = value
        assert same(comp["x"], expected), value
        assert same(hal.get_value("c.x"), expected), value


def check_float_refuses(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_FLOAT)
    comp["x"] = 2.5
    with raises(TypeError, "Number expected, not str"):
        comp["x"] = "x"
    with raises(TypeError, "Number expected, not NoneType"):
        comp["x"] = None
    with raises(TypeError, "Number expected, not complex"):
        comp["x"] = 1j
    with raises(TypeError, "Number expected, not list"):
        comp["x"] = []
    with raises(OverflowError):
        comp["x"] = 10**400
    assert comp["x"] == 2.5


def check_s32_takes(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_S32)
    for value, expected in (
        (2**31 - 1, 2**31 - 1),
        (-(2**31), -(2**31)),
        (1.9, 1),
        (-1.9, -1),
        (True, 1),
        ("12", 12),
        (" -3 ", -3),
        ("1_0", 10),
        (b"5", 5),
        (Decimal("7.9"), 7),
    ):
        comp["x"] = value
        assert same(comp["x"], expected), value
        assert same(hal.get_value("c.x"), expected), value


def check_u32_takes(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_U32)
    for value, expected in ((2**32 - 1, 2**32 - 1), (0, 0), (-0.5, 0), ("12", 12), (True, 1)):
        comp["x"] = value
        assert same(comp["x"], expected), value
        assert same(hal.get_value("c.x"), expected), value


def check_integers_overflow(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("s", hal.HAL_S32, hal.HAL_OUT)
    comp.newpin("u", hal.HAL_U32, hal.HAL_OUT)
    comp["s"] = comp["u"] = 5
    value: float
    for name, value in (
        ("s", 2**31),
        ("s", -(2**31) - 1),
        ("s", 10**10),
        ("u", 2**32),
        ("u", -1),
    ):
        with raises(OverflowError, f"Value {value} out of range"):
            comp[name] = value
        with raises(OverflowError, f"Value {value} out of range"):
            comp[name] = float(value)
        with raises(OverflowError, f"Value {value} out of range"):
            comp.getitem(name).set(str(value))
    for value in (2**63, -(2**63) - 1, 1e30, math.inf, -math.inf):
        with raises(OverflowError):
            comp["s"] = value
        with raises(OverflowError):
            comp["u"] = value
    assert (comp["s"], comp["u"]) == (5, 5)


def check_integers_refuse(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("s", hal.HAL_S32, hal.HAL_OUT)
    comp.newpin("u", hal.HAL_U32, hal.HAL_OUT)
    for name in ("s", "u"):
        comp[name] = 5
        for value in (None, 1j, [], object()):
            with raises(TypeError):
                comp[name] = value
        for value in ("x", "1.5", "0x10", "", math.nan):
            with raises(ValueError):
                comp[name] = value
        assert comp[name] == 5


def check_direction_hinders_no_write(hal: Any) -> None:
    comp = hal.component("c")
    for direction in (hal.HAL_IN, hal.HAL_OUT, hal.HAL_IO):
        comp.newpin(f"pin{direction}", hal.HAL_S32, direction)
        comp[f"pin{direction}"] = direction
        assert hal.get_value(f"c.pin{direction}") == direction
    for direction in (hal.HAL_RO, hal.HAL_RW):
        comp.newparam(f"param{direction}", hal.HAL_S32, direction)
        comp[f"param{direction}"] = direction
        assert hal.get_value(f"c.param{direction}") == direction


def check_set_p_bit(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_BIT, hal.HAL_IN)
    for text, value in (("1", True), ("0", False), ("TRUE", True), ("fAlSe", False)):
        assert hal.set_p("c.x", text) is False
        assert comp["x"] is value
    for text in ("", " 1", "2", "yes", "on"):
        assert hal.set_p("c.x", text) is True


def check_set_p_integers(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("s", hal.HAL_S32, hal.HAL_IN)
    comp.newpin("u", hal.HAL_U32, hal.HAL_IN)
    for text, signed, unsigned in (
        ("4", 4, 4),
        ("+8", 8, 8),
        ("-1", -1, 2**32 - 1),
        ("0x10", 16, 16),
        ("0X1f", 31, 31),
        ("010", 8, 8),
        ("0", 0, 0),
        ("", 0, 0),
        (" ", 0, 0),
        ("\t7\n", 7, 7),
        (" 5 x", 5, 5),
        ("3000000000", 3000000000 - 2**32, 3000000000),
        ("4294967301", 5, 5),
        ("9" * 23, -1, 2**32 - 1),
        ("-" + "9" * 23, 0, 2**32 - 1),
    ):
        for name, value in (("s", signed), ("u", unsigned)):
            assert hal.set_p(f"c.{name}", text) is False, text
            assert comp[name] == value, text
    comp["s"] = comp["u"] = 3
    # Not "0b1": glibc reads it as a number since 2.38, and did not before.
    for text in ("x", "6x", "1.5", "08", "0x", "- 8", "1e3", "TRUE"):
        assert hal.set_p("c.s", text) is True, text
        assert hal.set_p("c.u", text) is True, text
    assert (comp["s"], comp["u"]) == (3, 3)


def check_set_p_float(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_FLOAT, hal.HAL_IN)
    for text, value in (
        ("4", 4.0),
        ("1e3", 1000.0),
        ("-.5e-1", -0.05),
        ("5.", 5.0),
        ("nan", math.nan),
        ("INF", math.inf),
        ("-infinity", -math.inf),
        ("1e999", math.inf),
        ("0x1p4", 16.0),
        ("0x.8", 0.5),
        ("-0x1.8p1", -3.0),
        ("", 0.0),
        ("1.5 mm", 1.5),
        ("\t7\n", 7.0),
    ):
        assert hal.set_p("c.x", text) is False, text
        assert same(comp["x"], value), text
    comp["x"] = 3
    for text in ("x", "1,5", "1_0", "1e", "0x", "e5", ".", "infin", "1.5mm", "0x1p"):
        assert hal.set_p("c.x", text) is True, text
    assert comp["x"] == 3.0


def check_set_p_rights(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("in", hal.HAL_S32, hal.HAL_IN)
    comp.newpin("out", hal.HAL_S32, hal.HAL_OUT)
    comp.newpin("io", hal.HAL_S32, hal.HAL_IO)
    comp.newparam("ro", hal.HAL_S32, hal.HAL_RO)
    comp.newparam("rw", hal.HAL_S32, hal.HAL_RW)
    for name in ("in", "io", "rw"):
        assert hal.set_p(f"c.{name}", "12") is False
        assert comp[name] == hal.get_value(f"c.{name}") == 12
    with raises(RuntimeError, "pin not writable"):
        hal.set_p("c.out", "1")
    with raises(RuntimeError, "param not writable"):
        hal.set_p("c.ro", "1")
    with raises(RuntimeError, "pin not found"):
        hal.set_p("c.nope", "1")
    hal.new_sig("s", hal.HAL_S32)
    with raises(RuntimeError, "pin not found"):
        hal.set_p("s", "1")
    hal.connect("c.in", "s")
    with raises(RuntimeError, "pin connected to signal"):
        hal.set_p("c.in", "1")
    with raises(TypeError):
        hal.set_p("c.io", 1)
    with raises(TypeError):
        hal.set_p("c.io")
