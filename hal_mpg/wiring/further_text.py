# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a wiring that offers the further buttons and lamps, for somebody to say what they do."""

from __future__ import annotations

from hal_mpg.wiring.page import Page
from hal_mpg.wiring.plan import Plan

BUTTON_IDEAS = {
    "home": "halui.home-all",
    "start": "halui.program.run",
    "run": "halui.program.run",
    "cycle-start": "halui.program.run",
    "pause": "halui.program.pause",
    "resume": "halui.program.resume",
    "step": "halui.program.step",
    "stop": "halui.program.stop",
    "abort": "halui.abort",
    "mist": "halui.mist.on",
    "flood": "halui.flood.on",
    "feed-plus": "halui.feed-override.increase",
    "feed-minus": "halui.feed-override.decrease",
    "spindle-plus": "halui.spindle.0.override.increase",
    "spindle-minus": "halui.spindle.0.override.decrease",
    "m-home": "halui.home-all",
    "mode": "halui.mode.manual",
    "mode-step": "halui.mode.manual",
}
"""What buttons of these names are usually for."""


def write_further(plan: Plan, page: Page) -> None:
    """Write the nets of buttons and lamps, as comments."""
    asking = dict(plan.buttons)
    names = [name for name, _ in plan.profile.buttons if name not in asking]
    lamps = [name for name, _ in plan.profile.leds]
    if not names and not lamps:
        return
    page.title("Further buttons and lamps")
    page.say(
        "Not netted: what they do is yours to say. Copy a line to the end of the file, below 'Yours', "
        "without its #, and put the pin there that you want. `hal_mpg wiring --buttons NAME=REQUEST,...` has "
        "hal_mpg look first whether it may be (docs/buttons.md)."
    )
    for name in names:
        pin = BUTTON_IDEAS.get(name, "halui. ...")
        page.draw(f"net {plan.prefix}-button-{name} hal_mpg.button.{name} => {pin}")
    for name in lamps:
        page.draw(f"net {plan.prefix}-led-{name} hal_mpg.armed => hal_mpg.led.{name}")
