# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzes the loading of profiles: any bytes in a file are a profile, or faults with their places."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

from hal_mpg.errors import ProfileError, UsageError
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.profile_files import MAX_BYTES, read_profile, shared_dir
from tests.fuzz.profiles import random_profile
from tests.fuzz.violation import Violation, check, guarded

FAULT = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<what>.+); (?P<right>.+)")
LONGEST_S = 8.0
"""Processor time for one profile, of the largest size, on a slow machine."""
LONGEST_FAULT = 1000
MOST_FAULTS = 1000

NASTY = (
    "off",
    "010",
    "1:30",
    "0x",
    "-0",
    "1e99",
    "1e-99",
    ".inf",
    ".nan",
    "-.5e-9",
    "null",
    "~",
    "''",
    '"\\UFFFFFFFF"',
    '"\\ud800"',
    '"\\x00"',
    '"\\N"',
    "'",
    '"',
    "&a x",
    "*a",
    "&a",
    "<<",
    "<<: *a",
    "!!python/object:os.system x",
    "!!binary x",
    "!<tag:x> y",
    "!t x",
    "%YAML 1.1",
    "%YAML " + "1" * 4400 + ".1",
    "%TAG ! tag:x,2000:",
    "---",
    "...",
    "? ",
    "- ",
    "-",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    ",",
    ":",
    ": ",
    "|",
    ">",
    "|9",
    ">-2",
    "#",
    "@",
    "`",
    "\t",
    "\u2028",
    "\x85",
    "\ufeff",
    "\U0001f600",
    "٣",
    "9" * 4400,
    "9" * 4400 + "x",
    "0x" + "f" * 4400,
    "x" * 3000,
    "BTN_",
    "KEY_A",
    "KEY_RESERVED",
    "REL_DIAL",
    "ABS_WHEEL",
    "767",
    "768",
    "0x2ff",
    "true",
    "yes",
    "x",
    "x1",
    "2147483648",
    "2147483649",
    "-2147483649",
)
TOKEN = re.compile(r"\w+|[^\w\s]|\s+")


def shipped() -> list[bytes]:
    """Return the profiles that come with hal_mpg."""
    return [path.read_bytes() for path in sorted((shared_dir() / "pendants").glob("*.yaml"))]


def fuzz_loading(random: Random, covered: Counter[str], folder: Path) -> None:
    """Make up the bytes of a profile and load them."""
    data = random_bytes(random)
    profile = load(data, folder / "p.yaml", covered)
    covered["profiles"] += 1
    if profile is None:
        covered["profiles refused"] += 1
        return
    covered["profiles accepted"] += 1
    pendant = guarded(lambda: Pendant(profile, Machine()), UsageError)
    if isinstance(pendant, Pendant):
        guarded(lambda: pendant.tick(1.0))
        covered["profiles that run"] += 1


def load(data: bytes, path: Path, covered: Counter[str]) -> Profile | None:
    """Load the bytes of a profile; None: it has faults. Raises Violation, with the bytes as its note."""
    path.write_bytes(data)
    path.chmod(0o600)
    began = time.process_time()
    try:
        with limited(LONGEST_S):
            profile: Profile | ProfileError = guarded(lambda: read_profile(path), ProfileError)
        took = round(1000 * (time.process_time() - began))
        covered["longest load, ms"] = max(covered["longest load, ms"], took)
        if isinstance(profile, ProfileError):
            _check_faults(profile, str(path))
            return None
    except Violation as violation:
        violation.add_note(repr(data[:MAX_BYTES]))
        raise
    return profile


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Violation in what takes more processor time than this, or would not end at all."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Violation("profile", f"took more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _check_faults(error: ProfileError, file: str) -> None:
    check(0 < len(error.faults) <= MOST_FAULTS, "profile", lambda: f"{len(error.faults)} faults")
    for fault in error.faults:
        found = FAULT.fullmatch(fault)
        check(bool(found) and fault.isprintable(), "profile", f"not FILE:LINE:COLUMN: what; right: {fault!r}")
        check(len(fault) < LONGEST_FAULT + len(file), "profile", f"{len(fault)} characters: {fault[:80]!r}")
        check(fault.startswith(f"{file}:"), "profile", f"the file's name is not in {fault!r}")


# What is loaded.


def random_bytes(random: Random) -> bytes:
    """Return the bytes of a profile that may be wrong in any way."""
    if random.random() < 0.35:
        data = random.choice(shipped())
    else:
        data = random_profile(random).encode("utf-8")
    way = random.random()
    if way < 0.12:
        return data
    if way < 0.3:
        for _ in range(random.choice((1, 1, 2, 5, 30))):
            data = _bytes_changed(random, data)
        return data
    if way < 0.33:
        return _nested(random, data)
    if way < 0.35:
        return _many(random, data)
    text = data.decode("utf-8")
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = random.choice((_token_changed, _token_changed, _lines_changed, _anchored))(random, text)
    return text.encode("utf-8", "surrogatepass")


def _bytes_changed(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    way = random.randrange(4)
    if way == 0:
        return data[:place] + random.randbytes(random.randint(1, 4)) + data[place + 1 :]
    if way == 1:
        return (
            data[:place]
            + bytes([random.choice(b"\x00\t\r\n :-?[]{},&*!|>'\"%@`#\xff\xc3\xed")])
            + data[place:]
        )
    if way == 2:
        return data[:place] + data[place + random.randint(1, 20) :]
    return data[:place] + data[place:][:30] * random.choice((2, 3, 200))


def _token_changed(random: Random, text: str) -> str:
    tokens = TOKEN.findall(text)
    if not tokens:
        return random.choice(NASTY)
    place = random.randrange(len(tokens))
    other = random.choice(tokens) if random.random() < 0.4 else random.choice(NASTY)
    if random.random() < 0.3:
        tokens.insert(place, other)
    else:
        tokens[place] = other
    return "".join(tokens)


def _lines_changed(random: Random, text: str) -> str:
    lines = text.split("\n")
    here, there = random.randrange(len(lines)), random.randrange(len(lines))
    way = random.randrange(5)
    if way == 0:
        lines.insert(there, lines[here])
    elif way == 1:
        del lines[here]
    elif way == 2:
        lines[here], lines[there] = lines[there], lines[here]
    elif way == 3:
        lines[here] = random.choice(("  ", " ", "\t", "- ", "? ")) + lines[here]
    else:
        lines.insert(here, random.choice(NASTY))
    return random.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines)


def _anchored(random: Random, text: str) -> str:
    """Give a value an anchor and use it elsewhere, perhaps inside of itself; or a tag."""
    places = [match.end() for match in re.finditer(r": |\[|, ", text)] or [0]
    mark, use = random.choice(
        (("&a ", "*a"), ("&a ", "<<: *a"), ("!!str ", "x"), ("!!set ", "{}"), ("&é ", "*é"))
    )
    for place, what in zip(sorted(random.choices(places, k=2), reverse=True), (use, mark), strict=True):
        text = text[:place] + what + text[place:]
    return text


def _nested(random: Random, data: bytes) -> bytes:
    opening = random.choice((b"[", b"{a: ", b"- ", b"? ", b"[[", b"{? ", b"&a [", b"!t [", b"a:\n "))
    depth = random.choice((50, 300, 1000, 5000, 20_000))
    place = data.find(b":", random.randrange(len(data))) + 1
    return data[:place] + b" " + opening * depth + data[place:]


def _many(random: Random, data: bytes) -> bytes:
    """Fill the profile up to its largest size, with entries that are right or wrong."""
    entry = random.choice(
        (b"q%d: KEY_Q%d, ", b"%d: x%d, ", b"a%d: &a%d [*a], ", b"? %d : %d, ", b"[%d, %d], ")
    )
    key = random.choice((b"  buttons: {", b"match: [", b"increments: {", b"zzz: {"))
    end = b"]" if key.endswith(b"[") else b"}"
    entries = b"".join(entry % (number, number) for number in range(8000))
    return (data + key + entries)[: MAX_BYTES - random.choice((0, 1, 2))] + end
