# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the fake HAL's memory: components, pins, parameters, signals and their links.

Private to `hal_mpg.fake_hal`, where the behavior is documented. All of it was measured on the `hal`
module of LinuxCNC 2.9.0~pre1 and is compared with the real one by tests/hal/test_hal_contract.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HAL_BIT, HAL_FLOAT, HAL_S32, HAL_U32 = 1, 2, 3, 4
HAL_IN, HAL_OUT, HAL_IO = 16, 32, 48
HAL_RO, HAL_RW = 64, 192

HAL_NAME_LEN = 47
"""Longest name of anything in HAL, in bytes of UTF-8 (LinuxCNC 2.9, hal.h)."""

FIRST_ID = 2
"""Number of the first component: 1 is HAL's own library."""

TYPE_NAMES = {HAL_BIT: "bit", HAL_FLOAT: "float", HAL_S32: "s32", HAL_U32: "u32"}
DIRECTION_NAMES = {HAL_IN: "IN", HAL_OUT: "OUT", HAL_IO: "IO", HAL_RO: "RO", HAL_RW: "RW"}

HalValue = bool | int | float


class error(Exception):  # the name that the real module gives it
    """HAL refused; mostly with the bare "Invalid argument" of the real module."""


class ProcessKilled(BaseException):
    """The real module would have ended the process with SIGSEGV, or written to foreign memory.

    No Exception, so that no `except Exception:` of the code under test hides it: the real thing
    cannot be caught either.
    """


def invalid() -> error:
    """Return the error of the real module for nearly everything: EINVAL's text."""
    return error("Invalid argument")


@dataclass(frozen=True, slots=True)
class Write:
    """One write through a component."""

    pin: str
    """Full name of the pin or parameter."""
    value: HalValue
    """The value as it is in HAL, so True for 7 written to a bit."""


@dataclass(slots=True, eq=False)
class ComponentData:
    """One component; its Python object is only a handle for this."""

    name: str
    prefix: str
    number: int
    ready: bool = False
    closed: bool = False
    items: dict[str, ItemData] = field(default_factory=dict)
    """Pins and parameters by the name that newpin or newparam was given."""


@dataclass(slots=True, eq=False)
class ItemData:
    """One pin or parameter."""

    name: str
    """Full name, with the prefix of the moment when it was made."""
    type: int
    direction: int
    is_pin: bool
    owner: ComponentData
    own_value: HalValue
    """What a parameter or an unlinked pin holds."""
    signal: SignalData | None = None

    @property
    def value(self) -> HalValue:
        """The signal's value if there is one; any linked pin, also an IN pin, writes the signal."""
        return self.signal.value if self.signal else self.own_value

    @value.setter
    def value(self, value: HalValue) -> None:
        if self.signal:
            self.signal.value = value
        else:
            self.own_value = value


@dataclass(slots=True, eq=False)
class SignalData:
    """One signal and the pins that are linked to it."""

    name: str
    type: int
    value: HalValue
    pins: list[ItemData] = field(default_factory=list)

    def linked(self, direction: int) -> list[ItemData]:
        """Return the linked pins of exactly this direction, by name."""
        return by_name([pin for pin in self.pins if pin.direction == direction])


@dataclass(slots=True)
class Memory:
    """All of one HAL. Pins, parameters and signals are name spaces of their own."""

    components: dict[str, ComponentData] = field(default_factory=dict)
    pins: dict[str, ItemData] = field(default_factory=dict)
    params: dict[str, ItemData] = field(default_factory=dict)
    signals: dict[str, SignalData] = field(default_factory=dict)
    log: list[Write] = field(default_factory=list)
    next_number: int = FIRST_ID

    def write(self, item: ItemData, value: object) -> None:
        """Write as a component does; raises what `convert` raises, and then nothing is written."""
        item.value = convert(item.type, value)
        self.log.append(Write(item.name, item.value))

    def close(self, component: ComponentData) -> None:
        """Take a component and its pins away; the last one takes the signals along."""
        if component.closed:
            return
        component.closed = True
        del self.components[component.name]
        for item in component.items.values():
            unlink(item)
            table = self.pins if item.is_pin else self.params
            del table[item.name]
        if not self.components:
            self.signals.clear()
            self.next_number = FIRST_ID


def by_name(items: list[ItemData]) -> list[ItemData]:
    """Return the items in HAL's order: that of UTF-8 bytes, which is that of code points."""
    return sorted(items, key=lambda item: item.name)


def why_no_link(pin: ItemData, signal: SignalData) -> str:
    """Return HAL's message (it goes to stderr in the real one) if the link is refused, or ""."""
    if pin.signal is signal:
        return ""
    if pin.signal:
        other = pin.signal.name
        return f"pin '{pin.name}' is linked to '{other}', cannot link to '{signal.name}'"
    if pin.type != signal.type:
        return f"type mismatch '{pin.name}' <- '{signal.name}'"
    if pin.direction == HAL_OUT and (signal.linked(HAL_OUT) or signal.linked(HAL_IO)):
        return f"signal '{signal.name}' already has output or I/O pin(s)"
    if pin.direction == HAL_IO and signal.linked(HAL_OUT):
        return f"signal '{signal.name}' already has output pin"
    return ""


def link(pin: ItemData, signal: SignalData) -> None:
    """Link a pin that `why_no_link` has nothing against.

    While nothing drives the signal, it takes over the value of an OUT or IO pin, and that of its
    first IN pin. In all other cases the pin takes over the signal's.
    """
    if pin.signal is signal:
        return
    driven = signal.linked(HAL_OUT) or signal.linked(HAL_IO)
    if not driven and (pin.direction != HAL_IN or not signal.linked(HAL_IN)):
        signal.value = pin.own_value
    signal.pins.append(pin)
    pin.signal = signal


def unlink(pin: ItemData) -> None:
    """Unlink a pin, if it is linked: it keeps the value, and so does the signal."""
    if pin.signal:
        pin.own_value = pin.signal.value
        pin.signal.pins.remove(pin)
        pin.signal = None


def pins_for_net(memory: Memory, signal: SignalData | None, pin_names: list[str]) -> list[ItemData]:
    """Return the pins, or raise `error` with halcmd's message for what it finds before it links.

    For a new signal (None) that is little, since halcmd takes unlinked pins for linked to it.
    """
    pins = []
    outs = signal.linked(HAL_OUT) if signal else []
    ios = signal.linked(HAL_IO) if signal else []
    for name in pin_names:
        pin = memory.pins.get(name)
        if pin is None:
            raise error(f"Pin '{name}' does not exist")
        pins.append(pin)
        if pin.signal is signal:
            continue
        if pin.signal:
            raise error(f"Pin '{name}' was already linked to signal '{pin.signal.name}'")
        if signal:
            _check_for_net(signal, pin, outs, ios)
        if pin.direction == HAL_OUT:
            outs = [pin]
        elif pin.direction == HAL_IO:
            ios = [*ios, pin]
    if not pins:
        raise error("'net' requires at least one pin, none given")
    return pins


def _check_for_net(signal: SignalData, pin: ItemData, outs: list[ItemData], ios: list[ItemData]) -> None:
    """Raise `error` with halcmd's message if the pin cannot join outs and ios on the signal."""
    if pin.type != signal.type:
        has, adds = TYPE_NAMES[signal.type], TYPE_NAMES[pin.type]
        raise error(f"Signal '{signal.name}' of type '{has}' cannot add pin '{pin.name}' of type '{adds}'")
    if (pin.direction == HAL_OUT and (outs or ios)) or (pin.direction == HAL_IO and outs):
        there = ios[-1] if ios else outs[-1]
        adds = DIRECTION_NAMES[pin.direction].replace("IO", "I/O")
        has = DIRECTION_NAMES[there.direction].replace("IO", "I/O")
        raise error(
            f"Signal '{signal.name}' can not add {adds} pin '{pin.name}',"
            f" it already has {has} pin '{there.name}'"
        )


def zero(hal_type: int) -> HalValue:
    """Return the value that a new pin, parameter or signal has."""
    return convert(hal_type, 0)


def convert(hal_type: int, value: object) -> HalValue:
    """Return what HAL holds after a component wrote `value`.

    A bit takes the truth of anything, so "False" is True. The others take what float() and int()
    take: strings too, and 1.9 is 1 for s32 and u32. Raises OverflowError beyond 32 bits (or
    float's range), TypeError and ValueError as the real module does.
    """
    if hal_type == HAL_BIT:
        return bool(value)
    if hal_type == HAL_FLOAT:
        if isinstance(value, (int, float)):
            return float(value)
        try:
            return float(value)  # type: ignore[arg-type]  # this is where it is found out
        except Exception:  # noqa: BLE001  # the real one takes any for the same
            raise TypeError(f"Number expected, not {type(value).__name__}") from None
    number = int(value)  # type: ignore[call-overload]  # this is where it is found out
    if not -(2**63) <= number < 2**63:
        raise OverflowError("int too big to convert")
    low, high = (-(2**31), 2**31) if hal_type == HAL_S32 else (0, 2**32)
    if not low <= number < high:
        raise OverflowError(f"Value {number} out of range")
    return int(number)


_SPACE = r"[ \t\n\v\f\r]*"
_INTEGER = re.compile(_SPACE + r"([+-]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*))")
_HEX_FLOAT = re.compile(
    _SPACE + r"([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?)"
)
_FLOAT = re.compile(
    _SPACE + r"([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan))",
    re.IGNORECASE,
)


def parse(hal_type: int, text: str) -> HalValue | None:
    """Return the value that `set_p` makes of a text, or None if it refuses it.

    It reads numbers with C's strtod, strtol and strtoul: 0x10 is 16, 010 is 8, nothing at all is 0,
    whatever follows a space is ignored, and what has more than 32 bits loses the upper ones.
    """
    if hal_type == HAL_BIT:
        return {"1": True, "true": True, "0": False, "false": False}.get(text.lower())
    found = _INTEGER.match(text)
    if hal_type == HAL_FLOAT:
        found = _HEX_FLOAT.match(text) or _FLOAT.match(text)
    rest = text[found.end() :] if found else text
    if rest and rest[0] not in " \t\n\v\f\r":
        return None
    digits = found[1].lower() if found else "0"
    if hal_type == HAL_FLOAT:
        return _c_float(digits)
    return _c_integer(digits, signed=hal_type == HAL_S32)


def _c_float(digits: str) -> float:
    """Return what strtod makes of digits: too large is infinite."""
    if "0x" not in digits:
        return float(digits)
    try:
        return float.fromhex(digits)
    except OverflowError:
        return float("-inf" if digits.startswith("-") else "inf")


def _c_integer(digits: str, signed: bool) -> int:
    """Return what strtol or strtoul makes of digits: 64 bits at most, of which HAL takes 32."""
    body = digits.lstrip("+-")
    base = 16 if body.startswith("0x") else 8 if body.startswith("0") else 10
    number = int(digits, base)
    if signed:
        number = max(-(2**63), min(number, 2**63 - 1))
        return (number + 2**31) % 2**32 - 2**31
    return 2**32 - 1 if abs(number) >= 2**64 else number % 2**32
