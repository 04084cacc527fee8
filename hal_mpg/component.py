# SPDX-License-Identifier: GPL-2.0-or-later
"""From the component's options to its loop: everything that may be wrong is found before it is ready.

What the loop needs is imported only then, for LinuxCNC waits until a component is ready.
"""

from __future__ import annotations

import gc
import os
import signal

from hal_mpg.errors import UsageError
from hal_mpg.hal_port import HalPort, is_real, load_hal
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.pins import MAX_NAME, all_pins
from hal_mpg.profile_cache import read_profile
from hal_mpg.profile_files import find_profile, readable_profiles
from hal_mpg.run_options import RunOptions, is_component_name, machine_of
from hal_mpg.sources.node_paths import check_access

if TYPE_CHECKING:
    from hal_mpg.machine import Machine
    from hal_mpg.profile import Profile
    from hal_mpg.runner import Runner
    from hal_mpg.sources import Source

DEFAULT_PENDANT = "generic-6axis"
"""Whose pins there are when none is named and none is plugged in; its pins include the smaller ones'."""

GARBAGE = 50_000
"""So many more objects than before, and Python looks for garbage.

The loop makes none that does not go by itself (tests/core/test_garbage.py), so that it never gets there.
"""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run_component(options: RunOptions) -> int:
    """Run the component until it is told to stop; return the exit status."""
    if not is_component_name(options.name):
        raise UsageError(f"--name {options.name}: use letters, digits, - and _, a letter first")
    machine = machine_of(options)
    profile = _choose_profile(options)
    for note in profile.notes:
        tell(note, speaker="")
    source: Source | None = None
    if profile.source == "serial":
        from hal_mpg.serial_start import open_pendant

        if options.no_grab:
            tell("--no-grab is for input devices: of a serial port, two readers would each get a part")
        profile, source = open_pendant(profile, options.device)
    elif options.device is not None:
        _check_device(options.device, profile.source)
    pins = all_pins(profile, machine.steps_of(profile))
    longest = max((f"{options.name}.{pin.name}" for pin in pins), key=len)
    if len(longest) > MAX_NAME:
        raise UsageError(
            f"--name {options.name}: {longest} is longer than HAL's {MAX_NAME} characters; use a shorter one"
        )
    hal = load_hal()
    if profile.source == "evdev":
        check_access(profile, options.device)
    elif profile.hid is not None:
        from hal_mpg.sources import hidraw_nodes

        hidraw_nodes.check_access(profile, options.device)
    # Kept until there is a loop that can end as it should.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    port = HalPort(hal, options.name, pins)
    port.ready()  # the pins' first values are the safe ones
    try:
        runner = _runner(profile, machine, port, options, source)
        if is_real(hal):
            _settle(options.verbose)
    except BaseException:
        port.close()
        if source:
            source.close()
        raise
    stopped = runner.run()
    if stopped:
        tell(f"stopped by {stopped.name}; `hal_mpg recover` starts it again while LinuxCNC runs")
    return 0


def _runner(
    profile: Profile, machine: Machine, port: HalPort, options: RunOptions, source: Source | None
) -> Runner:
    """Return the loop for a component that is ready: nobody waits for what is imported here."""
    from hal_mpg.pendant import Pendant
    from hal_mpg.runner import Runner

    if profile.source == "virtual":
        from hal_mpg.sources.virtual import VirtualSource

        source = VirtualSource(profile)
    elif profile.hid is not None:
        from hal_mpg.raw_runner import RawRunner
        from hal_mpg.sources.hidraw import HidrawSource

        raw = HidrawSource(profile, options.device, grab=not options.no_grab)
        if profile.display is not None or profile.hid.lamps:
            from hal_mpg.hid_runner import HidRunner

            return HidRunner(Pendant(profile, machine), raw, port, machine, options.verbose)
        return RawRunner(Pendant(profile, machine), raw, port, options.verbose)
    elif source is None:
        from hal_mpg.sources.evdev import EvdevSource

        source = EvdevSource(profile, options.device, grab=not options.no_grab)
    elif profile.serial is not None:
        from hal_mpg.serial_runner import SerialRunner
        from hal_mpg.sources.serial import SerialSource

        assert isinstance(source, SerialSource)
        return SerialRunner(Pendant(profile, machine), source, port, options.verbose)
    return Runner(Pendant(profile, machine), source, port, options.verbose)


def _settle(verbose: bool) -> None:
    """Make the process one that nothing holds up, as far as it may."""
    from hal_mpg.realtime import lock_memory, take_priority

    for refusal, what in (
        (take_priority(), "no realtime priority ({}): on a busy computer the watchdog may trip"),
        (lock_memory(), "the memory is not locked ({}): where it is short, the watchdog may trip"),
    ):
        if refusal and verbose:
            tell(f"{what.format(refusal)}; see `Install` in the README")
    gc.freeze()  # what the imports made stays: no collection has to look through it
    gc.set_threshold(GARBAGE)
    gc.enable()  # see tools/launcher.py


def _choose_profile(options: RunOptions) -> Profile:
    """Return the profile that was asked for, or the one that fits what is plugged in."""
    if options.pendant is not None:
        return read_profile(find_profile(options.pendant))
    fitting = _fitting(options.device)
    if not fitting:
        if options.device and os.path.exists(options.device):
            raise UsageError(f"no known profile fits {options.device}; name one with --pendant")
        tell(f"no known pendant is plugged in; taking {DEFAULT_PENDANT} (see --pendant)")
        return read_profile(find_profile(DEFAULT_PENDANT))
    names = [name for name, _ in fitting]
    others = f"; {', '.join(names[1:])} fit as well (see --pendant)" if names[1:] else ""
    tell(f"using profile {names[0]}{others}")
    return fitting[0][1]


def _fitting(device: str | None) -> list[tuple[str, Profile]]:
    """Return the known profiles that fit what is plugged in, the best one first."""
    from hal_mpg.sources import hidraw_nodes
    from hal_mpg.sources.evdev_nodes import detect
    from hal_mpg.sources.serial_ports import is_serial_device

    known = list(readable_profiles(read_profile))
    found = []
    if not (device and is_serial_device(device)):
        # What is read raw is read so because the kernel's own idea of the same device says less.
        found = [*hidraw_nodes.detect(known, device), *detect(known, device)]
    if found or (device and not is_serial_device(device)) or device == "":
        return found
    from hal_mpg.serial_start import fitting_profiles, line_protocol_profile

    found = fitting_profiles(known, device)
    return found if found or device is None else [line_protocol_profile()]


def _check_device(path: str, source: str) -> None:
    """Raise UsageError for what cannot be a device of a source; one that is not there may still come."""
    if source not in ("evdev", "hidraw"):
        raise UsageError(f"--device {path}: this profile is of source {source}, which has none; leave it out")
    prefix, called, example = (
        ("event", "input device", "/dev/input/event5")
        if source == "evdev"
        else ("hidraw", "raw HID device", "/dev/hidraw3")
    )
    is_there = not path or os.path.exists(path)
    node = os.path.basename(os.path.realpath(path))
    number = node.removeprefix(prefix)
    if is_there and (number == node or not (number.isascii() and number.isdigit())):
        raise UsageError(f"--device {path}: is no {called}; use one such as {example}")
