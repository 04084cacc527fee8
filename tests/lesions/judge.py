# SPDX-License-Identifier: GPL-2.0-or-later
"""From what was seen in a day's work to a verdict: what the machine did, and who noticed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

VERDICTS = {
    "E-stop not seen": "the E-stop was pressed, and the machine stayed on",
    "moved": "something moved that nobody had told to",
    "wrong distance": "an axis moved by another distance than it was turned",
    "E-stop overridden": "the press stops, but while it is held the machine can be switched on again",
    "trips": "the machine goes off without need",
    "loss not seen": "a second loss (unplugged, hal_mpg or the servo thread stopped) goes unseen",
    "runs on": "a jog goes on after it should have ended",
    "live at once": "the wheel is live where it had to be still first; only what is turned then moves",
    "deaf": "LinuxCNC does not do what the GUI asks for",
    "no jog": "an axis, or all, cannot be jogged",
    "no reset": "the pendant's reset button does nothing",
    "dead": "the machine cannot be switched on",
    "works": "everything as ever",
}
"""From the worst to the best; the worst that was seen is the verdict."""

DANGEROUS = ("E-stop not seen", "moved", "wrong distance")
"""What no single loss may lead to."""

DETENTS_MM = {"x1": 0.003, "x10": 0.03}
"""Three detents."""

EXACT_MM = 1e-4

RUN_ON_MM = 8.0
"""After a spin: v²/(2a) + v·0.1 s + one detent, and the place where the axis lets go of a target."""

STOP_MM = 4.2
"""After letting go in full speed: v²/(2a) is 2.5, the rest for a busy machine; without a stop it is 4.8."""

WORDS = {
    1: "no pendant",
    2: "E-stop",
    3: "inhibited",
    4: "machine off",
    5: "not in manual",
    6: "enabling button",
    7: "wheel not still",
    8: "no axis",
    9: "selector fault",
    10: "re-reading",
}

QUIET = {
    "released": "without the enabling button",
    "mdi": "in MDI, or on return to manual",
    "off": "while the machine was off, or on return",
    "servo": "when the servo thread went on",
    "lost": "during the E-stop",
    "estop": "during the E-stop",
    "unplug": "after the pendant had come back",
    "stop": "when hal_mpg went on",
}
"""Acts in which nothing may move, and when it then did."""

Finding = tuple[str, str]
Notes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a lesion."""

    id: str
    verdict: str
    findings: list[Finding]
    """All that was seen: a verdict, and what it was."""
    noticed: str
    """By whom, or what; "nobody"."""
    estop_ms: float | None
    """From the E-stop's press to disabled motion."""
    estop_by: str | None
    stop_ms: float | None
    """From a stopped hal_mpg to disabled motion."""
    unplug_ms: float | None
    moved: bool
    """Whether anything moved that should not, or too far."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def judge(name: str, notes: Notes) -> Outcome:
    """Return the verdict on one day's notes; "not played" where the scenario itself has failed."""
    if "exception" in notes:
        found = [("not played", str(notes["exception"]))]
        return Outcome(name, "not played", found, "-", None, None, None, None, moved=False)
    findings = [*dict.fromkeys(_findings(notes))]
    order = list(VERDICTS)
    verdict = min((what for what, _ in findings), key=order.index, default="works")
    estop = notes.get("estop", {})
    return Outcome(
        name,
        verdict,
        findings,
        _noticed(notes, findings),
        estop.get("off_ms"),
        estop.get("by"),
        notes.get("stop", {}).get("off_ms"),
        notes.get("unplug", {}).get("off_ms"),
        any(what in ("moved", "wrong distance", "runs on") for what, _ in findings),
    )


def _findings(notes: Notes) -> Iterator[Finding]:
    for act, words in (("jog", ""), ("joint_mode", " in joint mode")):
        for way in notes.get(act, {}).get("ways", []):
            yield from _jog(way, words)
    yield from _run_on(notes)
    for act, when in QUIET.items():
        yield from _quiet(notes.get(act, {}), act, when)
    yield from _losses(notes)
    off_before = notes.get("was off before")
    if off_before and off_before not in ("mdi", "unplug", "stop"):
        yield "trips", f"the machine was off before the act {off_before!r}"
    if "stopped" in notes:
        yield "dead", notes["stopped"]


def _jog(way: Notes, words: str) -> Iterator[Finding]:
    name = f"{way['axis'].upper()} at {way['scale']}{words}"
    own = way["moved"]["xyz".index(way["axis"])]
    if sum(1 for distance in way["moved"] if distance) > bool(own):
        yield "moved", f"another axis moved, with {name}"
    wanted = DETENTS_MM[way["scale"]]
    if own == 0:
        yield "no jog", name
    elif 0 < own < wanted - EXACT_MM and (way["why"] or not way["on"]):
        yield "no jog", f"{name}: stopped on its way"
    elif abs(own - wanted) > EXACT_MM:
        yield "wrong distance", f"{name}: {own} mm, and not {wanted}"


def _run_on(notes: Notes) -> Iterator[Finding]:
    for act, limit, what in (
        ("spin", RUN_ON_MM, "after a spin of the wheel"),
        ("let_go", STOP_MM, "after the enabling button was let go"),
    ):
        if act not in notes:
            continue
        x, *others = notes[act]["moved"]
        if abs(x) > limit:
            yield "runs on", f"by {abs(x)} mm {what}"
        if any(others):
            yield "moved", f"another axis moved {what}"
    if "spin" in notes and notes["spin"]["moved"][0] == 0:
        yield "no jog", "X at x100"


def _quiet(facts: Notes, act: str, when: str) -> Iterator[Finding]:
    if facts.get("obeyed") is False:
        yield "deaf", f"the GUI's command has no effect ({act})"
        return  # so it was no act in which nothing may move
    if facts.get("live at once"):
        yield "live at once", when
    ways = [way for key in ("moved", "moved after") for way in facts.get(key, [])]
    if any(ways):
        yield _moved_by(facts, act), f"by {max(map(abs, ways))} mm {when}"
    if facts.get("on by itself"):
        yield "moved", f"the machine was on again by itself ({act})"
    if facts.get("on while pressed"):
        yield "E-stop overridden", "can be reset and switched on while the button is pressed"


def _moved_by(facts: Notes, act: str) -> str:
    """Return the verdict on a motion: in two acts it takes another loss besides, which the act itself is."""
    second = act == "servo" or (act == "stop" and facts["off_ms"] is None)
    return "loss not seen" if second else "moved"


def _losses(notes: Notes) -> Iterator[Finding]:
    for act in ("lost", "estop"):
        if act in notes and notes[act]["off_ms"] is None:
            yield "E-stop not seen", f"pressed ({'in a jog' if act == 'estop' else 'in lost events'})"
    for act, what in (("unplug", "unplugging"), ("stop", "stopping hal_mpg")):
        if act in notes and notes[act]["off_ms"] is None:
            yield "loss not seen", what
    if notes.get("reset by") == "GUI":
        yield "no reset", "by the pendant's button"


def _noticed(notes: Notes, findings: list[Finding]) -> str:
    """Return who notices: a program, by a state; or the user, by what does not happen."""
    seen = {what for what, _ in findings}
    by = []
    if "dead" in seen:
        when = "" if "jog" not in notes else " after it went off"
        by.append(f"LinuxCNC: cannot be reset, or switched on{when}")
    if "trips" in seen:
        by.append("LinuxCNC: E-stop")
    if "deaf" in seen:
        by.append("the user: LinuxCNC does not answer")
    if "no jog" in seen:
        whys = {way["why"] for act in ("jog", "joint_mode") for way in notes.get(act, {}).get("ways", [])}
        whys |= {notes.get("not armed", 0)}
        words = [f"{why} ({WORDS.get(why, '?')})" for why in sorted(whys - {0})]
        by.append(
            f"hal_mpg: why-not {', '.join(words)}"
            if words
            else "the user: the wheel turns, and nothing moves"
        )
    if "no reset" in seen:
        by.append("the user: the reset button does nothing")
    return "; ".join(by) or "nobody"
