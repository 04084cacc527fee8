# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pendant of a profile will do, in words and as data. Pure: nothing is looked at but the profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from hal_mpg.devices.input_codes import code_name
from hal_mpg.errors import UsageError
from hal_mpg.events import EV_ABS
from hal_mpg.machine import Machine
from hal_mpg.odd_distances import odd_distances, plain
from hal_mpg.pins import all_pins
from hal_mpg.profile import (
    ANGULAR_AXES,
    SELECTED,
    AbsoluteWheel,
    AbsSelector,
    Analog,
    Code,
    KeySelector,
    KeyWheel,
    Match,
    Profile,
    Selector,
    StepSelector,
    positions_of,
)
from hal_mpg.profile_parts.match import match_text
from hal_mpg.serial_line import SerialLine

UNITS = ("mm", "inch")
"""The linear units that a machine may have."""

LABEL_WIDTH = 17
"""The least width of the labels, so that most profiles are shown alike."""

SHARED_VENDORS = frozenset((0x0403, 0x067B, 0x10C4, 0x1A86, 0x2341, 0x2A03, 0x2E8A, 0x303A))
"""FTDI, Prolific, Silicon Labs, WCH, Arduino, Raspberry Pi, Espressif: adapters and boards, not pendants."""


def refusals(profile: Profile) -> dict[str, str]:
    """Return why the component would not start on a machine with all of the pendant's axes, by its unit."""
    found = {}
    for unit in UNITS:
        try:
            Machine(units=unit).steps_of(profile)
        except UsageError as error:
            found[unit] = str(error)
    return found


def as_data(profile: Profile) -> dict[str, Any]:
    """Return what a profile means, for programs; the distances are texts, exactly as the profile has them."""
    estop = profile.estop

    def name(code: Code) -> str:
        return code_text(profile, code)

    return {
        "name": profile.name,
        "source": profile.source,
        "wheel": {
            "form": _wheel_form(profile),
            "codes": [
                code_text(profile, code) for control, code in profile.input_codes() if control == "wheel"
            ],
            "modulo": profile.wheel.modulo if isinstance(profile.wheel, AbsoluteWheel) else None,
            "counts_per_detent": profile.wheel.counts_per_detent,
            "invert": profile.wheel.invert,
        },
        "axis": {"form": _selector_form(profile.axis), "positions": list(positions_of(profile.axis))},
        "scale": profile.scale
        and {"form": _selector_form(profile.scale), "positions": list(positions_of(profile.scale))},
        "detent": {
            position: {
                increment.scale: dict(_distances(increment, position)) for increment in profile.increments
            }
            for position in profile.axes
        },
        "estop": estop and {"key": name(estop.key), "contact": _contact(estop.normally_closed)},
        "loss": "estop" if profile.stop_on_disconnect else "disarm",
        "reset": profile.reset and name(profile.reset),
        "enable": profile.enable and name(profile.enable),
        "buttons": {button: name(code) for button, code in profile.buttons},
        "leds": {led: name(code) for led, code in profile.leds},
        "analog": [
            {
                "code": name(stick.code),
                "axis": stick.axis,
                "range": None if stick.low is None else [stick.low, stick.high],
                "dead_zone": stick.dead_zone / 1000,
                "curve": stick.curve / 1000,
                "invert": stick.invert,
                "hold": stick.hold and name(stick.hold),
            }
            for stick in profile.analog
        ],
        "pins": _pins(profile),
        "warnings": list(warnings(profile)),
    }


def as_lines(profile: Profile) -> list[str]:
    """Return what a profile means, in lines for people."""
    rows = list(_rows(profile))
    width = max(LABEL_WIDTH, *(len(label) + 1 for label, _ in rows))
    lines = [f"{label:{width}}{text}" for label, text in rows]
    table = list(_table(profile, width))
    return [*lines, "", *table] if table else lines


def warnings(profile: Profile) -> Iterator[str]:
    """Yield what is no fault, but most likely not what somebody wants."""
    parts = [part for match in profile.match for part in match.all_of or (match,)]
    for match in () if profile.serial else parts:
        rest = (match.vendor, match.product, match.uniq, match.socket)
        if not any(rest) and not set(match.name or "") - set("*?"):
            yield "it fits every input device, keyboard and mouse included; give its USB id or its name"
        if match.vendor is not None and not any((match.product, match.uniq, (match.name or "").strip("*?"))):
            yield (
                f"it fits every device of vendor {match.vendor:04x}, keyboards and mice too, if there are; "
                f"give the product id as well, or the name"
            )
    if profile.serial:
        yield from _port_warnings(profile.match)
    if not profile.axes:
        yield "no position of the axis selector is an axis: the wheel moves none"
    reached = positions_of(profile.scale) if profile.scale else profile.scales
    missed = [scale for scale in profile.scales if scale not in reached]
    if missed:
        yield f"no position of the scale selector is {', '.join(missed)}; leave it out, or add the position"
    wheel = profile.wheel
    if isinstance(wheel, AbsoluteWheel) and wheel.modulo % wheel.counts_per_detent:
        yield (
            f"one turn is {wheel.modulo} counts, which is no whole number of detents of "
            f"{wheel.counts_per_detent}; are modulo and counts-per-detent right?"
        )
    yield from odd_distances(profile.increments)
    for unit, why in refusals(profile).items():
        yield f"on {'an inch' if unit == 'inch' else 'a mm'} machine it does not start: {why}"


def _port_warnings(matches: Iterable[Match]) -> Iterator[str]:
    """Yield what is odd about how a port is found: each that fits is opened, which resets many a board."""
    for match in matches:
        port = (match.port or "").strip("*?")
        if (
            match.uniq is not None
            or port not in ("", "/dev/", "/dev/tty")
            or set(match.name or "") - set("*?")
        ):
            continue
        if match.vendor is None:
            yield (
                "it fits every serial port, and would open them one after the other, which resets many a "
                "board; give its USB id, its name, or its port"
            )
        elif match.vendor in SHARED_VENDORS:
            yield (
                f"it fits every board or adapter of {match.vendor:04x}, whatever it is used for, and would "
                f"open it; give its serial number (uniq) as well, or a port such as /dev/serial/by-id/..."
            )


def _rows(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "found by", "; or ".join(map(match_text, profile.match))
    if profile.serial:
        yield "speaks", _line(profile.serial)
    yield "wheel", _wheel(profile)
    yield "axis selector", _selector(profile, profile.axis, upper=True)
    if profile.scale:
        yield "scale selector", _selector(profile, profile.scale, upper=False)
    for target in profile.targets:
        yield target, f"there a detent is one count of hal_mpg.{target}.counts, whatever the scale"
    yield "E-stop", _estop(profile)
    yield "plug pulled", _loss(profile)
    if profile.enable:
        yield (
            "enabling button",
            f"{code_text(profile, profile.enable)}: the wheel is live only while it is held",
        )
    else:
        yield "enabling button", "none: the wheel is live whenever the machine is on and in manual mode"
    if profile.reset:
        yield "reset button", f"{code_text(profile, profile.reset)} -> pin hal_mpg.reset"
    for name, code in profile.buttons:
        yield f"button {name}", f"{code_text(profile, code)} -> pin hal_mpg.button.{name}"
    for name, code in profile.leds:
        yield f"lamp {name}", f"{code_text(profile, code)} <- pin hal_mpg.led.{name}"
    for stick in profile.analog:
        yield "stick or ring", _stick(profile, stick)
    if profile.display is not None:
        count, rate = len(list(profile.display.input_pins(profile.axes))), 1000 / profile.display.every_ms
        yield "display", f"{count} pins of HAL's, {rate:g} times a second at most; hal_mpg wiring nets them"


def _stick(profile: Profile, stick: Analog) -> str:
    moves = f"{stick.axis.upper()} axis" if stick.axis != SELECTED else "selected axis"
    ends = "" if stick.low is None else f" ({stick.low} to {stick.high})"
    text = f"{code_text(profile, stick.code)}{ends} is the speed of the {moves} -> pin hal_mpg.axis."
    text += "L.analog" if stick.axis == SELECTED else f"{stick.axis}.analog"
    return text + (f", while {code_text(profile, stick.hold)} is held" if stick.hold else "")


def _line(line: SerialLine) -> str:
    """Return what a serial pendant speaks, and how."""
    language = {
        "Own": "hal_mpg's line protocol",
        "Lines": "lines of its own",
        "Packets": "packets of its own",
    }
    silence = f"lost after {line.silence_s:g} s of silence" if line.silence_ms else "silence is no loss"
    what = language[type(line.protocol).__name__]
    return f"{what}, at {line.baud} baud, {line.framing}; {silence}"


def _wheel(profile: Profile) -> str:
    wheel, per = profile.wheel, profile.wheel.counts_per_detent
    match wheel:
        case KeyWheel(forward, backward):
            one = "one press is one detent" if per == 1 else f"{per} presses are one detent"
            text = f"{code_text(profile, forward)} forward, {code_text(profile, backward)} backward: {one}"
        case AbsoluteWheel(code, modulo):
            counts = "one count is one detent" if per == 1 else f"{per} counts are one detent"
            where = f"says where it stands, 0 to {modulo - 1} and around again"
            text = f"{code_text(profile, code)} {where}: {counts}"
        case _:
            counts = "one count is one detent" if per == 1 else f"{per} counts are one detent"
            text = f"{code_text(profile, wheel.code)} says how far it was turned: {counts}"
    return f"{text}; direction inverted" if wheel.invert else text


def _selector(profile: Profile, selector: Selector, upper: bool) -> str:
    def spell(name: str) -> str:
        return name.upper() if upper and len(name) == 1 else name

    match selector:
        case KeySelector(positions):
            return ", ".join(f"{spell(name)} ({code_text(profile, code)})" for name, code in positions)
        case AbsSelector(code, positions):
            values = ", ".join(f"{value} {spell(name)}" for value, name in positions)
            return f"by the value of {code_text(profile, code)}: {values}; any other value is none"
        case StepSelector(forward, backward, order):
            keys = [f"{code_text(profile, forward)} to the next"] if forward else []
            keys += [f"{code_text(profile, backward)} to the previous"] if backward else []
            names = ", ".join(map(spell, order))
            return f"{names}; {' and '.join(keys)}, around; it starts at {spell(order[0])}"


def _estop(profile: Profile) -> str:
    if profile.estop is None:
        when = "FALSE only while the pendant is not there" if profile.stop_on_disconnect else "always TRUE"
        return f"none; hal_mpg.estop-ok is {when}"
    key = code_text(profile, profile.estop.key)
    if profile.estop.normally_closed:
        return f"{key}, normally closed: held while released; a press or a broken wire is an E-stop"
    return f"{key}, normally open: held while pressed; a broken wire is NOT noticed"


def _loss(profile: Profile) -> str:
    if profile.stop_on_disconnect:
        return "E-stop: hal_mpg.estop-ok goes FALSE, as it is while the pendant is not there"
    changes = "on-disconnect: estop in the profile changes that"
    if profile.analog:
        return f"what a stick or ring moves stops; nothing else does: {changes}"
    return f"the wheel is dead, no more: it stops nothing; {changes}"


def _table(profile: Profile, width: int) -> Iterator[str]:
    """Yield the lines of a table: the distance of a detent, for each scale and unit."""
    linear = [axis.upper() for axis in profile.axes if axis not in ANGULAR_AXES]
    angular = [axis.upper() for axis in profile.axes if axis in ANGULAR_AXES]
    rows = [(" ".join(linear), unit) for unit in UNITS if linear]
    rows += [(" ".join(angular), "degree")] if angular else []
    cells = [["one detent is", *profile.scales]]
    for axes, unit in rows:
        distances = [getattr(increment, unit) for increment in profile.increments]
        if any(distance is not None for distance in distances):
            cells.append([axes, *(_distance(d, unit) for d in distances)])
    if len(cells) == 1:
        return
    widths = [max(width - 1, *(len(row[0]) for row in cells))]
    widths += [max(len(row[column]) for row in cells) for column in range(1, len(cells[0]))]
    before = ""
    for row in cells:
        label = "" if row[0] == before else row[0]
        before = row[0]
        first = f"{label:{widths[0]}} "
        yield first + "   ".join(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))


def _distances(increment: Any, axis: str) -> Iterator[tuple[str, str]]:
    for unit in ("degree",) if axis in ANGULAR_AXES else UNITS:
        distance: Decimal | None = getattr(increment, unit)
        if distance is not None:
            yield unit, plain(distance)


def _distance(distance: Decimal | None, unit: str) -> str:
    return "-" if distance is None else f"{plain(distance)} {unit}"


def _pins(profile: Profile) -> list[str]:
    """Return the names of all pins on a machine that has all of the pendant's axes."""
    for unit in UNITS:
        if unit not in refusals(profile):
            return [f"hal_mpg.{pin.name}" for pin in all_pins(profile, Machine(units=unit).steps_of(profile))]
    return []


def _wheel_form(profile: Profile) -> str:
    match profile.wheel:
        case KeyWheel():
            return "keys"
        case AbsoluteWheel(code):
            return "abs" if code.type == EV_ABS else "rel-absolute"
    return "rel"


def _selector_form(selector: Selector) -> str:
    return {KeySelector: "keys", AbsSelector: "positions", StepSelector: "steps"}[type(selector)]


def _contact(normally_closed: bool) -> str:
    return "normally-closed" if normally_closed else "normally-open"


def code_text(profile: Profile, code: Code) -> str:
    """Return what a code is called: by the kernel, or by the pendant's own protocol."""
    return next((name for name, known in profile.own_codes if known == code), code_name(*code))
