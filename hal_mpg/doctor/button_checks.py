# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what buttons ask for can be carried out: what hal_mpg has to know, and what it tells halui."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import NOTE, WARNING, Finding
from hal_mpg.pins import REQUESTS
from hal_mpg.wiring.action_nets import SINKS, SOURCES, needed_do, needed_status

INSTEAD = {
    "halui.program.run": "start-or-pause",
    "halui.program.resume": "resume",
    "halui.program.step": "step",
    "halui.home-all": "home-all",
    "halui.spindle.0.start": "spindle-toggle",
    "halui.spindle.0.forward": "spindle-on",
    "halui.spindle.0.reverse": "spindle-reverse",
}
"""What a button can ask for instead of setting off these by itself."""

MOST_NAMED = 3


def check_buttons(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is missing for the requests that are in use, and buttons that nothing looks after."""
    net, pin = configuration.net, configuration.pin
    asked = [name for name in REQUESTS if net.is_linked(pin(f"request.{name}"))]
    if asked:
        yield from _not_told(configuration, asked)
        yield from _not_netted(configuration, asked)
    for target, request in INSTEAD.items():
        for button in net.pins_with(target):
            if button.startswith(pin("button.")):
                what = (
                    f"{button} goes to {target} as it is: nothing looks whether the machine is ready for that"
                )
                mend = f"net it to {pin(f'request.{request}')} instead (mpg-actions.hal, docs/buttons.md)"
                yield Finding("button-direct", NOTE, what, mend, configuration.place_of(target))


def _not_told(configuration: Configuration, asked: list[str]) -> Iterator[Finding]:
    net, pin = configuration.net, configuration.pin
    for request in asked:
        needed = needed_status([request]) if request not in ("stop", "pause") else []
        missing = [name for name in needed if not net.is_linked(pin(name)) and not net.is_true(pin(name))]
        if missing:
            pins = _pins(configuration, missing)
            what = f"{pin(f'request.{request}')} is refused (why-not 17): {pins} not netted"
            mend = f"add mpg-actions.hal, or: net {SOURCES[missing[0]]} => {pin(missing[0])}, and so on"
            yield Finding("request-not-told", WARNING, what, mend, configuration.file_place())


def _not_netted(configuration: Configuration, asked: list[str]) -> Iterator[Finding]:
    net = configuration.net
    missing = [
        f"do.{name}"
        for name in needed_do(asked, configuration.axes)
        if not net.is_linked(configuration.pin(f"do.{name}"))
    ]
    if missing:
        what = f"{_pins(configuration, missing)} not netted: LinuxCNC is not told to do it"
        name = missing[0].removeprefix("do.")
        target = SINKS.get(name, "halui.mdi-command-NN")
        mend = f"add mpg-actions.hal, or: net {configuration.pin(missing[0])} => {target}, and so on"
        yield Finding("do-not-netted", WARNING, what, mend, configuration.file_place())


def _pins(configuration: Configuration, names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    pins = ", ".join(configuration.pin(name) for name in names[:MOST_NAMED])
    return f"{pins}{more} {'is' if len(names) == 1 else 'are'}"
