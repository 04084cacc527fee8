# SPDX-License-Identifier: GPL-2.0-or-later
"""The udev rules that give users access to their pendants: where they are, what is in force, what is ours.

What `install-udev` puts into /etc is written down with its checksum, so that `uninstall-udev` takes away
that, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hal_mpg.devices.inventory import USB, Device
from hal_mpg.errors import UsageError
from hal_mpg.profile_files import shared_dir

RULES_DIRS = tuple(
    Path(name)
    for name in (
        "/etc/udev/rules.d",
        "/run/udev/rules.d",
        "/usr/local/lib/udev/rules.d",
        "/usr/lib/udev/rules.d",
        "/lib/udev/rules.d",
    )
)
"""Where udev looks; of files of one name, the one in the first of these counts (udev(7))."""

RECORD = Path("/var/lib/hal_mpg/installed-udev-rules.json")
"""What install-udev has put into /etc: {path: checksum}."""

SHIPPED = "70-hal-mpg.rules"
"""The rules that act on what others name as a pendant; other files have to come before it."""

MARK = "HAL_MPG"
"""The property of udev that says of a device that it is a pendant."""

SAVED = ".before-hal_mpg"
"""What is added to the name of a file that was in the place of one of ours. udev reads none of that name."""

MAX_BYTES = 256 * 1024
RULE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\.rules")
STARTS_PROGRAM = re.compile(r"(?:^|[\s,])(RUN|PROGRAM|IMPORT *\{ *program *\}) *(?:\{\w+\})? *[-+:=!]?=")

NAMES_A_PENDANT = re.compile(rf'ENV\{{{MARK}\}} *[:+]?= *"')
IS_OF_ONE_KIND = re.compile(
    r"(?:ATTRS?\{[^}]*(?:vendor|product|name|uniq|serial|manufacturer|phys)[^}]*\}"
    r"|ENV\{(?:ID_(?:VENDOR|MODEL|SERIAL|PATH)\w*|NAME|PRODUCT|UNIQ|PHYS)\}|KERNEL(?= *== *\"tty[A-Z]))"
    r' *(==|!=) *e?"[^"]*[^"*?][^"]*"',
    re.IGNORECASE,
)
"""What tells a device from others in a rule: an id, a name, a port."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A file of rules that is to be in /etc/udev/rules.d: its name there, its text, where it is from."""

    name: str
    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one rule. `action`: "write", "replace", "same", "masked"."""

    rule: Rule
    target: Path
    action: str


def shipped_rule() -> Rule:
    """Return the rules that come with hal_mpg. Raises UsageError where they are not there."""
    path = shared_dir().parent / "udev" / SHIPPED
    return Rule(SHIPPED, _read(path, "reinstall hal_mpg"), str(path))


def rule_of_file(path: Path) -> Rule:
    """Return the rules of a file that names pendants, `hal_mpg learn` wrote it perhaps.

    Raises UsageError where it cannot be, or should not be, made root's.
    """
    text = _read(path, "name a file that hal_mpg learn wrote")
    if not RULE_NAME.fullmatch(path.name):
        raise UsageError(f"{path}: udev reads only files named like 69-my-pendant.rules; rename it")
    for number, line in enumerate(text.splitlines(), 1):
        found = STARTS_PROGRAM.search(line)
        if found and not line.lstrip().startswith("#"):
            raise UsageError(
                f"{path}:{number}: {found[1]} lets udev start a program as root, which no pendant needs; "
                f"take the line out, or copy the file yourself if you mean it"
            )
    if MARK not in text:
        raise UsageError(
            f'{path}: names no pendant; a line is to end with ENV{{{MARK}}}="1", see the comments '
            f"in {shared_dir().parent / 'udev' / SHIPPED}"
        )
    for number, line in rules_in(text):
        if NAMES_A_PENDANT.search(line) and not _is_of_one_kind(line, text):
            raise UsageError(
                f"{path}:{number}: would make every input device a pendant, keyboard and mouse too; add its "
                f'id or name, such as ATTRS{{idVendor}}=="1209", ATTRS{{idProduct}}=="0001" (see lsusb)'
            )
    name = path.name if path.name < SHIPPED else f"69-{path.name}"
    return Rule(name, text, str(path))


def rules_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield the rules of a file with the numbers of their first lines; after a \\ they go on in the next."""
    first, rule = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        first = first if rule else number
        rule += line.removesuffix("\\")
        if not line.endswith("\\"):
            if not rule.lstrip().startswith("#"):
                yield first, rule
            rule = ""
    if rule:
        yield first, rule


def _is_of_one_kind(rule: str, text: str) -> bool:
    """Tell whether a rule is for some devices only; those before it may let only these come to it."""
    return any(found[1] == "==" for found in IS_OF_ONE_KIND.finditer(rule)) or any(
        "GOTO" in line and IS_OF_ONE_KIND.search(line) for _, line in rules_in(text)
    )


def rule_of_device(device: Device) -> Rule | None:
    """Return the rules that name one device as a pendant; None where the shipped ones do."""
    identity = device.identity
    if device.nodes[0].bus in (0, USB) and identity.vendor:
        return rule_of_id(identity.vendor, identity.product, device.name)
    pattern = "".join(
        character if character.isalnum() or character in " -_." else "?" for character in device.name
    )
    line = f'SUBSYSTEM=="input", ATTRS{{name}}=="{pattern}", ENV{{{MARK}}}="1"'
    short = re.sub(r"[^a-z0-9]+", "-", device.name.lower()).strip("-") or "device"
    return rule_named(f"69-hal-mpg-{short}.rules", line, device.name)


def rule_of_id(vendor: int, product: int, name: str) -> Rule | None:
    """Return the rules that name a USB id as a pendant's; None where the shipped ones do."""
    line = f'ATTRS{{idVendor}}=="{vendor:04x}", ATTRS{{idProduct}}=="{product:04x}", ENV{{{MARK}}}="1"'
    if line in shipped_rule().text:
        return None
    return rule_named(f"69-hal-mpg-{vendor:04x}-{product:04x}.rules", line, name)


def rule_named(file: str, line: str, name: str) -> Rule:
    """Return a file of one rule that is made for a pendant of this name."""
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return Rule(
        file, f"# {clean}: a pendant for hal_mpg. Made by hal_mpg install-udev.\n{line}\n", "made for it"
    )


def plan(rules: Sequence[Rule]) -> list[Step]:
    """Return what there is to do, so that the rules are where udev finds them."""
    steps = []
    for rule in rules:
        target = RULES_DIRS[0] / rule.name
        found = installed(rule.name)
        if found and os.path.realpath(found) == "/dev/null":
            action = "masked"
        elif found and _text_or_none(found) == rule.text:
            target, action = found, "same"
        else:
            action = "replace" if target.exists() or target.is_symlink() else "write"
        steps.append(Step(rule, target, action))
    return steps


def installed(name: str) -> Path | None:
    """Return the file of this name that udev reads; None: there is none."""
    paths = (folder / name for folder in RULES_DIRS)
    return next((path for path in paths if path.exists() or path.is_symlink()), None)


def carry_out(step: Step) -> Path | None:
    """Write one file of rules and its checksum; return where what was there before is kept now, if it was.

    What was there before is kept unless it was ours. Raises OSError.
    """
    record, saved = read_record(), None
    step.target.parent.mkdir(parents=True, exist_ok=True)
    if step.action == "replace" and not _is_ours(step.target, record):
        saved = step.target.with_name(step.target.name + SAVED)
        step.target.rename(saved)
    _write(step.target, step.rule.text)
    _write_record({**record, str(step.target): _checksum(step.rule.text)})
    return saved


def remove(path: Path) -> Path | None:
    """Take one of our files away, and put back what was there before it; return that. Raises OSError."""
    path.unlink(missing_ok=True)
    saved: Path | None = path.with_name(path.name + SAVED)
    if saved and saved.exists():
        saved.rename(path)
    else:
        saved = None
    forget(path)
    return saved


def forget(path: Path) -> None:
    """Strike a file out of the record. Raises OSError."""
    record = dict(read_record())
    record.pop(str(path), None)
    _write_record(record)


def read_record() -> Mapping[str, str]:
    """Return what install-udev has put where: path and checksum."""
    try:
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(path): str(checksum) for path, checksum in record.items()}


def is_unchanged(path: Path, checksum: str) -> bool:
    """Tell whether a file is still what was put there."""
    text = _text_or_none(path)
    return text is not None and not path.is_symlink() and _checksum(text) == checksum


def is_marked(node: str) -> bool | None:
    """Tell whether udev knows a node as a pendant's; None where udev cannot be asked."""
    try:
        import pyudev

        device = pyudev.Devices.from_device_file(pyudev.Context(), node)
        return str(device.properties.get(MARK, "")) == "1"
    except Exception:  # noqa: BLE001  # no pyudev, no libudev, no such node: pyudev has errors of many kinds
        return None


def names(text: str, device: Device) -> bool:
    """Tell whether rules name a device as a pendant's, as far as that can be told from their text."""
    identity = device.identity
    for line in text.splitlines():
        words = line.split("#", 1)[0] if line.lstrip().startswith("#") else line
        if f"{MARK}}}" not in words:
            continue
        vendor = re.search(r'ATTRS\{id(?:V|/v)endor\}=="([^"]*)"', words)
        product = re.search(r'ATTRS\{id(?:P|/p)roduct\}=="([^"]*)"', words)
        name = re.search(r'ATTRS\{name\}=="([^"]*)"', words)
        model = re.search(r'ATTRS\{product\}=="([^"]*)"', words)
        serial = re.search(r'ATTRS\{serial\}=="([^"]*)"', words)
        hid = re.search(r'KERNELS=="([^"]*)"', words)
        if not (vendor or product or name or model or hid) or 'SUBSYSTEM=="tty"' in words:
            continue
        if (
            (vendor is None or vendor[1].lower() == f"{identity.vendor:04x}")
            and (product is None or product[1].lower() == f"{identity.product:04x}")
            and (name is None or any(_matches(name[1], node.identity.name) for node in device.nodes))
            # The kernel puts the manufacturer before it.
            and (model is None or any(_matches(f"*{model[1]}", node.identity.name) for node in device.nodes))
            and (serial is None or _matches(serial[1], identity.uniq))
            and (hid is None or _matches(hid[1], _hid_name(device)))
        ):
            return True
    return False


def _hid_name(device: Device) -> str:
    """Return what the kernel calls a HID device in sysfs, with a number that is as good as any."""
    identity = device.identity
    return f"{device.nodes[0].bus:04X}:{identity.vendor:04X}:{identity.product:04X}.0001"


def naming_files(device: Device) -> list[Path]:
    """Return the files of rules that udev reads and that name a device as a pendant's."""
    found: dict[str, Path] = {}
    for folder in reversed(RULES_DIRS):
        with suppress(OSError):
            found |= {path.name: path for path in sorted(folder.glob("*.rules"))}
    return [path for _, path in sorted(found.items()) if names(_text_or_none(path) or "", device)]


def _matches(pattern: str, name: str) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(name, part) for part in pattern.split("|"))


def _is_ours(path: Path, record: Mapping[str, str]) -> bool:
    checksum = record.get(str(path))
    return checksum is not None and is_unchanged(path, checksum)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text_or_none(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _read(path: Path, advice: str) -> str:
    try:
        if not path.is_file():
            raise UsageError(f"{path}: is no file; {advice}")
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; {advice}") from None
    except ValueError:
        raise UsageError(f"{path}: is no text; {advice}") from None
    if len(text) > MAX_BYTES:
        raise UsageError(f"{path}: is larger than {MAX_BYTES} bytes, which no file of rules is; {advice}")
    return text


def _write(path: Path, text: str) -> None:
    """Write a file as a whole, or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o644)  # whatever the umask is
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    new.replace(path)


def _write_record(record: Mapping[str, str]) -> None:
    if not record:
        RECORD.unlink(missing_ok=True)
        with suppress(OSError):
            RECORD.parent.rmdir()
        return
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    _write(RECORD, json.dumps(dict(record), indent=1) + "\n")
