# SPDX-License-Identifier: GPL-2.0-or-later
"""The doctor on devices, rights and programs: each planted fault is found, and nothing else."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes

from hal_mpg.devices.access import User
from hal_mpg.devices.inventory import Device, Fit, Node, fits
from hal_mpg.devices.raw_hid import is_locked
from hal_mpg.doctor.device_checks import check_device
from hal_mpg.doctor.findings import ERROR, OK, WARNING, Finding
from hal_mpg.doctor.machine_checks import check_machine
from hal_mpg.doctor.processes import can_try, is_component
from hal_mpg.doctor.surroundings import (
    DeviceFacts,
    Surroundings,
    fits_profile,
    interpreter,
    version_of,
)
from hal_mpg.profile import Identity, Profile
from hal_mpg.profile_files import read_profile

CONFIG = Path(__file__).parents[2] / "config/pendants"
PROFILE = read_profile(CONFIG / "generic-6axis.yaml")
KNOWN = [("generic-6axis", CONFIG / "generic-6axis.yaml", PROFILE)]
RULES = Path("/etc/udev/rules.d/70-hal-mpg.rules")
CODES = {1: frozenset(range(0x120, 0x12C)), 2: frozenset([ecodes.REL_DIAL])}

MACHINIST = User("alice", 1000, 1000, frozenset([1000, 46]))


@pytest.fixture(autouse=True)
def plugdev(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "has_group", property(lambda user: 46 in user.groups))
    monkeypatch.setattr(User, "will_have_group", property(lambda user: user.name == "soon"))


def device(**changes: Any) -> Device:
    """Return the generic pendant, or another device."""
    identity = Identity(
        changes.pop("vendor", 0x1209), changes.pop("product", 1), changes.pop("name", "MPG"), "usb/input0"
    )
    node = Node("/dev/input/event5", identity, changes.pop("codes", CODES), changes.pop("refusal", ""), 3)
    return Device((node,), fits([node], KNOWN))


def pendant(**changes: Any) -> DeviceFacts:
    facts = DeviceFacts(device(), may_open=True, naming=(RULES,), is_marked=True, for_group=True)
    return replace(facts, **changes)


def machine(**changes: Any) -> Surroundings:
    """Return a good machine, but for the changes."""
    good = Surroundings(
        user=MACHINIST,
        is_root=False,
        has_group=True,
        devices=(pendant(),),
        profile_faults=(),
        shipped_rules=RULES,
        has_limits=True,
        may_priority=True,
        linuxcnc="/usr/bin/linuxcnc",
        version=(2, 9, 4),
        version_text="2.9.4",
        program="/usr/local/bin/hal_mpg",
        python="/usr/local/lib/hal_mpg/bin/python",
        python_has_hal=True,
        system_has_hal=True,
    )
    return replace(good, **changes)


def examined(facts: Surroundings, profile: Profile | None = PROFILE) -> list[Finding]:
    is_virtual = profile is not None and profile.source != "evdev"
    return [*check_machine(facts, is_virtual), *check_device(facts, profile)]


def wrong(findings: list[Finding]) -> list[str]:
    return sorted(finding.id for finding in findings if finding.is_wrong)


SECRET = pendant(device=device(refusal="this user may not read it"), may_open=False)
STRANGER = DeviceFacts(device(vendor=0x1189, name="Pad", codes={1: frozenset([30, 31])}), may_open=True)
OUTSIDER = replace(MACHINIST, groups=frozenset([1000]))
VIRTUAL = PROFILE._replace(source="virtual")

FAULTS: dict[str, tuple[Surroundings, str]] = {
    "no device": (machine(devices=()), "no-device"),
    "only a mouse": (machine(devices=(pendant(device=device(
        vendor=9, codes={1: frozenset([0x110]), 2: frozenset([0, 1])})),)), "no-device"),
    "another device": (machine(devices=(STRANGER,)), "no-profile"),
    "no rules": (
        machine(devices=(replace(SECRET, naming=(), is_marked=False),), shipped_rules=None), "rule-missing"),
    "no rules, and udev cannot be asked": (
        machine(devices=(replace(SECRET, naming=(), is_marked=None),), shipped_rules=None), "rule-missing"),
    "its id is in no rules": (
        machine(devices=(replace(SECRET, naming=(), is_marked=False),)), "rule-missing"),
    "only its own rules": (
        machine(devices=(replace(SECRET, naming=(RULES,)),), shipped_rules=None), "rule-missing"),
    "readable, but without rules": (
        machine(devices=(pendant(naming=(), is_marked=False),), shipped_rules=None), "rule-missing"),
    "rules not in force": (machine(devices=(replace(SECRET, is_marked=False),)), "rule-not-in-force"),
    "readable, rules not in force": (machine(devices=(pendant(is_marked=False),)), "rule-not-in-force"),
    "its rules come too late": (
        machine(devices=(replace(SECRET, naming=(Path("99-mine.rules"),)),)), "rule-too-late"),
    "not in the group": (machine(user=OUTSIDER, devices=(SECRET,)), "group"),
    "not in the group, but at the seat": (machine(user=OUTSIDER, may_priority=False), "group"),
    "in the group at the next login": (
        machine(user=replace(OUTSIDER, name="soon"), devices=(SECRET,)), "group"),
    "no such group": (machine(has_group=False, user=OUTSIDER, devices=(SECRET,)), "no-group"),
    "something else keeps it": (machine(devices=(replace(SECRET, for_group=False),)), "not-readable"),
    "broken": (machine(devices=(pendant(may_open=False, device=device(
        refusal="it cannot be opened: Input/output error")),)), "not-readable"),
    "grabbed": (machine(devices=(pendant(is_grabbed=True, holders=((77, "evtest"),)),)), "grabbed"),
    "grabbed by nobody knows who": (machine(devices=(pendant(is_grabbed=True),)), "grabbed"),
    "lacks codes": (
        machine(devices=(pendant(device=device(codes={1: CODES[1]})),)), "missing-codes"),
    "local rules hide those of a package": (
        machine(shipped_rules=Path("/etc/udev/rules.d") / RULES.name, hidden_rules=RULES), "rules-hidden"),
    "no limits": (machine(has_limits=False, may_priority=False), "realtime-limits"),
    "limits, but not in this session": (machine(may_priority=False), "realtime-login"),
    "no LinuxCNC": (
        machine(linuxcnc="", version=(), python_has_hal=False, system_has_hal=False), "linuxcnc-missing"),
    "an old LinuxCNC": (machine(version=(2, 7, 15)), "linuxcnc-old"),
    "the wrong Python": (machine(python_has_hal=False), "wrong-python"),
    "no module hal": (machine(python_has_hal=False, system_has_hal=False), "hal-module"),
    "not on the PATH": (machine(program=""), "not-on-path"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(fault: str) -> None:
    facts, expected = FAULTS[fault]
    findings = examined(facts)
    assert wrong(findings) == [expected], findings
    assert all(finding.mend for finding in findings if finding.is_wrong)


@pytest.mark.parametrize("profile", [PROFILE, None, VIRTUAL])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"version": (), "version_text": ""},
        {"version": (2, 9, 0)},
        {"has_limits": False},  # somebody may all the same: by other means than PAM's limits
        {"is_root": True, "may_priority": False},
        {"is_root": True, "user": User("root", 0, 0, frozenset([0]))},
        {"devices": (pendant(is_marked=None),)},
        {"devices": (pendant(holders=((5, "/usr/bin/python3 /usr/local/bin/hal_mpg"),)),)},
        {"devices": (STRANGER, pendant())},
        {"devices": (pendant(), SECRET)},
    ],
)
def test_nothing_is_wrong_on_a_good_machine(change: dict[str, Any], profile: Profile | None) -> None:
    findings = examined(machine(**change), profile)
    assert not wrong(findings)
    assert any(finding.severity == OK for finding in findings)


def test_memory_that_cannot_be_locked_is_worth_a_note() -> None:
    findings = examined(machine(may_lock=False))
    assert not wrong(findings)
    (note,) = [finding for finding in findings if finding.id == "memory-limit"]
    assert "limits-hal-mpg.conf" in note.mend
    assert not [f for f in examined(machine()) if f.id == "memory-limit"]


def test_a_virtual_pendant_needs_no_device_and_no_group() -> None:
    facts = machine(devices=(), user=OUTSIDER, may_priority=False, shipped_rules=None)
    assert not wrong(examined(facts, VIRTUAL))


def test_the_right_command_is_told() -> None:
    def mend(fault: str) -> str:
        return next(finding.mend for finding in examined(FAULTS[fault][0]) if finding.is_wrong)

    assert mend("not in the group").startswith("sudo adduser alice plugdev, then log out")
    assert "next login" in mend("in the group at the next login")
    assert mend("grabbed") == "end that program: kill 77"
    assert mend("no rules").endswith("install-udev")
    assert mend("its id is in no rules").endswith("install-udev --device /dev/input/event5")
    assert "hal_mpg learn --device /dev/input/event5" in mend("another device")


def test_what_only_goes_wrong_later_is_a_warning() -> None:
    for fault in (
        "readable, but without rules",
        "readable, rules not in force",
        "not in the group, but at the seat",
    ):
        (finding,) = (f for f in examined(FAULTS[fault][0]) if f.is_wrong)
        assert finding.severity == WARNING
    for fault in ("no rules", "rules not in force", "not in the group"):
        (finding,) = (f for f in examined(FAULTS[fault][0]) if f.is_wrong)
        assert finding.severity == ERROR


def test_another_pendant_than_the_configuration_names() -> None:
    other = PROFILE._replace(name="Shuttle", match=(PROFILE.match[0]._replace(vendor=0x0B33),))
    (finding,) = (f for f in examined(machine(), other) if f.is_wrong)
    assert finding.id == "other-pendant"
    assert "PENDANT = generic-6axis" in finding.mend


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.9.0~pre1+git20230208.f1270d6ed7", (2, 9, 0)),
        ("1:2.9.4-2", (2, 9, 4)),
        ("2.10", (2, 10)),
        ("", ()),
        ("master", ()),
    ],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"#!/opt/x/bin/python3 -P\n", "/opt/x/bin/python3"),
        (b"#!/opt/x/bin/python3.11\n", "/opt/x/bin/python3.11"),
        (b"#!/bin/sh\n", ""),
        (b"\x7fELF", ""),
        (b"#!\n", ""),
        (b"", ""),
    ],
)
def test_the_python_of_a_program(tmp_path: Path, line: bytes, found: str) -> None:
    (tmp_path / "program").write_bytes(line)
    assert interpreter(str(tmp_path / "program")) == found
    assert interpreter(str(tmp_path / "nothing")) == ""


@pytest.mark.parametrize(
    ("what", "is_it"),
    [
        ("/usr/bin/python3 /usr/local/bin/hal_mpg --pendant generic-4axis", True),
        ("/usr/bin/python3 -m hal_mpg", True),
        ("/usr/bin/python3 -P /x/hal_mpg/__main__.py --name mpg2", True),
        ("/usr/bin/python3 /usr/local/bin/hal_mpg monitor", False),
        ("/usr/bin/python3 -m hal_mpg record x", False),
        ("evtest /dev/input/event5", False),
        ("vi hal_mpg.txt", False),
    ],
)
def test_a_device_that_hal_mpg_reads_is_never_grabbed_to_see_whether_it_is(what: str, is_it: bool) -> None:
    assert is_component(what) is is_it
    if is_it:
        assert can_try([(1, what)]) is False


def test_the_device_that_the_configuration_names_is_looked_at() -> None:
    facts = machine(devices=(pendant(is_grabbed=True), STRANGER))
    (finding,) = (f for f in check_device(facts, PROFILE, "/dev/input/by-id/nothing") if f.is_wrong)
    assert finding.id == "no-device"
    assert "/dev/input/by-id/nothing" in finding.what
    assert [f.id for f in check_device(machine(), PROFILE, "/dev/input/event5")] == ["device"]


XHC_FILE = CONFIG / "xhc-hb04.yaml"
XHC = read_profile(XHC_FILE)


def raw(**changes: Any) -> DeviceFacts:
    """Return a raw HID pendant that all is well with, but for the changes."""
    node = Node("/dev/hidraw0", Identity(0x10CE, 0xEB70, "KTURT.LTD"), {}, changes.pop("refusal", ""), 3)
    return pendant(device=Device((node,), (Fit("xhc-hb04", XHC_FILE, XHC),)), **changes)


RAW_FAULTS: dict[str, tuple[tuple[DeviceFacts, ...], str]] = {
    "all is well": ((raw(),), "device"),
    "not plugged in": ((), "no-device"),
    "another one is plugged in": ((pendant(),), "other-pendant"),
    "not in the rules": ((raw(may_open=False, naming=(), is_marked=False),), "rule-missing"),
    "may not be written to": ((raw(may_open=False, refusal="no", for_group=False),), "not-readable"),
    "another program has it": ((raw(is_grabbed=True, holders=((77, "hal_mpg"),)),), "grabbed"),
}


@pytest.mark.parametrize("fault", RAW_FAULTS)
def test_a_raw_hid_pendant_is_looked_at_like_any_other(fault: str) -> None:
    devices, expected = RAW_FAULTS[fault]
    findings = list(check_device(machine(devices=devices), XHC))
    found = {finding.id for finding in findings}
    assert expected in found and found <= {expected, "device"}


def test_a_profile_of_input_devices_fits_no_raw_hid_node_and_the_other_way_round() -> None:
    same_id = PROFILE._replace(match=XHC.match)
    assert fits_profile(raw().device, XHC) and not fits_profile(raw().device, same_id)
    assert not fits_profile(device(vendor=0x10CE, product=0xEB70), XHC)


def test_whether_somebody_has_a_raw_hid_node_for_himself(tmp_path: Path) -> None:
    node = tmp_path / "hidraw0"
    assert not is_locked(str(node))  # it has gone
    node.touch()
    assert not is_locked(str(node))
    with node.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert is_locked(str(node))
    assert not is_locked(str(node))
