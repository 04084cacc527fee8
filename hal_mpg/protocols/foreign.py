# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of a serial language that is not ours: `protocol: {lines: ...}` or `{packets: ...}`.

Plain values and tuples of them only: see profile_cache. Bytes are tuples of numbers, times are milliseconds.
"""

from __future__ import annotations

from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import Code

MOST_RULES = 64
"""More rules than this are refused: each line is tried with all of them."""

MOST_STEPS = 200_000
"""How many steps a line may take with all patterns together, at the most: about a millisecond."""

LONGEST = 120
"""Bytes of a line or of a packet without a fixed length, where the profile does not say."""


class Setting(NamedTuple):
    """One code that a rule sets: from the group or field `source`, or to a constant (`source` "").

    `values`: what each text stands for; none: the text is a decimal number. `times`: what it is multiplied
    with, which has to give a whole number. `invert`: 1 stands for a key that is not held. `is_pulse`: a key
    that is pressed and let go at once, by something that happens and is no state.
    """

    code: Code
    source: str = ""
    constant: int = 0
    values: tuple[tuple[str, int], ...] = ()
    times: int = 1
    invert: bool = False
    is_pulse: bool = False


class Rule(NamedTuple):
    """What a line or a packet means that fits: the first rule that does has it.

    It fits by its text (`pattern`, a regular expression that `pattern_check` has passed; "" for packets
    without), and by the fields of a packet (`when`). `restarts`: the pendant says that it was switched on.
    """

    pattern: str = ""
    when: tuple[tuple[str, int], ...] = ()
    settings: tuple[Setting, ...] = ()
    answer: tuple[int, ...] = ()
    restarts: bool = False


class Lamp(NamedTuple):
    """What is sent to switch a lamp."""

    code: Code
    on: tuple[int, ...]
    off: tuple[int, ...]


class Speech(NamedTuple):
    """What is sent without being asked.

    `on_open` when the port is opened, and with each `keep_alive` until the pendant has said how it stands.
    """

    on_open: tuple[int, ...] = ()
    keep_alive: tuple[int, ...] = ()
    keep_alive_ms: int = 0
    lamps: tuple[Lamp, ...] = ()


class Lines(NamedTuple):
    """Lines of text, each fitting one of the rules.

    `end` is the byte that ends a line. `at_start`: how codes stand when the pendant was switched on, for
    those of which it has no word until they change.
    """

    rules: tuple[Rule, ...]
    speech: Speech = Speech()
    at_start: tuple[tuple[Code, int], ...] = ()
    longest: int = LONGEST
    end: int = 10


class Field(NamedTuple):
    """A number in a packet or a report: `size` bytes from offset `at` on.

    `mask` picks bits, which move down to bit 0; of a signed number the uppermost of them is the sign.
    """

    name: str
    at: int
    size: int = 1
    is_signed: bool = False
    is_big_endian: bool = False
    mask: int = 0


class Checksum(NamedTuple):
    """The checksum at offset `at`, over the bytes `first` to `last`. Offsets below 0 count from the end.

    `is_hex`: it stands there as hexadecimal digits, two for each byte.
    """

    kind: str
    at: int
    first: int
    last: int
    is_big_endian: bool = False
    is_hex: bool = False


class Packets(NamedTuple):
    """Packets that begin with `start` and end with `end`.

    `length`: bytes of the whole packet; 0: up to the first `end`, at most `longest` bytes.
    """

    start: tuple[int, ...]
    end: tuple[int, ...]
    rules: tuple[Rule, ...]
    length: int = 0
    longest: int = LONGEST
    fields: tuple[Field, ...] = ()
    checksum: Checksum | None = None
    speech: Speech = Speech()
    at_start: tuple[tuple[Code, int], ...] = ()


_NONE = type(None)
SHAPES: dict[type, tuple[object, ...]] = {
    Setting: (Code, str, int, [(str, int)], int, bool, bool),
    Rule: (str, [(str, int)], [Setting], [int], bool),
    Lamp: (Code, [int], [int]),
    Speech: ([int], [int], int, [Lamp]),
    Lines: ([Rule], Speech, [(Code, int)], int, int),
    Field: (str, int, int, bool, bool, int),
    Checksum: (str, int, int, int, bool, bool),
    Packets: ([int], [int], [Rule], int, int, [Field], {Checksum, _NONE}, Speech, [(Code, int)]),
}
"""The fields of each record, in profile_cache's form."""
