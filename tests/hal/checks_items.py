# SPDX-License-Identifier: GPL-2.0-or-later
"""Contract checks: access to pins and parameters, and the objects for them."""

from __future__ import annotations

from typing import Any

from tests.hal.expect import one_pin, raises, same


def check_access_by_item_and_attribute(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("axis.x.jog-counts", hal.HAL_S32, hal.HAL_OUT)
    comp.newpin("q", hal.HAL_FLOAT, hal.HAL_IN)
    comp["axis.x.jog-counts"] = 4
    assert comp["axis.x.jog-counts"] == getattr(comp, "axis.x.jog-counts") == 4
    comp.q = 3
    assert same(comp.q, 3.0)
    assert same(comp["q"], 3.0)
    assert hasattr(comp, "q")
    assert not hasattr(comp, "nope")
    assert getattr(comp, "nope", 7) == 7


def check_unknown_names(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_BIT)
    message = "Pin 'nope' does not exist"
    with raises(AttributeError, message):
        comp["nope"]
    with raises(AttributeError, message):
        comp.nope  # noqa: B018
    with raises(AttributeError, message):
        comp["nope"] = 1
    with raises(AttributeError, message):
        comp.nope = 1
    with raises(AttributeError, message):
        comp.getitem("nope")
    with raises(AttributeError, "Pin 'c.x' does not exist"):
        comp["c.x"]
    with raises(TypeError, "bad argument type for built-in operation"):
        comp[5]
    with raises(TypeError, "bad argument type for built-in operation"):
        comp[5] = 1
    with raises(TypeError):
        comp.getitem(5)


def check_component_is_no_container(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_BIT)
    with raises(TypeError):
        "x" in comp  # noqa: B015
    with raises(TypeError):
        list(comp)
    assert len(comp) == 1
    assert bool(comp)
    assert not hal.component("empty")


def check_methods_win_over_pins(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("ready", hal.HAL_BIT, hal.HAL_OUT)
    comp["ready"] = True
    assert callable(comp["ready"])
    assert callable(comp.ready)
    assert comp.getitem("ready").get() is True
    assert comp.getpins() == {"ready": True}
    comp.ready = False
    assert hal.get_value("c.ready") is False


def check_pin_object(hal: Any) -> None:
    comp = hal.component("c", "p")
    pin = comp.newpin("x", hal.HAL_S32, hal.HAL_IO)
    assert type(pin) is hal.Pin
    assert (pin.name, pin.type, pin.dir, pin.value) == ("x", hal.HAL_S32, hal.HAL_IO, 0)
    assert (pin.get_name(), pin.get_type(), pin.get_dir()) == ("x", hal.HAL_S32, hal.HAL_IO)
    assert pin.is_pin() is True
    assert pin.set(4) is None
    assert (comp["x"], pin.get(), pin.value) == (4, 4, 4)
    pin.value = 5
    assert (comp["x"], pin.get(), pin.value) == (5, 5, 5)
    with raises(ValueError):
        pin.value = "x"
    with raises(OverflowError, "Value 2147483648 out of range"):
        pin.set(2**31)
    for name in ("name", "type", "dir"):
        with raises(AttributeError):
            setattr(pin, name, 1)
    assert pin.get() == 5


def check_param_object(hal: Any) -> None:
    comp = hal.component("c")
    param = comp.newparam("x", hal.HAL_FLOAT, hal.HAL_RW)
    assert type(param) is hal.Param
    assert (param.name, param.type, param.dir) == ("x", hal.HAL_FLOAT, hal.HAL_RW)
    assert param.is_pin() is False
    param.value = "2.5"
    assert comp["x"] == param.get() == 2.5


def check_getitem(hal: Any) -> None:
    comp = hal.component("c")
    pin = comp.newpin("x", hal.HAL_BIT, hal.HAL_IO)
    comp.newparam("y", hal.HAL_S32, hal.HAL_RO)
    item = comp.getitem("x")
    assert repr(item) == '<hal pin "x" BIT-IO>'
    assert repr(comp.getitem("y")) == '<hal param "y" S32-RO>'
    item.set(7)
    assert pin.get() is item.get() is True
    assert (item.get_name(), item.get_type(), item.get_dir()) == ("x", hal.HAL_BIT, hal.HAL_IO)
    assert (item.is_pin(), comp.getitem("y").is_pin()) == (True, False)
    for name in ("name", "type", "dir", "value"):
        assert not hasattr(item, name)
    with raises(AttributeError):
        item.value = 1
    assert hal.Pin(item).value is True
    with raises(TypeError, "Must be constructed from pin object"):
        hal.Pin(comp.getitem("y"))
    with raises(TypeError, "Must be constructed from param object"):
        hal.Param(item)
    with raises(TypeError):
        hal.Pin(comp)


def check_getpin_and_getparam_never_work(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_BIT)
    comp.newparam("y", hal.HAL_S32, hal.HAL_RO)
    for name in ("x", "y", "nope"):
        with raises(AttributeError, "type object 'hal.component' has no attribute 'getpin'"):
            comp.getpin(name)
        with raises(AttributeError, "type object 'hal.component' has no attribute 'getparam'"):
            comp.getparam(name)


def check_getpins(hal: Any) -> None:
    comp = hal.component("c")
    assert comp.getpins() == {}
    comp.newpin("b", hal.HAL_BIT, hal.HAL_IN)
    comp.newparam("c", hal.HAL_S32, hal.HAL_RO)
    comp.newpin("a", hal.HAL_FLOAT, hal.HAL_OUT)
    comp["a"], comp["b"], comp["c"] = 1, 1, 1
    values = comp.getpins()
    assert list(values.items()) == [("a", 1.0), ("b", True), ("c", 1)]
    comp["c"] = 2
    assert values["c"] == 1
    assert len(comp) == 3
    assert "with 3 pins and params" in repr(comp)


def check_get_value(hal: Any) -> None:
    comp = one_pin(hal, hal.HAL_S32)
    comp.newparam("y", hal.HAL_S32, hal.HAL_RO)
    comp["x"], comp["y"] = 1, 2
    hal.new_sig("c.x", hal.HAL_FLOAT)
    hal.new_sig("c.y", hal.HAL_FLOAT)
    hal.new_sig("z", hal.HAL_FLOAT)
    assert same(hal.get_value("c.x"), 1)  # pins and parameters win over signals
    assert same(hal.get_value("c.y"), 2)
    assert same(hal.get_value("z"), 0.0)
    with raises(RuntimeError, "Can't set value: pin / param nope not found"):
        hal.get_value("nope")
    with raises(TypeError):
        hal.get_value(3)


def check_get_info(hal: Any) -> None:
    comp = hal.component("c")
    for name, hal_type, direction in (
        ("b", hal.HAL_BIT, hal.HAL_OUT),
        ("f", hal.HAL_FLOAT, hal.HAL_IN),
        ("Z", hal.HAL_S32, hal.HAL_IN),
        ("\U0001f600", hal.HAL_U32, hal.HAL_IO),
        ("\uffee", hal.HAL_U32, hal.HAL_IO),
    ):
        comp.newpin(name, hal_type, direction)
        comp[name] = 1
    comp.newparam("q", hal.HAL_FLOAT, hal.HAL_RW)
    comp.newparam("p", hal.HAL_BIT, hal.HAL_RO)
    assert hal.get_info_pins() == [
        {"NAME": "c.Z", "VALUE": 1, "DIRECTION": hal.HAL_IN, "TYPE": hal.HAL_S32},
        {"NAME": "c.b", "VALUE": True, "DIRECTION": hal.HAL_OUT, "TYPE": hal.HAL_BIT},
        {"NAME": "c.f", "VALUE": 1.0, "DIRECTION": hal.HAL_IN, "TYPE": hal.HAL_FLOAT},
        {"NAME": "c.\uffee", "VALUE": 1, "DIRECTION": hal.HAL_IO, "TYPE": hal.HAL_U32},
        {"NAME": "c.\U0001f600", "VALUE": 1, "DIRECTION": hal.HAL_IO, "TYPE": hal.HAL_U32},
    ]
    assert hal.get_info_params() == [
        {"NAME": "c.p", "DIRECTION": hal.HAL_RO, "VALUE": False},
        {"NAME": "c.q", "DIRECTION": hal.HAL_RW, "VALUE": 0.0},
    ]
    assert hal.get_info_signals() == []
