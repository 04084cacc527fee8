# SPDX-License-Identifier: GPL-2.0-or-later
"""Contract checks: signals, links, and `net` (halcmd's beside the real HAL)."""

from __future__ import annotations

from typing import Any

from tests.hal.expect import raises


def _component(hal: Any, name: str = "c") -> Any:
    """Return a component with s32 pins of every direction, and one pin of every other type.

    The s32 pins hold a value that tells them apart.
    """
    comp = hal.component(name)
    pins = (("out", hal.HAL_OUT), ("in", hal.HAL_IN), ("io", hal.HAL_IO))
    for value, (pin, direction) in enumerate(pins, start=1):
        for suffix in (1, 2):
            comp.newpin(f"{pin}{suffix}", hal.HAL_S32, direction).set(10 * value + suffix)
    comp.newpin("bit", hal.HAL_BIT, hal.HAL_IN)
    comp.newpin("float", hal.HAL_FLOAT, hal.HAL_IN)
    comp.newpin("u32", hal.HAL_U32, hal.HAL_IN)
    comp.newparam("param", hal.HAL_S32, hal.HAL_RW)
    return comp


def _signals(hal: Any) -> list[tuple[str, Any, Any]]:
    return [(info["NAME"], info["VALUE"], info["DRIVER"]) for info in hal.get_info_signals()]


def check_new_sig(hal: Any) -> None:
    comp = _component(hal)
    for name, hal_type, value in (
        ("b", hal.HAL_BIT, False),
        ("f", hal.HAL_FLOAT, 0.0),
        ("s", hal.HAL_S32, 0),
        ("u", hal.HAL_U32, 0),
    ):
        assert hal.new_sig(name, hal_type) is False
        assert hal.new_sig(name, hal_type) is True
        info = {"NAME": name, "VALUE": value, "DRIVER": None, "TYPE": hal_type}
        assert hal.get_info_signals()[-1] == info
        assert type(hal.get_value(name)) is type(value)
    assert hal.new_sig("S" * 47, hal.HAL_BIT) is False
    assert hal.new_sig("S" * 48, hal.HAL_BIT) is True
    assert hal.new_sig("c.in1", hal.HAL_BIT) is False
    assert hal.new_sig("a b", hal.HAL_BIT) is False
    for hal_type in (0, 5, -1):
        with raises(RuntimeError, "not a valid HAL signal type"):
            hal.new_sig("x", hal_type)
    for arguments in (("x",), (3, 1), ("x", "1"), ("x", 1.0)):
        with raises(TypeError):
            hal.new_sig(*arguments)
    assert [name for name, _, _ in _signals(hal)] == ["S" * 47, "a b", "b", "c.in1", "f", "s", "u"]
    comp.exit()


def check_connect_refuses(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    hal.new_sig("t", hal.HAL_S32)
    assert hal.connect("c.nope", "s") is True
    assert hal.connect("c.param", "s") is True
    assert hal.connect("c.in1", "nope") is True
    for pin in ("bit", "float", "u32"):
        assert hal.connect(f"c.{pin}", "s") is True
    assert hal.connect("c.in1", "s") is False
    assert hal.connect("c.in1", "s") is False  # again
    assert hal.connect("c.in1", "t") is True
    with raises(TypeError):
        hal.connect(3, "s")
    with raises(TypeError):
        hal.connect("c.in1")
    assert [info["VALUE"] for info in hal.get_info_signals()] == [21, 0]
    comp.exit()


def check_one_writer(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    assert hal.connect("c.out1", "s") is False
    assert hal.connect("c.out2", "s") is True
    assert hal.connect("c.io1", "s") is True
    assert hal.connect("c.in1", "s") is False
    assert hal.connect("c.in2", "s") is False
    assert _signals(hal) == [("s", 11, "c.out1")]
    assert hal.disconnect("c.out1") is False
    assert _signals(hal) == [("s", 11, None)]
    assert hal.connect("c.out2", "s") is False
    assert _signals(hal) == [("s", 12, "c.out2")]
    assert comp["in1"] == comp["in2"] == 12


def check_many_io_pins(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    assert hal.connect("c.io1", "s") is False
    assert hal.connect("c.io2", "s") is False
    assert hal.connect("c.out1", "s") is True
    assert _signals(hal) == [("s", 31, None)]
    assert hal.pin_has_writer("c.io1") is False
    comp["io1"] = 5
    assert comp["io2"] == 5
    comp["io2"] = 6
    assert comp["io1"] == 6


def check_first_value_of_a_signal(hal: Any) -> None:
    comp = _component(hal)
    # Each line: the pins in the order of linking, and the signal's value after each.
    for number, (pins, values) in enumerate(
        [
            (("out1", "in1"), (11, 11)),
            (("in1", "out1"), (21, 11)),
            (("in1", "in2", "out1"), (21, 21, 11)),
            (("io1", "io2", "in1"), (31, 31, 31)),
            (("in1", "io1", "in2"), (21, 31, 31)),
        ]
    ):
        signal = f"s{number}"
        hal.new_sig(signal, hal.HAL_S32)
        for pin, value in zip(pins, values, strict=True):
            comp[pin] = {"out": 10, "in": 20, "io": 30}[pin[:-1]] + int(pin[-1])
            hal.connect(f"c.{pin}", signal)
            assert hal.get_value(signal) == comp[pin] == value, (pins, pin)
        for pin in pins:
            hal.disconnect(f"c.{pin}")


def check_readers_that_left_do_not_count(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    hal.connect("c.in1", "s")
    hal.disconnect("c.in1")
    assert hal.get_value("s") == 21
    hal.connect("c.in2", "s")
    assert hal.get_value("s") == comp["in2"] == 22
    hal.connect("c.io1", "s")
    hal.disconnect("c.in2")
    hal.connect("c.in1", "s")
    assert hal.get_value("s") == comp["in1"] == 31


def check_linked_pins_share_the_value(hal: Any) -> None:
    comp = _component(hal)
    other = _component(hal, "d")
    hal.new_sig("s", hal.HAL_S32)
    hal.connect("c.out1", "s")
    hal.connect("d.in1", "s")
    comp["out1"] = 7
    assert other["in1"] == other.getitem("in1").get() == hal.get_value("s") == 7
    assert hal.get_value("c.out1") == hal.get_value("d.in1") == 7
    assert comp.getpins()["out1"] == other.getpins()["in1"] == 7
    values = {info["NAME"]: info["VALUE"] for info in hal.get_info_pins()}
    assert values["c.out1"] == values["d.in1"] == 7
    other["in1"] = 9  # an IN pin writes the signal all the same
    assert comp["out1"] == hal.get_value("s") == 9


def check_disconnect(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    hal.connect("c.out1", "s")
    hal.connect("c.in1", "s")
    comp["out1"] = 7
    assert hal.disconnect("c.in1") is False
    comp["out1"] = 8
    assert (comp["in1"], comp["out1"], hal.get_value("s")) == (7, 8, 8)
    assert hal.disconnect("c.out1") is False
    comp["out1"] = 9
    assert (comp["out1"], hal.get_value("s")) == (9, 8)
    assert hal.disconnect("c.out1") is False  # again
    assert hal.disconnect("c.nope") is True
    assert hal.disconnect("s") is True
    with raises(TypeError):
        hal.disconnect()
    assert _signals(hal) == [("s", 8, None)]


def check_pin_has_writer(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    assert hal.pin_has_writer("c.out1") is False
    hal.connect("c.in1", "s")
    assert hal.pin_has_writer("c.in1") is False
    hal.connect("c.out1", "s")
    assert hal.pin_has_writer("c.in1") is hal.pin_has_writer("c.out1") is True
    for name in ("nope", "s", "c.param"):
        with raises(NameError, f"Pin `{name}' does not exist"):
            hal.pin_has_writer(name)
    comp.exit()


def check_exit_leaves_signals_as_they_are(hal: Any) -> None:
    comp = _component(hal)
    other = _component(hal, "d")
    hal.new_sig("s", hal.HAL_S32)
    hal.connect("c.out1", "s")
    hal.connect("d.in1", "s")
    comp["out1"] = 7
    comp.exit()
    assert other["in1"] == 7
    assert _signals(hal) == [("s", 7, None)]
    assert hal.pin_has_writer("d.in1") is False
    comp = _component(hal)
    assert hal.connect("c.out1", "s") is False
    assert other["in1"] == 11


def check_last_exit_takes_signals_away(hal: Any) -> None:
    comp = _component(hal)
    hal.new_sig("s", hal.HAL_S32)
    comp.exit()
    comp = _component(hal)
    assert hal.get_info_signals() == []


def check_linking_after_ready(hal: Any) -> None:
    comp = _component(hal)
    comp.ready()
    hal.net("s", "c.out1", "=>", "c.in1")
    comp["out1"] = 9
    assert comp["in1"] == 9


def check_net(hal: Any) -> None:
    comp = _component(hal)
    assert hal.net("s", "c.in1", "<=", "c.out1") is None
    assert _signals(hal) == [("s", 11, "c.out1")]
    hal.net("s", "c.in2", "c.out1")
    assert comp["in2"] == 11
    hal.net("s", "c.in2", "c.in2")
    hal.net("io", "c.io1", "<=>", "c.io2")
    assert _signals(hal) == [("io", 31, None), ("s", 11, "c.out1")]
    for name, hal_type in (("bit", hal.HAL_BIT), ("float", hal.HAL_FLOAT), ("u32", hal.HAL_U32)):
        hal.net(name, f"c.{name}")
        assert {"NAME": name, "VALUE": 0, "DRIVER": None, "TYPE": hal_type} in (hal.get_info_signals())


def check_net_needs_pins(hal: Any) -> None:
    comp = _component(hal)
    with raises(hal.error, "Pin 'c.nope' does not exist"):
        hal.net("s", "c.in1", "c.nope")
    with raises(hal.error, "Pin 'c.param' does not exist"):
        hal.net("s", "c.param")
    with raises(hal.error, "'net' requires at least one pin, none given"):
        hal.net("s")
    with raises(
        hal.error,
        "Signal name 'c.in2' must not be the same as a pin.  Did you omit the signal name?",
    ):
        hal.net("c.in2", "c.in1")
    with raises(hal.error, f"HAL: ERROR: signal name '{'s' * 48}' is too long"):
        hal.net("s" * 48, "c.in1")
    assert hal.get_info_signals() == []
    comp.exit()
    with raises(hal.error, "Pin 'c.in1' does not exist"):
        hal.net("s", "c.in1")


def check_net_to_existing_signal(hal: Any) -> None:
    comp = _component(hal)
    hal.net("s", "c.out1")
    hal.net("io", "c.io1")
    for signal, pin, message in (
        ("s", "out2", "can not add OUT pin 'c.out2', it already has OUT pin 'c.out1'"),
        ("s", "io2", "can not add I/O pin 'c.io2', it already has OUT pin 'c.out1'"),
        ("io", "out2", "can not add OUT pin 'c.out2', it already has I/O pin 'c.io1'"),
        ("s", "u32", "of type 's32' cannot add pin 'c.u32' of type 'u32'"),
        ("s", "bit", "of type 's32' cannot add pin 'c.bit' of type 'bit'"),
        ("s", "float", "of type 's32' cannot add pin 'c.float' of type 'float'"),
    ):
        with raises(hal.error, f"Signal '{signal}' {message}"):
            hal.net(signal, "c.in1", f"c.{pin}")
    with raises(hal.error, "Signal 'io' can not add OUT pin 'c.out2', it already has I/O pin 'c.io2'"):
        hal.net("io", "c.io1", "c.io2", "c.out2")
    with raises(hal.error, "Pin 'c.out1' was already linked to signal 's'"):
        hal.net("t", "c.out1")
    with raises(hal.error, "Pin 'c.out1' was already linked to signal 's'"):
        hal.net("io", "c.in1", "c.out1")
    assert _signals(hal) == [("io", 31, None), ("s", 11, "c.out1")]
    comp["out1"] = 1
    assert comp["in1"] == 21  # nothing was linked


def check_net_to_new_signal_fails_half_way(hal: Any) -> None:
    comp = _component(hal)
    for number, (first, second, message) in enumerate(
        [
            ("out1", "out2", "signal '{}' already has output or I/O pin(s)"),
            ("io1", "out2", "signal '{}' already has output or I/O pin(s)"),
            ("out1", "io2", "signal '{}' already has output pin"),
            ("in1", "bit", "type mismatch 'c.bit' <- '{}'"),
        ]
    ):
        signal = f"s{number}"
        expected = message.format(signal)
        with raises(hal.error, f"HAL: ERROR: {expected}; link failed"):
            hal.net(signal, f"c.{first}", f"c.{second}")
        comp[first] = 77
        assert hal.get_value(signal) == 77
        hal.disconnect(f"c.{first}")
