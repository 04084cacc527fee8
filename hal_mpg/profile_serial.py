# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says what somebody else's serial pendant speaks: lines, or packets.

See docs/serial-pendants.md for the form. The names of codes are the profile's own.
"""

from __future__ import annotations

import re

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED, EV_REL
from hal_mpg.profile import Code
from hal_mpg.profile_packets import PacketParts, read_packet_parts
from hal_mpg.protocols.foreign import (
    LONGEST,
    MOST_RULES,
    MOST_STEPS,
    Lamp,
    Lines,
    Packets,
    Rule,
    Setting,
    Speech,
)
from hal_mpg.protocols.pattern_check import PRINTABLE, Automaton, PatternError
from hal_mpg.yaml_reader import DECIMAL, INTEGER, Fields, Reader, quoted, suggestion

TALK_KEYS = ("at-start", "on-open", "keep-alive", "lamps", "longest")
LINES_KEYS = ("lines", "line-end", *TALK_KEYS)
PACKETS_KEYS = ("packets", "rules", *TALK_KEYS)
RULE_KEYS = ("set", "answer", "restarts")
KINDS = {"abs": EV_ABS, "rel": EV_REL, "key": EV_KEY, "pulse": EV_KEY}
SETTING_KEYS = (*KINDS, "values", "times", "invert")
ENDS = {"LF": 10, "CR": 13}
CODE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
MOST_CODES = {EV_KEY: 0x2FF, EV_REL: 0x0F, EV_ABS: 0x3F, EV_LED: 0x0F}
"""For each event type, its highest number (linux/input-event-codes.h)."""


def read_protocol(reader: Reader, node: Node) -> tuple[Lines | Packets | None, dict[str, Code]]:
    """Return what is spoken, and the codes that it sets, by their names; faults go to the reader."""
    return _ProtocolReader(reader).read(node)


class _ProtocolReader:
    """Reads one `protocol:`; gives the codes their numbers, in the order in which they are named."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._codes: dict[str, Code] = {}
        self._packets: PacketParts | None = None
        self._patterns: set[str] = set()
        self._places = 0  # of all patterns: what a line may have to be compared with
        self._line_end = "LF"

    def read(self, node: Node) -> tuple[Lines | Packets | None, dict[str, Code]]:
        """Read all of it."""
        reader = self._reader
        found = reader.mapping(node, {*LINES_KEYS, *PACKETS_KEYS}, "protocol")
        if ("lines" in found) == ("packets" in found):
            reader.fault(node, "a protocol has either 'lines' or 'packets'; keep one, as in lines: [...]")
            return None, {}
        is_lines = "lines" in found
        fields = reader.mapping(node, LINES_KEYS if is_lines else PACKETS_KEYS, "protocol")
        longest = LONGEST
        if "longest" in fields:
            longest = reader.integer(fields["longest"], "longest", 2, 1000)
        if "line-end" in fields:
            self._line_end = reader.choice(fields["line-end"], ENDS, "line-end") or "LF"
        if not is_lines:
            if "rules" not in fields:
                reader.fault(node, "protocol has no 'rules'; say what the packets mean")
            self._packets = read_packet_parts(reader, fields["packets"], longest)
        listed = fields.get("lines" if is_lines else "rules")
        rules = self._rules(listed)
        if self._places * longest > MOST_STEPS:
            reader.fault(
                listed, f"the patterns take too long for {longest} bytes; shorten patterns, or longest"
            )
        speech = self._speech(fields)
        at_start = self._at_start(fields.get("at-start"))
        if is_lines:
            return Lines(rules, speech, at_start, longest, ENDS[self._line_end]), self._codes
        parts = self._packets
        assert parts is not None
        packets = Packets(
            *(parts.start, parts.end, rules, parts.length, longest, parts.fields, parts.checksum),
            *(speech, at_start),
        )
        return packets, self._codes

    def _rules(self, node: Node | None) -> tuple[Rule, ...]:
        items = self._reader.items(node, "lines" if self._packets is None else "rules")
        if len(items) > MOST_RULES:
            self._reader.fault(items[MOST_RULES], f"more than {MOST_RULES} rules; join some of them with |")
        return tuple(self._rule(item) for item in items[:MOST_RULES])

    def _rule(self, node: Node) -> Rule:
        reader, is_lines = self._reader, self._packets is None
        text_key = "line" if is_lines else "text"
        keys = ("line", *RULE_KEYS) if is_lines else ("text", "when", *RULE_KEYS)
        fields = reader.mapping(node, keys, "a rule", needed=("line",) if is_lines else ())
        if not is_lines and not {"text", "when", "set"} & fields.keys():
            reader.fault(node, "the rule fits every packet and says nothing; give it text, when or set")
        pattern: str = ""
        groups: list[str] = []
        if text_key in fields:
            pattern, groups = self._pattern(fields[text_key])
            if self._packets is not None and not self._packets.has_text:
                reader.fault(
                    fields[text_key], "the checksum is not right before the end; use fields and when"
                )
        known = [*groups, *(field.name for field in self._packets.fields)] if self._packets else groups
        settings = self._settings(fields.get("set"), known)
        used = {setting.source for setting in settings}
        for group in groups:
            if group not in used:
                reader.fault(fields[text_key], f"the group {group} is not used in set; write (?:...) for it")
        return Rule(
            pattern,
            self._when(fields.get("when")),
            settings,
            self._bytes(fields.get("answer"), "answer"),
            reader.boolean(fields.get("restarts"), "value of restarts"),
        )

    def _pattern(self, node: Node) -> tuple[str, list[str]]:
        """Return a pattern that cannot take long, and the names of its groups."""
        self._reader.text(node, "a pattern")  # says what is wrong with it
        if not isinstance(node, ScalarNode) or not node.value.strip():
            return "", []
        text = str(node.value)  # with the blanks at its ends
        if text in self._patterns:
            self._reader.fault(node, f"the pattern {quoted(text)} stands twice; keep one")
        self._patterns.add(text)
        try:
            automaton = Automaton(text)
            self._places += len(automaton.places)
            return text, automaton.groups
        except PatternError as error:
            self._reader.fault(node, f"pattern {quoted(text)}, character {error.at + 1}: {error}")
            return "", []

    def _when(self, node: Node | None) -> tuple[tuple[str, int], ...]:
        if node is None or self._packets is None:
            return ()
        known = [field.name for field in self._packets.fields]
        when = []
        for name, place, value in self._reader.entries(node, "when"):
            if name not in known:
                self._reader.fault(place, f"{quoted(name)} is no field; {suggestion(name, known, 'add it')}")
            when.append((name, self._reader.integer(value, f"when {name}", -(1 << 31), (1 << 32) - 1)))
        return tuple(when)

    def _settings(self, node: Node | None, known: list[str]) -> tuple[Setting, ...]:
        if node is None:
            return ()
        entries = self._reader.entries(node, "set")
        return tuple(self._setting(name, place, value, known) for name, place, value in entries)

    def _setting(self, name: str, place: Node, node: Node, known: list[str]) -> Setting:
        reader = self._reader
        fields = reader.mapping(node, SETTING_KEYS, name)
        kinds = [kind for kind in KINDS if kind in fields]
        if len(kinds) != 1:
            reader.fault(node, f"{name} is set in no way, or in several; use one of {', '.join(KINDS)}")
            return Setting(Code(EV_KEY, 0))
        kind = kinds[0]
        for key, kinds_of_it in (("times", ("abs", "rel")), ("invert", ("key",))):
            if key in fields and kind not in kinds_of_it:
                reader.fault(fields[key], f"{key} is not for {kind}; leave it out")
        source, constant = self._source(fields[kind], known, name, kind)
        times = reader.integer(fields["times"], "times", 1, 1_000_000) if "times" in fields else 1
        return Setting(
            self._code(name, place, KINDS[kind]),
            source,
            constant,
            self._values(fields.get("values"), kind, name) if source else (),
            times,
            reader.boolean(fields.get("invert"), "value of invert"),
            is_pulse=kind == "pulse",
        )

    def _source(self, node: Node, known: list[str], name: str, kind: str) -> tuple[str, int]:
        """Return where a value comes from: a group or a field, or "" and the number that it always is."""
        text = self._reader.text(node, f"{kind} of {name}")
        if INTEGER.fullmatch(text):
            return "", self._reader.integer(node, f"{kind} of {name}", *_range_of(kind))
        if text and text not in known:
            what = "no group of the pattern" if self._packets is None else "no field or group"
            right = suggestion(text, known, "add it, or use a number") if known else "use a number"
            self._reader.fault(node, f"{quoted(text)} is {what}; {right}")
        return text, 0

    def _values(self, node: Node | None, kind: str, name: str) -> tuple[tuple[str, int], ...]:
        if node is None:
            return ()
        entries, limits = self._reader.entries(node, f"values of {name}"), _range_of(kind)
        return tuple((e.key, self._reader.integer(e.value, f"{name} {e.key}", *limits)) for e in entries)

    def _code(self, name: str, place: Node, kind: int) -> Code:
        """Return the code of a name; the first time it gets the next number of its type."""
        reader = self._reader
        if name in self._codes:
            if self._codes[name].type != kind:
                reader.fault(place, f"{name} is set as something else elsewhere; give it another name here")
            return self._codes[name]
        if not CODE_NAME.fullmatch(name):
            reader.fault(place, f"{quoted(name)} cannot name a code; use A-Z, 0-9 and _, as in WHEEL")
        number = 1 + max((code.number for code in self._codes.values() if code.type == kind), default=0)
        if number > MOST_CODES[kind]:
            reader.fault(place, f"{name}: more codes of its kind than {MOST_CODES[kind]}; use fewer")
            number = 1
        self._codes[name] = Code(kind, number)
        return self._codes[name]

    def _at_start(self, node: Node | None) -> tuple[tuple[Code, int], ...]:
        if node is None:
            return ()
        known = [name for name, code in self._codes.items() if code.type in (EV_KEY, EV_ABS)]
        found = []
        for name, place, value in self._reader.entries(node, "at-start"):
            if name not in known:
                right = suggestion(name, known) if known else "leave it out"
                self._reader.fault(place, f"{quoted(name)} is no key or abs that a rule sets; {right}")
                continue
            kind = "key" if self._codes[name].type == EV_KEY else "abs"
            found.append((self._codes[name], self._reader.integer(value, name, *_range_of(kind))))
        return tuple(found)

    def _speech(self, fields: Fields) -> Speech:
        reader = self._reader
        keep_alive = reader.mapping(
            fields.get("keep-alive"), ("send", "every"), "keep-alive", needed=("send", "every")
        )
        return Speech(
            self._bytes(fields.get("on-open"), "on-open"),
            self._bytes(keep_alive.get("send"), "send"),
            self._milliseconds(keep_alive.get("every")),
            self._lamps(fields.get("lamps")),
        )

    def _lamps(self, node: Node | None) -> tuple[Lamp, ...]:
        lamps = []
        for name, place, value in self._reader.entries(node, "lamps") if node is not None else ():
            both = self._reader.mapping(value, ("on", "off"), f"lamp {name}", needed=("on", "off"))
            on, off = (self._bytes(both.get(key), f"{name} {key}") for key in ("on", "off"))
            lamps.append(Lamp(self._code(name, place, EV_LED), on, off))
        return tuple(lamps)

    def _milliseconds(self, node: Node | None) -> int:
        text = self._reader.text(node, "every")
        seconds = float(text) if DECIMAL.fullmatch(text) else -1.0
        if node is not None and not 0.01 <= seconds <= 3600:
            self._reader.fault(node, f"every is {quoted(text)}; use seconds from 0.01 to 3600")
            return 1000
        return round(seconds * 1000) if text else 0

    def _bytes(self, node: Node | None, what: str) -> tuple[int, ...]:
        """Return what is sent: a text, as a line or in a packet; or a list of such texts and of bytes."""
        if node is None:
            return ()
        if isinstance(node, SequenceNode):
            return tuple(byte for item in self._reader.items(node, what) for byte in self._item(item, what))
        # Blanks at its ends are meant: they are sent, where `text` would take them away.
        text = str(node.value) if not isinstance(node, MappingNode) else self._reader.text(node, what)
        if not set(text) <= PRINTABLE or not text:
            self._reader.fault(node, f"{what} is {quoted(text)}; use printable ASCII, or a list of bytes")
            return ()
        if self._packets is None:
            return (*text.encode(), ENDS[self._line_end])
        if self._packets.checksum is not None:
            self._reader.fault(node, f"{what}: its checksum is not made for it; give a list of bytes")
        return (*self._packets.start, *text.encode(), *self._packets.end)

    def _item(self, node: Node, what: str) -> tuple[int, ...]:
        """Return one of a list of things to send: a byte, or a text."""
        if isinstance(node, ScalarNode) and node.style is None and INTEGER.fullmatch(node.value):
            return (self._reader.integer(node, what, 0, 255),)
        if isinstance(node, SequenceNode):
            self._reader.text(node, what)  # says what is wrong with it
            return ()
        return self._bytes(node, what)


def _range_of(kind: str) -> tuple[int, int]:
    return (0, 1) if kind in ("key", "pulse") else (-(1 << 31), 1 << 31)
