# SPDX-License-Identifier: GPL-2.0-or-later
"""Random pendants: valid profiles of every form, as text; and machines that they are used on."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hal_mpg.machine import Machine
from hal_mpg.profile import AXIS_LETTERS, TARGETS, Profile
from hal_mpg.yaml_reader import code_names

UNITS = ("mm", "inch", "degree")
SCALES = ("x1", "x10", "x100", "fine", "on", "010", "1:30", "null", "Ω")
NICE = ("0.001", "0.01", "0.1", "1", "0.0001", "0.5", "0.002", "0.025", "10", "2.54")
ODD = ("1e-9", "999999.9", "0.0000127", "1.", ".5", "+3", "1e3", "0.30000000000000004")


class Codes:
    """Deals codes, each once, as a name of the kernel's or as a number."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: set[tuple[str, int]] = set()
        self._names: dict[str, list[tuple[str, int]]] = {}
        for name, number in code_names().items():
            kind = {"BTN": "KEY"}.get(name[:3], name[:3])
            self._names.setdefault(kind, []).append((name, number))

    def deal(self, kind: str) -> str:
        """Return a code of a kind: KEY, REL, ABS, LED or MSC."""
        while True:
            name, number = self._random.choice(self._names[kind])
            if (kind, number) not in self._used:
                self._used.add((kind, number))
                return self._random.choice((name, name, str(number), f"{number:#x}"))

    def deal_all(self, names: list[str]) -> str:
        """Return a mapping from names to keys."""
        return "{" + ", ".join(f"{name}: {self.deal('KEY')}" for name in names) + "}"


def random_profile(random: Random, sticks: bool = False) -> str:
    """Return the text of a valid profile; `sticks`: it may have some, and lamps that take a number."""
    codes = Codes(random)
    scales = random.sample(SCALES, random.choice((1, 2, 3, 3, 3, 4)))
    lines = ["name: " + random.choice(("Fuzz", "off", "1:30", "'a: b'", '"\\u00e9"'))]
    if random.random() < 0.5:
        lines.append("source: evdev")
    lines.append("match: [{vendor: 0x1209, product: 1}, {name: '*'}]")
    if random.random() < 0.5:
        lines.append(f"on-disconnect: {random.choice(('estop', 'disarm'))}")
    lines.append("increments:")
    lines += [f"  {scale}: {{{_distances(random)}}}" for scale in scales]
    lines += ["controls:", f"  wheel: {_wheel(random, codes)}"]
    positions = _positions(random)
    lines.append(f"  axis: {_selector(random, codes, positions)}")
    if len(scales) > 1 or random.random() < 0.5:
        roll = random.random()
        if roll < 0.2:
            scales.append("off")
        elif roll < 0.4:
            scales += random.sample(TARGETS, random.choice((1, 1, 2)))
        lines.append(f"  scale: {_selector(random, codes, scales)}")
    lines += _switches(random, codes, sticks)
    if sticks:
        lines += _sticks(random, codes, [axis for axis in positions if axis in AXIS_LETTERS])
    return "\n".join(lines) + "\n"


def _distances(random: Random) -> str:
    numbers = NICE if random.random() < 0.8 else NICE + ODD
    return ", ".join(f"{unit}: {random.choice(numbers)}" for unit in UNITS)


def _positions(random: Random) -> list[str]:
    positions = random.sample(AXIS_LETTERS, random.randint(1, 6))
    positions += random.sample(TARGETS, random.choice((0, 0, 1, 1, 2, 4)))
    if random.random() < 0.3:
        positions.append("off")
    random.shuffle(positions)
    return positions


def _wheel(random: Random, codes: Codes) -> str:
    form = random.choice(("rel", "rel", "abs", "rel-absolute", "keys"))
    if form == "keys":
        fields = [f"keys: {{forward: {codes.deal('KEY')}, backward: {codes.deal('KEY')}}}"]
    else:
        fields = [f"{form}: {codes.deal('ABS' if form == 'abs' else 'REL')}"]
    if form in ("abs", "rel-absolute"):
        fields.append(f"modulo: {random.choice((3, 4, 10, 256, 256, 1000, 65536, 2**31, 0x7FFF))}")
    if random.random() < 0.4:
        fields.append(f"counts-per-detent: {random.choice((1, 2, 3, 4, 4, 10, 10_000))}")
    if random.random() < 0.3:
        fields.append(f"invert: {random.choice(('true', 'false'))}")
    random.shuffle(fields)
    return f"{{{', '.join(fields)}}}"


def _selector(random: Random, codes: Codes, positions: list[str]) -> str:
    form = random.choice(("keys", "keys", "abs", "step"))
    names = [f'"{name}"' if random.random() < 0.2 else name for name in positions]
    if form == "keys":
        return f"{{keys: {codes.deal_all(names)}}}"
    if form == "abs":
        numbers = random.sample([*range(-3, 12), 255, -(2**31), 2**31], len(names))
        if random.random() < 0.2:  # a position that stands for several values
            numbers.append(99)
            names.append(random.choice(names))
        pairs = ", ".join(f"{number}: {name}" for number, name in zip(numbers, names, strict=True))
        return f"{{abs: {codes.deal('ABS')}, positions: {{{pairs}}}}}"
    keys = [key for key in ("next", "previous") if random.random() < 0.8] or ["next"]
    dealt = "".join(f"{key}: {codes.deal('KEY')}, " for key in keys)
    return f"{{{dealt}order: [{', '.join(names)}]}}"


def _switches(random: Random, codes: Codes, numbered_lamps: bool) -> list[str]:
    lines = []
    if random.random() < 0.7:
        contact = random.choice(("", ", contact: normally-closed", ", contact: normally-open"))
        lines.append(f"  estop: {{key: {codes.deal('KEY')}{contact}}}")
    for name, chance in (("reset", 0.6), ("enable", 0.6)):
        if random.random() < chance:
            lines.append(f"  {name}: {{key: {codes.deal('KEY')}}}")
    if random.random() < 0.4:
        names = random.sample(("home", "a", "macro-1", "0", "park-the-machine-now"), random.randint(1, 3))
        lines.append(f"  buttons: {codes.deal_all(names)}")
    if random.random() < 0.2:
        is_number = numbered_lamps and random.random() < 0.5
        lamp = f"{{msc: {codes.deal('MSC')}, on: 255}}" if is_number else codes.deal("LED")
        lines.append(f"  leds: {{ready: {lamp}}}")
    random.shuffle(lines)
    return lines


def _sticks(random: Random, codes: Codes, axes: list[str]) -> list[str]:
    """Return sticks and rings."""
    hold = codes.deal("KEY")
    forms = []
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        fields = [f"axis: {random.choice((*axes, 'selected'))}"]
        if random.random() < 0.2:
            fields += [f"rel-absolute: {codes.deal('REL')}", f"hold: {hold}"]
            fields.append(random.choice(("range: [-7, 7]", "range: [-0x10, 16]")))
        else:
            fields.append(f"abs: {codes.deal('ABS')}")
            fields += random.choice(
                ([], ["range: [0, 255]"], ["range: [-32768, 32767]"], ["range: ['0', 0xff]"])
            )
            fields += [f"hold: {hold}"] if random.random() < 0.5 else []
        fields += (
            [f"dead-zone: {random.choice(('0.1', '.05', '0.9', '1e-1'))}"] if random.random() < 0.5 else []
        )
        fields += (
            [f"curve: {random.choice(('1', '2', '0.5', '1.75', '10'))}"] if random.random() < 0.5 else []
        )
        fields += [f"invert: {random.choice(('true', 'false'))}"] if random.random() < 0.3 else []
        random.shuffle(fields)
        forms.append(f"{{{', '.join(fields)}}}")
    if not forms:
        return []
    return [f"  analog: {forms[0] if len(forms) == 1 else '[' + ', '.join(forms) + ']'}"]


def random_machine(random: Random, profile: Profile) -> Machine:
    """Return a machine for a pendant; it may be one that cannot use it (UsageError)."""
    axes = None
    if random.random() < 0.3:
        axes = frozenset(random.sample(AXIS_LETTERS, random.randint(1, 9)))
    options: list[tuple[Decimal, ...] | None] = [None, None]
    for place in range(2):
        if random.random() < 0.2:
            numbers = ("0.000001", "1", "0.001", "0.0254", "3")
            options[place] = tuple(Decimal(random.choice(numbers)) for _ in profile.scales)
    if random.random() < 0.15:  # so that counters go over 32 bits
        options = [(Decimal("0.000001"), *(Decimal(1) for _ in profile.scales[1:]))] * 2
    return Machine(random.choice(("mm", "mm", "inch")), axes, options[0], options[1])
