# SPDX-License-Identifier: GPL-2.0-or-later
"""The fake HAL's component, and the objects for its pins and parameters.

Private to `hal_mpg.fake_hal`, where the behavior is documented.
"""

from __future__ import annotations

import operator
from typing import Any

from hal_mpg._fake_hal_memory import (
    DIRECTION_NAMES,
    HAL_IN,
    HAL_IO,
    HAL_NAME_LEN,
    HAL_OUT,
    HAL_RO,
    HAL_RW,
    TYPE_NAMES,
    ComponentData,
    HalValue,
    ItemData,
    Memory,
    ProcessKilled,
    error,
    invalid,
    zero,
)


def text_argument(value: object) -> str:
    """Return `value`, or raise what the real module raises for what is no string."""
    if not isinstance(value, str):
        raise TypeError(f"argument must be str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError("embedded null character")
    return value


def int_argument(value: object) -> int:
    """Return `value`, or raise what the real module raises for what is no C int."""
    number = operator.index(value)  # type: ignore[arg-type]  # raises TypeError
    if not -(2**31) <= number < 2**31:
        raise OverflowError("number does not fit a C int")
    return number


class Item:
    """A pin or parameter, as `getitem` returns it. Outlives its component, but not usefully."""

    __slots__ = ("_data", "_memory", "_name")

    def __init__(self, memory: Memory, name: str, data: ItemData) -> None:
        self._memory = memory
        self._name = name
        self._data = data

    def get(self) -> HalValue:
        """Return the value. Raises ProcessKilled once the component has exited."""
        self._check_alive()
        return self._data.value

    def set(self, value: object, /) -> None:
        """Write the value, whatever the direction. Raises as `component[name] = value` does,
        and ProcessKilled once the component has exited.
        """
        self._check_alive()
        self._memory.write(self._data, value)

    def get_name(self) -> str:
        """Return the name without the prefix."""
        return self._name

    def get_type(self) -> int:
        """Return HAL_BIT, HAL_FLOAT, HAL_S32 or HAL_U32."""
        return self._data.type

    def get_dir(self) -> int:
        """Return HAL_IN, HAL_OUT, HAL_IO (pins), HAL_RO or HAL_RW (parameters)."""
        return self._data.direction

    def is_pin(self) -> bool:
        """Tell a pin from a parameter."""
        return self._data.is_pin

    def __repr__(self) -> str:
        kind = "pin" if self._data.is_pin else "param"
        type_name = TYPE_NAMES[self._data.type].upper()
        direction = DIRECTION_NAMES[self._data.direction]
        return f'<hal {kind} "{self._name}" {type_name}-{direction}>'

    def _check_alive(self) -> None:
        if self._data.owner.closed:
            raise ProcessKilled(
                f"use of '{self._data.name}' after its component's exit(): the real HAL dies of"
                " SIGSEGV here, or reads and writes a pin of some other component"
            )


class _ItemWrap:
    """What Pin and Param have in common: an item's methods, and properties for them."""

    def __init__(self, item: Item) -> None:
        if not isinstance(item, Item):
            raise TypeError(f"Constructor argument must be _hal.item: {type(item)}")
        self._item = item
        self.get = item.get
        self.set = item.set
        self.get_name = item.get_name
        self.get_type = item.get_type
        self.get_dir = item.get_dir
        self.is_pin = item.is_pin

    @property
    def name(self) -> str:
        """The name without the prefix."""
        return self._item.get_name()

    @property
    def type(self) -> int:
        """HAL_BIT, HAL_FLOAT, HAL_S32 or HAL_U32."""
        return self._item.get_type()

    @property
    def dir(self) -> int:
        """HAL_IN, HAL_OUT, HAL_IO (pins), HAL_RO or HAL_RW (parameters)."""
        return self._item.get_dir()

    @property
    def value(self) -> HalValue:
        """The value; can be set."""
        return self._item.get()

    @value.setter
    def value(self, value: object) -> None:
        self._item.set(value)


class Pin(_ItemWrap):
    """A pin, as `newpin` returns it."""

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        if not item.is_pin():
            raise TypeError("Must be constructed from pin object")


class Param(_ItemWrap):
    """A parameter, as `newparam` returns it."""

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        if item.is_pin():
            raise TypeError("Must be constructed from param object")


def _data(component: Component) -> ComponentData:
    """Return the component's data, also when it is closed and has no attributes any more."""
    data: ComponentData = object.__getattribute__(component, "_data")
    return data


def _memory(component: Component) -> Memory:
    memory: Memory = object.__getattribute__(component, "_memory")
    return memory


def _live(component: Component) -> ComponentData:
    """Return the component's data, or raise RuntimeError if it has exited."""
    data = _data(component)
    if data.closed:
        raise RuntimeError("Invalid operation on closed HAL component")
    return data


def _find(data: ComponentData, name: object) -> ItemData:
    if not isinstance(name, str):
        raise TypeError("bad argument type for built-in operation")
    if name not in data.items:
        raise AttributeError(f"Pin '{name}' does not exist")
    return data.items[name]


class Component:
    """A component. `component[name]` and `component.name` are the values of pins and parameters.

    As with the real one, methods win over pins of the same name when reading, a component exits
    when the last reference to it goes, and after exit() nothing but `type()` works.
    """

    __slots__ = ("_data", "_memory")
    __iter__ = None  # or __getitem__ would make it a sequence

    def __init__(self, memory: Memory, data: ComponentData) -> None:
        object.__setattr__(self, "_memory", memory)
        object.__setattr__(self, "_data", data)

    def newpin(self, name: str, hal_type: int, direction: int, /) -> Pin:
        """Make the pin PREFIX.NAME, with value 0.

        Raises ValueError if this component has a pin or parameter `name`, RuntimeError after
        exit(), and `error` otherwise: wrong type or direction, name too long, after ready(), pin
        exists. Nothing is made then.
        """
        return Pin(self._new_item(True, name, hal_type, direction))

    def newparam(self, name: str, hal_type: int, direction: int, /) -> Param:
        """Make the parameter PREFIX.NAME, with value 0; errors as for `newpin`."""
        return Param(self._new_item(False, name, hal_type, direction))

    def _new_item(self, is_pin: bool, name: str, hal_type: int, direction: int) -> Item:
        name = text_argument(name)
        hal_type, direction = int_argument(hal_type), int_argument(direction)
        data, memory = _live(self), _memory(self)
        if name in data.items:
            raise ValueError(f"Duplicate {'pin' if is_pin else 'parameter'} name '{name}'")
        if hal_type not in TYPE_NAMES:
            raise error(f"Invalid {'pin' if is_pin else 'param'} type {hal_type}")
        full_name = f"{data.prefix}.{name}"
        if len(full_name.encode()) > HAL_NAME_LEN:
            if not is_pin:
                raise invalid()
            limit = f"max = {HAL_NAME_LEN} characters"
            raise error(f'Invalid pin name length "{full_name}": {limit}')
        table = memory.pins if is_pin else memory.params
        directions = (HAL_IN, HAL_OUT, HAL_IO) if is_pin else (HAL_RO, HAL_RW)
        if direction not in directions or data.ready or full_name in table:
            raise invalid()
        item = ItemData(full_name, hal_type, direction, is_pin, data, zero(hal_type))
        table[full_name] = data.items[name] = item
        return Item(memory, name, item)

    def getitem(self, name: str, /) -> Item:
        """Return the pin or parameter; raises AttributeError if there is none of that name."""
        name = text_argument(name)
        return Item(_memory(self), name, _find(_live(self), name))

    def getpin(self, *_arguments: object) -> Pin:
        """Raise AttributeError: LinuxCNC 2.9.0~pre1 has this method, but it never works."""
        raise AttributeError("type object 'hal.component' has no attribute 'getpin'")

    def getparam(self, *_arguments: object) -> Param:
        """Raise AttributeError: LinuxCNC 2.9.0~pre1 has this method, but it never works."""
        raise AttributeError("type object 'hal.component' has no attribute 'getparam'")

    def getpins(self, *_arguments: object) -> dict[str, HalValue]:
        """Return the values of all pins and parameters by name (without prefix), sorted."""
        items = _live(self).items
        return {name: items[name].value for name in sorted(items)}

    def ready(self) -> None:
        """Say that the component is complete; raises `error` if it has been said."""
        data = _live(self)
        if data.ready:
            raise invalid()
        data.ready = True

    def unready(self) -> None:
        """Take ready() back, so that pins can be made; raises `error` if it is not ready."""
        data = _live(self)
        if not data.ready:
            raise invalid()
        data.ready = False

    def exit(self) -> None:
        """Take the component and its pins away. Signals keep their last value."""
        _memory(self).close(_data(self))

    def setprefix(self, prefix: str, /) -> None:
        """Set the prefix of what is made from now on; checked only then."""
        prefix = text_argument(prefix)
        _live(self).prefix = prefix

    def getprefix(self) -> str:
        """Return the prefix of what is made from now on."""
        return _live(self).prefix

    def __del__(self) -> None:
        _memory(self).close(_data(self))

    def __len__(self) -> int:
        return len(_live(self).items)

    def __repr__(self) -> str:
        data = _data(self)
        if data.closed:
            raise ProcessKilled("repr() of a component after exit(): the real one dies of SIGSEGV")
        count = f"{len(data.items)} pins and params"
        return f"<hal component {data.name}({data.number}) with {count}>"

    def __getattribute__(self, name: str) -> Any:
        data = _live(self)
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            return _find(data, name).value

    def __getitem__(self, name: str) -> Any:
        data = _live(self)
        if isinstance(name, str) and hasattr(Component, name):
            return object.__getattribute__(self, name)
        return _find(data, name).value

    def __setattr__(self, name: str, value: object) -> None:
        _memory(self).write(_find(_live(self), name), value)

    def __setitem__(self, name: str, value: object) -> None:
        _memory(self).write(_find(_live(self), name), value)

    def __delattr__(self, name: str) -> None:
        self.__delitem__(name)

    def __delitem__(self, name: str) -> None:
        item = _find(_live(self), name)
        raise ProcessKilled(f"del of '{item.name}': the real HAL dies of SIGSEGV here")
