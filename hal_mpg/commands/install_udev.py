# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg install-udev`: the udev rules are put in place and in force, and what came of it is looked at."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hal_mpg.devices.access import User, apply_rules, calling_user, has_group
from hal_mpg.devices.inventory import GROUP, Device, device_of, group_name
from hal_mpg.devices.ports import Port, port_of, serial_ports
from hal_mpg.devices.raw_hid import all_devices, is_raw, needed
from hal_mpg.devices.udev_ports import files_naming_port, rule_of_port
from hal_mpg.devices.udev_rules import (
    Rule,
    Step,
    carry_out,
    is_marked,
    naming_files,
    plan,
    rule_of_device,
    rule_of_file,
    rule_of_id,
    shipped_rule,
)
from hal_mpg.errors import DeviceError, HalMpgError, UsageError
from hal_mpg.messages import tell
from hal_mpg.options import Parser
from hal_mpg.own_command import own_command

Pendant = Device | Port

WAIT_S = 10.0
"""How long a pendant may take to become accessible after udev has said that it is done."""

EXAMPLES = """\
examples:
  sudo hal_mpg install-udev                               for the pendants that hal_mpg knows
  sudo hal_mpg install-udev --rule 69-my-pendant.rules    and one that hal_mpg learn has learned
  sudo hal_mpg install-udev --device /dev/input/event5    and this one, before it is learned
  sudo hal_mpg install-udev --device 10ce:eb93            the same, by its USB id (see lsusb)
  sudo hal_mpg install-udev --device /dev/ttyUSB0         a serial pendant at this port
  hal_mpg install-udev --dry-run                          only say what would be done

The rules go to /etc/udev/rules.d; sudo hal_mpg uninstall-udev takes away what was put there.
exit status: 0, 1 a file cannot be written, 2 command line or not root, 4 a pendant that is
plugged in can still not be used.
"""


def main(arguments: Sequence[str]) -> int:
    """Install the rules; return the exit status."""
    options = parser().parse_args(arguments)
    steps = plan(_rules(options))
    if options.dry_run:
        for step in steps:
            print(f"would {_intention(step)}")
        print("would then let udev read its rules and apply them, and look whether the pendants can be used")
        return 0
    refuse_without_root("install-udev", arguments)
    changes = [step for step in steps if step.action in ("write", "replace")]
    for step in steps:
        _do(step)
    return _take_effect(bool(changes), calling_user())


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg install-udev",
        description="Let users open their pendants: put udev rules in place and in force. As root.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--rule", metavar="FILE", type=Path, nargs="+", action="extend", default=[], help="install these, too"
    )
    add(
        "--device",
        metavar="NODE|ID",
        action="append",
        default=[],
        help="name this device as a pendant, by its node or its USB id (vendor:product)",
    )
    add("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return parser


def refuse_without_root(tool: str, arguments: Sequence[str]) -> None:
    """Raise UsageError for those who may not write to /etc."""
    if os.geteuid() != 0:
        command = shlex.join([tool, *arguments])
        raise UsageError(f"{tool}: only root may change udev's rules; run: sudo {own_command()} {command}")


def _rules(options: argparse.Namespace) -> list[Rule]:
    made = [_rule_of(text) for text in options.device]
    rules = [shipped_rule(), *map(rule_of_file, options.rule), *(rule for rule in made if rule)]
    by_name: dict[str, Rule] = {}
    for rule in rules:
        other = by_name.setdefault(rule.name, rule)
        if other.text != rule.text:
            raise UsageError(
                f"{rule.origin} and {other.origin} would both be {rule.name}; rename one of them"
            )
    return list(by_name.values())


def _rule_of(text: str) -> Rule | None:
    usb_id = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{4}):(?:0x)?([0-9a-fA-F]{4})", text)
    if usb_id:
        return rule_of_id(int(usb_id[1], 16), int(usb_id[2], 16), f"USB device {text}")
    device = device_of(all_devices(), text)
    if device:
        return rule_of_device(device)
    port = port_of(serial_ports(), text)
    if port:
        return rule_of_port(port)
    raise UsageError(
        f"--device {text}: is no pendant's node and no serial port of this machine; hal_mpg list shows them "
        f"(or give a USB id such as 10ce:eb93)"
    )


def _intention(step: Step) -> str:
    match step.action:
        case "write":
            return f"write {step.target} (from {step.rule.origin})"
        case "replace":
            return f"replace {step.target} (from {step.rule.origin})"
        case "masked":
            return f"leave {step.target} alone, which is a link to /dev/null: somebody has switched it off"
    return f"leave {step.target} as it is: it is what it should be"


def _do(step: Step) -> None:
    if step.action == "masked":
        print(f"left alone: {step.target} is a link to /dev/null: somebody has switched these rules off")
    elif step.action == "same":
        print(f"in place already: {step.target}")
    else:
        try:
            saved = carry_out(step)
        except OSError as error:
            raise HalMpgError(
                f"{step.target}: cannot be written: {error.strerror}; see to that first"
            ) from None
        print(f"written: {step.target}" + (f" (what was there is kept as {saved})" if saved else ""))


def _take_effect(has_changed: bool, user: User) -> int:
    """Put the rules in force where they are not, and say what the user can open now; return the status."""
    pendants = find_pendants()
    if not has_changed and all(_is_open(device, user) for device in pendants):
        print("nothing to do: the rules are in place" + (", and in force" if pendants else ""))
    else:
        complaint = apply_rules()
        if complaint:
            tell(
                f"udev could not be told ({complaint}); the rules will be in force when the computer restarts"
            )
        else:
            print("udev has read its rules, and has applied them to what is plugged in")
        pendants = find_pendants()
    if not has_group():
        tell(f"this machine has no group {GROUP}, which the rules give pendants to: sudo groupadd -r {GROUP}")
    if not pendants:
        print("no pendant that hal_mpg knows is plugged in; plug it in, and hal_mpg list will show it")
    told = [_tell_access(device, user) for device in pendants]
    return 0 if all(told) else DeviceError.status


def find_pendants() -> list[Pendant]:
    """Return the devices and ports that a profile fits, or that rules name as a pendant."""
    found: list[Pendant] = [*all_devices(), *serial_ports()]
    return [pendant for pendant in found if pendant.fits or _files_naming(pendant)]


def _files_naming(pendant: Pendant) -> list[Path]:
    return files_naming_port(pendant) if isinstance(pendant, Port) else naming_files(pendant)


def _is_open(device: Pendant, user: User) -> bool:
    if user.uid == 0:  # there is nobody else to ask for; root may always
        return _is_for_group(device)
    return all(user.may_open(path, mode) for path, mode in _modes(device))


def _is_for_group(device: Pendant) -> bool:
    """Tell whether the group of the rules may use all nodes, for what they are needed."""
    for path, mode in _modes(device):
        status = Path(path).stat()
        bits = (0o040 if mode & os.R_OK else 0) | (0o020 if mode & os.W_OK else 0)
        if group_name(status.st_gid) != GROUP or status.st_mode & bits != bits:
            return False
    return True


def _modes(device: Pendant) -> list[tuple[str, int]]:
    """Return the nodes, each with what it is needed for: reading, and writing to it (for lamps)."""
    both = os.R_OK | os.W_OK
    if isinstance(device, Port):
        return [(path, both) for path in device.paths]
    return [(node.path, needed(device.fits) if is_raw(node) else both) for node in device.nodes]


def _tell_access(device: Pendant, user: User) -> bool:
    """Say whether the pendant can be opened; return that."""
    what = f"{device.name} at {', '.join(device.paths)}"
    if wait_for(lambda: _is_open(device, user)):
        whom = f"group {GROUP}" if user.uid == 0 else f"user {user.name}"
        print(f"{what}: {whom} may use it now")
        if user.uid != 0 and not user.has_group:
            print(f"  {_advice_on_group(user)}")
        return True
    if user.uid != 0 and not user.has_group and _is_for_group(device):
        tell(f"{what}: user {user.name} may not use it yet; {_advice_on_group(user)}")
        return False
    tell(f"{what}: user {user.name} may not use it; {_why_not_open(device)}")
    return False


def _advice_on_group(user: User) -> str:
    if user.will_have_group:
        return f"{user.name} is in the group {GROUP} from the next login on: log out, and log in again"
    return f"be in the group {GROUP} in any case: sudo adduser {user.name} {GROUP}, then log in again"


def _why_not_open(device: Pendant) -> str:
    if not _files_naming(device):
        return f"no rules name it: sudo {own_command()} install-udev --device {device.paths[0]}"
    if is_marked(device.paths[0]) is False:
        return "udev has not applied the rules to it: unplug it, and plug it in again"
    return f"the rules are in force, but its node is not for group {GROUP}: do other rules change that?"


def wait_for(condition: Callable[[], bool], limit_s: float = WAIT_S) -> bool:
    """Wait until something holds; return whether it does. It does not of a device that has gone."""
    end = time.monotonic() + limit_s
    while True:
        try:
            if condition():
                return True
        except OSError:
            return False
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
