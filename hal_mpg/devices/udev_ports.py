# SPDX-License-Identifier: GPL-2.0-or-later
"""udev's rules for serial pendants: which name a port, and the rule that names one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from hal_mpg.devices import udev_rules
from hal_mpg.devices.ports import Port
from hal_mpg.devices.udev_rules import MARK, Rule, rule_named, shipped_rule

CONDITION = re.compile(r'(SUBSYSTEMS?|KERNELS?|ATTRS?\{[^}]*\}|ENV\{[^}]*\}) *(==|!=) *"([^"]*)"')
ASKED: dict[str, Callable[[Port], str]] = {
    "ATTRS{idVendor}": lambda port: f"{port.identity.vendor:04x}" if port.is_on_usb else "",
    "ATTRS{idProduct}": lambda port: f"{port.identity.product:04x}" if port.is_on_usb else "",
    "ATTRS{serial}": lambda port: port.identity.uniq,
    "ATTRS{product}": lambda port: port.identity.name,
    "KERNEL": lambda port: Path(port.path).name,
    "SUBSYSTEM": lambda port: "tty",
}
"""What a rule asks for -> what a port answers."""


def rule_of_port(port: Port) -> Rule | None:
    """Return the rules that name one serial pendant; None where the shipped ones do.

    By the serial number of its USB device where that has one, for ids of boards and adapters are those of
    every such board. A port that is not on USB is named itself.
    """
    if names_port(shipped_rule().text, port):
        return None
    short = Path(port.path).name
    conditions = f'SUBSYSTEM=="tty", KERNEL=="{short}"'
    if port.is_on_usb:
        identity = port.identity
        conditions = (
            f'ATTRS{{idVendor}}=="{identity.vendor:04x}", ATTRS{{idProduct}}=="{identity.product:04x}"'
        )
        short = f"{identity.vendor:04x}-{identity.product:04x}"
        if identity.uniq:
            conditions += f', ATTRS{{serial}}=="{_pattern(identity.uniq)}"'
            short += "-" + re.sub(r"[^A-Za-z0-9]+", "-", identity.uniq).strip("-")[:40]
    return rule_named(f"69-hal-mpg-{short}.rules", f'{conditions}, ENV{{{MARK}}}="1"', port.name)


def _pattern(text: str) -> str:
    """Return a text as udev compares it: `?` stands for a character that would mean something to it."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in " -_.:") else "?" for sign in text)


def names_port(text: str, port: Port) -> bool:
    """Tell whether rules name a port as a pendant's, as far as that can be told from their text."""
    return any(_names(line, port) for _, line in udev_rules.rules_in(text))


def _names(rule: str, port: Port) -> bool:
    if not re.search(rf'ENV\{{{MARK}\}} *[:+]?= *"', rule):
        return False
    conditions = CONDITION.findall(rule)
    known = [(ASKED[key], sign, value) for key, sign, value in conditions if key in ASKED]
    if len(known) < len(conditions) or not any(key != "SUBSYSTEM" for key, _, _ in conditions):
        return False  # it asks for what is not known here, such as an input device's name
    return all(_fits(answer(port), value) is (sign == "==") for answer, sign, value in known)


def _fits(said: str, pattern: str) -> bool:
    return any(fnmatchcase(said, part) for part in pattern.split("|"))


def files_naming_port(port: Port) -> list[Path]:
    """Return the files of rules that udev reads and that name a port as a pendant's."""
    found: dict[str, Path] = {}
    for folder in reversed(udev_rules.RULES_DIRS):
        with suppress(OSError):
            found |= {path.name: path for path in sorted(folder.glob("*.rules"))}
    named = []
    for _, path in sorted(found.items()):
        with suppress(OSError, ValueError):
            named += [path] if names_port(path.read_text(encoding="utf-8"), port) else []
    return named
