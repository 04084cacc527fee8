# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that is for raw HID pendants; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_parts.hid import LONGEST_REPORT, MOST_PASSED_OVER, MOST_REPORTS
from hal_mpg.profile_parts.hid_lamps import LAMP_FORMS, LAMP_KEYS
from hal_mpg.profile_parts.settings import CODE_NAME
from hal_mpg.protocols.foreign import MOST_RULES
from hal_mpg.protocols.pattern_check import GROUP_NAME
from tools import profile_schema_parts as parts

Schema = dict[str, Any]
HIDRAW: Schema = {"properties": {"source": {"const": "hidraw"}}, "required": ["source"]}


def rules(own_controls: Schema) -> list[Schema]:
    """Return what holds for raw HID pendants; `own_controls`: with codes that the protocol names itself."""
    properties = {"protocol": _protocol(), "controls": own_controls}
    return [{"if": HIDRAW, "then": {"properties": properties, "required": ["protocol", "controls"]}}]


def _protocol() -> Schema:
    """Return what `protocol` is of a raw HID pendant."""
    lamp = parts.object_of(
        "A lamp: {on: [...], off: [...]}, or {report: [...], at: N, bit: N} where lamps share a report.",
        on=parts.bytes_of("The report that lights it, its id first (0 where there are none)."),
        off=parts.bytes_of("The report that puts it out."),
        report=parts.bytes_of("The report in which no lamp is lit, its id first (0 where there are none)."),
        at=parts.whole(1, LONGEST_REPORT, "The lamp's byte in it; the id has 0."),
        bit=parts.whole(0, 7, "The bit that is the other way round while the lamp is lit."),
        mask=parts.whole(1, 255, "The same of several bits."),
        **{"as": {"enum": list(LAMP_FORMS), "description": "Which kind of report; default output."}},
    ) | {
        "oneOf": [_lamp_form(("on", "off")), *(_lamp_form(("report", "at", how)) for how in ("bit", "mask"))]
    }
    return parts.object_of(
        "What the reports of a raw HID pendant mean (docs/raw-hid-pendants.md).",
        ("reports",),
        reports=parts.list_of("Each kind of report, by its id and length.", _report(), MOST_REPORTS),
        lamps=parts.named("Reports that switch lamps; the names are for `leds`.", CODE_NAME.pattern, lamp),
    )


def _lamp_form(needed: tuple[str, ...]) -> Schema:
    """Return that of a lamp's keys there are these, and of the others none but `as`."""
    others = [key for key in LAMP_KEYS if key not in (*needed, "as")]
    return {"required": list(needed), "not": {"anyOf": [{"required": [key]} for key in others]}}


def _report() -> Schema:
    return parts.object_of(
        "One kind of report.",
        ("length", "fields", "rules"),
        id=parts.whole(1, 255, "Its first byte; left out: the device's reports have no ids."),
        length=parts.whole(1, LONGEST_REPORT, "Its bytes, the id among them."),
        fields=parts.fields("its first byte has 0"),
        checksum=parts.checksum(),
        rules=parts.list_of("What it means; the first rule that fits has it.", _rule(), MOST_RULES),
    )


def _rule() -> Schema:
    codes = parts.named(
        "What each code is.",
        parts.NUMBER_AS_TEXT.strip("^$"),
        parts.own_code(),
    )
    held = parts.object_of(
        "Keys that fields name by their codes while they are held; 0 is none.",
        ("in", "keys"),
        keys=codes,
        **{
            "in": parts.list_of("The fields.", {"type": "string", "pattern": f"^{GROUP_NAME.pattern}$"}),
            "with": parts.named(
                "What other keys are that are pressed while this one is held.", CODE_NAME.pattern, codes
            ),
        },
    )
    asleep: Schema = {"required": ["asleep"], "properties": {"asleep": {"enum": [True, "true"]}}}
    return parts.object_of(
        "What a report means.",
        when=parts.when(),
        set=parts.settings(),
        held=held,
        asleep=parts.TRUTH | {"description": "The pendant goes to sleep."},
        passes_over=parts.whole(1, MOST_PASSED_OVER, "So many of the reports right after it mean nothing."),
    ) | {
        "if": asleep,
        "then": {"not": {"anyOf": [{"required": ["set"]}, {"required": ["held"]}]}},
        "else": {"not": {"required": ["passes-over"]}},
    }
