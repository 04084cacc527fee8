# SPDX-License-Identifier: GPL-2.0-or-later
"""What halcmd would say to HAL files, and what their gates then do: an oracle for what hal_mpg writes.

It knows LinuxCNC's rules (hal_lib.c): a module is loaded once, a pin is in one signal, a signal has one
writer; what gates do is in hal_mpg/doctor/gates.py.
"""

from __future__ import annotations

from hal_mpg.doctor.gates import GATES, PROCESS

DISPLAYED = {
    *(f"halui.axis.{letter}.pos-{what}" for letter in "xyzabcuvw" for what in ("feedback", "relative")),
    *("halui.feed-override.value", "halui.rapid-override.value", "halui.spindle.0.override.value"),
    *("halui.max-velocity.value", "motion.current-vel", "spindle.0.speed-out-abs"),
    *("halui.mode.is-auto", "halui.mode.is-mdi"),
}
"""Those that a display may show."""

STATES = {
    *(f"halui.program.is-{state}" for state in ("idle", "running", "paused")),
    *("halui.mode.is-joint", "halui.spindle.0.is-on", "halui.flood.is-on", "halui.mist.is-on"),
    *("motion.coord-mode", "motion.teleop-mode", "motion.is-all-homed", "motion.in-position"),
    "motion.jog-is-active",
}
"""Those that actions look at."""

OUTPUTS = {
    "iocontrol.0.user-enable-out",
    "iocontrol.0.user-request-enable",
    "motion.motion-enabled",
    "motion.on-soft-limit",
    "halui.mode.is-manual",
    "card.ok",
    *DISPLAYED,
    *STATES,
}
"""LinuxCNC's pins that write, of those that wirings use; and a contact of the machine's own."""

OURS_IN = (
    *("inhibit", "machine-is-on", "mode-is-manual", "heartbeat-echo", "max-velocity", "max-acceleration"),
    *(".position", ".position-relative", ".value", "current-velocity", "spindle-speed", "show-relative"),
    *("mode-is-auto", "mode-is-mdi", "mpg-run.select", "coord-mode", "mode-is-joint", "all-homed"),
    *("program-is-idle", "program-is-running", "program-is-paused", "in-position", "jog-is-active"),
    *("spindle-is-on", "flood-is-on", "mist-is-on"),
)

GATE_OUTPUTS = ("out", "ok-out", "fault-out", "and", "or", "nand", "out-not")


class HalcmdError(Exception):
    """Where LinuxCNC would not start."""


class Halcmd:
    """HAL after some commands. `values` are those of the signals and of pins in none."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.components: dict[str, tuple[str, int]] = {}
        self.signals: dict[str, list[str]] = {}
        self.linked: dict[str, str] = {}
        self.values: dict[str, bool] = {}
        self.parameters: dict[str, str] = {}
        self.functions: list[str] = []
        self.loaded: list[str] = []
        self.memory: dict[str, float] = {}
        self.period_s = 0.001

    def run(self, text: str) -> Halcmd:
        """Carry out the commands of a file. Raises HalcmdError."""
        for line in text.splitlines():
            words = line.split("#")[0].split()
            if words:
                getattr(self, f"_{words[0]}")(*(w for w in words[1:] if w not in ("=>", "<=", "<=>")))
        return self

    def _loadusr(self, *words: str) -> None:
        self.loaded.append(" ".join(words))

    def _loadrt(self, module: str, *options: str) -> None:
        if module in self.modules:
            raise HalcmdError(f"{module}: already exists")
        self.modules.add(module)
        given = dict(option.split("=", 1) for option in options)
        names = given.get("names", "").split(",") if "names" in given else [f"{module}.0"]
        kinds = given.get("personality", "").split(",")
        for place, name in enumerate(names):
            if name in self.components:
                raise HalcmdError(f"duplicate component name {name}")
            personality = int(kinds[place], 0) if place < len(kinds) and kinds[place] else 0
            self.components[name] = (module, personality)

    def _net(self, signal: str, *pins: str) -> None:
        if signal in self.linked or signal in OUTPUTS:
            raise HalcmdError(f"Signal name '{signal}' must not be the same as a pin")
        self._link(signal, *pins)

    def _link(self, signal: str, *pins: str) -> None:
        members = self.signals.setdefault(signal, [])
        for pin in pins:
            if self.linked.get(pin, signal) != signal:
                raise HalcmdError(f"{pin} is linked to {self.linked[pin]}, not {signal}")
            if not members:  # the first pin gives its value to the signal
                self.values[signal] = self.values.get(pin, False)
            if pin not in members:
                members.append(pin)
            self.linked[pin] = signal
        writers = [pin for pin in members if self.is_writer(pin)]
        if len(writers) > 1:
            raise HalcmdError(f"{signal} has two writers: {writers}")

    def _linkpp(self, first: str, second: str) -> None:
        if first in self.linked or second in self.linked or first in self.signals:
            raise HalcmdError(f"linkpp {first} {second}")
        self._link(first, first, second)

    def _linksp(self, signal: str, pin: str) -> None:
        if signal not in self.signals:
            raise HalcmdError(f"signal {signal} not found")
        self._link(signal, pin)

    def _linkps(self, pin: str, signal: str) -> None:
        self._linksp(signal, pin)

    def _unlinkp(self, pin: str) -> None:
        signal = self.linked.pop(pin, None)
        if signal is not None:
            self.signals[signal].remove(pin)

    def _setp(self, pin: str, *values: str) -> None:
        if len(values) != 1:
            raise HalcmdError(f"setp {pin}: {len(values)} values")
        if pin in self.linked:
            raise HalcmdError(f"{pin} is linked")
        self.parameters[pin] = values[0]
        self.values[pin] = values[0] in ("TRUE", "1")

    def _sets(self, signal: str, value: str) -> None:
        self.values[signal] = value in ("TRUE", "1")

    def _addf(self, function: str, thread: str, place: str = "-1") -> None:
        if thread != "servo-thread" or function in self.functions:
            raise HalcmdError(f"addf {function} {thread}")
        at = int(place) - 1 if int(place) > 0 else len(self.functions)
        self.functions.insert(at, function)

    def is_writer(self, pin: str) -> bool:
        """Tell whether a pin writes its signal."""
        if pin.startswith("hal_mpg."):
            return not pin.endswith(OURS_IN) and ".led." not in pin and ".request." not in pin
        name, _, last = pin.rpartition(".")
        return (
            pin in OUTPUTS or (name in self.components and last in GATE_OUTPUTS) or pin == "watchdog.ok-out"
        )

    def get(self, pin: str) -> bool:
        """Return a pin's value."""
        name, _, last = pin.rpartition(".")
        gate = GATES.get(self._module_of(name))
        default = gate is not None and gate.defaults.get(last, False)
        return self.values.get(self.linked.get(pin, pin), default)

    def put(self, pin: str, value: bool) -> None:
        """Set an output's value."""
        self.values[self.linked.get(pin, pin)] = value

    def period(self, count: int = 1) -> None:
        """Let the servo thread run: each function once, in order."""
        for _ in range(count):
            for function in self.functions:
                module = self._module_of(function.removesuffix(PROCESS))
                if module in GATES and (module == "watchdog") == function.endswith(PROCESS):
                    GATES[module].act(self, function.removesuffix(PROCESS))

    def _module_of(self, name: str) -> str:
        return "watchdog" if name == "watchdog" else self.components.get(name, ("", 0))[0]

    def integer(self, pin: str) -> int:
        """Return the function of a lut5."""
        return int(self.parameters.get(pin, "0"), 0)

    def seconds(self, pin: str) -> float:
        """Return the time of a watchdog."""
        return float(self.parameters[pin])

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """Return the inputs of a logic, or of the watchdog."""
        if name == "watchdog":
            return ("watchdog.input-0",)
        return tuple(f"{name}.in-{place:02}" for place in range(self.components[name][1] & 0xFF))
