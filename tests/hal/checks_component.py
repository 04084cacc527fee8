# SPDX-License-Identifier: GPL-2.0-or-later
"""Contract checks: components and the making of pins and parameters."""

from __future__ import annotations

from typing import Any

from tests.hal.expect import kills_the_process, raises

CLOSED = "Invalid operation on closed HAL component"
NO_COMPONENT = "Cannot call before creating component"
INVALID = "Invalid argument"


def check_constants(hal: Any) -> None:
    assert (hal.HAL_BIT, hal.HAL_FLOAT, hal.HAL_S32, hal.HAL_U32) == (1, 2, 3, 4)
    assert (hal.HAL_IN, hal.HAL_OUT, hal.HAL_IO) == (16, 32, 48)
    assert (hal.HAL_RO, hal.HAL_RW) == (64, 192)
    assert hal.error.__mro__[1:] == (Exception, BaseException, object)


def check_functions_need_a_component(hal: Any) -> None:
    calls = [
        (hal.component_exists, "c"),
        (hal.component_is_ready, "c"),
        (hal.new_sig, "s", hal.HAL_BIT),
        (hal.connect, "c.x", "s"),
        (hal.disconnect, "c.x"),
        (hal.pin_has_writer, "c.x"),
        (hal.get_value, "c.x"),
        (hal.set_p, "c.x", "1"),
        (hal.get_info_pins,),
        (hal.get_info_params,),
        (hal.get_info_signals,),
    ]
    for function, *arguments in calls:
        with raises(RuntimeError, NO_COMPONENT):
            function(*arguments)
    hal.component("c").exit()
    with raises(RuntimeError, NO_COMPONENT):
        hal.component_exists("c")


def check_component_names(hal: Any) -> None:
    longest = hal.component("c" * 47)
    assert hal.component_exists("c" * 47)
    assert longest.getprefix() == "c" * 47
    with raises(hal.error, INVALID):
        hal.component("c" * 48)
    with raises(hal.error, INVALID):
        hal.component("\u00fc" * 24)  # 48 bytes
    with raises(hal.error, INVALID):
        hal.component("c" * 47)  # exists
    with raises(ValueError, "embedded null character"):
        hal.component("a\0b")
    with raises(TypeError):
        hal.component(5)
    with raises(TypeError):
        hal.component()
    with raises(TypeError):
        hal.component("c", None)
    with raises(TypeError):
        hal.component("c", "p", "q")


def check_component_keywords(hal: Any) -> None:
    assert hal.component("c", prefix="p").getprefix() == "c"  # ignored!
    with raises(TypeError):
        hal.component(name="c")


def check_component_numbers(hal: Any) -> None:
    first = hal.component("c")
    assert repr(first) == "<hal component c(2) with 0 pins and params>"
    with raises(hal.error, INVALID):
        hal.component("c")
    second = hal.component("d")
    assert str(second) == "<hal component d(4) with 0 pins and params>"
    first.exit()
    assert "e(5)" in repr(hal.component("e"))
    second.exit()
    assert "c(2)" in repr(hal.component("c"))


def check_prefix(hal: Any) -> None:
    comp = hal.component("c", "p")
    assert comp.getprefix() == "p"
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    assert comp.setprefix("q") is None
    assert comp.getprefix() == "q"
    comp.newpin("y", hal.HAL_BIT, hal.HAL_OUT)
    assert [info["NAME"] for info in hal.get_info_pins()] == ["p.x", "q.y"]
    assert comp.getpins() == {"x": False, "y": False}
    with raises(ValueError, "Duplicate pin name 'x'"):
        comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)  # although it would be q.x
    assert comp.setprefix("q" * 60) is None  # too long, but that is noticed later
    with raises(hal.error):
        comp.newpin("z", hal.HAL_BIT, hal.HAL_OUT)
    with raises(TypeError):
        comp.setprefix(3)
    assert hal.component_exists("c")
    assert not hal.component_exists("p")


def check_empty_prefix(hal: Any) -> None:
    comp = hal.component("c", "")
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.newpin("", hal.HAL_BIT, hal.HAL_OUT)
    assert [info["NAME"] for info in hal.get_info_pins()] == [".", ".x"]


def check_ready(hal: Any) -> None:
    comp = hal.component("c")
    assert hal.component_exists("c")
    assert not hal.component_is_ready("c")
    with raises(hal.error, INVALID):
        comp.unready()
    assert comp.ready() is None
    assert hal.component_is_ready("c")
    with raises(hal.error, INVALID):
        comp.ready()
    with raises(hal.error, INVALID):
        comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    with raises(hal.error, INVALID):
        comp.newparam("x", hal.HAL_BIT, hal.HAL_RO)
    assert comp.unready() is None
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.ready()
    assert len(comp) == 1
    assert hal.component_exists("d") is hal.component_is_ready("d") is False


def check_pins_work_before_ready(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_S32, hal.HAL_OUT)
    comp["x"] = 3
    assert hal.get_value("c.x") == 3


def check_exit_takes_pins_away(hal: Any) -> None:
    other = hal.component("other")
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.newparam("y", hal.HAL_BIT, hal.HAL_RW)
    assert comp.exit() is None
    assert not hal.component_exists("c")
    assert hal.get_info_pins() == hal.get_info_params() == []
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_FLOAT, hal.HAL_IN)
    assert comp["x"] == 0.0
    other.exit()


def check_nothing_works_after_exit(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    newpin, exit_again, getpins = comp.newpin, comp.exit, comp.getpins
    ready, getitem, setprefix = comp.ready, comp.getitem, comp.setprefix
    comp.exit()
    for action in (
        lambda: comp.exit,
        lambda: comp.ready,
        lambda: comp["x"],
        lambda: comp.x,
        lambda: comp.__class__,
        lambda: len(comp),
        lambda: bool(comp),
        lambda: setattr(comp, "x", 1),
        lambda: comp.__setitem__("x", 1),
        lambda: newpin("y", hal.HAL_BIT, hal.HAL_OUT),
        lambda: getitem("x"),
        lambda: setprefix("p"),
        getpins,
        ready,
    ):
        with raises(RuntimeError, CLOSED):
            action()
    with raises(RuntimeError, CLOSED):
        comp["x"] = 1
    with raises(RuntimeError, CLOSED):
        del comp["x"]
    with raises(RuntimeError, CLOSED):
        hasattr(comp, "x")
    assert exit_again() is None


def check_component_without_references_exits(hal: Any) -> None:
    other = hal.component("other")
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    del comp
    assert not hal.component_exists("c")
    assert hal.get_info_pins() == []
    hal.component("c")
    hal.component("c")
    other.exit()


def check_pin_types_and_directions(hal: Any) -> None:
    comp = hal.component("c")
    for hal_type in (0, 5, -1):
        with raises(hal.error, f"Invalid pin type {hal_type}"):
            comp.newpin("x", hal_type, hal.HAL_OUT)
        with raises(hal.error, f"Invalid param type {hal_type}"):
            comp.newparam("x", hal_type, hal.HAL_RO)
    for direction in (0, 1, hal.HAL_RO, hal.HAL_RW):
        with raises(hal.error, INVALID):
            comp.newpin("x", hal.HAL_BIT, direction)
    for direction in (0, 1, hal.HAL_IN, hal.HAL_OUT, hal.HAL_IO):
        with raises(hal.error, INVALID):
            comp.newparam("x", hal.HAL_BIT, direction)
    assert len(comp) == 0
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    assert hal.get_info_params() == []


def check_newpin_arguments(hal: Any) -> None:
    comp = hal.component("c")
    with raises(TypeError):
        comp.newpin("x", hal.HAL_BIT)
    with raises(TypeError):
        comp.newpin(name="x", type=hal.HAL_BIT, dir=hal.HAL_OUT)
    with raises(TypeError):
        comp.newpin(3, hal.HAL_BIT, hal.HAL_OUT)
    with raises(TypeError):
        comp.newpin("x", 1.0, hal.HAL_OUT)
    with raises(TypeError):
        comp.newpin("x", None, hal.HAL_OUT)
    with raises(OverflowError):
        comp.newpin("x", 2**31, hal.HAL_OUT)
    with raises(ValueError, "embedded null character"):
        comp.newpin("x\0y", hal.HAL_BIT, hal.HAL_OUT)
    with raises(TypeError):
        comp.ready(1)
    assert len(comp) == 0


def check_name_lengths(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("x" * 45, hal.HAL_BIT, hal.HAL_OUT)
    comp.newparam("y" * 45, hal.HAL_BIT, hal.HAL_RO)
    too_long = "x" * 46
    message = f'Invalid pin name length "c.{too_long}": max = 47 characters'
    with raises(hal.error, message):
        comp.newpin(too_long, hal.HAL_BIT, hal.HAL_OUT)
    with raises(hal.error, INVALID):
        comp.newparam(too_long, hal.HAL_BIT, hal.HAL_RO)
    with raises(hal.error):
        comp.newpin("\u00fc" * 23, hal.HAL_BIT, hal.HAL_OUT)  # 2 + 46 bytes
    assert len(comp) == 2


def check_duplicate_names(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.newparam("y", hal.HAL_BIT, hal.HAL_RO)
    with raises(ValueError, "Duplicate pin name 'x'"):
        comp.newpin("x", hal.HAL_S32, hal.HAL_IN)
    with raises(ValueError, "Duplicate pin name 'y'"):
        comp.newpin("y", hal.HAL_S32, hal.HAL_IN)
    with raises(ValueError, "Duplicate parameter name 'x'"):
        comp.newparam("x", hal.HAL_S32, hal.HAL_RO)
    with raises(ValueError, "Duplicate parameter name 'y'"):
        comp.newparam("y", hal.HAL_S32, hal.HAL_RO)
    comp.ready()
    with raises(ValueError, "Duplicate pin name 'x'"):
        comp.newpin("x", 99, 99)  # found first


def check_duplicate_full_names(hal: Any) -> None:
    comp = hal.component("c")
    other = hal.component("d", "c")
    comp.newpin("x", hal.HAL_S32, hal.HAL_IN)
    with raises(hal.error, INVALID):
        other.newpin("x", hal.HAL_S32, hal.HAL_IN)
    other.newparam("x", hal.HAL_S32, hal.HAL_RW)  # pins and parameters are apart
    with raises(hal.error, INVALID):
        hal.component("e", "c").newparam("x", hal.HAL_S32, hal.HAL_RW)
    comp["x"], other["x"] = 1, 2
    assert hal.get_value("c.x") == 2
    assert hal.set_p("c.x", "5") is False
    assert (comp["x"], other["x"]) == (1, 5)


def check_odd_names_are_taken(hal: Any) -> None:
    comp = hal.component("")
    for name in ("", "a b", "a.b.c", "\u00e4-\u00f6"):
        comp.newpin(name, hal.HAL_S32, hal.HAL_OUT)
        comp[name] = 7
        assert comp[name] == 7
        assert hal.get_value(f".{name}") == 7


@kills_the_process
def check_repr_after_exit(hal: Any) -> None:
    comp = hal.component("c")
    comp.exit()
    repr(comp)


@kills_the_process
def check_set_after_exit(hal: Any) -> None:
    comp = hal.component("c")
    pin = comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.exit()
    assert (pin.name, pin.type, pin.dir, pin.is_pin()) == ("x", hal.HAL_BIT, hal.HAL_OUT, True)
    pin.set(True)


@kills_the_process
def check_get_after_exit(hal: Any) -> None:
    comp = hal.component("c")
    pin = comp.newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    comp.exit()
    pin.get()


@kills_the_process
def check_param_value_after_exit(hal: Any) -> None:
    comp = hal.component("c")
    param = comp.newparam("x", hal.HAL_BIT, hal.HAL_RW)
    comp.exit()
    param.value = True


@kills_the_process
def check_set_without_component(hal: Any) -> None:
    pin = hal.component("c").newpin("x", hal.HAL_BIT, hal.HAL_OUT)
    pin.set(True)


@kills_the_process
def check_del_item(hal: Any) -> None:
    comp = hal.component("c")
    comp.newpin("x", hal.HAL_FLOAT, hal.HAL_OUT)
    with raises(AttributeError, "Pin 'nope' does not exist"):
        del comp["nope"]
    with raises(AttributeError, "Pin 'newpin' does not exist"):
        del comp.newpin
    del comp["x"]
