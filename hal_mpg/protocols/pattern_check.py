# SPDX-License-Identifier: GPL-2.0-or-later
r"""Which regular expressions a profile may use: those that are matched without ever having to guess. Pure.

Python's `re` tries one way after the other, and some short expressions have more ways than there is time.
What passes here has one way for each text: after each character, the next one tells by itself where in the
expression it belongs ("one-unambiguous", Brüggemann-Klein and Wood 1998). A wrong way then ends at its first
character, so that the time for a text is bounded by its length times the length of the expression.

Of the syntax of `re` there is what such lines need: characters, `\` before a special one, `\d`, `.`, classes,
`(?P<name>...)`, `(...)`, `|`, and the repeats `? * + {m} {m,n}` of one character or class; of groups, `?`
only. The whole line has to fit, so there is neither `^` nor `$`. Lines are printable ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from hal_mpg.lean_typing import NamedTuple

PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
DIGITS = frozenset("0123456789")
MOST_CHARACTERS = 300
"""The longest expression."""

MOST_DEEP = 20
"""How deep groups may be nested."""

MOST_PLACES = 600
"""The most characters that a text may have, with every repeat written out."""

GROUP_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_REPEAT = re.compile(r"\{([0-9]{1,3})(?:(,)([0-9]{0,3}))?\}")
_SPECIAL = frozenset(".^$*+?{}[]\\|()")


class PatternError(ValueError):
    """An expression that is refused; `at` is the offset in it, counted from 0."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


class Place(NamedTuple):
    """One character of a text that fits: which it may be, and where in the expression it stands."""

    characters: frozenset[str]
    at: int


class _Part(NamedTuple):
    """A part of the expression: the places where it may begin and end, and whether it may be empty."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    is_nullable: bool = True


_Node: TypeAlias = "Place | tuple[str, list[_Branch]]"
_Branch: TypeAlias = "list[_Node]"
"""A character; or ("one of" | "maybe" | "any number" | "up to" all of them, the branches)."""


class Automaton:
    """A checked expression as places and what may follow each. Place 0 stands before the first character."""

    def __init__(self, pattern: str) -> None:
        """Raises PatternError where the expression is not one of those that may be used."""
        self.groups: list[str] = []
        self._pattern = pattern
        self._at = self._depth = 0
        if len(pattern) > MOST_CHARACTERS:
            raise PatternError(0, f"it is longer than {MOST_CHARACTERS} characters; make several rules of it")
        tree = self._alternatives()
        if self._at < len(pattern):
            raise PatternError(self._at, "this ) closes nothing; write \\) for the character")
        self.places = [Place(frozenset(), 0)]
        self.follow: list[list[int]] = [[]]
        whole = self._number(("one of", _factored(tree)))
        self.follow[0] = list(whole.first)
        self._ends = {*whole.last, *([0] if whole.is_nullable else [])}
        for following in self.follow:
            self._refuse_a_choice(following)

    # From the text to a tree.

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _alternatives(self) -> list[_Branch]:
        branches: list[_Branch] = [[]]
        while (character := self._peek()) not in ("", ")"):
            if character == "|":
                self._at += 1
                branches.append([])
            else:
                branches[-1] += self._item()
        return branches

    def _item(self) -> list[_Node]:
        """Return the next character, class or group, with its repeat written out."""
        begin = self._at
        if self._peek() == "(":
            group = self._group()
            low, high = self._repeat()
            if (low, high) == (1, 1):
                return [("one of", group)]
            if (low, high) != (0, 1):
                raise PatternError(begin, "a group is repeated; repeat single characters or classes only")
            return [("maybe", group)]
        characters = self._class() if self._peek() == "[" else self._character()
        place = Place(characters, begin)
        low, high = self._repeat()
        if max(low, high or 0) > MOST_PLACES:
            raise PatternError(begin, f"more than {MOST_PLACES} times is longer than any line")
        if high is None:
            loop: _Branch = [place]
            return [*[place] * low, ("any number", [loop])]
        optional: _Branch = [place] * (high - low)
        return [*[place] * low, *([("up to", [optional])] if optional else [])]

    def _group(self) -> list[_Branch]:
        begin = self._at
        self._at += 1
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise PatternError(begin, f"groups are nested more than {MOST_DEEP} deep; use fewer")
        if self._pattern.startswith("?P<", self._at):
            end = self._pattern.find(">", self._at)
            name = self._pattern[self._at + 3 : end] if end > 0 else ""
            if not GROUP_NAME.fullmatch(name):
                raise PatternError(begin, "this is no name of a group; use a-z, 0-9 and _, as in (?P<count>")
            if name in self.groups:
                raise PatternError(begin, f"the group {name} stands twice; give each its own name")
            self.groups.append(name)
            self._at = end + 1
        elif self._pattern.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise PatternError(begin, "look-around, flags and references are not read; use (?P<name>...)")
        branches = self._alternatives()
        if self._peek() != ")":
            raise PatternError(begin, "this ( is not closed; write \\( for the character")
        self._at += 1
        self._depth -= 1
        return branches

    def _repeat(self) -> tuple[int, int | None]:
        """Return how often the item may stand there, from and to; None: any number of times."""
        begin, character = self._at, self._peek()
        found = _REPEAT.match(self._pattern, begin)
        if character in ("?", "*", "+"):
            self._at += 1
            low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}[character]
        elif found:
            self._at = found.end()
            low = int(found[1])
            high = low if not found[2] else int(found[3]) if found[3] else None
            if high is not None and high < low:
                raise PatternError(begin, f"{found[0]} has no meaning; write the smaller number first")
        elif character == "{":
            raise PatternError(begin, "this { begins no repeat such as {1,6}; write \\{ for the character")
        else:
            return 1, 1
        if self._peek() and self._peek() in "?*+{":
            raise PatternError(self._at, "a repeat of a repeat; write one of them")
        return low, high

    def _character(self) -> frozenset[str]:
        character = self._peek()
        begin = self._at
        self._at += 1
        if character == "\\":
            return self._escaped()
        if character == ".":
            return PRINTABLE
        if character in "^$":
            raise PatternError(begin, f"the whole line has to fit anyway; leave {character} out")
        if character in _SPECIAL:
            raise PatternError(begin, f"nothing stands before this {character}; write \\{character} for it")
        if character not in PRINTABLE:
            raise PatternError(begin, "this character is in no line; lines are printable ASCII")
        return frozenset(character)

    def _escaped(self) -> frozenset[str]:
        character = self._peek()
        self._at += 1
        if character == "d":
            return DIGITS
        if not character or character.isalnum() or character not in PRINTABLE:
            raise PatternError(
                self._at - 2, f"\\{character} is not read; \\d is, and \\ before . * ( and the like"
            )
        return frozenset(character)

    def _class(self) -> frozenset[str]:
        begin = self._at
        self._at += 1
        is_negated = self._peek() == "^"
        self._at += is_negated
        found: set[str] = set()
        while self._peek() != "]":
            if not self._peek():
                raise PatternError(begin, "this [ is not closed; write \\[ for the character")
            low = self._member()
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._member()
                if len(low) != 1 or len(high) != 1 or min(low) > min(high):
                    raise PatternError(begin, "a range of this class is none; use the form a-z")
                low = frozenset(map(chr, range(ord(min(low)), ord(min(high)) + 1)))
            found |= low
        self._at += 1
        characters = PRINTABLE - found if is_negated else frozenset(found)
        if not found or not characters:
            raise PatternError(begin, "no character fits this class; put some in, a ] as \\]")
        return characters

    def _member(self) -> frozenset[str]:
        character = self._peek()
        begin = self._at
        self._at += 1
        if character == "\\":
            return self._escaped()
        if character not in PRINTABLE:
            raise PatternError(begin, "this character is in no line; lines are printable ASCII")
        if character in "[&~|-" and self._pattern[begin + 1 : begin + 2] == character:
            raise PatternError(begin, f"write \\{character} in a class, for {character * 2} may mean more")
        if character == "[":
            raise PatternError(begin, "write \\[ in a class")
        return frozenset(character)

    # From the tree to places.

    def _number(self, node: _Node) -> _Part:
        if isinstance(node, Place):
            self.places.append(node)
            self.follow.append([])
            if len(self.places) > MOST_PLACES:
                raise PatternError(node.at, f"more than {MOST_PLACES} characters would fit; use less")
            here = (len(self.places) - 1,)
            return _Part(here, here, is_nullable=False)
        kind, branches = node
        parts = [self._sequence(branch) for branch in branches]
        first = tuple(place for part in parts for place in part.first)
        last = tuple(place for part in parts for place in part.last)
        if kind == "any number":
            self._link(last, first)
        if kind == "up to":
            last = tuple(range(first[0], last[0] + 1))  # it may end after each of them
        return _Part(first, last, kind != "one of" or any(part.is_nullable for part in parts))

    def _sequence(self, branch: _Branch) -> _Part:
        whole = _Part()
        for node in branch:
            part = self._number(node)
            self._link(whole.last, part.first)
            whole = _Part(
                whole.first + part.first if whole.is_nullable else whole.first,
                whole.last + part.last if part.is_nullable else part.last,
                whole.is_nullable and part.is_nullable,
            )
        return whole

    def _link(self, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        for place in before:
            self.follow[place] += after

    def _refuse_a_choice(self, following: list[int]) -> None:
        """Refuse two places of which the next character does not tell which it is."""
        seen: set[str] = set()
        for number in following:
            place = self.places[number]
            both = seen & place.characters
            if both:
                other = next(self.places[n] for n in following if self.places[n].characters & both)
                raise PatternError(
                    max(place.at, other.at),
                    f"{min(both)!r} here could belong to what stands at "
                    f"character {min(place.at, other.at) + 1}, too; "
                    f"let each character tell where it belongs, as in [0-9]+,[0-9]+",
                )
            seen |= place.characters

    # What a text has to do with it.

    def fits_up_to(self, text: str) -> tuple[int, frozenset[str], bool]:
        """Return how many characters of a text fit, which might come next, and whether it might end there."""
        place = 0
        for number, character in enumerate(text):
            after = [n for n in self.follow[place] if character in self.places[n].characters]
            if not after:
                return number, self._expected(place), place in self._ends
            place = after[0]
        return len(text), self._expected(place), place in self._ends

    def fits(self, text: str) -> bool:
        """Tell whether the whole text fits."""
        length, _, may_end = self.fits_up_to(text)
        return length == len(text) and may_end

    def _expected(self, place: int) -> frozenset[str]:
        return frozenset().union(*(self.places[number].characters for number in self.follow[place]))


def _factored(branches: list[_Branch]) -> list[_Branch]:
    """Return branches of which no two begin with the same single character.

    `1|10|100` is 1(|0(|0)) then, which needs no choice; `re` tries each branch, to its first wrong character.
    """
    heads: dict[frozenset[str] | int, list[_Branch]] = {}
    for number, branch in enumerate(branches):
        head = branch[0] if branch else None
        heads.setdefault(head.characters if isinstance(head, Place) else number, []).append(branch)
    return list(_joined(heads.values()))


def _joined(groups: Iterable[list[_Branch]]) -> Iterator[_Branch]:
    for group in groups:
        inner = [[_inner(node) for node in branch] for branch in group]
        if len(inner) == 1:
            yield inner[0]
        else:
            yield [inner[0][0], ("one of", _factored([branch[1:] for branch in inner]))]


def _inner(node: _Node) -> _Node:
    return node if isinstance(node, Place) else (node[0], _factored(node[1]))


def spelled(characters: frozenset[str]) -> str:
    """Return a set of characters for people: 0-9, the few that there are, or how many."""
    if characters == DIGITS:
        return "a digit"
    if len(characters) > 12:
        return "any character" if characters == PRINTABLE else f"one of {len(characters)} characters"
    return " or ".join(repr(character) for character in sorted(characters)) or "the end of the line"
