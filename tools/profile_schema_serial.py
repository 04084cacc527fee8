# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the profile's JSON schema that is for serial pendants; profile_schema.py has the whole."""

from __future__ import annotations

from typing import Any

from hal_mpg.profile_parts.own import FRAMINGS, MAX_BAUD
from hal_mpg.profile_parts.serial import ENDS
from hal_mpg.profile_parts.settings import CODE_NAME
from hal_mpg.protocols.foreign import LONGEST, MOST_RULES
from hal_mpg.protocols.pattern_check import MOST_CHARACTERS
from tools import profile_schema_parts as parts

Schema = dict[str, Any]
SERIAL: Schema = {"properties": {"source": {"const": "serial"}}, "required": ["source"]}
FOREIGN: Schema = {"properties": {"protocol": {"type": "object"}}, "required": ["protocol"]}
TEXT: Schema = {"type": ["string", "boolean"], "pattern": "^[ -~]+$"}


def rules(own_controls: Schema) -> list[Schema]:
    """Return what holds for serial pendants; `own_controls`: with codes that the protocol names itself."""
    foreign = {
        "properties": {"controls": own_controls},
        "required": ["controls"],
        "not": {"required": ["greeting"]},
    }
    spoken = {
        "description": "What it speaks: hal_mpg (docs/serial-protocol.md), or somebody else's lines or "
        "packets (docs/serial-pendants.md).",
        "anyOf": [{"enum": ["hal_mpg"]}, _lines(), _packets()],
    }
    then: Schema = {"if": FOREIGN, "then": foreign, "else": {"not": {"required": ["controls"]}}}
    return [{"if": SERIAL, "then": {"properties": {"protocol": spoken}} | then}]


def root_properties() -> Schema:
    """Return the keys that only serial pendants have."""
    return {
        "serial": parts.object_of(
            "Of a serial pendant: the settings of its port.",
            baud=parts.whole(50, MAX_BAUD, "Bits per second; default 115200."),
            framing={
                "description": "Data bits, parity and stop bits; default 8N1.",
                "type": "string",
                "pattern": f"^{FRAMINGS.pattern}$",
            },
            silence=_seconds("After so long without a word the pendant is lost. Default: 0.15 with protocol: "
                             "hal_mpg; else it is never lost by silence alone."),
        ),
        "greeting": {
            "description": "With protocol: hal_mpg, what the pendant will say that it has, so that its pins "
            'are there before it is plugged in: "axis=xyz scale=x1,x10 estop".',
            "type": "string",
            "minLength": 1,
        },
    }  # fmt: skip


def _seconds(what: str) -> Schema:
    return {"description": what, "type": "number", "minimum": 0.01, "maximum": 3600}


def _bytes(what: str) -> Schema:
    item = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, TEXT]}
    return {"description": what, "anyOf": [TEXT, parts.list_of(what, item)]}


def _talk() -> dict[str, Schema]:
    return {
        "longest": parts.whole(2, 1000, f"Bytes of the longest line or packet; default {LONGEST}."),
        "at_start": parts.named(
            "How codes stand when the pendant was switched on, where it does not say.",
            CODE_NAME.pattern,
            parts.whole(-(1 << 31), 1 << 31, "Its value then."),
        ),
        "on_open": _bytes("What is sent first: a line or a text, or a list of them and of bytes."),
        "keep_alive": parts.object_of(
            "What is sent all the time.",
            ("send", "every"),
            send=_bytes("What is sent."),
            every=_seconds("How often, in seconds."),
        ),
        "lamps": parts.named(
            "What switches each lamp; the names are for `leds` in `controls`.",
            CODE_NAME.pattern,
            parts.object_of("A lamp.", ("on", "off"), on=_bytes("Lights it."), off=_bytes("Puts it out.")),
        ),
    }


def _rule(needed: tuple[str, ...], **more: Schema) -> Schema:
    return parts.object_of(
        "What a line or a packet means.",
        needed,
        **more,
        set=parts.settings(),
        answer=_bytes("What is sent back."),
        restarts=parts.TRUTH | {"description": "The pendant says that it was switched on."},
    )


def _pattern(what: str) -> Schema:
    return {
        "description": f"A regular expression that {what} has to fit, with groups (?P<name>...).",
        "type": ["string", "number", "boolean"],
        "pattern": "[^ ]",
        "minLength": 1,
        "maxLength": MOST_CHARACTERS,
    }


def _lines() -> Schema:
    rule = _rule(("line",), line=_pattern("the line"))
    return parts.object_of(
        "Lines of text.",
        ("lines",),
        lines=parts.list_of("What each line means; the first rule that fits has it.", rule, MOST_RULES),
        line_end={"enum": list(ENDS), "description": "LF (with or without CR before it), or CR."},
        **_talk(),
    )


def _packets() -> Schema:
    rule = _rule((), text=_pattern("what is between start and end"), when=parts.when()) | {
        "anyOf": [{"required": [key]} for key in ("text", "when", "set")]
    }
    few = parts.whole(0, 255, "A byte.")
    return parts.object_of(
        "Packets with a start and an end.",
        ("packets", "rules"),
        packets=parts.object_of(
            "How a packet is made.",
            ("start",),
            start=parts.list_of("The bytes that it begins with.", few, 8),
            end=parts.list_of("The bytes that it ends with.", few, 8),
            length=parts.whole(2, 1000, "Bytes of the whole packet; left out: up to the first end."),
            fields=parts.fields("the first byte of `start` has 0"),
            checksum=parts.checksum(),
        )
        | {"anyOf": [{"required": ["length"]}, {"required": ["end"]}]},
        rules=parts.list_of("What each packet means; the first rule that fits has it.", rule, MOST_RULES),
        **_talk(),
    )
