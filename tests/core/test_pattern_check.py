# SPDX-License-Identifier: GPL-2.0-or-later
"""Patterns of a profile: what is accepted takes no time, and means what it means to `re`.

Time is counted in the steps of a backtracking matcher that is made from the tree of re's own parser, and
knows nothing of how patterns are checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal_mpg.protocols.pattern_check import MOST_CHARACTERS, Automaton, PatternError, spelled

parse: Callable[[str, int], Any] = re._parser.parse  # type: ignore[attr-defined]
Then = Callable[[int], bool]


class TooManySteps(Exception):
    """The matcher took longer than it may."""


class Backtracker:
    """Matches as `re` does, one way after the other, and counts the steps."""

    def __init__(self, pattern: str, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self.steps = 0
        items = list(parse(pattern, re.ASCII))
        self.matched = self._all(items, 0, lambda at: at == len(text))

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self._limit:
            raise TooManySteps

    def _all(self, items: Sequence[Any], at: int, then: Then) -> bool:
        self._step()
        if not items:
            return then(at)
        return self._one(items[0], at, lambda after: self._all(items[1:], after, then))

    def _one(self, item: Any, at: int, then: Then) -> bool:
        kind, value = str(item[0]), item[1]
        if kind == "SUBPATTERN":
            return self._all(list(value[3]), at, then)
        if kind == "BRANCH":
            return any(self._all(list(branch), at, then) for branch in value[1])
        if kind == "MAX_REPEAT":
            low, high, inner = value
            return self._repeat(list(inner), int(low), int(high), at, then)
        self._step()
        return at < len(self._text) and _fits(kind, value, self._text[at]) and then(at + 1)

    def _repeat(self, inner: Sequence[Any], low: int, high: int, at: int, then: Then) -> bool:
        self._step()

        def again(after: int) -> bool:
            return after != at and self._repeat(inner, max(low - 1, 0), high - 1, after, then)

        return (high > 0 and self._all(inner, at, again)) or (low == 0 and then(at))


def _fits(kind: str, value: Any, character: str) -> bool:
    if kind == "LITERAL":
        return ord(character) == int(value)
    if kind == "NOT_LITERAL":
        return ord(character) != int(value)
    if kind == "ANY":
        return True
    assert kind == "IN", kind
    is_negated = str(value[0][0]) == "NEGATE"
    return any(_in(str(k), v, character) for k, v in value[is_negated:]) != is_negated


def _in(kind: str, value: Any, character: str) -> bool:
    if kind == "RANGE":
        return bool(value[0] <= ord(character) <= value[1])
    if kind == "CATEGORY":
        assert str(value) == "CATEGORY_DIGIT"
        return character.isdigit()
    return ord(character) == int(value)


CATASTROPHES = (
    *("(a+)+b", "(a|aa)+", "(a*)*b", "(a|a)*b", "a*a*a*b", "(a?){20}a{20}", "([a-z]+)*0", "(a|b|ab)*c"),
    *(".*.*.*=.*", "(.*),(.*)", "(0|00)(0|00)(0|00)1", "(?:a{1,9}){1,9}b", "[0-9]+[0-9]+[0-9]+x", "(x+x+)+y"),
    *("a?a?a?a?aaaa", "(ab?)+c", "(a|ab)(c|bcd)(d*)", "(a{1,3}a{1,3}){2}b"),
)

OTHERS = (
    *("(" * 30 + "a" + ")" * 30, "a{0,3}a"),
    *("^a", "a$", r"\w", r"\bx", "(?i)a", "(?=a)a", r"(?P<a>x)\1", "(?P<a>x)(?P=a)", "a*?", "a++", "a{2,1}"),
    *("(a", "a)", "[a", "[]", "[]a]", "[^]a]", "[[a]", "*a", "a**", "é", "a{1000}", "{", "a{,3}", "(?P<A>a)"),
    *(
        "(?P<a>a)(?P<a>b)",
        "(a)+",
        "(a){2}",
        "[a--b]",
        "[a&&b]",
        "\\",
        "a" * (MOST_CHARACTERS + 1),
        "\ta",
        "[",
    ),
    *("(?P<a", "(?#x)", "(?>a)", "[b-a]", r"[\d-z]", "a{999}", r"\n", "a{700,}", "]", "a}"),
)

GOOD = (
    *("a{0,500}b", "[a-y]{3,290}z", "a{3}b{0,2}c", "((a)?b)?", "a{0}b"),
    *(
        r"R0:(?P<count>-?[0-9]{1,6})",
        "READY|RESET|R",
        "STEP:(?P<axis>[XYZ]),(?P<mag>1|10|100),(?P<n>-?[0-9]+)",
    ),
    *(
        r"J(?P<a>[0-8])(?P<d>-?\d{1,3}\.\d{4})",
        "I8:(?P<x>[01])",
        "(?P<a>[^,]*),(?P<b>[^,]*)",
        "",
        "()",
        "a||b",
    ),
    *(
        r"\{\"x\":(?P<n>\d+)\}",
        "[a-]",
        "[-a]",
        "[a-c-]",
        r"[\]\\^-]",
        "(?:ab|ac|ad[0-9]?)?x",
        "b[ ]",
        "b ",
        ".*",
    ),
)


@pytest.mark.parametrize("pattern", [*CATASTROPHES, *OTHERS])
def test_what_could_take_long_or_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        Automaton(pattern)
    assert 0 <= caught.value.at <= len(pattern)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("pattern", GOOD)
def test_what_such_lines_need_is_accepted(pattern: str) -> None:
    assert Automaton(pattern).groups == list(re.compile(pattern).groupindex)


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*a*a*a*a*a*b", "(a|aa)(a|aa)" * 8 + "b"])
def test_the_counting_matcher_knows_a_catastrophe(pattern: str) -> None:
    """It could not fail the accepted ones otherwise."""
    with pytest.raises(TooManySteps):
        Backtracker(pattern, "a" * 30, steps_allowed(pattern, "a" * 30))


def steps_allowed(pattern: str, text: str) -> int:
    """Return how many steps a text may take: eight for each of its characters and each of the pattern.

    A repeat of {1,99} counts as the characters that it stands for.
    """
    written_out = sum(map(int, re.findall(r"[0-9]+", pattern))) + len(pattern) + 4
    return 8 * (len(text) + 2) * written_out


characters = st.sampled_from(["a", "b", "0", "[ab]", "[^a]", r"\d", ".", "[a-c0]", r"\.", ",", "ab", "b0,"])
repeats = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}"])
atoms = st.tuples(characters, repeats).map("".join)
patterns = st.recursive(
    st.lists(atoms, max_size=4).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(
            st.lists(inner, min_size=1, max_size=3).map("|".join), st.sampled_from(["", "", "?", "+"])
        ).map(lambda parts: f"({parts[0]}){parts[1]}"),
    ),
    max_leaves=6,
)
texts = st.text(alphabet="ab0,.", max_size=40)


def accepted(pattern: str) -> Automaton | None:
    """Return a pattern's automaton, None where it is refused."""
    try:
        return Automaton(pattern)
    except PatternError:
        return None


@settings(max_examples=400, deadline=None)
@given(pattern=patterns, text=texts, repeated=st.integers(1, 8))
def test_what_is_accepted_takes_few_steps_and_means_the_same_to_re(
    pattern: str, text: str, repeated: int
) -> None:
    automaton = accepted(pattern)
    if automaton is None:
        return
    for one in (text, text * repeated, text[:1] * 60, text[:2] * 30 + "b"):
        matcher = Backtracker(pattern, one, steps_allowed(pattern, one))
        found = re.compile(pattern, re.ASCII).fullmatch(one)
        assert matcher.matched == (found is not None) == automaton.fits(one)


@settings(max_examples=500, deadline=None)
@given(pattern=st.text(alphabet=r"ab0[](){}|?*+,-^\.:<>P=$ ", max_size=25))
def test_any_text_is_refused_or_means_the_same_to_re(pattern: str) -> None:
    automaton = accepted(pattern)
    if automaton is None:
        return
    compiled = re.compile(pattern, re.ASCII)
    for text in ("", "a", "b", "ab", "0", "a0", "aa", ",", "-", "a,b", "]", "\\", " "):
        assert automaton.fits(text) == bool(compiled.fullmatch(text))


def test_most_of_the_simple_patterns_are_accepted() -> None:
    """The properties above would hold of nothing otherwise."""
    seen = {True: 0, False: 0}

    @settings(max_examples=500, database=None, deadline=None)
    @given(pattern=patterns)
    def count(pattern: str) -> None:
        seen[accepted(pattern) is not None] += 1

    count()
    assert seen[True] > 100 and seen[False] > 50


@pytest.mark.parametrize(
    ("pattern", "text", "length", "next_one", "may_end"),
    [
        ("STEP:[XYZ],(1|10|100),-?[0-9]+", "STEP:Q,1,1", 5, "'X' or 'Y' or 'Z'", False),
        ("STEP:[XYZ],(1|10|100),-?[0-9]+", "STEP:X,1000,1", 10, "','", False),
        ("R0:[0-9]{1,3}", "R0:12x", 5, "a digit", True),
        ("R0:[0-9]{1,3}", "R0:1234", 6, "the end of the line", True),
        ("R0:[0-9]{1,3}", "R0:", 3, "a digit", False),
        ("a[^a]", "aa", 1, "one of 94 characters", False),
    ],
)
def test_it_tells_how_far_a_line_fits(
    pattern: str, text: str, length: int, next_one: str, may_end: bool
) -> None:
    found, expected, ends = Automaton(pattern).fits_up_to(text)
    assert (found, spelled(expected), ends) == (length, next_one, may_end)
