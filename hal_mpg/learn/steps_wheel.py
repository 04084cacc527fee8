# SPDX-License-Identifier: GPL-2.0-or-later
"""The step in which the wheel is learned."""

from __future__ import annotations

from dataclasses import replace

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL
from hal_mpg.learn.acts import SKIP, Act, Left, Person
from hal_mpg.learn.draft import Draft, codes_of
from hal_mpg.learn.observation import Observation
from hal_mpg.learn.wheel import CLICKS, MIN_EVENTS, Finding, Turns, recognize, wrap_in
from hal_mpg.profile import AbsoluteWheel, Code, Wheel

NO_CLICKS = "n"
MOST_CLICKS_AROUND = 300
"""More clicks than this are asked of nobody; what the device says of its range is believed then."""

MOST_TRIES = 20
"""Nobody tries so often; something answers that is no person."""

ASK_AFTER = 2
"""After so many tries that disagree, the person may have the best guess."""

ONE = f"Turn the wheel clockwise by ONE click. ({NO_CLICKS}: it has no clicks that can be felt)"
TEN = f"Now clockwise by {CLICKS} clicks, slowly."
TEN_BACK = f"Now {CLICKS} clicks counter-clockwise."
ACTS = (Act("turn", "1", ONE), Act("turn", "10", TEN), Act("turn", "-10", TEN_BACK))
SMOOTH_ACTS = (
    Act("turn", "a bit", "Turn the wheel clockwise a little."),
    Act("turn", "a bit", "Now clockwise, about half a turn, slowly."),
    Act("turn", "a bit back", "Now the same way back, counter-clockwise."),
)
STUCK = "If it stays like this: `hal_mpg record FILE` writes what the pendant sends, for a bug report."


def learn_wheel(person: Person, draft: Draft) -> None:
    """Learn the wheel's form, its direction, and its counts in a click."""
    has_clicks = True
    tries = 0
    while True:
        tries += 1
        turns, has_clicks = _turn(person, has_clicks)
        finding = recognize(turns, has_clicks)
        if finding.wheel and (not finding.trouble or _is_taken(person, finding, tries)):
            break
        person.say(finding.trouble, indent="  ")
        if tries >= MOST_TRIES:
            raise Left(f"learn: the wheel was not understood in {tries} tries; nothing was written. {STUCK}")
        if tries > ASK_AFTER:
            person.say(STUCK, indent="  ")
        person.say("Once more.", indent="  ")
    wheel = finding.wheel
    note = finding.note
    if note:
        person.say(note, indent="  ")
        draft.notes["wheel"] = note
    else:
        draft.notes.pop("wheel", None)
    if isinstance(wheel, AbsoluteWheel) and not finding.wrap_seen:
        wheel = _see_the_wrap(person, wheel, turns.back)
    draft.wheel = wheel
    draft.ignored = _ignored(turns, wheel)


def _turn(person: Person, has_clicks: bool) -> tuple[Turns, bool]:
    """Have the wheel turned; return what was heard, and whether the wheel has clicks."""
    words = (NO_CLICKS,) if has_clicks else ()
    answer, one = person.do((ACTS if has_clicks else SMOOTH_ACTS)[0], words)
    if answer == NO_CLICKS:
        has_clicks = False
        _, one = person.do(SMOOTH_ACTS[0])
    acts = ACTS if has_clicks else SMOOTH_ACTS
    return Turns(one, person.do(acts[1])[1], person.do(acts[2])[1]), has_clicks


def _is_taken(person: Person, finding: Finding, tries: int) -> bool:
    """Ask whether the best guess will do, once it was tried often enough."""
    if tries < ASK_AFTER or finding.wheel is None:
        return False
    person.say(finding.trouble, indent="  ")
    number = finding.wheel.counts_per_detent
    counts = "1 count" if number == 1 else f"{number} counts"
    question = f"Take {counts} for a click? y: yes, Enter: try once more"
    return person.ask(question).lower() in ("y", "yes")


def _see_the_wrap(person: Person, wheel: AbsoluteWheel, last: Observation) -> AbsoluteWheel:
    """Have an absolute wheel turned past the end of its counts, where that is near enough."""
    clicks, way = _way_to_wrap(wheel, last)
    if clicks > MOST_CLICKS_AROUND:
        person.say(
            f"It starts anew after {wheel.modulo} counts, by what the device says; that is too far to try.",
            indent="  ",
        )
        return wheel
    text = (
        f"This wheel says where it stands, and starts anew somewhere. Turn it {way}, not too fast, by "
        f"{clicks} clicks or more. ({SKIP}: leave it at {wheel.modulo} counts, which is the usual)"
    )
    frames = list(last.frames)
    while True:
        answer, heard = person.do(Act("turn", f"around {way}", text), (SKIP,))
        if answer == SKIP:
            return wheel
        frames += heard.frames  # it may start anew between two of them
        seen = wrap_in(wheel, replace(last, frames=frames))
        if seen:
            return seen
        person.say("It did not start anew yet. Go on in the same direction.", indent="  ")


def _way_to_wrap(wheel: AbsoluteWheel, last: Observation) -> tuple[int, str]:
    """Return how many clicks it is to where an absolute wheel starts anew, and which way is shorter."""
    code = wheel.code.number
    rows = last.relatives if wheel.code.type == EV_REL else last.paths
    place = rows.get(code, [0])[-1]
    low, high = 0, wheel.modulo - 1
    if wheel.code.type == EV_ABS and code in last.ranges:
        low, high = last.ranges[code]
    up, down = max(high - place, 0) + 1, max(place - low, 0) + 1
    plus, minus = ("counter-clockwise", "clockwise") if wheel.invert else ("clockwise", "counter-clockwise")
    counts, way = (up, plus) if up <= down else (down, minus)
    return counts // wheel.counts_per_detent + 2, way


def _ignored(turns: Turns, wheel: Wheel) -> frozenset[Code]:
    """Return the codes that move along with the wheel, or by themselves, and are no control of their own."""
    own = set(codes_of(wheel))
    found: set[Code] = set()
    for turn in (turns.clockwise, turns.back):
        found |= {Code(EV_REL, code) for code in turn.relatives}
        found |= {Code(EV_ABS, code) for code in turn.paths}
        found |= {Code(EV_KEY, key) for key, times in turn.presses.items() if times >= MIN_EVENTS}
    return frozenset(found - own)
