# SPDX-License-Identifier: GPL-2.0-or-later
"""The component's options as they are used; and the usual command line read without `argparse`.

Its import would take a tenth of the time from `loadusr` to ready. Whatever is not plainly right is left to
it, so that one place says what is wrong: `options`.
"""

from __future__ import annotations

from collections.abc import Sequence

from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.machine import Machine, parse_axes, parse_increments, parse_units

if TYPE_CHECKING:
    import argparse
    from decimal import Decimal

VALUES = {
    "--pendant": "pendant",
    "--name": "name",
    "--device": "device",
    "--units": "units",
    "--increments": "increments",
    "--angular-increments": "angular_increments",
}
"""Options with one value, and where it goes."""

SWITCHES = {"--no-grab": "no_grab", "-v": "verbose", "--verbose": "verbose"}


class RunOptions:
    """What the component was asked for; None: nothing was said."""

    def __init__(self) -> None:
        self.pendant: str | None = None
        self.name = "hal_mpg"
        self.device: str | None = None
        self.no_grab = False
        self.units = "mm"
        self.axes: list[str] | None = None
        self.increments: str | None = None
        self.angular_increments: str | None = None
        self.verbose = False


def run_options(words: Sequence[str]) -> RunOptions:
    """Return the options in a command line. Raises UsageError."""
    found = plain_options(words)
    if found is None:
        from hal_mpg.options import component_parser

        found = component_parser().parse_args(words, RunOptions())
    return found


def plain_options(words: Sequence[str]) -> RunOptions | None:
    """Return the options of a line in which each is known and complete; None where one is not."""
    options = RunOptions()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in SWITCHES:
            setattr(options, SWITCHES[word], True)
        elif word in VALUES and rest and not rest[0].startswith("-"):
            setattr(options, VALUES[word], rest.pop(0))
        elif word == "--axes" and rest and not rest[0].startswith("-"):
            options.axes = []
            while rest and not rest[0].startswith("-"):
                options.axes.append(rest.pop(0))
        else:
            return None
    return options


def is_component_name(name: str) -> bool:
    """Tell whether HAL files can name a component so: letters, digits, - and _, a letter first."""
    return name.isascii() and name[:1].isalpha() and name.replace("-", "").replace("_", "").isalnum()


def machine_of(options: argparse.Namespace | RunOptions) -> Machine:
    """Return the machine that the options describe. Raises UsageError."""

    def increments(option: str, text: str | None) -> tuple[Decimal, ...] | None:
        return None if text is None else parse_increments(option, text)

    return Machine(
        units=parse_units(options.units),
        axes=None if options.axes is None else parse_axes(options.axes),
        increments=increments("--increments", options.increments),
        angular_increments=increments("--angular-increments", options.angular_increments),
    )
