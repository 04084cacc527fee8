# SPDX-License-Identifier: GPL-2.0-or-later
"""From a YAML text to a profile; every fault in it with file, line and column.

Scalars are read by the type that is expected, from their text: `off`, `on`, `no`, `010` and `1:30` mean
what they say, not what YAML 1.1 makes of them. Every key is read or refused.
"""

from __future__ import annotations

import re
from itertools import pairwise

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from hal_mpg.errors import ProfileError
from hal_mpg.events import EV_ABS, EV_KEY, EV_REL
from hal_mpg.profile import (
    AXIS_LETTERS,
    FAULT,
    OFF,
    TARGETS,
    AbsoluteWheel,
    AbsSelector,
    Code,
    EStop,
    Increment,
    KeySelector,
    KeyWheel,
    Profile,
    RelativeWheel,
    Selector,
    StepSelector,
    Wheel,
)
from hal_mpg.profile_parts.analog import DECODED, read_analog, silent_at_zero
from hal_mpg.profile_parts.display import read_display
from hal_mpg.profile_parts.lamps import read_lamps
from hal_mpg.profile_parts.match import read_matches
from hal_mpg.profile_parts.reach import check_modulo, check_positions
from hal_mpg.yaml_reader import Reader, quoted, suggestion

SOURCES = ("evdev", "hidraw", "serial", "virtual")
UNITS = ("mm", "inch", "degree")
OWN_KEYS = {"serial": ("serial", "protocol", "greeting"), "hidraw": ("protocol", "display")}
"""The keys that are for one source, or several, and for no other."""

FRONT_KEYS = ("facts", "tried", "use", "missing", "front")
ROOT_KEYS = (
    *("name", "source", "match"),
    *dict.fromkeys(key for keys in OWN_KEYS.values() for key in keys),
    *("on-disconnect", "increments", "controls", *FRONT_KEYS),
)
CONTROLS = ("wheel", "axis", "scale", "estop", "reset", "enable", "buttons", "leds", "analog")
WHEEL_KEYS = ("rel", "abs", "rel-absolute", "keys", "modulo", "counts-per-detent", "invert")
WHEEL_FORMS = "{rel: CODE}, {abs: CODE, modulo: N}, {rel-absolute: CODE, modulo: N} or {keys: {...}}"
SELECTOR_KEYS = ("keys", "abs", "positions", "next", "previous", "order")
SELECTOR_FORMS = "{keys: {...}}, {abs: CODE, positions: {...}} or {next: KEY, previous: KEY, order: [...]}"
PIN_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


def load_profile(text: str, file: str) -> Profile:
    """Return the profile in `text`; `file` is its name for messages.

    Raises ProfileError with every fault found, each as `FILE:LINE:COLUMN: what; what would be right`.
    """
    reader = Reader(file)
    root: Node | None = None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            reader.fault(None, "the profile is empty; start from one of the shipped ones")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.fault(mark, f"not YAML: {error.problem or error.context}; correct the syntax")
    except yaml.YAMLError as error:
        reader.fault(None, f"not YAML: {' '.join(str(error).split())}; save it as plain UTF-8 text")
    except (ValueError, LookupError, ArithmeticError, TypeError, AttributeError) as error:
        # PyYAML lets these out for a version, an escape or an anchor of nonsense.
        reader.fault(None, f"not YAML: {str(error)[:80]}; save it as plain UTF-8 text")
    except RecursionError:
        reader.fault(None, "nested too deeply; a profile has no more than five levels")
    profile = _profile(reader, root) if root else None
    if profile is None or reader.faults:
        raise ProfileError(reader.faults)
    return profile


def _profile(reader: Reader, root: Node) -> Profile | None:
    """Read the whole profile; the result is of use only where the reader found no fault."""
    needed = ("name", "match", "increments", *([] if _tells_its_controls(root) else ["controls"]))
    fields = reader.mapping(root, ROOT_KEYS, "the profile", needed)
    source = reader.choice(fields["source"], SOURCES, "source") if "source" in fields else "evdev"
    serial = hid = None
    _refuse_keys_of_others(reader, fields, source)
    if "protocol" in fields and "protocol" not in OWN_KEYS.get(source, ()):
        # The names of its codes are most likely the protocol's, and the source is what is wrong.
        reader.own_codes, reader.knows_codes = {}, False
    if source == "hidraw":
        from hal_mpg.profile_parts.hid import read_hid

        hid = read_hid(reader, fields.get("protocol"))
    if source == "serial":
        from hal_mpg.profile_parts.own import is_own, own_profile, read_serial

        serial = read_serial(reader, fields)
        if is_own(fields):
            increments = _increments(reader, fields.get("increments"))
            _check_front(reader, fields, None)
            return own_profile(
                reader, fields, serial, increments, read_matches(reader, fields.get("match"), source)
            )
    on_disconnect = reader.choice(fields.get("on-disconnect"), ("estop", "disarm"), "on-disconnect value")
    increments = _increments(reader, fields.get("increments"))
    controls = reader.mapping(fields.get("controls"), CONTROLS, "controls", needed=("wheel", "axis"))
    scales = tuple(increment.scale for increment in increments)
    if controls and "scale" not in controls and len(scales) > 1:
        reader.fault(fields["controls"], f"no scale selects among {', '.join(scales)}; add `scale:`")
    wheel = _wheel(reader, controls.get("wheel"), source)
    axis = _selector(reader, controls.get("axis"), (*AXIS_LETTERS, *TARGETS, OFF), "axis")
    scale = _selector(reader, controls.get("scale"), (*scales, *TARGETS, OFF), "scale")
    estop = _estop(reader, controls.get("estop"))
    if estop and on_disconnect == "disarm":
        reader.note(
            fields["on-disconnect"],
            "disarm has no effect on a pendant with an E-stop, for a missing device is an actuated E-stop",
        )
    name = reader.text(fields.get("name"), "name")
    buttons = _named_codes(reader, controls.get("buttons"), EV_KEY, "buttons")
    leds, lamp_values = read_lamps(reader, _named(reader, controls.get("leds"), "leds"))
    profile = Profile(
        name=name,
        source=source,
        match=read_matches(reader, fields.get("match"), source),
        increments=increments,
        wheel=wheel or RelativeWheel(Code(EV_REL, 0)),
        axis=axis or KeySelector(()),
        scale=scale,
        estop=estop,
        reset=_button(reader, controls.get("reset"), "reset"),
        enable=_button(reader, controls.get("enable"), "enable"),
        buttons=buttons,
        leds=leds,
        # A missing device is an actuated E-stop wherever there is one, whatever the profile says.
        stop_on_disconnect=estop is not None or on_disconnect == "estop",
        notes=tuple(reader.notes),
        serial=serial,
        hid=hid,
        display=read_display(reader, fields.get("display"), scales, buttons) if hid else None,
        analog=read_analog(
            reader, controls.get("analog"), axis, source, serial.silence_ms if serial else None
        ),
        lamp_values=lamp_values,
    )
    # A control that is faulty may be another one than it says.
    _check_front(reader, fields, None if reader.is_faulty(fields.get("controls")) else profile)
    for name in () if reader.faults else reader.unused_codes():
        reader.fault(
            reader.own_places.get(name),
            f"no control uses {name}; add one that does, or leave it out of the protocol",
        )
    return profile if wheel and axis else None


def _refuse_keys_of_others(reader: Reader, fields: dict[str, Node], source: str) -> None:
    """Refuse what is for other sources than that of the profile."""
    for key in fields.keys() - OWN_KEYS.get(source, ()) if source else ():
        owners = [owner for owner, keys in OWN_KEYS.items() if key in keys]
        if owners:
            right = " or ".join(owners)
            do = "leave it out" if "source" in fields else "say `source:`, or leave it out"
            reader.fault(fields[key], f"{key!r} is for source: {right}, and this is {source}; {do}")


def _check_front(reader: Reader, fields: dict[str, Node], profile: Profile | None) -> None:
    """Look for faults in what is for people alone; the component has no use for it."""
    if fields.keys() & {*FRONT_KEYS}:
        from hal_mpg.profile_parts.front import front_of

        front_of(reader, fields, profile)


def _tells_its_controls(root: Node) -> bool:
    """Tell whether the profile is of pendants that tell their controls themselves: hal_mpg's own protocol."""
    if not isinstance(root, MappingNode):
        return False
    values = {key.value: value for key, value in root.value if isinstance(key, ScalarNode)}
    source = values.get("source")
    is_serial = isinstance(source, ScalarNode) and source.value == "serial"
    return is_serial and not isinstance(values.get("protocol"), MappingNode)


def _increments(reader: Reader, node: Node | None) -> tuple[Increment, ...]:
    increments = []
    for scale, place, value in reader.entries(node, "increments"):
        fields = reader.mapping(value, UNITS, f"increment {scale}")
        if scale == OFF:
            reader.fault(place, "no scale can be called 'off', for that is a position without one; rename it")
        if scale in TARGETS:
            reader.fault(place, f"no scale can be called {scale}, for that turns an override; rename it")
        if not fields:
            reader.fault(value, f"increment {scale} has no distance; use {{mm: 0.001, degree: 0.01}}")
        increments.append(Increment.of(scale, **{u: reader.distance(n, u) for u, n in fields.items()}))
    return tuple(increments)


def _wheel(reader: Reader, node: Node | None, source: str) -> Wheel | None:
    fields = reader.mapping(node, WHEEL_KEYS, "wheel")
    form = _one_form(reader, node, fields, ("rel", "abs", "rel-absolute", "keys"), WHEEL_FORMS)
    if form is None or node is None:
        return None
    per_detent = reader.integer(fields.get("counts-per-detent"), "counts-per-detent", 1, 10_000)
    invert = reader.boolean(fields.get("invert"), "value of invert")
    if form == "rel-absolute" and source in DECODED:
        reader.fault(node, silent_at_zero("modulo: N"))
    if form in ("abs", "rel-absolute") and "modulo" not in fields:
        reader.fault(node, "an absolute wheel has no 'modulo'; add after how many counts it wraps")
    if form in ("rel", "keys") and "modulo" in fields:
        reader.fault(fields["modulo"], f"a wheel by {form} does not wrap; leave modulo out")
    if form == "rel":
        return RelativeWheel(reader.code(fields["rel"], EV_REL, "wheel"), per_detent, invert)
    if form == "keys":
        keys = reader.mapping(fields["keys"], ("forward", "backward"), "keys", ("forward", "backward"))
        forward = reader.code(keys.get("forward"), EV_KEY, "wheel forward")
        backward = reader.code(keys.get("backward"), EV_KEY, "wheel backward")
        return KeyWheel(forward, backward, per_detent, invert)
    code = reader.code(fields[form], EV_ABS if form == "abs" else EV_REL, "wheel")
    modulo = reader.integer(fields.get("modulo"), "modulo", 3, 1 << 31)
    check_modulo(reader, fields.get("modulo", node), code, modulo)
    return AbsoluteWheel(code, modulo, per_detent, invert)


def _selector(reader: Reader, node: Node | None, known: tuple[str, ...], what: str) -> Selector | None:
    if node is None:
        return None
    fields = reader.mapping(node, SELECTOR_KEYS, what)
    if "next" in fields or "previous" in fields:
        return _step_selector(reader, node, known, what)
    form = _one_form(reader, node, fields, ("keys", "abs"), SELECTOR_FORMS)
    if form == "keys":
        reader.mapping(node, ("keys",), what)
        keys = []
        for name, place, value in reader.entries(fields["keys"], f"keys of {what}"):
            if name not in known:
                reader.fault(place, f"{quoted(name)} is no position of {what}; {suggestion(name, known)}")
            keys.append((name, reader.code(value, EV_KEY, f"{what} {name}")))
        return KeySelector(tuple(keys))
    if form == "abs":
        reader.mapping(node, ("abs", "positions"), what, needed=("positions",))
        if reader.own_codes is not None:
            known = (*known, FAULT)  # a serial pendant may tell itself that two positions are closed at once
        positions: list[tuple[int, str]] = []
        places: list[tuple[int, Node]] = []
        for key, place, position in reader.entries(fields.get("positions"), f"positions of {what}"):
            number = reader.number_of(key, place, f"a position of {what}")
            if number in dict(positions):
                reader.fault(place, f"value {number} stands twice in positions of {what}; keep one")
            positions.append((number, reader.choice(position, known, f"position of {what}")))
            places.append((number, place))
        code = reader.code(fields["abs"], EV_ABS, what)
        check_positions(reader, places, code, what)
        return AbsSelector(code, tuple(positions))
    return None


def _step_selector(reader: Reader, node: Node, known: tuple[str, ...], what: str) -> StepSelector:
    fields = reader.mapping(node, ("next", "previous", "order"), what, needed=("order",))
    order = tuple(
        reader.choice(item, known, f"position of {what}")
        for item in reader.items(fields.get("order"), f"order of {what}")
    )
    for before, after in pairwise(sorted(order)):
        if before == after and before:
            reader.fault(fields["order"], f"{before} stands twice in the order of {what}; keep one")
    keys = [
        reader.code(fields[key], EV_KEY, f"{what} {key}") if key in fields else None
        for key in ("next", "previous")
    ]
    return StepSelector(keys[0], keys[1], order)


def _one_form(
    reader: Reader, node: Node | None, fields: dict[str, Node], forms: tuple[str, ...], right: str
) -> str | None:
    """Return which one of the forms a control has; a fault where it is none, or several."""
    found = [form for form in forms if form in fields]
    if len(found) == 1:
        return found[0]
    if node is not None:
        reader.fault(node, f"{' and '.join(found) or 'no form'} given; use one of {right}")
    return None


def _estop(reader: Reader, node: Node | None) -> EStop | None:
    if node is None:
        return None
    fields = reader.mapping(node, ("key", "contact"), "estop", needed=("key",))
    contact = reader.choice(fields.get("contact"), ("normally-closed", "normally-open"), "contact")
    return EStop(reader.code(fields.get("key"), EV_KEY, "estop"), contact != "normally-open")


def _button(reader: Reader, node: Node | None, what: str) -> Code | None:
    if node is None:
        return None
    fields = reader.mapping(node, ("key",), what, needed=("key",))
    return reader.code(fields.get("key"), EV_KEY, what)


def _named_codes(reader: Reader, node: Node | None, kind: int, what: str) -> tuple[tuple[str, Code], ...]:
    return tuple(
        (name, reader.code(code, kind, f"{what}.{name}")) for name, code in _named(reader, node, what)
    )


def _named(reader: Reader, node: Node | None, what: str) -> list[tuple[str, Node]]:
    """Return what stands at names that become those of pins."""
    entries = reader.entries(node, what)
    for name, place, _ in entries:
        if not PIN_NAME.fullmatch(name):
            reader.fault(
                place, f"{quoted(name)} cannot name a pin; use a-z, 0-9 and -, 20 characters at most"
            )
    return [(name, value) for name, _, value in entries]
