# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says what somebody else's serial pendant speaks: lines, or packets.

See docs/serial-pendants.md for the form. The names of codes are the profile's own.
"""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hal_mpg.events import EV_ABS, EV_KEY, EV_LED
from hal_mpg.profile import Code
from hal_mpg.profile_parts.packets import PacketParts, read_packet_parts
from hal_mpg.profile_parts.settings import SettingsReader, range_of
from hal_mpg.protocols.foreign import (
    LONGEST,
    MOST_RULES,
    MOST_STEPS,
    Lamp,
    Lines,
    Packets,
    Rule,
    Speech,
)
from hal_mpg.protocols.pattern_check import PRINTABLE, Automaton, PatternError
from hal_mpg.yaml_reader import DECIMAL, INTEGER, Fields, Reach, Reader, quoted, suggestion

TALK_KEYS = ("at-start", "on-open", "keep-alive", "lamps", "longest")
LINES_KEYS = ("lines", "line-end", *TALK_KEYS)
PACKETS_KEYS = ("packets", "rules", *TALK_KEYS)
RULE_KEYS = ("set", "answer", "restarts")
ENDS = {"LF": 10, "CR": 13}


def read_protocol(reader: Reader, node: Node) -> tuple[Lines | Packets | None, dict[str, Code]]:
    """Return what is spoken, and the codes that it sets, by their names; faults go to the reader."""
    return _ProtocolReader(reader).read(node)


class _ProtocolReader:
    """Reads one `protocol:`; gives the codes their numbers, in the order in which they are named."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._settings = SettingsReader(reader, "no group of the pattern")
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
            self._settings.no_source = "no field or group"
        listed = fields.get("lines" if is_lines else "rules")
        rules = self._rules(listed)
        if self._places * longest > MOST_STEPS:
            reader.fault(
                listed, f"the patterns take too long for {longest} bytes; shorten patterns, or longest"
            )
        speech = self._speech(fields)
        at_start = self._at_start(fields.get("at-start"))
        if is_lines:
            return Lines(rules, speech, at_start, longest, ENDS[self._line_end]), self._settings.codes
        parts = self._packets
        assert parts is not None
        packets = Packets(
            *(parts.start, parts.end, rules, parts.length, longest, parts.fields, parts.checksum),
            *(speech, at_start),
        )
        return packets, self._settings.codes

    def _rules(self, node: Node | None) -> tuple[Rule, ...]:
        items = self._reader.items(node, "lines" if self._packets is None else "rules")
        if len(items) > MOST_RULES:
            self._reader.fault(items[MOST_RULES], f"more than {MOST_RULES} rules; join some of them with |")
        rules = tuple(self._rule(item) for item in items[:MOST_RULES])
        if self._packets is not None:
            whens = [None if rule.pattern else rule.when for rule in rules]
            self._settings.look_for_idle(items[:MOST_RULES], whens)
        return rules

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
        names = [field.name for field in self._packets.fields] if self._packets else []
        # A group goes before a field of its name.
        self._settings.fields = (
            {f.name: f for f in self._packets.fields if f.name not in groups} if self._packets else {}
        )
        settings = self._settings.settings(fields.get("set"), [*groups, *names])
        used = {setting.source for setting in settings}
        for group in groups:
            if group not in used:
                reader.fault(fields[text_key], f"the group {group} is not used in set; write (?:...) for it")
        return Rule(
            pattern,
            self._settings.when(fields.get("when"), names),
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

    def _at_start(self, node: Node | None) -> tuple[tuple[Code, int], ...]:
        if node is None:
            return ()
        codes = self._settings.codes
        known = [name for name, code in codes.items() if code.type in (EV_KEY, EV_ABS)]
        found = []
        for name, place, value in self._reader.entries(node, "at-start"):
            if name not in known:
                right = suggestion(name, known) if known else "leave it out"
                self._reader.fault(place, f"{quoted(name)} is no key or abs that a rule sets; {right}")
                continue
            kind = "key" if codes[name].type == EV_KEY else "abs"
            found.append((codes[name], self._reader.integer(value, name, *range_of(kind))))
            self._settings.widen(codes[name], Reach(found[-1][1], found[-1][1], is_fixed=True))
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
            lamps.append(Lamp(self._settings.code(name, place, EV_LED), on, off))
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
