# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a wiring by which the wheel runs programs: what config/mpg-run.hal is for one machine."""

from __future__ import annotations

from hal_mpg.errors import UsageError
from hal_mpg.program_run import MPG_RUN
from hal_mpg.wiring.estop_text import Chain
from hal_mpg.wiring.findings import ERROR, WARNING
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.parts import (
    AND,
    DDT,
    EDGE,
    HOLD,
    LIMIT1,
    LIMIT2,
    LIMIT3,
    MUX4,
    NOT,
    OWNER,
    TAKES,
    WINDOW,
    Part,
)
from hal_mpg.wiring.plan import Plan

FEED, INHIBIT = "motion.adaptive-feed", "motion.feed-inhibit"

PARTS = {
    "live": AND,
    "dead": NOT,
    "pace": LIMIT2,
    "follow": LIMIT3,
    "speed": DDT,
    "limit": LIMIT1,
    "still": WINDOW,
    "resumed": EDGE,
    "owner": OWNER,
    "takes": TAKES,
    "feed": MUX4,
    "hold": HOLD,
}
"""What it is made of, in the order in which it runs."""


def make_program_run(plan: Plan) -> dict[str, Part]:
    """Return the parts, by what each is for; none where nobody wants them, or (it is said) they cannot be."""
    if MPG_RUN not in plan.profile.targets and not _buttons(plan):
        return {}
    for pin in (FEED, INHIBIT):
        taken = plan.state.link(pin)
        if taken is not None:
            _leave_out(plan, f"{taken.place}: nets {pin}")
            return {}
    try:
        parts = plan.parts.make_all({f"{plan.prefix}-run-{what}": kind for what, kind in PARTS.items()})
    except UsageError as error:
        _leave_out(plan, str(error))
        return {}
    return dict(zip(PARTS, parts, strict=True))


def _buttons(plan: Plan) -> list[str]:
    """Return the buttons that were asked to have the wheel run the program."""
    return [button for button, asks_for in plan.buttons if asks_for == MPG_RUN]


def _leave_out(plan: Plan, why: str) -> None:
    """Say that it cannot be: an error where it was asked for, and a warning where the pendant just could."""
    buttons = [f"--buttons {button}={MPG_RUN}" for button in _buttons(plan)]
    what = f"{' and '.join(buttons)} cannot be" if buttons else f"the pendant's {MPG_RUN} runs no program"
    plan.say(ERROR if buttons else WARNING, "mpg-run-taken", f"{why}; so {what}")


def write_program_run(plan: Plan, page: Page, parts: dict[str, Part], chain: Chain) -> None:
    """Write how the wheel's time becomes the feed, and whose the feed is."""
    if not parts:
        return
    name = f"{plan.prefix}-run"
    page.title("The wheel runs the program")
    page.say(
        "While mpg-run is selected, a program goes on as far as the wheel is turned, never faster than "
        "programmed. When it is selected no longer, the feed is 0, and stays 0, until the program is paused "
        "and resumed, or has ended. Adaptive feed (M52 P1) is what it acts by; the first line switches it on "
        "for all programs."
    )
    page.do("loadusr hal_mpg adaptive-feed")
    first = len(chain.functions()) + 1
    page.do(
        *(f"addf {part.name:24} servo-thread {place}" for place, part in enumerate(parts.values(), first)),
        *_follow_lines(plan, parts, name, chain),
    )
    page.gap()
    page.say("The feed is the wheel's until the program is idle, or was paused and goes on.")
    page.do(*_owner_lines(plan, parts, name))
    page.gap()
    page.say("One detent, in seconds of the program; and whether it may be run backward.")
    page.do("setp hal_mpg.mpg-run.detent-time 0.02", "setp hal_mpg.mpg-run.backward FALSE")
    for button in _buttons(plan):
        page.do(f"net {name}-select hal_mpg.button.{button} => hal_mpg.mpg-run.select")


def _follow_lines(plan: Plan, parts: dict[str, Part], name: str, chain: Chain) -> list[str]:
    """Return the lines from hal_mpg's time to a speed of the program's, and whether it counts."""
    live, dead, pace, follow = (parts[what] for what in ("live", "dead", "pace", "follow"))
    speed, limit = parts["speed"], parts["limit"]
    return [
        f"net {plan.prefix}-watchdog-ok {chain.watchdog.output} => {live.input(0)}",
        f"net {name}-enable hal_mpg.mpg-run.enable => {live.input(1)}",
        f"net {name}-is-live {live.output} => {dead.input(0)}",
        f"setp {pace.name}.maxv 9",
        f"setp {follow.name}.maxa 10",
        f"net {name}-is-dead {dead.output} => {pace.name}.load {follow.name}.load",
        f"net {name}-pace hal_mpg.mpg-run.feed => {pace.input(0)}",
        f"net {name}-maxv {pace.output} => {follow.name}.maxv",
        f"net {name}-time hal_mpg.mpg-run.time => {follow.input(0)}",
        f"net {name}-followed {follow.output} => {speed.input(0)}",
        f"setp {limit.name}.min -1",
        f"setp {limit.name}.max 1",
        f"net {name}-raw {speed.output} => {limit.input(0)}",
    ]


def _owner_lines(plan: Plan, parts: dict[str, Part], name: str) -> list[str]:
    """Return the lines by which the feed is the wheel's, or as programmed; and the second way to 0."""
    owner, feed, hold, still = (parts[what] for what in ("owner", "feed", "hold", "still"))
    resumed, takes = parts["resumed"], parts["takes"]
    return [
        f"net {name}-selected hal_mpg.mpg-run.selected => {owner.input(0)}",
        f"net {name}-owned {owner.output} => {owner.input(1)}",
        *plan.join_output("halui.program.is-paused", "program-is-paused", resumed.input(0)),
        f"net {name}-goes-on {resumed.output} => {owner.input(2)}",
        *plan.join_output("halui.program.is-idle", "program-is-idle", owner.input(3)),
        f"setp {feed.name}.in0 1",
        f"setp {feed.name}.in1 0",
        f"setp {feed.name}.in2 0",
        f"net {name}-owned => {takes.input(0)}",
        *plan.join_output("motion.coord-mode", "coord-mode", takes.input(1)),
        *plan.join_output("motion.teleop-mode", "run-teleop", takes.input(2)),
        f"net {name}-takes {takes.output} => {feed.name}.sel0",
        f"net {name}-is-live => {feed.name}.sel1",
        f"net {name}-limited {parts['limit'].output} => {feed.name}.in3",
        f"net {name}-feed {feed.output} => {FEED}",
        f"setp {still.name}.min -0.000001",
        f"setp {still.name}.max 0.000001",
        f"net {name}-limited => {still.input(0)}",
        f"net {name}-takes => {hold.input(0)}",
        f"net {name}-is-live => {hold.input(1)}",
        f"net {name}-stands {still.output} => {hold.input(2)}",
        f"net {name}-inhibit {hold.output} => {INHIBIT}",
    ]
