# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn`: a person uses a pendant as asked, and its profile and udev rule are written."""

from __future__ import annotations

import argparse
import datetime
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from hal_mpg.devices.inventory import Device
from hal_mpg.devices.ports import Port, port_of, serial_ports
from hal_mpg.devices.udev_ports import rule_of_port
from hal_mpg.errors import UsageError
from hal_mpg.learn.at_terminal import Answers, Operator
from hal_mpg.learn.choose import choose
from hal_mpg.learn.console import Console
from hal_mpg.learn.dialogue import Dialogue
from hal_mpg.learn.draft import Draft, profile_text
from hal_mpg.learn.ear import Ear
from hal_mpg.learn.files import check_writable, profile_path, rule_path, write_whole
from hal_mpg.learn.identity import match_lines, rule_text, slug
from hal_mpg.machine import parse_units
from hal_mpg.messages import tell
from hal_mpg.options import Parser
from hal_mpg.own_command import own_command
from hal_mpg.profile_files import ETC, find_profile, read_profile, read_text, readable_profiles
from hal_mpg.profile_schema import modeline
from hal_mpg.profile_yaml import load_profile
from hal_mpg.serial_start import LINE_PROTOCOL
from hal_mpg.sources.serial_ports import is_serial_device

EXAMPLES = """\
examples:
  hal_mpg learn                                  plug the pendant in, then answer
  hal_mpg learn --output my-pendant.yaml         where the profile goes; the udev rule goes beside it
  hal_mpg learn --device /dev/input/event5       without being asked which device it is
  hal_mpg learn --device /dev/ttyUSB0            a serial pendant (or socket://ADDRESS:PORT)
  sudo hal_mpg learn                             a pendant that you may not read yet

It takes about three minutes. Have these at hand: which positions the selectors have, in order.
Each step shows what it understood, and can be done again; nothing is written before the end.

exit status: 0 written; 1 left, nothing written; 2 command line; 4 device; 130 Ctrl-C, nothing written.
"""


def main(arguments: Sequence[str]) -> int:
    """Learn a pendant; return the exit status."""
    options = parser().parse_args(arguments)
    units = parse_units(options.units) if options.units else None
    if options.name is not None and not (options.name.strip() and options.name.isprintable()):
        raise UsageError("learn: --name: is empty, or cannot be printed; give plain text")
    if options.output is not None:
        check_writable(profile_path(options.output, "pendant"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    console = Console()
    try:
        _learn(console, options, units)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        tell("learn: interrupted; nothing was written")
        return 130
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg learn",
        description="Make the profile of a pendant that hal_mpg does not know, and the udev rule for it,\n"
        "by asking you to turn its wheel, set its selectors, and press its buttons.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--device",
        metavar="NODE",
        help="its node, such as /dev/input/event5, or its serial port; default: it is asked",
    )
    add("--output", metavar="FILE", help="the profile to write; default: NAME.yaml in this folder")
    add("--name", help="what the pendant is called; default: it is asked")
    add("--units", metavar="mm|inch", help="ask for distances in these only; default: both")
    return parser


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """End as a program does that is told to, but give the device back and clean up on the way."""
    raise SystemExit(128 + number)


def _learn(console: Console, options: argparse.Namespace, units: str | None) -> None:
    if options.device and is_serial_device(options.device):
        _learn_port(console, options, units)
        return
    device, devices = choose(console, options.device)
    with Ear(device) as ear:
        console.say(f"\nLearning {device.name} ({device.usb_id}), at {', '.join(device.paths)}.")
        draft = Draft(name=" ".join((options.name or device.name).split())[:80])
        Dialogue(Operator(console, ear), draft, units, ask_name=options.name is None).run()
        others = [other for other in devices if other.paths != device.paths]

        def texts(profile: Path, rule: Path) -> tuple[str, str]:
            return _texts(draft, device, others, profile, rule)

        profile, rule = _write(console, options.output, draft.name, texts)
    _say_next(console, profile, rule)


def _learn_port(console: Console, options: argparse.Namespace, units: str | None) -> None:
    """Learn the pendant at a serial port."""
    from hal_mpg.learn import serial_pendant

    place = options.device
    known_port = port_of(serial_ports(()), place)
    port = known_port or Port(place)
    own = read_profile(find_profile(LINE_PROTOCOL))
    console.say(f"\nListening at {place}. Turn its wheel, set its selectors, press its buttons.")
    spoken = serial_pendant.hear(place, own)
    match = serial_pendant.match_line(port)
    origin = f"learned on {datetime.date.today().isoformat()} by hal_mpg learn"
    greeting = spoken.greeting
    if greeting:
        console.say(f"{greeting.name} speaks hal_mpg's own protocol, and has {greeting.words}.")
        name = options.name or greeting.name
        lines = list(serial_pendant.own_text(Answers(console), greeting, own, name, match, units))
        comments = [modeline(), f"# {name}: {origin} from what it says of itself."]
        text = "\n".join([*comments, *lines, ""])
    else:
        known = serial_pendant.understanding(spoken, readable_profiles())
        if known is None:
            raise serial_pendant.refusal(spoken, place)
        console.say(
            f"It speaks as the profile {known} has it. That is copied, with what this one is found by. Look "
            f"through the copy: which control is at which of its pins may be different."
        )
        name = options.name or port.identity.name or known
        text = serial_pendant.foreign_text(read_text(find_profile(known)), name, match)
    named = rule_of_port(port) if known_port else None

    def texts(profile: Path, rule: Path) -> tuple[str, str]:
        load_profile(text, str(profile))
        comment = f"# {name}: {origin}. Put in place by: sudo hal_mpg install-udev --rule THIS-FILE\n"
        return text, comment + named.text if named else ""

    _say_next(console, *_write(console, options.output, name, texts))


def _write(
    console: Console, output: str | None, name: str, texts_for: Callable[[Path, Path], tuple[str, str]]
) -> tuple[Path, Path | None]:
    """Write both files, asking before anything is overwritten; return their paths. An empty rule is none."""
    while True:
        try:
            profile = profile_path(output, slug(name))
            check_writable(profile)
            rule = rule_path(profile)
            texts = texts_for(profile, rule)
            both = [(path, text) for path, text in zip((profile, rule), texts, strict=True) if text]
            if _may_write(console, [path for path, _ in both if path.exists()]):
                for path, text in both:
                    write_whole(path, text)
                return profile, rule if texts[1] else None
        except UsageError as error:
            console.say(f"{error}")
        except OSError as error:
            console.say(f"{error.filename or profile}: cannot be written: {error.strerror}")
        output = _ask_file(console)


def _ask_file(console: Console) -> str:
    console.say("Another file for the profile, such as my-pendant.yaml?", bold=True)
    return console.line("  > ") or "."


def _may_write(console: Console, there: list[Path]) -> bool:
    if not there:
        return True
    names = " and ".join(str(path) for path in there)
    console.say(f"There is {names} already. Overwrite? y: yes, Enter: no", bold=True)
    return (console.line("  > ") or "").lower() in ("y", "yes")


def _texts(
    draft: Draft, device: Device, others: Sequence[Device], profile: Path, rule: Path
) -> tuple[str, str]:
    """Return the texts of profile and rule; the profile is one that hal_mpg loads."""
    today = datetime.date.today().isoformat()
    origin = f"learned on {today} by hal_mpg learn"
    comments = [
        modeline().removeprefix("# "),
        f"{draft.name}: {origin} from {device.name} ({device.usb_id}).",
        f"What each line means is said in example.yaml. Its udev rule is {rule.name}.",
    ]
    text = profile_text(draft, match_lines(device, others), comments)
    load_profile(text, str(profile))
    return text, rule_text(device, profile.name, others, [f"{draft.name}: {origin}."])


def _say_next(console: Console, profile: Path, rule: Path | None) -> None:
    named = shlex.quote(str(profile))
    console.say(f"\nWritten: {profile}{f' and {rule}' if rule else ''}. Next:")
    console.raw(f"  {own_command()} check {named}")
    console.raw(f"  sudo {own_command()} install-udev{f' --rule {shlex.quote(str(rule))}' if rule else ''}")
    console.raw(f"  {own_command()} wiring --ini YOUR-MACHINE.ini --pendant {named}")
    if profile.resolve().parent != Path(ETC):
        console.say(f"To have it known by its name, put it into {ETC} (as root).")
    console.say("hal_mpg is not a safety function: wire the E-stop button into the machine's E-stop circuit.")
