# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of sticks and spring-loaded rings (`controls.analog`), from YAML."""

from __future__ import annotations

from yaml.nodes import MappingNode, Node

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL
from hal_mpg.profile import AXIS_LETTERS, SELECTED, Analog, Code, Selector, positions_of
from hal_mpg.profile_parts.reach import check_ends
from hal_mpg.yaml_reader import DECIMAL, Fields, Reader, quoted

ANALOG_KEYS = ("abs", "rel-absolute", "range", "axis", "dead-zone", "curve", "invert", "hold")
ANALOG_FORMS = "{abs: CODE, axis: x} or {rel-absolute: CODE, range: [-7, 7], axis: x, hold: KEY}"
MAX_DEAD_ZONE = "0.9"
MIN_CURVE, MAX_CURVE = "0.2", "10"
DEFAULT_DEAD_ZONE, DEFAULT_CURVE = "0.1", "1"
LARGEST = 1 << 31

DECODED = ("hidraw", "serial")
"""Sources whose reports and lines are taken apart here: how far something was turned, 0, is nothing there."""


def read_analog(
    reader: Reader, node: Node | None, selector: Selector | None, source: str, silence_ms: int | None
) -> tuple[Analog, ...]:
    """Return the sticks and rings: one mapping, or a list of them.

    `selector` is that of the axes; `silence_ms` is after how long a serial pendant is lost by silence.
    """
    if node is None:
        return ()
    if silence_ms == 0:
        reader.fault(
            node,
            "what a stick says last is held, and this pendant is never lost by silence; add `silence: 0.15` "
            "to `serial:`, and have the pendant speak more often than that",
        )
    forms = [node] if isinstance(node, MappingNode) else reader.items(node, "analog")
    holds: dict[str, Code] = {}
    found = (_analog(reader, form, selector, source, holds) for form in forms)
    return tuple(analog for analog in found if analog)


def _analog(
    reader: Reader, node: Node, selector: Selector | None, source: str, holds: dict[str, Code]
) -> Analog | None:
    fields = reader.mapping(node, ANALOG_KEYS, "analog", needed=("axis",))
    forms = [form for form in ("abs", "rel-absolute") if form in fields]
    if len(forms) != 1:
        reader.fault(node, f"{' and '.join(forms) or 'no form'} given; use one of {ANALOG_FORMS}")
        return None
    is_ring = forms == ["rel-absolute"]
    if is_ring and source in DECODED:
        reader.fault(node, silent_at_zero("range: [-7, 7]"))
    if is_ring and source == "evdev" and "hold" not in fields:
        reader.fault(
            node,
            "the kernel is silent when such a ring comes back to 0, so it could run on; name a button that "
            "has to be held: `hold: BTN_0`",
        )
    if "range" not in fields and (is_ring or source in DECODED):
        reader.fault(node, "analog has no 'range'; add what it says at its ends, as in `range: [-7, 7]`")
    low, high = _range(reader, fields.get("range"))
    analog = Analog(
        code=reader.code(fields[forms[0]], EV_REL if is_ring else EV_ABS, "analog"),
        low=low,
        high=high,
        axis=_axis(reader, fields.get("axis"), selector),
        dead_zone=_thousandths(reader, fields, "dead-zone", DEFAULT_DEAD_ZONE, ("0", MAX_DEAD_ZONE)),
        curve=_thousandths(reader, fields, "curve", DEFAULT_CURVE, (MIN_CURVE, MAX_CURVE)),
        invert=reader.boolean(fields.get("invert"), "value of invert"),
        hold=_hold(reader, fields.get("hold"), holds),
    )
    if analog.low is not None and analog.high is not None:
        check_ends(reader, fields["range"], analog.code, analog.low, analog.high)
    _check_middle(reader, fields, analog)
    return analog


def silent_at_zero(more: str) -> str:
    """Return why what says where it stands cannot be REL where the protocol is ours."""
    return (
        f"rel-absolute is for what the kernel reports, which is silent at 0; a protocol says 0, too: set the "
        f"code as abs there, and use {{abs: CODE, {more}}}"
    )


def _range(reader: Reader, node: Node | None) -> tuple[int | None, int | None]:
    """Return what it says at its ends; None where the kernel knows that of the device."""
    if node is None:
        return None, None
    ends = [
        reader.integer(item, "an end of range", -LARGEST, LARGEST) for item in reader.items(node, "range")
    ]
    if len(ends) == 2 and ends[0] < ends[1]:
        return ends[0], ends[1]
    reader.fault(node, "range is not from a smaller number to a larger one; use two, as in [-7, 7]")
    return None, None


def _axis(reader: Reader, node: Node | None, selector: Selector | None) -> str:
    """Return which axis it moves. The selector has to know it, too, for the wheel and the stick share it."""
    axes = (
        tuple(name for name in positions_of(selector) if name in AXIS_LETTERS) if selector else AXIS_LETTERS
    )
    return reader.choice(node, (*axes, SELECTED), "axis of the selector")


def _thousandths(reader: Reader, fields: Fields, key: str, otherwise: str, ends: tuple[str, str]) -> int:
    low, high = ends
    text = reader.text(fields[key], key) if key in fields else otherwise
    if not DECIMAL.fullmatch(text) or not float(low) <= float(text) <= float(high):
        reader.fault(fields[key], f"{key} is {quoted(text)}; use a number from {low} to {high}")
        text = otherwise
    return round(float(text) * 1000)


def _hold(reader: Reader, node: Node | None, holds: dict[str, Code]) -> Code | None:
    """Return the button to be held; one button may be that of several sticks."""
    if node is None:
        return None
    name = reader.text(node, "hold")
    if name not in holds:
        holds[name] = reader.code(node, EV_KEY, "hold")
    return holds[name]


def _check_middle(reader: Reader, fields: Fields, analog: Analog) -> None:
    """See that it can say that it is in its dead zone, before which it moves nothing."""
    if analog.low is None or analog.high is None:
        return
    between = (analog.low + analog.high) % 2  # the middle is no whole number: half of one away from one
    if between / (analog.high - analog.low) > analog.dead_zone / 1000:
        place = fields.get("dead-zone", fields["range"])
        reader.fault(place, "the dead zone is narrower than one step of the range; use a larger one")
    if analog.code.type == EV_REL and analog.low + analog.high != 0:
        reader.fault(fields["range"], "0 is not its middle, though silence says 0; use one such as [-7, 7]")
