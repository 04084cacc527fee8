# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes the line protocol: a bad wire, garbage, restarts, any split; and every detent is accounted for.

The pendant is the beds' own (tests/beds/serial_pendant.py), which was written from the protocol's page. The
books are kept here from the events, and the pins have to agree.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from random import Random

from hal_mpg.device_state import State, next_state
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import Connected, DeviceEvent, Disconnected, Frame
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_yaml import load_profile
from hal_mpg.protocols.line_protocol import LineProtocol
from tests.beds.serial_pendant import Firmware, Noise
from tests.fuzz.violation import check, guarded

AXES, SCALES = ("x", "y", "z", "a", "feed-override"), ("x1", "x10", "x100")
FACTORS = (1, 10, 100)
SWITCHES = ("estop", "reset", "enable")
GARBAGE = (b"", b"\n", b"\r\n", b"*", b"S,", b"G,1,", b"\xff" * 300, b"S,1,1,1,1,1,1,1,1*0000\n", b"?*C7BC\n")
MOST_KEPT = 1000
"""Bytes and characters that a decoder may keep, whatever comes."""


def fuzz_lines(random: Random, covered: Counter[str]) -> None:
    """Play with a random pendant over a bad wire, and hear it whole, in pieces, and byte by byte."""
    controls = _controls(random)
    profile = _profile(controls)
    arrived = _session(random, controls)
    data = b"".join(data for _, data in arrived)
    whole, pieces = LineProtocol(profile), LineProtocol(profile)
    events = guarded(partial(whole.feed, data, 0.0))
    cut: list[DeviceEvent] = []
    rest = data
    while rest:
        size = random.choice((1, 1, 2, 7, 33, 200))
        cut += guarded(partial(pieces.feed, rest[:size], 0.0))
        rest = rest[size:]
    check(cut == events, "decoder", lambda: f"the split makes a difference to {data!r}"[:1500])
    check(
        (whole.garbled, whole.understood, whole.complaint)
        == (pieces.garbled, pieces.understood, pieces.complaint),
        "decoder",
        "the split makes a difference to what is counted",
    )
    kept = len(whole.complaint) + len(
        repr([getattr(whole._framer, name) for name in whole._framer.__slots__])
    )
    check(kept < MOST_KEPT, "decoder", f"{kept} characters are kept")
    _keep_books(profile, arrived, covered)


def _controls(random: Random) -> str:
    axes = random.sample(AXES, random.randint(1, len(AXES)))
    words = ["axis=" + (",".join(axes) if len(axes) > 1 or axes[0] not in "xyza" else axes[0])]
    words.append("scale=" + ",".join(random.sample(SCALES, random.randint(1, 3))))
    words += [word for word in SWITCHES if random.random() < 0.5]
    if random.random() < 0.5:
        words.append("buttons=home")
    random.shuffle(words)
    return " ".join(words)


def _profile(controls: str) -> Profile:
    increments = ", ".join(f"x{factor}: {{mm: 0.{factor:03}, degree: 0.{factor:03}}}" for factor in FACTORS)
    head = f"name: f\nsource: serial\nmatch: [{{port: x}}]\ngreeting: '{controls}'\n"
    return load_profile(f"{head}increments: {{{increments}}}\n", "fuzz.yaml")


def _session(random: Random, controls: str) -> list[tuple[float, bytes]]:
    """Return what arrives, and when, of a pendant that somebody plays with."""
    firmware = Firmware(controls, boot=random.randrange(65536), state_s=random.choice((0.02, 0.05)))
    firmware.wheel = firmware.mark = random.choice((0, 7, 65530, 32767))
    for switch in firmware.switches:
        firmware.set(switch, random.random() < 0.7, 0.0)
    damage = random.choice((0.0, 0.0, 0.002, 0.02))
    noise = Noise(flipped=damage, cut=damage * 2, merged=damage * 2, seed=random.randrange(1 << 30))
    now, arrived = 0.0, []
    for _ in range(150):
        now += random.choice((0.001, 0.005, 0.02, 0.05, 0.3))
        roll = random.random()
        if roll < 0.4:
            firmware.turn(random.choice((1, -1, 1, 2, -3, 20, 900)))
        elif roll < 0.5:
            firmware.select(axis=random.choice((0, 15, *range(1, len(firmware.axes) + 1))), now=now)
        elif roll < 0.55:
            firmware.select(scale=random.choice((0, 15, *range(1, len(firmware.scales) + 1))), now=now)
        elif roll < 0.65 and firmware.switches:
            firmware.set(random.choice(firmware.switches), random.random() < 0.6, now)
        elif roll < 0.66:
            firmware = Firmware(controls, boot=firmware.boot + 1 & 0xFFFF).as_it_stands(firmware)
        elif roll < 0.69:
            arrived.append((now, random.choice((*GARBAGE, random.randbytes(random.randrange(400))))))
        arrived += [(now, noise(line)) for line in firmware.due(now)]
    return arrived


def _keep_books(profile: Profile, arrived: list[tuple[float, bytes]], covered: Counter[str]) -> None:
    """Let the state machine count, and compare with the books that are kept from the events."""
    decoder, pendant = LineProtocol(profile), Pendant(profile, Machine())
    pins = {pin.name: pin.initial for pin in pendant.pins}
    state, wheel, turned, was_armed = State.ABSENT, 0, 0, False
    for at, data in arrived:
        now = 100.0 + at
        while (deadline := pendant.next_deadline()) is not None and deadline <= now:
            pins.update(pendant.tick(deadline))
            was_armed = was_armed or bool(pins["armed"])
        events = decoder.feed(data, now)
        for event in events:
            after = guarded(partial(next_state, state, event), IllegalEvent)
            check(isinstance(after, State), "illegal", f"{event} while {state}")
            state = after
            if isinstance(event, Connected):
                wheel = event.nodes[0].absolutes[8]
                covered["serial pendants connected"] += 1
            elif isinstance(event, Disconnected):
                covered["serial pendants lost"] += 1
            elif isinstance(event, Frame):
                for kind, code, value in event.changes:
                    if (kind, code) == (3, 8):
                        turned += abs((value - wheel + 32768) % 65536 - 32768)
                        wheel = value
        pins.update(pendant.handle(events, now))
        was_armed = was_armed or bool(pins["armed"])
        covered["lines of serial pendants"] += data.count(b"\n")
        check(pins["connected"] == (state is State.LIVE), "disconnected", f"{pins['connected']} and {state}")
    # Detents back and forth cancel on a counter, but not in what was turned.
    used, dropped = _used(pins, profile), pins["dropped"]
    check(used + dropped <= turned, "conserved", f"{turned} turned, {used} counted, {dropped} dropped")
    if not was_armed:
        check(dropped == turned, "conserved", f"{turned} turned, never armed, {dropped} dropped")
    covered["detents of serial pendants"] += turned


def _used(pins: dict[str, bool | int | float], profile: Profile) -> int:
    """Return the least number of detents that can have made the counts."""
    jogged = sum(_fewest(abs(int(pins[f"axis.{axis}.jog-counts"]))) for axis in profile.axes)
    return jogged + sum(abs(int(pins[f"{target}.counts"])) for target in profile.targets)


def _fewest(counts: int) -> int:
    hundreds, rest = divmod(counts, 100)
    return min(n + _tens(abs(counts - 100 * n)) for n in (hundreds, hundreds + 1)) if rest else hundreds


def _tens(counts: int) -> int:
    tens, ones = divmod(counts, 10)
    return min(tens + ones, tens + 1 + 10 - ones)
