# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes raw HID pendants: random layouts of reports, a hand that does several things at once, and garbage.

What each report means is worked out here from what the hand did, and not from its bytes; the decoder's events
have to come to the same: where everything stands, which keys are held, and for what the wheel was turned.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random

from hal_mpg.device_state import State, next_state
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import EV_KEY, EV_REL, Connected, DeviceEvent, Disconnected, EventsLost, Frame
from hal_mpg.hid_lamps import LampReports
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Code, Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.hid_reports import HidReports
from tests.fuzz.violation import check, guarded

REPORTS = 80
KEYS = {7: "STOP", 9: "FN", 0x21: "START", 0xFE: "HOME"}
SHIFTED = {7: "MACRO_1", 0x21: "MACRO_2"}
AXES, SCALES = {1: "x", 2: "y", 6: "z"}, {3: "x1", 4: "x10", 5: "feed-override"}


class _Layout:
    """A random layout of reports: where each number stands, and how."""

    def __init__(self, random: Random) -> None:
        self.number = random.choice((None, 1, 4, 255))
        begin = 0 if self.number is None else 1
        self.turn_size, self.order = random.choice(((1, "little"), (2, "little"), (2, "big"), (3, "little")))
        names = ["key1", "key2", "axis", "scale", "idle"]
        random.shuffle(names)
        self.at = {name: begin + place for place, name in enumerate(names)}
        self.turn_at = begin + len(names)
        self.has_sum = random.random() < 0.5
        self.length = self.turn_at + self.turn_size + self.has_sum
        self.mask = random.choice((0, 0x0F, 0x70))
        self.passes = random.choice((0, 1, 2))
        self.lamps = _Lamps(random)

    def profile(self) -> Profile:
        """Return the profile of pendants that speak so."""
        order = {"big": "be", "little": "le"}[self.order] if self.turn_size > 1 else ""
        turn = f"s{8 * self.turn_size}{order}"
        fields = [f"{name}: {{at: {at}}}" for name, at in self.at.items() if name not in ("axis", "scale")]
        mask = f", mask: {self.mask}" if self.mask else ""
        fields += [f"{name}: {{at: {self.at[name]}{mask}}}" for name in ("axis", "scale")]
        fields.append(f"turn: {{at: {self.turn_at}, type: {turn}}}")
        last = self.length - 1
        checksum = f"checksum: {{kind: sum8, at: {last}, from: 0, to: {last - 1}}}" if self.has_sum else ""
        passes = f", passes-over: {self.passes}" if self.passes else ""
        return load_profile(
            f"""\
name: f
source: hidraw
match: [{{vendor: 1}}]
protocol:
  reports:
    - length: {self.length}
      {"" if self.number is None else f"id: {self.number}"}
      fields: {{{", ".join(fields)}}}
      {checksum}
      rules:
        - {{when: {{idle: 1}}, asleep: true{passes}}}
        - set: {{AXIS: {{abs: axis}}, SCALE: {{abs: scale}}, WHEEL: {{rel: turn}}}}
          held: {{in: [key1, key2], keys: {KEYS}, with: {{FN: {SHIFTED}}}}}
  lamps: {self.lamps.protocol()}
increments: {{x1: {{mm: 0.001}}, x10: {{mm: 0.01}}}}
controls:
  wheel: {{rel: WHEEL}}
  axis: {{abs: AXIS, positions: {AXES}}}
  scale: {{abs: SCALE, positions: {SCALES}}}
  buttons: {{stop: STOP, fn: FN, start: START, home: HOME, macro-1: MACRO_1, macro-2: MACRO_2}}
  leds: {self.lamps.controls()}
""",
            "fuzz.yaml",
        )

    def report(self, axis: int, scale: int, keys: list[int], turn: int, sleeps: bool = False) -> bytes:
        """Return the bytes of a report."""
        data = bytearray(self.length)
        data[0] = self.number or 0
        lowest = self.mask & -self.mask or 1
        first, second = (*keys, 0, 0)[:2]
        values = {
            "axis": axis * lowest,
            "scale": scale * lowest,
            "key1": first,
            "key2": second,
            "idle": sleeps,
        }
        for name, value in values.items():
            data[self.at[name]] = value
        order = "big" if self.order == "big" else "little"
        data[self.turn_at : self.turn_at + self.turn_size] = turn.to_bytes(self.turn_size, order, signed=True)
        if self.has_sum:
            data[-1] = sum(data[:-1]) & 0xFF
        return bytes(data)


class _Lamps:
    """Random lamps: some share reports, a bit each, and some have reports of their own."""

    def __init__(self, random: Random) -> None:
        self.form = random.choice(("output", "feature"))
        self.begins = {
            place: bytes([random.choice((0, 3)), place, random.randrange(256)]) for place in (1, 2)
        }
        bits = random.sample(
            [(place, bit) for place in self.begins for bit in range(8)], random.randint(1, 9)
        )
        self.bits = {f"SHARED_{number}": bit for number, bit in enumerate(bits)}
        self.whole = [f"WHOLE_{number}" for number in range(random.randint(0, 3))]

    def protocol(self) -> str:
        """Return what stands in `lamps:`."""
        shared = (
            f"{name}: {{report: {[*self.begins[place]]}, at: 2, bit: {bit}, as: {self.form}}}"
            for name, (place, bit) in self.bits.items()
        )
        whole = (f"{name}: {{on: [9, {n}, 1], off: [9, {n}, 0]}}" for n, name in enumerate(self.whole))
        return f"{{{', '.join([*shared, *whole])}}}"

    def controls(self) -> str:
        """Return what stands in `leds:`."""
        return f"{{{', '.join(f'{_pin(name)}: {name}' for name in (*self.bits, *self.whole))}}}"

    def shows(self, lit: dict[str, bool]) -> set[bytes]:
        """Return the reports in which all lamps are as they have to be."""
        shown = {bytes([9, n, lit[_pin(name)]]) for n, name in enumerate(self.whole)}
        for place, begin in self.begins.items():
            bits = {bit: lit[_pin(name)] for name, (where, bit) in self.bits.items() if where == place}
            last = sum(((begin[2] >> bit & 1) != bits.get(bit, False)) << bit for bit in range(8))
            shown |= {begin[:2] + bytes([last])} if bits else set()
        return shown


def _pin(lamp: str) -> str:
    return lamp.lower().replace("_", "-")


def _lamps_are_as_they_have_to_be(profile: Profile, lamps: _Lamps, random: Random) -> None:
    """Switch some at a time, and send only the reports that they are in."""
    reports, lit, sent = LampReports(profile, 1), {name: False for name, _ in profile.leds}, {}
    changed = [*lit]
    for _ in range(REPORTS // 4):
        for key in reports.of(changed):
            _, sent[key] = reports.report(key, lit)
        shown = {*sent.values()}
        check(shown == lamps.shows(lit), "lamps", f"{shown} are sent for {lit}")
        changed = random.sample([*lit], random.randint(0, len(lit)))
        lit.update({name: not lit[name] for name in changed})


class _Hand:
    """What the hand does, and what has to come of it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.axis, self.scale = 1, 3
        self.down: list[int] = []  # keys, in the order in which they were pressed
        self.held: dict[int, str] = {}  # what they are, as far as they were told
        self.told: tuple[int, int] | None = None
        self.turned: Counter[object] = Counter()

    def acts(self) -> int:
        """Do something; return how far the wheel was turned."""
        random = self.random
        if random.random() < 0.2:
            self.axis = random.choice((*AXES, 5))  # 5 is no position
        if random.random() < 0.2:
            self.scale = random.choice((*SCALES, 7))
        if random.random() < 0.3 and self.down:
            self.down.remove(random.choice(self.down))
        if random.random() < 0.3 and len(self.down) < 2:
            self.down += random.sample(sorted(KEYS.keys() - self.down), 1)
        return random.choice((0, 0, 1, -1, 2, -3, 127, -128))

    def was_told(self, turn: int) -> None:
        """Take what follows from a good report."""
        stands = self.axis, self.scale
        self.turned[stands if stands == self.told else None] += abs(turn)
        self.told = stands
        with_fn = SHIFTED if 9 in self.down else {}
        new = {key: with_fn.get(key, KEYS[key]) for key in self.down if key not in self.held}
        self.held = {key: name for key, name in self.held.items() if key in self.down} | new

    def fell_asleep(self) -> None:
        """Take note that nothing is known of the pendant any more."""
        self.told, self.held = None, {}


class _Books:
    """Where everything stands by the events, and for what the wheel was turned."""

    def __init__(self, profile: Profile) -> None:
        self.names = {code: name for name, code in profile.own_codes}
        self.now: dict[str, int] = {}
        self.turned: Counter[object] = Counter()
        self.is_connected = False

    def take(self, event: DeviceEvent) -> None:
        """Take one event."""
        changes: tuple[tuple[int, int, int], ...] = ()
        if isinstance(event, Connected):
            self.is_connected = True
            [node] = event.nodes
            self.now = {self.names[Code(3, code)]: value for code, value in node.absolutes.items()}
            self.now |= {self.names[Code(EV_KEY, key)]: 1 for key in node.keys}
            self.now["new"] = 1
        elif isinstance(event, Disconnected):
            self.is_connected = False
        elif isinstance(event, EventsLost):
            self.turned[None] += sum(abs(value) for _, _, value in event.void)
        elif isinstance(event, Frame):
            changes = event.changes
        for kind, code, value in changes:
            if kind == EV_REL:
                stands = self.now["AXIS"], self.now["SCALE"]
                known = stands[0] in (*AXES, 5) and stands[1] in (*SCALES, 7) and "new" not in self.now
                self.turned[stands if known else None] += abs(value)
            else:
                self.now[self.names[Code(kind, code)]] = value

    def held(self) -> set[str]:
        """Return the keys that are held."""
        return {name for name in (*KEYS.values(), *SHIFTED.values()) if self.now.get(name)}


def fuzz_raw_hid(random: Random, covered: Counter[str]) -> None:
    """Play with a random pendant; then let the state machine hear nonsense of it."""
    layout = _Layout(random)
    profile = layout.profile()
    decoder, books, hand = HidReports(profile), _Books(profile), _Hand(random)
    now, deaf, garbled = 0.0, 0, 0
    for _ in range(REPORTS):
        now += 0.01
        turn = hand.acts()
        roll = random.random()
        good = layout.report(hand.axis, hand.scale, hand.down, turn)
        if roll < 0.05:
            report = layout.report(0, 0, [], 0, sleeps=True)
        elif roll < 0.1:
            report = good[:-1] if random.random() < 0.5 else good + b"\0"
        else:
            report = good
        events = guarded(partial(decoder.feed, report, now))
        for event in events:
            books.take(event)
        books.now.pop("new", None)
        if deaf:
            deaf -= 1
            check(not events, "decoder", "it was to pass this over")
        elif roll < 0.05:
            deaf = layout.passes
            hand.fell_asleep()
            check(not books.is_connected, "decoder", "it fell asleep")
        elif roll < 0.1:
            garbled += 1
        else:
            hand.was_told(turn)
            stands = books.now["AXIS"], books.now["SCALE"]
            check(stands == hand.told, "decoder", f"it stands at {stands}, and was told {hand.told}")
            held = {*hand.held.values()}
            check(books.held() == held, "decoder", f"{books.held()} are held, and not {held}")
    check(decoder.garbled == garbled, "decoder", f"{decoder.garbled} garbled, and not {garbled}")
    check(books.turned == +hand.turned, "conserved", lambda: f"{books.turned} is not {hand.turned}")
    covered["reports of raw HID pendants"] += REPORTS
    _core_takes_it(profile, layout, random)
    _lamps_are_as_they_have_to_be(profile, layout.lamps, random)


def _core_takes_it(profile: Profile, layout: _Layout, random: Random) -> None:
    """Let the state machine hear whatever a broken pendant may say."""
    decoder, pendant = HidReports(profile), Pendant(profile, Machine())
    state, now = State.ABSENT, 100.0
    for _ in range(REPORTS):
        now += random.choice((0.001, 0.05, 0.4))
        report = bytearray(layout.report(1, 3, [7], 1))
        for _ in range(random.choice((0, 0, 1, 3))):
            report[random.randrange(len(report))] = random.randrange(256)
        events = guarded(partial(decoder.feed, bytes(report), now))
        for event in events:
            after = guarded(partial(next_state, state, event), IllegalEvent)
            check(isinstance(after, State), "illegal", f"{event} while {state}")
            state = after
        guarded(partial(pendant.handle, events, now))
