# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles as plain data in the user's cache, for reading YAML takes longer than all else before `ready`.

Beside the data stands the exact text that they were made from, and what made them. Where anything differs, is
damaged, or could be another user's, the text is read anew; no fault of the cache is ever one of the start.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from zlib import crc32

from hal_mpg import __version__, profile
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.profile import Profile
from hal_mpg.profile_files import read_text

if TYPE_CHECKING:
    from typing import Any

MAX_BYTES = 1 << 20
MAX_NAME = 255
"""Bytes in the name of a file (NAME_MAX)."""

READERS = (
    *("analog", "display", "front", "hid", "hid_lamps", "lamps", "match", "own", "packets", "reach"),
    *("serial", "settings"),
)
"""The modules of profile_parts."""

MAKERS = (
    *("profile.py", "profile_cache.py", "profile_yaml.py", "yaml_reader.py"),
    *(f"profile_parts/{name}.py" for name in READERS),
    *("serial_line.py", "hid_device.py", "display_layout.py"),
    *("protocols/foreign.py", "protocols/line_events.py", "protocols/line_format.py"),
    *("protocols/pattern_check.py", "protocols/fields.py"),
)
"""The files on which it depends what becomes of a text."""

RECORDS: dict[str, type[Any]] = {
    record.__name__: record
    for record in (
        *(profile.AbsSelector, profile.AbsoluteWheel, profile.Code, profile.EStop, profile.Increment),
        *(profile.KeySelector, profile.KeyWheel, profile.Match, profile.Profile, profile.RelativeWheel),
        *(profile.StepSelector, profile.Analog),
    )
}
"""What the data may be made of, beside plain values; every record is checked against `_SHAPES`.

Those of `PARTS` come with the first of them.
"""


PARTS = {
    "SerialLine": ("serial_line", "protocols.foreign"),
    "HidDevice": ("hid_device", "protocols.foreign"),
    "Display": ("display_layout",),
}
"""Parts of a profile that a start without them does not import: outermost record -> modules with SHAPES."""


def _know(part: str) -> None:
    """Take the records of a part for known; of any other record nothing has to be done."""
    for module in PARTS.get(part, ()):
        shapes = __import__(f"hal_mpg.{module}", fromlist=["SHAPES"]).SHAPES
        _SHAPES.update(shapes)
        RECORDS.update({record.__name__: record for record in shapes})


def _part(name: str) -> Callable[[Any], bool]:
    """Return what tells whether a value is a part of a profile, a record of this name, or none."""
    return lambda value: value is None or (type(value) is RECORDS.get(name) and _fits(value, type(value)))


def read_profile(path: str) -> Profile:
    """Return the profile in a file, perhaps from the cache. Raises ProfileError with every fault."""
    text = read_text(path)
    head = _head(path, text)
    kept = _kept(path, head)
    if kept is None:
        from hal_mpg.profile_yaml import load_profile

        kept = load_profile(text, path)
        _keep(path, head, kept)
    return kept


def _head(path: str, text: str) -> str:
    """Return what a cached file has to begin with."""
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        stamps = [os.stat(os.path.join(folder, name)).st_mtime_ns for name in MAKERS]
    except OSError:
        stamps = []  # in an archive, perhaps: the version has to do
    return f"hal_mpg {__version__}, Python {sys.hexversion:x}, {stamps}\n{path}\n{len(text)}\n{text}\n"


def _file_of(path: str) -> str | None:
    """Return where the profile of a file is kept; None: nowhere."""
    if not may_keep():
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = os.path.abspath(path).replace("%", "%25").replace("/", "%")
    if not os.path.isabs(base) or len(os.fsencode(name)) > MAX_NAME - len(".new"):
        return None
    return os.path.join(base, "hal_mpg", name)


def may_keep() -> bool:
    """Tell whether profiles are kept: not for root, whose HOME can be another user's."""
    return os.geteuid() != 0


def is_own(status: os.stat_result) -> bool:
    """Tell whether nobody but this user, and root, can have written to a file or a folder."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _kept(path: str, head: str) -> Profile | None:
    """Return the profile that is kept of a text, if it is; None for whatever is not as it has to be."""
    try:
        file = _file_of(path)
        content = _read_own(file) if file else ""
        if not content.startswith(head):
            return None
    except (OSError, ValueError):
        return None
    checksum, _, data = content[len(head) :].partition("\n")
    return _profile_in(data.split("\n")) if checksum == _sum_of(data) else None


def _sum_of(data: str) -> str:
    """Return what shows that data are as they were written; against whom it is not, see `is_own`."""
    return f"{crc32(data.encode()):08x}"


def _profile_in(lines: list[str]) -> Profile | None:
    """Return the profile that the lines are; None where they are none."""
    rest = iter(lines)
    try:
        found = _decoded(rest)
    except (ValueError, LookupError, TypeError, RuntimeError, StopIteration):
        return None
    is_whole = next(rest, None) is None
    return found if is_whole and isinstance(found, Profile) and _fits(found, Profile) else None


def _read_own(file: str) -> str:
    """Return what stands in a file that only this user can have written. Raises OSError, ValueError."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        folder = os.lstat(os.path.dirname(file))
        is_good = stat.S_ISREG(status.st_mode) and is_own(status) and is_own(folder)
        return os.read(descriptor, MAX_BYTES).decode("utf-8") if is_good else ""
    finally:
        os.close(descriptor)


def _keep(path: str, head: str, made: Profile) -> None:
    """Keep a profile for the next start; where that cannot be, the next start reads the text again."""
    try:
        file = _file_of(path)
        if file is None:
            return
        for part in made:
            _know(type(part).__name__)
        data = "\n".join(_encoded(made))
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        new = f"{file}.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as output:
            output.write(f"{head}{_sum_of(data)}\n{data}".encode())
        os.replace(new, file)  # at once: never half of it
    except (OSError, ValueError):
        return


# The form of the data: a letter for the kind, then the value; after a tuple's length, or a record's name,
# come its parts. One line each.


def _encoded(value: Any) -> Iterator[str]:
    """Yield the lines of a value. Raises ValueError for what has no such form."""
    kind = type(value)
    if kind.__name__ in RECORDS:
        yield f"r{kind.__name__}"
        for part in value:
            yield from _encoded(part)
    elif kind is tuple:
        yield f"t{len(value)}"
        for part in value:
            yield from _encoded(part)
    elif value is None:
        yield "n"
    elif kind is str and "\n" not in value:
        yield f"s{value}"
    elif kind in (bool, int):
        yield f"{'b' if kind is bool else 'i'}{int(value)}"
    else:
        raise ValueError(f"{value!r} has no form")


def _decoded(lines: Iterator[str]) -> Any:
    """Return the next value. Raises LookupError, RuntimeError, StopIteration, TypeError, ValueError."""
    line = next(lines)
    kind, text = line[0], line[1:]
    if kind == "r":
        if text not in RECORDS:
            _know(text)
        record = RECORDS[text]
        return record(*(_decoded(lines) for _ in record._fields))
    if kind == "t":
        return tuple([_decoded(lines) for _ in range(int(text))])
    if kind == "s":
        return text
    if kind in ("i", "b"):
        return int(text) if kind == "i" else bool(int(text))
    if kind == "n":
        return None
    raise ValueError(f"{kind!r} is no kind")


def _is_distance(value: Any) -> bool:
    """Tell whether a value is a distance as decimals are written, or none."""
    if type(value) is not str or value.strip("0123456789.E+-"):
        return value is None
    try:
        return 1e-10 < float(value) < 1e7
    except ValueError:
        return False


_CODE, _NAMED_CODES = profile.Code, [(str, profile.Code)]
_SELECTORS = {profile.KeySelector, profile.AbsSelector, profile.StepSelector}
_NONE = type(None)
_SHAPES: dict[type, tuple[Any, ...]] = {
    profile.Code: (int, int),
    profile.Match: ({int, _NONE}, {int, _NONE}, *[{str, _NONE}] * 4, {int, _NONE}, [profile.Match]),
    profile.Increment: (str, (_is_distance, _is_distance, _is_distance)),
    profile.RelativeWheel: (_CODE, int, bool),
    profile.AbsoluteWheel: (_CODE, int, int, bool),
    profile.KeyWheel: (_CODE, _CODE, int, bool),
    profile.KeySelector: (_NAMED_CODES,),
    profile.AbsSelector: (_CODE, [(int, str)]),
    profile.StepSelector: ({_CODE, _NONE}, {_CODE, _NONE}, [str]),
    profile.EStop: (_CODE, bool),
    profile.Analog: (_CODE, {int, _NONE}, {int, _NONE}, str, int, int, bool, {_CODE, _NONE}),
    profile.Profile: (
        *(str, str, [profile.Match], [profile.Increment]),
        {profile.RelativeWheel, profile.AbsoluteWheel, profile.KeyWheel},
        *(_SELECTORS, {*_SELECTORS, _NONE}, {profile.EStop, _NONE}, {_CODE, _NONE}, {_CODE, _NONE}),
        *(_NAMED_CODES, _NAMED_CODES, bool, [str]),
        *(_part("SerialLine"), _part("HidDevice"), _part("Display")),
        *([profile.Analog], [(str, int, int)]),
    ),
}
"""The fields of each record. A set: one of these; a list: any number of these; a tuple: exactly so.

A function says for itself.
"""


def _fits(value: Any, shape: Any) -> bool:
    """Tell whether a value is of a shape, all the way down."""
    if isinstance(shape, set):
        return any(_fits(value, one) for one in shape)
    if isinstance(shape, list):
        return type(value) is tuple and all(_fits(part, shape[0]) for part in value)
    if isinstance(shape, tuple):
        return isinstance(value, tuple) and len(value) == len(shape) and all(map(_fits, value, shape))
    if not isinstance(shape, type):
        return bool(shape(value))
    if type(value) is not shape:
        return False
    return shape not in _SHAPES or _fits(value, _SHAPES[shape])
