# SPDX-License-Identifier: GPL-2.0-or-later
"""How sticks and rings are wired to halui: to their own axes, and cut off when hal_mpg hangs or is killed."""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import ERROR, NOTE, WARNING, Finding
from hal_mpg.doctor.netlist import instance_of
from hal_mpg.profile import AXIS_LETTERS

SPEED = "halui.axis.jog-speed"


def check_sticks(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is wrong with the nets of a pendant's sticks and rings, if it has some."""
    profile = configuration.profile
    axes = [axis for axis in configuration.axes if profile is not None and axis in profile.analog_axes]
    net, wired = configuration.net, False
    for axis in axes:
        pin = configuration.pin(f"axis.{axis}.analog")
        reached = [letter for letter in AXIS_LETTERS if f"halui.axis.{letter}.analog" in net.reached(pin)]
        wired = wired or bool(reached)
        yield from _stick(configuration, axis, pin, reached)
    if wired and not net.number(SPEED) and not net.is_linked(SPEED):
        what = f"{SPEED} is not set, so it is 0: a stick moves nothing"
        yield Finding(
            "stick-speed", WARNING, what, f"setp {SPEED} [HAL_MPG]ANALOG_SPEED", configuration.file_place()
        )


def _stick(configuration: Configuration, axis: str, pin: str, reached: list[str]) -> Iterator[Finding]:
    if not reached:
        what = f"{pin} is netted to nothing of halui's: the stick does not move {axis.upper()}"
        mend = f"add HALFILE = mpg-analog.hal and HALFILE = mpg-analog-{axis}.hal to [HAL], if it shall"
        yield Finding("stick-not-wired", NOTE, what, mend, configuration.file_place())
        return
    others = [letter for letter in reached if letter != axis]
    where = configuration.place_of(pin)
    if others:
        what = f"{pin} gets to halui.axis.{others[0]}.analog: the stick of {axis.upper()} moves "
        what += others[0].upper()
        yield Finding(
            "stick-crosswise", ERROR, what, f"net it to halui.axis.{axis}.analog, and to no other", where
        )
    target = f"halui.axis.{reached[0]}.analog"
    if not _is_cut_off(configuration, pin, target):
        what = (
            f"{pin} gets to {target} whatever becomes of hal_mpg: killed, or hung, it leaves its last word "
        )
        what += "there, and the axis runs to its limit"
        mend = f"bring it there by the mux2 of mpg-analog-{axis}.hal, whose `sel` is the watchdog's ok-out"
        yield Finding("stick-runs-on", ERROR, what, mend, where)


def _is_cut_off(configuration: Configuration, pin: str, target: str) -> bool:
    """Tell whether every way from a stick to halui goes through a part that the heartbeat has a say in."""
    net = configuration.net
    heard = {instance_of(other) for other in net.reached(configuration.pin("heartbeat"))}
    guards = [instance for instance in net.between(pin, target) if instance in heard]
    return target not in net.reached(pin, without=guards)
