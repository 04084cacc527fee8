# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a YAML profile that says how the reports of a raw HID pendant are made, and what they mean.

See docs/raw-hid-pendants.md for the form. The names of codes are the profile's own.
"""

from __future__ import annotations

from itertools import pairwise

from yaml.nodes import Node

from hal_mpg.events import EV_KEY
from hal_mpg.hid_device import Held, HidDevice, HidReport, HidRule
from hal_mpg.profile import Code
from hal_mpg.profile_parts.hid_lamps import read_hid_lamps
from hal_mpg.profile_parts.packets import MOST_FIELDS, read_checksum, read_field
from hal_mpg.profile_parts.settings import SettingsReader
from hal_mpg.protocols.fields import reach_of
from hal_mpg.protocols.foreign import MOST_RULES, Field
from hal_mpg.yaml_reader import Fields, Reader, quoted, suggestion

PROTOCOL_KEYS = ("reports", "lamps")
REPORT_KEYS = ("id", "length", "fields", "checksum", "rules")
RULE_KEYS = ("when", "set", "held", "asleep", "passes-over")
HELD_KEYS = ("in", "keys", "with")
LONGEST_REPORT = 4096
"""Bytes; the kernel itself takes 16384 at the most (HID_MAX_BUFFER_SIZE)."""

MOST_REPORTS = 32
MOST_PASSED_OVER = 8


def read_hid(reader: Reader, node: Node | None) -> HidDevice:
    """Return how a pendant's reports are understood; its codes are the reader's from now on."""
    return _HidReader(reader).read(node)


class _HidReader:
    """Reads one `protocol:` of a raw HID pendant."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._settings = SettingsReader(reader)

    def read(self, node: Node | None) -> HidDevice:
        """Read all of it."""
        reader = self._reader
        reader.own_codes = self._settings.codes  # also where it is faulty: no code is the kernel's
        if node is None:
            reader.fault(None, "a hidraw profile has no 'protocol'; say in it what the reports mean")
            return HidDevice(())
        fields = reader.mapping(node, PROTOCOL_KEYS, "protocol", needed=("reports",))
        items = reader.items(fields.get("reports"), "reports")
        if len(items) > MOST_REPORTS:
            reader.fault(items[MOST_REPORTS], f"more than {MOST_REPORTS} kinds of reports; leave some out")
        reports = tuple(self._report(item) for item in items[:MOST_REPORTS])
        for place, (before, report) in zip(items[1:], pairwise(reports), strict=False):
            if (before.id is None) != (report.id is None):
                reader.fault(
                    place, "some reports have an id and some have none; a device's all have, or none"
                )
        kinds = [(report.id, report.length) for report in reports]
        for place, kind in zip(items, kinds, strict=False):
            if kinds.index(kind) < items.index(place):
                reader.fault(place, "another report has the same id and length; join their rules")
        lamps = read_hid_lamps(reader, self._settings, fields.get("lamps"))
        return HidDevice(reports, lamps, tuple(self._settings.codes.items()))

    def _report(self, node: Node) -> HidReport:
        reader = self._reader
        keys = reader.mapping(node, REPORT_KEYS, "a report", needed=("length", "fields", "rules"))
        number = reader.integer(keys["id"], "id", 1, 255) if "id" in keys else None
        length = reader.integer(keys.get("length"), "length", 1, LONGEST_REPORT, LONGEST_REPORT)
        entries = reader.entries(keys["fields"], "fields") if "fields" in keys else []
        fields = tuple(read_field(reader, entry.key, entry.place, entry.value, length) for entry in entries)
        if len(fields) > MOST_FIELDS:
            reader.fault(
                entries[MOST_FIELDS].place, f"more than {MOST_FIELDS} fields; leave out those unused"
            )
        checksum = read_checksum(reader, keys["checksum"], length) if "checksum" in keys else None
        items = reader.items(keys.get("rules"), "rules")
        if len(items) > MOST_RULES:
            reader.fault(items[MOST_RULES], f"more than {MOST_RULES} rules; leave some out")
        self._settings.fields = {
            field.name: field
            for field, entry in zip(fields, entries, strict=True)
            if not reader.is_faulty(entry.value)
        }
        rules = tuple(self._rule(item, fields) for item in items[:MOST_RULES])
        self._settings.look_for_idle(items[:MOST_RULES], [rule.when for rule in rules])
        return HidReport(number, length, fields, rules, checksum)

    def _rule(self, node: Node, fields: tuple[Field, ...]) -> HidRule:
        reader, known = self._reader, [field.name for field in fields]
        keys = reader.mapping(node, RULE_KEYS, "a rule")
        is_asleep = reader.boolean(keys.get("asleep"), "value of asleep")
        for key in ("set", "held"):
            if is_asleep and key in keys:
                reader.fault(keys[key], f"a report of falling asleep says nothing else; leave {key} out")
        if "passes-over" in keys and not is_asleep:
            reader.fault(keys["passes-over"], "passes-over goes with asleep: true; leave it out")
        settings = self._settings.settings(keys.get("set"), known)
        held = self._held(keys["held"], fields) if "held" in keys else None
        self._look_for_twins(settings, held, keys)
        return HidRule(
            self._settings.when(keys.get("when"), known),
            settings,
            held,
            is_asleep,
            reader.integer(keys["passes-over"], "passes-over", 1, MOST_PASSED_OVER)
            if "passes-over" in keys
            else 0,
        )

    def _look_for_twins(self, settings: tuple[object, ...], held: Held | None, keys: Fields) -> None:
        """Refuse a key that is both set and held: which of them would it be?"""
        named = {name for name, code in self._settings.codes.items() if held and code in _keys_of(held)}
        for name, place, _ in self._reader.entries(keys["set"], "set") if "set" in keys else ():
            if name in named:
                self._reader.fault(place, f"{name} is set and held in one rule; keep one of them")

    def _held(self, node: Node, fields: tuple[Field, ...]) -> Held:
        """Return the keys that fields name by their codes."""
        reader, known = self._reader, [field.name for field in fields]
        keys = reader.mapping(node, HELD_KEYS, "held", needed=("in", "keys"))
        names = []
        for item in reader.items(keys.get("in"), "in"):
            name = reader.text(item, "a field")
            if name and name not in known:
                reader.fault(item, f"{quoted(name)} is no field; {suggestion(name, known, 'add it')}")
            names.append(name)
        most = max((reach_of(field)[1] for field in fields if field.name in names), default=0xFF)
        plain = self._by_code(keys.get("keys"), "keys", most)
        shifted = []
        for entry in reader.entries(keys["with"], "with") if "with" in keys else ():
            shift = self._settings.codes.get(entry.key)
            if shift is None or shift not in dict(plain).values():
                reader.fault(entry.place, f"{quoted(entry.key)} is none of the keys; name one of them")
                continue
            others = self._by_code(entry.value, f"with {entry.key}", most)
            for other, place in zip(others, reader.entries(entry.value, "with"), strict=False):
                if other[0] not in dict(plain):
                    reader.fault(place.place, f"no key has the code {place.key}; add it to keys")
            shifted.append((shift, others))
        return Held(tuple(names), plain, tuple(shifted))

    def _by_code(self, node: Node | None, what: str, most: int) -> tuple[tuple[int, Code], ...]:
        """Return which key each code is; `most` is the highest that the fields can have."""
        reader = self._reader
        found: dict[int, Code] = {}
        for key, place, value in reader.entries(node, what) if node is not None else ():
            number = reader.number_of(key, place, f"a code in {what}")
            if number == 0:
                reader.fault(place, f"code 0 in {what} is that of no key; leave it out")
            elif not 0 < number <= most:
                reader.fault(place, f"code {key} in {what} fits into none of the fields; use 1 to {most:#x}")
            if number in found:
                reader.fault(place, f"code {number:#x} stands twice in {what}; keep one")
            found[number] = self._settings.code(reader.text(value, what), value, EV_KEY)
        return tuple(found.items())


def _keys_of(held: Held) -> set[Code]:
    return {key for _, key in held.keys} | {key for _, keys in held.shifted for _, key in keys}
