# SPDX-License-Identifier: GPL-2.0-or-later
"""What HAL looks like once a configuration's files were carried out: modules, components, signals."""

from __future__ import annotations

from collections.abc import Iterable

from hal_mpg.linuxcnc_files.hal import ARROWS, HALFILE, Command

UNDOING = ("unlinkp", "delsig", "delf", "unload", "unloadrt", "unloadusr")


class HalState:
    """HAL after its files.

    `modules` is by whom a realtime module was loaded, `signals` the pins of each signal, `links` by which
    command a pin was last netted, `names` all components' names, `settings` the last `setp` of a pin,
    `called_as_pins` the signals of `linkpp`, which have the names of pins, `undone` what is taken apart after
    the HALFILEs, by which command: pins, signals, functions, components.
    """

    def __init__(self) -> None:
        self.modules: dict[str, Command] = {}
        self.names: set[str] = set()
        self.signals: dict[str, list[str]] = {}
        self.links: dict[str, tuple[str, Command]] = {}
        self.settings: dict[str, Command] = {}
        self.programs: list[Command] = []
        self.called_as_pins: set[str] = set()
        self.undone: list[tuple[Command, tuple[str, ...]]] = []

    def signal_of(self, pin: str) -> str | None:
        """Return the signal that a pin is in."""
        link = self.links.get(pin)
        return None if link is None else link[0]

    def link(self, pin: str) -> Command | None:
        """Return the command that netted a pin."""
        link = self.links.get(pin)
        return None if link is None else link[1]

    def is_late(self, pin: str) -> bool:
        """Tell whether a pin is netted only after the HALFILEs: nothing in these can take it apart."""
        link = self.links.get(pin)
        return link is not None and link[1].stage != HALFILE

    def has_name_like(self, prefix: str) -> bool:
        """Tell whether a signal or component begins with a prefix."""
        return any(name.startswith(prefix) for name in (*self.signals, *self.names))


def hal_state(commands: Iterable[Command]) -> HalState:
    """Return what HAL looks like after these commands."""
    state = HalState()
    for command in commands:
        verb, *all_words = command.words
        words = [word for word in all_words if word not in ARROWS]
        if words and verb in UNDOING and command.stage != HALFILE:
            state.undone.append((command, _reach(state, verb, words[0])))
        act = _ACTS.get(verb)
        if act is not None and words:
            act(state, words, command)
    return state


def _reach(state: HalState, verb: str, name: str) -> tuple[str, ...]:
    """Return all that a command takes apart, as far as it is known by then."""
    if verb != "delsig":
        return (name,)
    signals = list(state.signals) if name == "all" else [name]
    return (name, *signals, *(pin for signal in signals for pin in state.signals.get(signal, ())))


def _loadrt(state: HalState, words: list[str], command: Command) -> None:
    module, options = words[0], dict(word.split("=", 1) for word in words[1:] if "=" in word)
    state.modules.setdefault(module, command)
    state.names.add(module)
    state.names.update(name for name in options.get("names", "").strip("\"'").split(",") if name)


def _loadusr(state: HalState, words: list[str], command: Command) -> None:
    state.programs.append(command)
    for option in ("-Wn", "-n"):
        if option in words[:-1]:
            state.names.add(words[words.index(option) + 1])
    state.names.update(word.rsplit("/", 1)[-1] for word in words if not word.startswith("-"))


def _net(state: HalState, words: list[str], command: Command) -> None:
    signal, pins = words[0], words[1:]
    members = state.signals.setdefault(signal, [])
    for pin in pins:
        if pin not in members:
            members.append(pin)
        state.links[pin] = (signal, command)


def _linkps(state: HalState, words: list[str], command: Command) -> None:
    if len(words) > 1:
        _net(state, [words[1], words[0]], command)


def _linkpp(state: HalState, words: list[str], command: Command) -> None:
    if len(words) > 1:
        state.called_as_pins.add(words[0])
        _net(state, [words[0], *words], command)


def _unlinkp(state: HalState, words: list[str], _command: Command) -> None:
    link = state.links.pop(words[0], None)
    if link is not None and words[0] in state.signals.get(link[0], []):
        state.signals[link[0]].remove(words[0])


def _delsig(state: HalState, words: list[str], _command: Command) -> None:
    for pin in state.signals.pop(words[0], []):
        state.links.pop(pin, None)


def _setp(state: HalState, words: list[str], command: Command) -> None:
    state.settings[words[0]] = command


def _newsig(state: HalState, words: list[str], _command: Command) -> None:
    state.signals.setdefault(words[0], [])


_ACTS = {
    "loadrt": _loadrt,
    "loadusr": _loadusr,
    "net": _net,
    "linksp": _net,
    "linkps": _linkps,
    "linkpp": _linkpp,
    "unlinkp": _unlinkp,
    "delsig": _delsig,
    "setp": _setp,
    "newsig": _newsig,
}
