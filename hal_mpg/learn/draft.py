# SPDX-License-Identifier: GPL-2.0-or-later
"""What was learned so far; as a profile's text, and in words. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hal_mpg.events import EV_REL
from hal_mpg.learn.names import name_of
from hal_mpg.odd_distances import plain
from hal_mpg.profile import (
    ANGULAR_AXES,
    OFF,
    AbsoluteWheel,
    AbsSelector,
    Code,
    EStop,
    Increment,
    KeySelector,
    KeyWheel,
    RelativeWheel,
    Selector,
    StepSelector,
    Wheel,
    positions_of,
)

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+(-][A-Za-z0-9_./+()-]*)*")
"""Texts that stand in YAML as they are, also between braces."""


@dataclass
class Draft:
    """The controls that were learned so far."""

    name: str = "pendant"
    wheel: Wheel | None = None
    axis: Selector | None = None
    scale: Selector | None = None
    estop: EStop | None = None
    loss_stops: bool = False
    """Without an E-stop button: whether the loss of the pendant is an E-stop all the same."""

    reset: Code | None = None
    enable: Code | None = None
    buttons: dict[str, Code] = field(default_factory=dict)
    leds: dict[str, Code] = field(default_factory=dict)
    increments: tuple[Increment, ...] = ()
    ignored: frozenset[Code] = frozenset()
    """Codes that say the wheel's once more, or that never are still: no control's."""

    notes: dict[str, str] = field(default_factory=dict)
    """For each control, what there is to say of it."""

    def taken(self, without: str = "") -> frozenset[Code]:
        """Return the codes that belong to a control, but for the one that is being learned (again)."""
        codes = set(self.ignored)
        for control in ("wheel", "axis", "scale", "estop", "reset", "enable", "buttons"):
            if control != without:
                codes |= set(codes_of(getattr(self, control)))
        return frozenset(codes)

    @property
    def scales(self) -> tuple[str, ...]:
        """The names of the scales; a pendant without a selector for them has one."""
        return positions_of(self.scale) if self.scale else ("x1",)

    @property
    def has_rotary(self) -> bool:
        """Whether a rotary axis can be selected."""
        return self.axis is not None and any(axis in ANGULAR_AXES for axis in positions_of(self.axis))


def codes_of(control: object) -> Iterator[Code]:
    """Yield the codes of one control."""
    match control:
        case KeyWheel(forward, backward):
            yield from (forward, backward)
        case RelativeWheel(code) | AbsoluteWheel(code) | AbsSelector(code):
            yield code
        case KeySelector(positions):
            yield from (code for _, code in positions)
        case StepSelector(forward_key, backward_key):
            yield from (key for key in (forward_key, backward_key) if key)
        case EStop(key):
            yield key
        case Code():
            yield control
        case dict():
            yield from control.values()


def profile_text(draft: Draft, matches: Iterable[str], comments: Iterable[str]) -> str:
    """Return the profile; `matches` are the lines of its `match`, `comments` what stands above it."""
    assert draft.wheel is not None
    assert draft.axis is not None
    lines = [f"# {line}".rstrip() for line in comments]
    lines += [f"name: {scalar(draft.name)}", "source: evdev", "match:"]
    lines += [f"  - {{{match}}}" for match in matches]
    if draft.estop is None and draft.loss_stops:
        lines += ["# It has no E-stop button, but losing it is an E-stop.", "on-disconnect: estop"]
    lines += ["# The distance of one click of the wheel at each scale.", "increments:"]
    lines += [*distances_form(draft.increments), "controls:"]
    forms = {
        "wheel": wheel_form(draft.wheel),
        "axis": selector_form(draft.axis),
        "scale": selector_form(draft.scale) if draft.scale else "",
        "estop": _estop_form(draft.estop) if draft.estop else "",
        "reset": f"{{key: {name_of(draft.reset)}}}" if draft.reset else "",
        "enable": f"{{key: {name_of(draft.enable)}}}" if draft.enable else "",
        "buttons": _mapping((scalar(name), name_of(code)) for name, code in draft.buttons.items()),
        "leds": _mapping((scalar(name), name_of(code)) for name, code in draft.leds.items()),
    }
    for control, form in forms.items():
        if form not in ("", "{}"):
            lines += [f"  # {line}" for line in textwrap.wrap(draft.notes.get(control, ""), 96)]
            lines.append(f"  {control + ':':8} {form}")
    return "\n".join(lines) + "\n"


def distances_form(increments: Sequence[Increment]) -> Iterator[str]:
    """Yield the lines below `increments`."""
    width = max(len(scalar(increment.scale)) for increment in increments) + 1
    for increment in increments:
        yield f"  {scalar(increment.scale) + ':':{width}} {{{_distances(increment)}}}"


def _distances(increment: Increment) -> str:
    units = (("mm", increment.mm), ("inch", increment.inch), ("degree", increment.degree))
    return ", ".join(f"{unit}: {plain(value)}" for unit, value in units if value is not None)


def _distances_in_words(increment: Increment) -> str:
    units = (("mm", increment.mm), ("inch", increment.inch), ("degrees", increment.degree))
    return ", ".join(f"{plain(value)} {unit}" for unit, value in units if value is not None)


def wheel_form(wheel: Wheel) -> str:
    """Return a wheel as a profile has it."""
    match wheel:
        case KeyWheel(forward, backward):
            form = f"keys: {{forward: {name_of(forward)}, backward: {name_of(backward)}}}"
        case RelativeWheel(code):
            form = f"rel: {name_of(code)}"
        case AbsoluteWheel(code, modulo):
            form = f"{'rel-absolute' if code.type == EV_REL else 'abs'}: {name_of(code)}, modulo: {modulo}"
    if wheel.counts_per_detent != 1:
        form += f", counts-per-detent: {wheel.counts_per_detent}"
    return f"{{{form}{', invert: true' if wheel.invert else ''}}}"


def selector_form(selector: Selector) -> str:
    """Return a selector as a profile has it."""
    match selector:
        case KeySelector(positions):
            return f"{{keys: {_mapping((scalar(name), name_of(code)) for name, code in positions)}}}"
        case AbsSelector(code, values):
            pairs = _mapping((str(value), scalar(name)) for value, name in values)
            return f"{{abs: {name_of(code)}, positions: {pairs}}}"
        case StepSelector(forward, backward, order):
            keys = (("next", forward), ("previous", backward))
            fields = [f"{which}: {name_of(key)}" for which, key in keys if key]
            fields.append(f"order: [{', '.join(map(scalar, order))}]")
            return f"{{{', '.join(fields)}}}"


def _estop_form(estop: EStop) -> str:
    contact = "normally-closed" if estop.normally_closed else "normally-open"
    return f"{{key: {name_of(estop.key)}, contact: {contact}}}"


def _mapping(pairs: Iterable[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def scalar(text: str) -> str:
    """Return a text as YAML has it; `off` in quotes, for other readers of YAML take it for a Boolean."""
    if PLAIN.fullmatch(text) and text.lower() not in (OFF, "on", "yes", "no", "true", "false", "null"):
        return text
    return json.dumps(text, ensure_ascii=False)


def wheel_words(wheel: Wheel) -> str:
    """Say what the wheel is."""
    many = wheel.counts_per_detent > 1
    counts = f"{wheel.counts_per_detent} counts a click" if many else "one count a click"
    match wheel:
        case KeyWheel(forward, backward):
            presses = counts.replace("counts", "presses").replace("one count", "one press")
            keys = f"{name_of(forward)} clockwise and {name_of(backward)} counter-clockwise"
            return f"two keys, {keys}; {presses}"
        case RelativeWheel(code):
            form = f"{name_of(code)}, says how far it is turned"
        case AbsoluteWheel(code, modulo):
            form = f"{name_of(code)}, says where it stands, and starts anew after {modulo} counts"
    return f"{form}; {counts}{'; clockwise is minus, so it is inverted' if wheel.invert else ''}"


def selector_words(selector: Selector) -> str:
    """Say what a selector is."""
    match selector:
        case KeySelector(positions):
            named = ", ".join(f"{name} {name_of(code)}" for name, code in positions)
            return f"one key for each position: {named}"
        case AbsSelector(code, values):
            named = ", ".join(f"{value} is {name}" for value, name in values)
            return f"a value for each position ({name_of(code)}): {named}"
        case StepSelector(forward, backward, order):
            keys = [name_of(forward) + " steps on"] if forward else []
            keys += [name_of(backward) + " steps back"] if backward else []
            return f"{', '.join(keys)} through {', '.join(order)}; it starts at {order[0]}"


def estop_words(estop: EStop) -> str:
    """Say what the E-stop's contact is."""
    name = name_of(estop.key)
    if estop.normally_closed:
        return f"normally closed ({name} is held while it is released): a broken wire counts as pressed"
    return f"normally open ({name} is held while it is pressed): a broken wire goes unnoticed"


def _loss_words(draft: Draft) -> str:
    if draft.loss_stops:
        return "none, but losing the pendant is an E-stop (on-disconnect: estop)"
    return "none: unplugging stops nothing; on-disconnect: estop in the profile changes that"


def rows(draft: Draft) -> list[tuple[str, str]]:
    """Return what was learned, as (step, in words), in the order of the steps."""
    increments = "; ".join(f"{each.scale} is {_distances_in_words(each)}" for each in draft.increments)
    buttons = ", ".join(f"{name} {name_of(code)}" for name, code in draft.buttons.items())
    leds = ", ".join(f"{name} {name_of(code)}" for name, code in draft.leds.items())
    return [
        ("wheel", wheel_words(draft.wheel) if draft.wheel else "none"),
        ("axis", selector_words(draft.axis) if draft.axis else "none"),
        ("scale", selector_words(draft.scale) if draft.scale else "none; one distance only"),
        ("estop", estop_words(draft.estop) if draft.estop else _loss_words(draft)),
        ("reset", name_of(draft.reset) if draft.reset else "none"),
        ("enable", name_of(draft.enable) if draft.enable else "none: the wheel is live all the time"),
        ("buttons", buttons or "none"),
        ("lamps", leds or "none"),
        ("distances", increments),
        ("name", draft.name),
    ]
