# SPDX-License-Identifier: GPL-2.0-or-later
"""A HAL in memory, for tests without LinuxCNC: `import hal_mpg.fake_hal as hal`.

It is a drop-in for LinuxCNC's Python module `hal` as a userspace component uses it, and behaves as
that of LinuxCNC 2.9.0~pre1, which was measured and not guessed: tests/hal/test_hal_contract.py runs
the same checks on this module and on the real one. Not what one would expect, but so it is:

- A bit takes the truth of anything ("False" is True); s32 and u32 cut fractions off, take strings,
  and raise OverflowError beyond 32 bits.
- IN pins and RO parameters can be written by their component, and if the IN pin is linked, so is
  its signal.
- `component(name, prefix="p")` ignores the keyword: the prefix has to be the second positional
  argument. `getpin()` and `getparam()` always raise; `getitem()` works.
- `new_sig`, `connect`, `disconnect` and `set_p` return True for failure. Functions of the module
  raise RuntimeError while there is no component.
- A component without references has exited. The last exit takes the signals along (with other
  processes in HAL, as on a machine, they would stay: keep a second component in such a test).

What this module has in addition:

- `net(signal, *pins)` as halcmd has it.
- `log`, the list of all writes through components, oldest first, as `Write(pin, value)` with the
  full pin name; `log.clear()` empties it.
- `reset()`, which empties the HAL: call it between tests.
- `FakeHal`, one private HAL per instance with all these functions as methods; the functions of the
  module are the methods of one such instance.

Where the real module kills the process (a pin's `get()` and `set()` after `exit()`, `repr()` of a
component after `exit()`, `del component[name]`), this one raises `ProcessKilled`. (With a second
component in the process the real one may live on, and a late `set()` was seen to change a pin of
that other component. Here it is ProcessKilled as well.)

Left out: threads and realtime components, ports, streams, shared memory, aliases, locks, message
levels, the messages on stderr, subclassing of `component`, and errors raised by a value's own
`__bool__` (SystemError in the real one, sooner or later).
"""

from __future__ import annotations

from hal_mpg._fake_hal_component import Component, Item, Param, Pin, int_argument, text_argument
from hal_mpg._fake_hal_memory import (
    HAL_BIT,
    HAL_FLOAT,
    HAL_IN,
    HAL_IO,
    HAL_NAME_LEN,
    HAL_OUT,
    HAL_RO,
    HAL_RW,
    HAL_S32,
    HAL_U32,
    TYPE_NAMES,
    ComponentData,
    HalValue,
    Memory,
    ProcessKilled,
    SignalData,
    Write,
    by_name,
    error,
    invalid,
    link,
    parse,
    pins_for_net,
    unlink,
    why_no_link,
    zero,
)

__all__ = [
    "HAL_BIT",
    "HAL_FLOAT",
    "HAL_IN",
    "HAL_IO",
    "HAL_OUT",
    "HAL_RO",
    "HAL_RW",
    "HAL_S32",
    "HAL_U32",
    "Component",
    "FakeHal",
    "HalValue",
    "Item",
    "Param",
    "Pin",
    "ProcessKilled",
    "Write",
    "component",
    "component_exists",
    "component_is_ready",
    "connect",
    "disconnect",
    "error",
    "get_info_params",
    "get_info_pins",
    "get_info_signals",
    "get_value",
    "log",
    "net",
    "new_sig",
    "pin_has_writer",
    "reset",
    "set_p",
]

Info = dict[str, HalValue | str | None]
"""One entry of get_info_pins(), get_info_signals() or get_info_params()."""


class FakeHal:
    """One HAL. Can be used wherever the module can: it has the constants and `error` as well."""

    HAL_BIT, HAL_FLOAT, HAL_S32, HAL_U32 = HAL_BIT, HAL_FLOAT, HAL_S32, HAL_U32
    HAL_IN, HAL_OUT, HAL_IO = HAL_IN, HAL_OUT, HAL_IO
    HAL_RO, HAL_RW = HAL_RO, HAL_RW
    error = error
    Pin, Param = Pin, Param

    def __init__(self) -> None:
        self._memory = Memory()
        self.log = self._memory.log

    def reset(self) -> None:
        """Empty the HAL and the log; components that still exist have exited."""
        for data in list(self._memory.components.values()):
            self._memory.close(data)
        self.log.clear()

    def component(self, name: str, /, *prefix: str, **_ignored: object) -> Component:
        """Make a component; its prefix is its name, unless a second argument says otherwise.

        Raises `error` if the name is taken or longer than 47 bytes. Keywords are ignored, as the
        real module does.
        """
        name = text_argument(name)
        if len(prefix) > 1:
            raise TypeError(f"component() takes at most 2 arguments ({1 + len(prefix)} given)")
        first_prefix = text_argument(prefix[0]) if prefix else name
        if len(name.encode()) > HAL_NAME_LEN:
            raise invalid()
        memory = self._memory
        number = memory.next_number
        memory.next_number += 1  # also if the name is taken
        if name in memory.components:
            raise invalid()
        data = memory.components[name] = ComponentData(name, first_prefix, number)
        return Component(memory, data)

    def component_exists(self, name: str, /) -> bool:
        """Tell whether there is such a component."""
        return text_argument(name) in self._live_memory().components

    def component_is_ready(self, name: str, /) -> bool:
        """Tell whether there is such a component and it is ready."""
        name = text_argument(name)
        data = self._live_memory().components.get(name)
        return data is not None and data.ready

    def new_sig(self, name: str, hal_type: int, /) -> bool:
        """Make a signal with value 0; returns True if it exists or the name is too long.

        Raises RuntimeError for a wrong type.
        """
        name, hal_type = text_argument(name), int_argument(hal_type)
        signals = self._live_memory().signals
        if hal_type not in TYPE_NAMES:
            raise RuntimeError("not a valid HAL signal type")
        if len(name.encode()) > HAL_NAME_LEN or name in signals:
            return True
        signals[name] = SignalData(name, hal_type, zero(hal_type))
        return False

    def connect(self, pin_name: str, signal_name: str, /) -> bool:
        """Link a pin to a signal; returns True if there is no such thing or HAL refuses.

        HAL refuses if the types differ, the pin is linked to another signal, or an OUT pin would
        meet another OUT or IO pin.
        """
        pin_name, signal_name = text_argument(pin_name), text_argument(signal_name)
        memory = self._live_memory()
        pin, signal = memory.pins.get(pin_name), memory.signals.get(signal_name)
        if pin is None or signal is None or why_no_link(pin, signal):
            return True
        link(pin, signal)
        return False

    def disconnect(self, pin_name: str, /) -> bool:
        """Unlink a pin, which may be unlinked; returns True if there is no such pin."""
        pin = self._live_memory().pins.get(text_argument(pin_name))
        if pin is None:
            return True
        unlink(pin)
        return False

    def pin_has_writer(self, pin_name: str, /) -> bool:
        """Tell whether the pin's signal has an OUT pin (an IO pin does not count).

        Raises NameError if there is no such pin.
        """
        pin = self._live_memory().pins.get(text_argument(pin_name))
        if pin is None:
            raise NameError(f"Pin `{pin_name}' does not exist")
        return pin.signal is not None and bool(pin.signal.linked(HAL_OUT))

    def get_value(self, name: str, /) -> HalValue:
        """Return the value of a parameter, pin or signal, looked for in this order.

        Raises RuntimeError if there is none.
        """
        name = text_argument(name)
        memory = self._live_memory()
        found = memory.params.get(name) or memory.pins.get(name) or memory.signals.get(name)
        if found is None:
            raise RuntimeError(f"Can't set value: pin / param {name} not found")
        return found.value

    def set_p(self, name: str, text: str, /) -> bool:
        """Set a parameter or unlinked pin (in this order) to a text, as `halcmd setp` does.

        Returns True if the text is no value of its type. Raises RuntimeError if there is none, for
        OUT pins, linked pins and RO parameters.
        """
        name, text = text_argument(name), text_argument(text)
        memory = self._live_memory()
        item = memory.params.get(name) or memory.pins.get(name)
        if item is None:
            raise RuntimeError("pin not found")
        if item.direction == HAL_RO:
            raise RuntimeError("param not writable")
        if item.direction == HAL_OUT:
            raise RuntimeError("pin not writable")
        if item.signal:
            raise RuntimeError("pin connected to signal")
        value = parse(item.type, text)
        if value is None:
            return True
        item.value = value
        return False

    def get_info_pins(self, *_arguments: object) -> list[Info]:
        """Return NAME, VALUE, DIRECTION and TYPE of every pin, by name."""
        pins = by_name(list(self._live_memory().pins.values()))
        return [
            {"NAME": pin.name, "VALUE": pin.value, "DIRECTION": pin.direction, "TYPE": pin.type}
            for pin in pins
        ]

    def get_info_params(self, *_arguments: object) -> list[Info]:
        """Return NAME, DIRECTION and VALUE of every parameter, by name."""
        params = by_name(list(self._live_memory().params.values()))
        return [{"NAME": param.name, "DIRECTION": param.direction, "VALUE": param.value} for param in params]

    def get_info_signals(self, *_arguments: object) -> list[Info]:
        """Return NAME, VALUE, DRIVER (the OUT pin or None) and TYPE of every signal, by name."""
        infos: list[Info] = []
        signals = self._live_memory().signals
        for name in sorted(signals):
            signal = signals[name]
            outs = signal.linked(HAL_OUT)
            driver = outs[0].name if outs else None
            info: Info = {"NAME": name, "VALUE": signal.value, "DRIVER": driver}
            infos.append(info | {"TYPE": signal.type})
        return infos

    def net(self, signal_name: str, *pin_names: str) -> None:
        """Link pins to a signal as `halcmd net` does, which makes the signal if there is none.

        Arrows (=> <= <=>) among the pins are skipped. Raises `error` with halcmd's message, in
        most cases before anything is linked. But what does not fit together among the pins of a
        NEW signal is found out only while linking: the signal and the links up to there stay.
        """
        memory = self._memory
        names = [name for name in pin_names if name not in ("=>", "<=", "<=>")]
        signal = memory.signals.get(signal_name)
        pins = pins_for_net(memory, signal, names)
        if signal_name in memory.pins:
            same = f"Signal name '{signal_name}' must not be the same as a pin."
            raise error(f"{same}  Did you omit the signal name?")
        if signal is None:
            if self.new_sig(signal_name, pins[0].type):
                raise error(f"HAL: ERROR: signal name '{signal_name}' is too long")
            signal = memory.signals[signal_name]
        for pin in pins:
            refusal = why_no_link(pin, signal)
            if refusal:
                raise error(f"HAL: ERROR: {refusal}; link failed")
            link(pin, signal)

    def _live_memory(self) -> Memory:
        """Return the memory, or raise RuntimeError if there is no component."""
        if not self._memory.components:
            raise RuntimeError("Cannot call before creating component")
        return self._memory


_default = FakeHal()

log = _default.log
reset = _default.reset
component = _default.component
component_exists = _default.component_exists
component_is_ready = _default.component_is_ready
new_sig = _default.new_sig
connect = _default.connect
disconnect = _default.disconnect
pin_has_writer = _default.pin_has_writer
get_value = _default.get_value
set_p = _default.set_p
get_info_pins = _default.get_info_pins
get_info_params = _default.get_info_params
get_info_signals = _default.get_info_signals
net = _default.net
