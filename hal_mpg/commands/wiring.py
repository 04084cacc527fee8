# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg wiring`: writes the HAL file that wires a pendant to a machine, from the machine's INI file."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hal_mpg.component import DEFAULT_PENDANT
from hal_mpg.errors import DeviceError, UsageError
from hal_mpg.linuxcnc_files.hal import find_hal_file, read_hal_files
from hal_mpg.linuxcnc_files.ini import IniFile, read_ini
from hal_mpg.machine import Machine, parse_increments
from hal_mpg.messages import printable
from hal_mpg.options import Parser
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile, readable_profiles
from hal_mpg.wiring.advice import advice
from hal_mpg.wiring.as_data import as_data
from hal_mpg.wiring.buttons_text import check_machine, mdi_additions, parse_buttons
from hal_mpg.wiring.findings import ERROR, NOTE, WARNING, of_severity
from hal_mpg.wiring.hal_text import hal_text, steps_table
from hal_mpg.wiring.ini_edit import Addition, is_in_place, needed, with_additions
from hal_mpg.wiring.kept import command_of, is_ours
from hal_mpg.wiring.machine_ini import read_machine
from hal_mpg.wiring.plan import Plan, make_plan
from hal_mpg.wiring.samples import edited_samples, on_top, samples
from hal_mpg.wiring.writing import back_up, is_written_by_us, replace_file, write_wiring

EXAMPLES = """\
examples:
  hal_mpg wiring --ini mill.ini --pendant my-pendant
        writes mill-mpg.hal beside mill.ini, and says what mill.ini needs so that LinuxCNC loads it
  hal_mpg wiring --ini mill.ini --pendant my-pendant --add
        and puts that into mill.ini; the old one is kept as mill.ini.bak
  hal_mpg wiring --ini mill.ini --check
        only says what in mill.ini would make a click of the wheel come out wrong
  hal_mpg wiring --ini robot.ini --joints X=0 Y=1,2 Z=3
        which joints move which axis, where the kinematics are not LinuxCNC's trivkins
  hal_mpg wiring --ini mill.ini --buttons start=start-or-pause,stop=stop,zero=zero-axis
        what buttons of the pendant ask for, by their names in its profile (docs/buttons.md)
  hal_mpg wiring --ini router.ini --increments 0.002,0.02,0.2
        other distances than the pendant's profile has, in machine units, for its scales in order

The file takes the place of mpg.hal, mpg-estop.hal, mpg-x.hal and so on, where these are as shipped. It brings
the pendant's E-stop into the machine's chain: a loop-back is taken apart, an E-stop of the machine's own is
kept. hal_mpg is not a safety function: wire the pendant's E-stop button into the machine's E-stop circuit as
well. Whenever you change the INI or HAL files, run it again: what you have added at the end of the file,
below 'Yours', is kept.

exit status: 0; 1 with --check, where something would go wrong; 2 command line, or a machine that cannot be
wired as it is; 3 profile.
"""

JOINTS = re.compile(r"([A-Za-z])=(\d{1,2}(?:,\d{1,2})*)")

REFERENCE = "[HAL_MPG]PENDANT"

NAMELESS = "FILE.hal"
"""What is named in the INI file where the HAL file goes to standard output."""


def main(arguments: Sequence[str]) -> int:
    """Write the wiring; return the exit status."""
    options = parser().parse_args(arguments)
    ini = read_ini(options.ini)
    output = _output(options, ini)
    _keep_options(options, output)
    pendant, profile = _pendant(options, ini)
    plan = _plan(options, ini, output, pendant, profile)
    plan.findings += edited_samples(ini)
    text = _text(plan)
    plan.findings += advice(plan)
    additions = needed(ini, NAMELESS if output is None else _halfile(ini, output), pendant)
    additions += mdi_additions(plan)
    failed = bool(of_severity(plan.findings, ERROR))
    if output is not None and not is_in_place(ini, _halfile(ini, output)):
        what = f"{ini.path}: HALFILE = {_halfile(ini, output)} has to come after all others"
        later = ", ".join(entry.value for entry in on_top(ini))
        plan.say(WARNING, "not-last", f"{what}, but before {later}" if later else what)
    changed = ""
    if not (failed or options.check):
        changed = _write(options, ini, output, text, additions)
    if options.json:
        print(json.dumps(as_data(plan, output, additions), indent=2))
    elif output is None and not failed and not options.check:
        sys.stdout.write(text)
    _tell(options, plan, output, [] if options.add else additions, failed)
    if changed:
        _say(changed)
    if failed:
        return UsageError.status
    return int(options.check and bool(of_severity(plan.findings, WARNING)))


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg wiring",
        description="Write the HAL file that wires a pendant to a machine, from its INI and HAL files.\n"
        "It needs no running LinuxCNC, and no pendant that is plugged in.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--ini", required=True, type=Path, metavar="FILE", help="LinuxCNC's INI file of the machine")
    add(
        "--pendant",
        metavar="NAME|FILE",
        help="the pendant's profile; default: the INI file's [HAL_MPG]PENDANT, else what is plugged in",
    )
    add("--output", metavar="FILE|-", help="the HAL file; default: NAME-mpg.hal beside NAME.ini; -: print it")
    add("--add", action="store_true", help="put what is needed into the INI file, too; a backup is kept")
    add("--check", action="store_true", help="write nothing, only say what would go wrong")
    add(
        "--force",
        action="store_true",
        help="replace a HAL file that you have written or edited; a backup is kept",
    )
    add("--joints", nargs="+", metavar="L=N[,N]", help="which joints move which axis, such as X=0 Y=1,2")
    add("--increments", metavar="A,B,C", help="distance of a detent for each scale, in machine units")
    add("--angular-increments", metavar="A,B,C", help="the same for rotary axes, in degrees")
    add(
        "--buttons",
        metavar="NAME=REQUEST,...",
        help="what buttons of the pendant ask for, such as start=start-or-pause,stop=stop,zero=zero-axis",
    )
    add("--json", action="store_true", help="print what was found as one JSON document")
    return parser


def _output(options: argparse.Namespace, ini: IniFile) -> Path | None:
    """Return the file to write; None for standard output."""
    if options.output == "-":
        if options.add or options.json:
            raise UsageError("wiring: --output - only prints the file; leave --add and --json away")
        return None
    if options.output == "":
        raise UsageError("wiring: --output is empty; name a file, or - for standard output")
    output = Path(options.output) if options.output else ini.path.with_name(f"{ini.path.stem}-mpg.hal")
    if output.is_dir():
        raise UsageError(f"wiring: --output {output}: is a folder; name a file in it")
    is_other = output.exists() and (not output.is_file() or output.samefile(ini.path))
    if is_other or output.absolute().is_relative_to("/dev"):  # /dev/stdout can be a file, by its links
        raise UsageError(f"wiring: --output {output}: is no HAL file; name another, or - for standard output")
    if re.search(r"[\s\\]", _halfile(ini, output)):
        raise UsageError(
            f"wiring: {output}: LinuxCNC takes no HAL file with a blank in its path; use --output"
        )
    return output


def _keep_options(options: argparse.Namespace, output: Path | None) -> None:
    """Take joints and distances as they were given last time, where they are not given now."""
    try:
        text = output.read_text("utf-8", "replace") if output else ""
        before = parser().parse_args(command_of(text)) if is_ours(text) else None
    except (OSError, UsageError):
        return
    for name in ("joints", "increments", "angular_increments", "buttons") if before else ():
        value = getattr(before, name)
        if value is not None and getattr(options, name) is None:
            setattr(options, name, value)
            words = value if isinstance(value, str) else " ".join(value)
            _say(f"as last time: --{name.replace('_', '-')} {words} (to begin anew, remove {output})")


def _halfile(ini: IniFile, output: Path) -> str:
    """Return how a HALFILE line names the output: by its name where it is beside the INI file."""
    folder = ini.path.absolute().parent
    absolute = output.absolute()
    return str(absolute.relative_to(folder)) if absolute.is_relative_to(folder) else str(absolute)


def _pendant(options: argparse.Namespace, ini: IniFile) -> tuple[str, Profile]:
    """Return the pendant as LinuxCNC's files name it, and its profile."""
    named = ini.text("HAL_MPG", "PENDANT")
    if options.pendant is None and named:
        path = Path(find_profile(named))
        return named, read_profile(path if path.is_absolute() else ini.path.parent / path)
    if options.pendant is None:
        return _plugged_in()
    path = Path(find_profile(options.pendant))
    is_file = "/" in options.pendant or options.pendant.endswith((".yaml", ".yml"))
    name = os.path.abspath(path) if is_file else options.pendant  # noqa: PTH100  # a/../b is b
    if re.search(r"[\s'\"\\#]", name):
        raise UsageError(
            f"--pendant {name}: HAL files take no path with a blank, a quote, a backslash or a #; "
            f"move the profile"
        )
    return name, read_profile(path)


def _plugged_in() -> tuple[str, Profile]:
    found: list[tuple[str, Profile]] = []
    with suppress(DeviceError, ModuleNotFoundError, OSError):  # it need not be here, nor be readable
        from hal_mpg.sources.evdev_nodes import detect

        found = detect(readable_profiles(), None)
    if found:
        _say(f"hal_mpg: taking the pendant that is plugged in, {found[0][0]}")
        return found[0]
    _say(f"hal_mpg: no --pendant, no known one plugged in: taking {DEFAULT_PENDANT}")
    return DEFAULT_PENDANT, read_profile(find_profile(DEFAULT_PENDANT))


def _plan(
    options: argparse.Namespace, ini: IniFile, output: Path | None, pendant: str, profile: Profile
) -> Plan:
    old = {find_hal_file(ini, entry.value) for entry in samples(ini)}
    files = read_hal_files(ini, lambda path: path in old or _is_ours(path, output))
    machine = read_machine(ini, _joints(options.joints), files.commands, not files.opaque)
    asked = Machine(
        machine.units,
        frozenset(machine.letters),
        _increments("--increments", options.increments),
        _increments("--angular-increments", options.angular_increments),
    )
    steps = asked.steps_of(profile)
    words = []
    for option, given in (
        ("--increments", options.increments),
        ("--angular-increments", options.angular_increments),
    ):
        if given is not None:
            words.append(f"{option} {''.join(given.split())}")
    reference = (
        REFERENCE
        if output is not None and (options.add or ini.text("HAL_MPG", "PENDANT") == pendant)
        else pendant
    )
    plan = make_plan(machine, files, profile, steps, reference, words, _command(options, pendant, output))
    if options.buttons is not None:
        plan.buttons = parse_buttons(options.buttons, profile)
        check_machine(plan)
    return plan


def _is_ours(path: Path, output: Path | None) -> bool:
    """Tell whether a HAL file is the one that is written anew."""
    if output is not None:
        return path.absolute() == output.absolute() or (output.exists() and path.samefile(output))
    return is_written_by_us(path)


def _joints(words: Sequence[str] | None) -> Mapping[str, tuple[int, ...]] | None:
    if words is None:
        return None
    found: dict[str, tuple[int, ...]] = {}
    for word in words:
        match = JOINTS.fullmatch(word)
        if match is None or match[1].lower() in found:
            raise UsageError(f"--joints {word}: write an axis once, with its joints, such as X=0 or Y=1,2")
        found[match[1].lower()] = tuple(int(number) for number in match[2].split(","))
    return found


def _increments(option: str, text: str | None) -> Any:
    return None if text is None else parse_increments(option, text)


def _command(options: argparse.Namespace, pendant: str, output: Path | None) -> str:
    """Return the command that writes the same file again, from the INI file's folder."""
    words = ["hal_mpg", "wiring", "--ini", options.ini.name, "--pendant", pendant]
    if output is not None and options.output:
        words += ["--output", _halfile(read_ini(options.ini), output)]
    if options.joints:
        words += ["--joints", *options.joints]
    for option in ("increments", "angular_increments", "buttons"):
        if getattr(options, option) is not None:
            words += [f"--{option.replace('_', '-')}", "".join(getattr(options, option).split())]
    return shlex.join(words)


def _text(plan: Plan) -> str:
    """Return the HAL file; where a finding forbids it, what it would have been is not needed."""
    try:
        return hal_text(plan)
    except UsageError as error:
        plan.say(ERROR, "modules-taken", str(error))
        return ""


def _write(
    options: argparse.Namespace, ini: IniFile, output: Path | None, text: str, additions: list[Addition]
) -> str:
    """Write the files; return what has become of those that were there."""
    if output is None:
        return ""
    changed = None
    if options.add and additions:
        try:
            original = ini.path.read_bytes().decode(errors="surrogateescape")
        except OSError as error:
            raise UsageError(f"{ini.path}: cannot be read: {error.strerror}") from None
        changed = with_additions(ini, original, additions)
    kept = write_wiring(output, text, options.force)
    said = [] if kept is None else [f"replaced {output} (before: {kept})"]
    if changed is not None:
        backup = back_up(ini.path)
        replace_file(ini.path, changed)
        lines = "; ".join(f"[{addition.section}] {addition.line}" for addition in additions)
        said.append(f"changed {ini.path}: {lines} (before: {backup})")
    return "\n".join(said)


def _tell(
    options: argparse.Namespace, plan: Plan, output: Path | None, additions: Sequence[Addition], failed: bool
) -> None:
    findings = plan.findings if not options.json else []
    for severity in (ERROR, WARNING, NOTE):
        for finding in dict.fromkeys(of_severity(findings, severity)):
            _say(str(finding))
    if failed:
        _say("nothing was written: mend the errors first")
        return
    if options.check:
        return
    if output is not None:
        _say(f"wrote {output}; one detent of the wheel:\n{steps_table(plan)}")
    if additions:
        _say(f"{plan.machine.ini.path} needs (or use --add):\n" + "\n".join(_as_ini(additions)))


def _as_ini(additions: Sequence[Addition]) -> list[str]:
    lines = []
    for section in dict.fromkeys(addition.section for addition in additions):
        lines += [f"  [{section}]", *(f"  {a.line}" for a in additions if a.section == section)]
    return lines


def _say(text: str) -> None:
    print("\n".join(printable(line) for line in text.split("\n")), file=sys.stderr)
