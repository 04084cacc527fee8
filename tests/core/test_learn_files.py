# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written of a learned pendant: `match`, udev rule, texts that YAML would misread; and where to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hal_mpg.devices.inventory import Device, Node
from hal_mpg.devices.udev_rules import names, rule_of_file
from hal_mpg.errors import UsageError
from hal_mpg.events import EV_KEY
from hal_mpg.learn.draft import Draft, profile_text
from hal_mpg.learn.files import check_writable, profile_path, rule_path, write_whole
from hal_mpg.learn.identity import match_lines, rule_text, shares_id, slug
from hal_mpg.profile import Code, Identity, Increment, KeySelector, RelativeWheel
from hal_mpg.profile_yaml import load_profile

USB, BLUETOOTH, HOST = 3, 5, 0x19


def device(*names: str, vendor: int = 0x4D50, product: int = 0x0101, bus: int = USB) -> Device:
    nodes = (
        Node(f"/dev/input/event{number}", Identity(vendor, product, name), {}, "", bus)
        for number, name in enumerate(names)
    )
    return Device(tuple(nodes))


PLAIN = device("ACME MPG")
PAD = device("ACME Pad", "ACME Pad Consumer Control", "ACME Pad Mouse", vendor=0xFEED)
KNOB = device("rotary@11", vendor=0, product=0, bus=HOST)
DEVICES = {
    "plain": PLAIN,
    "pad": PAD,
    "knob": KNOB,
    "bluetooth": device("BT Knob", bus=BLUETOOTH),
    "odd name": device('A*[b]?|c\\"d" {e}, f: #g', vendor=0x16C0),
    "no name": device("", vendor=0xFEED),
    "nothing": device("", vendor=0, product=0, bus=HOST),
    "not ASCII": device("Drehimpulsgeber Ø 60 groß", vendor=0xCAFE),
}


def draft(name: str = "A Pendant") -> Draft:
    return Draft(
        name=name,
        wheel=RelativeWheel(Code(2, 7)),
        axis=KeySelector((("off", Code(EV_KEY, 0x120)), ("x", Code(EV_KEY, 0x121)))),
        increments=(Increment.of("x1", mm=1),),  # type: ignore[arg-type]
    )


def loaded(of: Device, *others: Device, name: str = "A Pendant") -> str:
    """Return the profile's text, which can be loaded, and fits the device and none of the others."""
    text = profile_text(draft(name), match_lines(of, others), [f"of {of.name}"])
    profile = load_profile(text, "test.yaml")
    assert profile.name == name
    fits = [
        any(m.fits(node.identity) for m in profile.match for node in each.nodes) for each in (of, *others)
    ]
    assert fits == [True] + [False] * len(others), text
    return text


@pytest.mark.parametrize("name", DEVICES)
def test_the_profile_fits_its_device(name: str) -> None:
    loaded(DEVICES[name])


@pytest.mark.parametrize("name", DEVICES)
def test_the_rule_names_its_device_and_can_be_installed(name: str, tmp_path: Path) -> None:
    text = rule_text(DEVICES[name], "a.yaml", comments=["learned"])
    path = tmp_path / "69-a.rules"
    path.write_text(text)
    assert rule_of_file(path).name == "69-a.rules"
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == 'ACTION=="remove", GOTO="hal_mpg_learned_end"'
    assert lines[-1] == 'LABEL="hal_mpg_learned_end"'
    for line in lines[1:-1]:
        assert line.endswith(', ENV{HAL_MPG}="1"')
        assert line.count('"') % 2 == 0
    if DEVICES[name].name != "(no name)":
        assert names(text, DEVICES[name])


def test_a_unique_id_is_enough() -> None:
    assert match_lines(PLAIN) == ["vendor: 0x4d50, product: 0x0101"]
    assert 'ATTRS{idVendor}=="4d50", ATTRS{idProduct}=="0101", ENV{HAL_MPG}="1"' in rule_text(PLAIN, "a.yaml")


def test_where_another_device_has_the_same_id_the_name_tells_them_apart() -> None:
    other = Device((Node("/dev/input/event9", Identity(0x4D50, 0x0101, "ACME Keyboard"), {}, "", USB),))
    assert not shares_id(PLAIN)
    assert shares_id(PLAIN, [other])
    loaded(PLAIN, other)
    text = rule_text(PLAIN, "a.yaml", [other])
    assert 'ATTRS{name}=="ACME MPG"' in text
    assert not names(text, other)


@pytest.mark.parametrize(
    ("of", "shared"),
    [
        (device("A"), False),
        (device("A", bus=0), False),
        (device("A", bus=BLUETOOTH), True),
        (device("A", vendor=0, product=0), True),
        (device("A", vendor=0x1209, product=0x0001), True),
        (device("A", vendor=0x1209, product=0x0010), True),
        (device("A", vendor=0x1209, product=0x0011), False),
        (device("A", vendor=0x1208, product=0x0001), False),
        (device("A", vendor=0x16C0), True),
        (device("A", vendor=0x2341), True),
        (device("A", vendor=0xFEED), True),
    ],
)
def test_which_ids_are_shared(of: Device, shared: bool) -> None:
    assert shares_id(of) == shared
    assert shares_id(of, [of]) == shared, "itself is not another one"


def test_of_twins_the_serial_number_is_taken() -> None:
    one, two = (
        Device((Node(f"/dev/input/event{n}", Identity(0x2E8A, 10, "Pico", "", uniq), {}, "", USB),))
        for n, uniq in enumerate(("E66[1]", "E662"))
    )
    assert 'uniq: "E66[[]1]"' in loaded(one, two)
    assert "uniq" not in match_lines(one)[0]


def test_a_board_of_several_nodes_is_named_by_what_their_names_have_in_common() -> None:
    assert match_lines(PAD) == ['vendor: 0xfeed, product: 0x0101, name: "ACME Pad*"']
    text = rule_text(PAD, "a.yaml")
    for node in PAD.nodes:
        assert f'ATTRS{{name}}=="{node.identity.name}"' in text


def test_what_is_not_on_usb_is_found_without_usb() -> None:
    text = rule_text(KNOB, "a.yaml")
    assert "idVendor" not in text
    assert 'ATTRS{name}=="rotary@11"' in text
    assert "idVendor" not in rule_text(DEVICES["bluetooth"], "a.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "off",
        "no",
        "1:30",
        "010",
        "null",
        "~",
        "a: b",
        "#x",
        "- x",
        "'",
        '"',
        "{x}",
        "Ø",
        "&a",
        "*a",
        "!a",
        "x #y",
    ],
)
def test_names_that_yaml_would_take_for_something_else(name: str) -> None:
    loaded(PLAIN, name=name)


def test_a_slug_is_a_file_name() -> None:
    assert slug("ACME: MPG (v2)") == "acme-mpg-v2"
    assert slug("Ø") == "pendant"
    assert len(slug("x" * 200)) == 40


def test_where_the_files_go(tmp_path: Path) -> None:
    assert profile_path(None, "acme") == Path("acme.yaml")
    assert profile_path("other.yml", "acme") == Path("other.yml")
    assert profile_path(str(tmp_path), "acme") == tmp_path / "acme.yaml"
    assert rule_path(tmp_path / "my pendant.yaml") == tmp_path / "69-my-pendant.rules"


@pytest.mark.parametrize("output", ["", "-", "a.txt", "a"])
def test_outputs_that_make_no_sense(output: str) -> None:
    with pytest.raises(UsageError, match="--output"):
        profile_path(output, "acme")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        check_writable(tmp_path / "no" / "a.yaml")
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(UsageError, match="no regular file"):
        check_writable(tmp_path / "a.yaml")


def test_a_file_is_written_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    write_whole(path, "one", {})
    write_whole(path, "Ø two", {})
    assert path.read_text(encoding="utf-8") == "Ø two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a.yaml", "text", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_under_sudo_the_file_is_the_callers(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    path = tmp_path / "a.yaml"
    write_whole(path, "text", {"SUDO_UID": "65534", "SUDO_GID": "65534"})
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
    os.chown(tmp_path, 0, 0)
    write_whole(path, "text", {"SUDO_UID": "65534", "SUDO_GID": "65534"})
    assert path.stat().st_uid == 0, "in root's folder it is root's"
