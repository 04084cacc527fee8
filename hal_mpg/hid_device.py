# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile says of a pendant that speaks raw HID: its reports, and the lamps that are sent to it.

Beside `profile`, and not in it, so that a start with another pendant need not import it. Everything here is
made of plain values and tuples of them: see profile_cache. Bytes are tuples of numbers.
"""

from __future__ import annotations

from hal_mpg.lean_typing import NamedTuple
from hal_mpg.profile import Code
from hal_mpg.protocols.foreign import Checksum, Field, Setting


class Held(NamedTuple):
    """Keys that a report names by their codes while they are held; 0 in a field is none.

    `fields` are those with the codes, `keys` what each code is. `shifted`: for keys that shift others (Fn),
    what a code is that is pressed while that key is held, from its press to its release.
    """

    fields: tuple[str, ...]
    keys: tuple[tuple[int, Code], ...]
    shifted: tuple[tuple[Code, tuple[tuple[int, Code], ...]], ...] = ()


class HidRule(NamedTuple):
    """What a report means whose fields are as `when` says: the first rule that fits has it.

    `is_asleep`: the pendant goes to sleep; `passes_over` of the reports right after that one mean nothing.
    """

    when: tuple[tuple[str, int], ...] = ()
    settings: tuple[Setting, ...] = ()
    held: Held | None = None
    is_asleep: bool = False
    passes_over: int = 0


class HidReport(NamedTuple):
    """One kind of input report: `length` bytes, the id among them.

    `id` is its first byte; None: the device's reports have no ids.
    """

    id: int | None
    length: int
    fields: tuple[Field, ...]
    rules: tuple[HidRule, ...]
    checksum: Checksum | None = None


class HidLamp(NamedTuple):
    """The report that lights a lamp, and the one that puts it out; `is_feature`: they are feature reports.

    The first byte is the report's id, 0 where the device's reports have none (hidraw.rst). `is_shared`: the
    report is that of other lamps, too, which have the same one in `off`: no lamp is lit there, and in `on`
    this one alone. In what is sent, each of them is as it has to be.
    """

    code: Code
    on: tuple[int, ...]
    off: tuple[int, ...]
    is_feature: bool = False
    is_shared: bool = False


class HidDevice(NamedTuple):
    """How a raw HID pendant is understood. `codes`: the protocol's own names for its codes, for people."""

    reports: tuple[HidReport, ...]
    lamps: tuple[HidLamp, ...] = ()
    codes: tuple[tuple[str, Code], ...] = ()


_NONE = type(None)
SHAPES: dict[type, tuple[object, ...]] = {
    Held: ([str], [(int, Code)], [(Code, [(int, Code)])]),
    HidRule: ([(str, int)], [Setting], {Held, _NONE}, bool, int),
    HidReport: ({int, _NONE}, int, [Field], [HidRule], {Checksum, _NONE}),
    HidLamp: (Code, [int], [int], bool, bool),
    HidDevice: ([HidReport], [HidLamp], [(str, Code)]),
}
"""The fields of each record, in profile_cache's form; those of fields and settings are in `foreign`."""
