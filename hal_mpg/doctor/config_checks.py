# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a configuration keeps LinuxCNC from starting, or hal_mpg from being started in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hal_mpg.doctor.button_checks import check_buttons
from hal_mpg.doctor.chain_checks import IOCONTROL, USER_ENABLE
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.display_checks import check_display
from hal_mpg.doctor.estop_checks import check_estop
from hal_mpg.doctor.findings import ERROR, NOTE, WARNING, Finding
from hal_mpg.doctor.program_run_checks import check_program_run
from hal_mpg.doctor.stick_checks import check_sticks
from hal_mpg.doctor.wiring_checks import check_wiring
from hal_mpg.errors import HalMpgError, UsageError
from hal_mpg.linuxcnc_files.hal import PROGRAM, Command, component_name
from hal_mpg.machine import parse_units
from hal_mpg.options import component_parser
from hal_mpg.pendant import Pendant
from hal_mpg.profile import Profile
from hal_mpg.run_options import machine_of
from hal_mpg.serial_line import Own

UNRESOLVED = re.compile(r"\[[A-Za-z0-9_]+\]\(?[A-Za-z][\w.-]*\)?")

JOG_PIN = re.compile(r"^(axis|joint)\.\w+\.jog-|\.axis\.[a-z]\.jog-")
MIXED_UP = {"wrong-joint", "crosswise", "shared-counter", "jog-scale", "jog-enable"}

WIRING = "hal_mpg wiring --ini {} --add   (or copy the samples, see docs/wiring.md)"


def check_configuration(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is wrong with a configuration, from the files to the last wire."""
    yield from _files(configuration)
    if configuration.load is None and not configuration.is_there:
        yield _not_loaded(configuration)
        return
    if configuration.net.is_live and not configuration.is_there:
        what = f"{configuration.component} was loaded, but has ended: its pins are gone"
        yield Finding("component-ended", ERROR, what, "hal_mpg recover", configuration.file_place())
        return
    yield from _loads(configuration)
    yield from _dead(configuration)
    findings = [
        *(*check_wiring(configuration), *check_sticks(configuration), *check_program_run(configuration)),
        *(*check_display(configuration), *check_buttons(configuration), *check_estop(configuration)),
    ]
    yield from _conflicts(configuration, {finding.id for finding in findings})
    yield from findings if configuration.is_complete else map(_softened, findings)


def _softened(finding: Finding) -> Finding:
    """What is missing in the files that can be read may be in one that cannot."""
    absent = (
        "not netted",
        "netted to nothing",
        "does not get to",
        "does not follow",
        "driven by nothing",
        "gets neither",
        "goes to no",
        "not set",
        "no loadrt",
    )
    if finding.is_wrong and any(words in finding.what for words in absent):
        return finding._replace(
            severity=NOTE, what=f"{finding.what}; unless a file does it that cannot be read"
        )
    return finding


def _not_loaded(configuration: Configuration) -> Finding:
    names = ", ".join(str(component_name(load.words)) for load in configuration.loads)
    what = f"none of its HAL files loads {configuration.component}" + (
        f" (but {names}: see --name)" if names else ""
    )
    severity = ERROR if configuration.is_complete else NOTE
    mend = WIRING.format(configuration.ini.path)
    return Finding("not-loaded", severity, what, mend, configuration.file_place())


def _files(configuration: Configuration) -> Iterator[Finding]:
    ini, files = configuration.ini, configuration.files
    for problem in ini.problems:
        where, what = _split(problem)
        yield Finding("ini-syntax", WARNING, what, "mend that line", where)
    for problem in files.problems:
        where, what = _split(problem.removesuffix("; mend the line"))
        yield Finding("hal-file", ERROR, what, "mend that line", where)
    for opaque in files.opaque:
        what = f"{opaque.path} was not (wholly) looked into: {opaque.why}"
        yield Finding(
            "opaque-file", NOTE, what, "start LinuxCNC, then run hal_mpg doctor again", opaque.named_by
        )
    yield from _halui(configuration)
    for command in files.commands:
        for found in UNRESOLVED.finditer(" ".join(command.words)):
            if found[0] == "[HAL_MPG]PENDANT" and command in configuration.loads:
                what = "[HAL_MPG] PENDANT is missing, and the HAL file wants it: LinuxCNC does not start"
                mend = f"add to {ini.path}:  [HAL_MPG]  PENDANT = NAME   (hal_mpg list shows which)"
                yield Finding("ini-pendant", ERROR, what, mend, command.place)
            elif command.words[0] in ("setp", "sets", "loadusr", "loadrt", "net", "addf"):
                what = f"{found[0]} is not in the INI file, and this line wants it: LinuxCNC does not start"
                yield Finding("ini-value", ERROR, what, f"add it to {ini.path}", command.place)


def _split(problem: str) -> tuple[str, str]:
    """Return FILE:LINE and the text of a problem as the readers of files tell it."""
    found = re.match(r"(.+?:\d+): (.*)", problem)
    return (found[1], found[2]) if found else ("", problem)


def _conflicts(configuration: Configuration, found: set[str]) -> Iterator[Finding]:
    """Yield the pins that are netted twice; `found` is what explains some of them."""
    told: set[tuple[str, str]] = set()
    for pin, signal, command in configuration.net.conflicts:
        others = {*command.pins, *configuration.net.signals.get(signal, ())}
        if pin in (USER_ENABLE, IOCONTROL) and {USER_ENABLE, IOCONTROL} <= others:
            continue  # the loop-back, which has a finding of its own
        if MIXED_UP & found and JOG_PIN.search(pin):
            continue
        if (signal, command.words[1]) in told:
            continue
        told.add((signal, command.words[1]))
        first = configuration.place_of(pin)
        what = (
            f"{pin} is netted twice, to {signal} ({first}) and to {command.words[1]}: LinuxCNC does not start"
        )
        yield Finding("netted-twice", ERROR, what, "decide for one of the two lines", command.place)


def _options(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is wrong with the loadusr line's options, and the pins that hal_mpg does not make then."""
    load, net = configuration.load, configuration.net
    if load is None or net.is_live:
        return
    place = next((place for place, word in enumerate(load.words) if word.rpartition("/")[2] == PROGRAM), 0)
    words = list(load.words[place + 1 :])
    if any(UNRESOLVED.search(word) for word in words) or {"-h", "--help", "--version"} & {*words}:
        return
    try:
        options = component_parser().parse_args(words)
        pins = Pendant(configuration.profile, machine_of(options)).pins if configuration.profile else None
    except HalMpgError as error:
        if not str(error).startswith("--units"):  # which has a finding of its own
            what = f"hal_mpg refuses this line: {error}: LinuxCNC does not start"
            yield Finding("load-options", ERROR, what, "correct the line; see hal_mpg --help", load.place)
        return
    if pins is not None and not _says_its_pins_itself(configuration.profile):
        yield from _unknown_pins(configuration, {configuration.pin(pin.name) for pin in pins})


def _says_its_pins_itself(profile: Profile | None) -> bool:
    """Tell whether the pins are those of the pendant that is plugged in at the start, whatever that has."""
    own = profile.serial.protocol if profile and profile.serial else None
    return isinstance(own, Own) and not own.is_given


def _unknown_pins(configuration: Configuration, known: set[str]) -> Iterator[Finding]:
    net, profile = configuration.net, configuration.profile
    for pin in sorted({*net.signal_of, *net.values}):
        if pin.startswith(f"{configuration.component}.") and pin not in known:
            name = profile.name if profile else ""
            what = f"hal_mpg has no pin {pin} with the pendant {name} on this machine: "
            what += "LinuxCNC does not start"
            mend = "take the line (or its file) out, or take a profile that has it"
            yield Finding("no-such-pin", ERROR, what, mend, configuration.place_of(pin))


def _halui(configuration: Configuration) -> Iterator[Finding]:
    net = configuration.net
    if net.is_live or configuration.ini.get("HAL", "HALUI"):
        return
    if any(
        command.words[:1] == ("loadusr",) and "halui" in command.words
        for command in configuration.files.commands
    ):
        return
    pins = sorted(pin for pin in net.signal_of if pin.startswith("halui."))
    if pins:
        what = f"[HAL] HALUI is missing, and {pins[0]} is used: LinuxCNC does not start"
        mend = f"add to [HAL] in {configuration.ini.path}:  HALUI = halui"
        yield Finding("halui-missing", ERROR, what, mend, configuration.place_of(pins[0]))


def _loads(configuration: Configuration) -> Iterator[Finding]:
    named = [component_name(load.words) for load in configuration.loads]
    for load, name in zip(configuration.loads, named, strict=True):
        if named.count(name) > 1 and named.index(name) != list(configuration.loads).index(load):
            what = f"a second hal_mpg of the name {name}: LinuxCNC does not start"
            mend = "give it a name of its own: loadusr -Wn mpg2 hal_mpg --name mpg2 --pendant ..."
            yield Finding("name-twice", ERROR, what, mend, load.place)
            break
    if configuration.load:
        yield from _waits(configuration, configuration.load)
        yield from _units(configuration)
        yield from _options(configuration)


def _waits(configuration: Configuration, load: Command) -> Iterator[Finding]:
    words, name = load.words, component_name(load.words)
    waits = [word for word in words[1:] if re.fullmatch(r"-[a-zA-Z]+", word) and "W" in word]
    if not waits:
        what = "loadusr does not wait (-W) for hal_mpg: its pins may not be there when they are netted"
        yield Finding("no-wait", WARNING, what, "loadusr -W hal_mpg ...", load.place)
    elif waits[0].endswith("n"):
        told = words[words.index(waits[0]) + 1]
        if told != name:
            what = f"loadusr waits for {told}, but the component is {name}: it waits without end"
            mend = f"loadusr -Wn {name} hal_mpg --name {name} ..."
            yield Finding("wait-name", ERROR, what, mend, load.place)
    elif name != "hal_mpg":
        what = "loadusr -W waits for a component named hal_mpg, which there is not: it waits without end"
        mend = f"loadusr -Wn {name} hal_mpg --name {name} ..."
        yield Finding("wait-name", ERROR, what, mend, load.place)


def _units(configuration: Configuration) -> Iterator[Finding]:
    load = configuration.load
    machine = configuration.ini.text("TRAJ", "LINEAR_UNITS")
    if load is None or not machine:
        return
    words = list(load.words)
    told = words[words.index("--units") + 1] if "--units" in words[:-1] else "mm"
    try:
        if parse_units(told) != parse_units(machine):
            what = (
                f"hal_mpg is told {told}, but the machine's unit is {machine}: a detent is the wrong distance"
            )
            mend = "add --units [TRAJ]LINEAR_UNITS to the loadusr line"
            yield Finding("units", ERROR, what, mend, load.place)
    except UsageError as error:
        yield Finding("units", ERROR, str(error), "see [TRAJ] LINEAR_UNITS", load.place)


def _dead(configuration: Configuration) -> Iterator[Finding]:
    if configuration.net.is_live and configuration.pids.get(configuration.component) is False:
        what = f"{configuration.component} has died; its pins stand still"
        yield Finding("component-dead", ERROR, what, "hal_mpg recover", "")
