# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/lesions.md from the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.lesions.judge import DANGEROUS, VERDICTS
from tests.lesions.lesions import Lesion, load, pairs

Results = Mapping[str, Any]

KINDS = {
    "net": "Lines that carry a signal (`net`)",
    "setp": "Lines that set a pin (`setp`)",
    "addf": "Functions in the servo thread (`addf`)",
    "code": "Codes of the pendant",
    "process": "Programs",
    "rule": "Rules of hal_mpg",
}

HOWS = {
    "never": "missing",
    "broken": "lost while on",
    "silent": "never sent",
    "open": "stuck open",
    "closed": "stuck closed",
    "without": "off",
    "SIGSTOP": "hangs",
    "SIGKILL": "killed",
}

INTRODUCTION = """\
# What happens when a part is lost

Made by `make lesions` from [tests/lesions/lesions.yaml](../tests/lesions/lesions.yaml) and the results in
[lesions/](lesions/); do not edit. The singles are part of `make test`.

Every path that carries a signal in `{ini}` with the pendant `generic-4axis` is taken away, one at
a time and then in pairs, in a running LinuxCNC with a virtual pendant. Then a day's work is done: power up;
each axis in teleop and in joint mode; a spin of the wheel, and letting go in the middle of one; turning
without the enabling button; E-stop in a jog, a reset while it is pressed, its release; turning in MDI, with
the machine off, with the servo thread stopped, and on when each of these is over; an E-stop in events that
the kernel lost; pulling the plug, and putting it back with the enabling button held; a hal_mpg that hangs.
Machine: {machine}.

*Missing* is as if the line had never been there. *Lost while on* is cut in the running machine: what it
carried stays as it was. *Noticed by* is without knowing of the loss. *E-stop* is the time from the button to
disabled motion, by the realtime chain; "second way": by `hal_mpg.estop`, halui and LinuxCNC's task. *Hang* is
the time from a stopped hal_mpg to disabled motion. A "-": it did not come to that, or nothing stopped.

| verdict | what it means | singles | pairs |
| --- | --- | --- | --- |
"""


def write_page(page: Path, singles: Results, twos: Results) -> None:
    """Write the page from the results of the single lesions, and of the pairs."""
    page.write_text("\n".join(_page(singles, twos)) + "\n", encoding="utf-8")


def _page(singles: Results, twos: Results) -> Iterator[str]:
    outcomes = {result["id"]: result for result in singles["results"]}
    lesions = [lesion for lesion in load() if lesion.id in outcomes]
    counts = [
        Counter(outcomes[lesion.id]["verdict"] for lesion in lesions),
        Counter(result["verdict"] for result in twos["results"]),
    ]
    yield INTRODUCTION.format(ini="config/sim-3axis.ini", machine=singles["machine"]).rstrip()
    for verdict, meaning in VERDICTS.items():
        yield f"| {_bold(verdict)} | {meaning} | {counts[0][verdict]} | {counts[1][verdict]} |"
    yield f"| | together | {counts[0].total()} | {counts[1].total()} |"
    yield ""
    yield from _dangers(lesions, outcomes)
    for kind, title in KINDS.items():
        yield from _table(title, [lesion for lesion in lesions if lesion.kind == kind], outcomes)
    yield from _pairs(twos["results"])


def _bold(verdict: str) -> str:
    return f"**{verdict}**" if verdict in DANGEROUS else verdict


def _dangers(lesions: Sequence[Lesion], outcomes: Results) -> Iterator[str]:
    yield "## Single losses that cannot be cured here"
    yield ""
    for lesion in lesions:
        outcome = outcomes[lesion.id]
        if outcome["verdict"] in DANGEROUS:
            yield f"- `{lesion.what}`, {HOWS[lesion.how]}: **{outcome['verdict']}**. {_sentence(lesion.why)}"
    yield ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _table(title: str, lesions: Sequence[Lesion], outcomes: Results) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| what | lost how | verdict | noticed by | E-stop, ms | hang, ms | moved |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for lesion in lesions:
        outcome = outcomes[lesion.id]
        pin = f", at `{lesion.extra['pin']}` only" if "pin" in lesion.extra else ""
        what = f"`{lesion.what}`" + pin + (f" ({lesion.extra['is']})" if "is" in lesion.extra else "")
        verdict = _bold(outcome["verdict"]) + (f": {lesion.why}" if lesion.why else "")
        cells = [
            what,
            HOWS[lesion.how],
            verdict,
            outcome["noticed"],
            _estop(outcome),
            _ms(outcome["stop_ms"]),
        ]
        yield f"| {' | '.join(cells)} | {'yes' if outcome['moved'] else 'no'} |"
    yield ""


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _estop(outcome: Results) -> str:
    second = ", second way" if outcome["estop_by"] == "halui and task" else ""
    return _ms(outcome["estop_ms"]) + second


def _pairs(results: Sequence[Results]) -> Iterator[str]:
    new = [result for result in results if result["verdict"] in DANGEROUS]
    yield "## Pairs"
    yield ""
    yield f"{len(results)} of the {len(pairs())} pairs of what safety rests on, whose loss does not end the"
    yield "work, were played (`safety` in lesions.yaml; see `pairs` in lesions.py)."
    yield f"{len(new)} of them are dangerous{':' if new else '.'}"
    yield ""
    for name, others in _grouped(new):
        yield f"- {name}, with"
        for verdict, other in others:
            yield f"  - {other}: {verdict}"
    yield ""


def _grouped(results: Sequence[Results]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each lesion with its partners, those with the most first; each pair once."""
    left = {tuple(result["id"].split(" + ")): result["verdict"] for result in results}
    while left:
        name, _ = Counter(part for pair in left for part in pair).most_common(1)[0]
        mine = [pair for pair in left if name in pair]
        partners = [(left.pop(pair), pair[1] if pair[0] == name else pair[0]) for pair in mine]
        yield _plain(name), sorted((verdict, _plain(other)) for verdict, other in partners)


def _plain(name: str) -> str:
    what, _, how = name.rpartition(", ")
    return f"`{what}` {HOWS[how]}"
