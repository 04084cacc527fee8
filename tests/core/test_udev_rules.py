# SPDX-License-Identifier: GPL-2.0-or-later
"""install-udev and uninstall-udev in a directory of their own: what they write, and what they leave alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hal_mpg.cli import main
from hal_mpg.commands import install_udev, uninstall_udev
from hal_mpg.devices import access, package_rules, udev_rules
from hal_mpg.devices.inventory import Device, Node
from hal_mpg.devices.udev_rules import names, rule_of_device, rule_of_file, shipped_rule
from hal_mpg.errors import UsageError
from hal_mpg.learn.identity import rule_text
from hal_mpg.own_command import own_command
from hal_mpg.profile import Identity
from hal_mpg.profile_files import read_profile

SHIPPED = "70-hal-mpg.rules"
GOOD = 'ATTRS{idVendor}=="abcd", ATTRS{idProduct}=="0123", ENV{HAL_MPG}="1"\n'


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory that takes the place of /etc/udev/rules.d; root, and no udev."""
    folders = (tmp_path / "etc", tmp_path / "run", tmp_path / "lib")
    folders[2].mkdir()
    monkeypatch.setattr(udev_rules, "RULES_DIRS", folders)
    monkeypatch.setattr(udev_rules, "RECORD", tmp_path / "var/hal_mpg/record.json")
    monkeypatch.setattr(access, "udev", lambda *_arguments: "")
    monkeypatch.setattr(install_udev, "find_pendants", list)
    monkeypatch.setattr(uninstall_udev, "find_pendants", list)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folders[0]


def install(*arguments: object) -> int:
    return main(["install-udev", *map(str, arguments)])


def uninstall(*arguments: str) -> int:
    return main(["uninstall-udev", *arguments])


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else {}


def pendant(vendor: int = 0xABCD, product: int = 0x123, name: str = "Thing", bus: int = 3) -> Device:
    return Device((Node("/dev/input/event5", Identity(vendor, product, name), {}, "", bus),))


def test_it_writes_the_shipped_rules_and_takes_them_away(etc: Path) -> None:
    assert install() == 0
    assert files(etc) == {SHIPPED: shipped_rule().text}
    assert (etc / SHIPPED).stat().st_mode & 0o777 == 0o644
    assert uninstall() == 0
    assert files(etc) == {}
    assert not udev_rules.RECORD.exists()


def test_a_second_time_does_nothing(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install()
    before = (etc / SHIPPED).stat()
    capsys.readouterr()
    assert install() == 0
    assert "nothing to do" in capsys.readouterr().out
    assert (etc / SHIPPED).stat() == before
    uninstall()
    capsys.readouterr()
    assert uninstall() == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(etc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = tmp_path / "69-x.rules"
    rule.write_text(GOOD)
    assert install("--dry-run", "--rule", rule) == 0
    assert not etc.exists()
    out = capsys.readouterr().out
    assert f"would write {etc / SHIPPED}" in out
    assert f"would write {etc / '69-x.rules'} (from {rule})" in out
    install()
    assert uninstall("--dry-run") == 0
    assert f"would remove {etc / SHIPPED}" in capsys.readouterr().out
    assert list(files(etc)) == [SHIPPED]


def test_rules_of_ones_own_come_before_the_shipped_ones(etc: Path, tmp_path: Path) -> None:
    for name in ("69-a.rules", "90-b.rules", "my.rules"):
        (tmp_path / name).write_text(GOOD)
    assert (
        install("--rule", tmp_path / "69-a.rules", tmp_path / "90-b.rules", "--rule", tmp_path / "my.rules")
        == 0
    )
    assert sorted(files(etc)) == ["69-90-b.rules", "69-a.rules", "69-my.rules", SHIPPED]
    assert all(name < SHIPPED for name in files(etc) if name != SHIPPED)
    assert uninstall() == 0
    assert files(etc) == {}


def test_a_newer_file_takes_the_place_of_the_one_that_it_wrote_before(etc: Path, tmp_path: Path) -> None:
    rule = tmp_path / "69-a.rules"
    rule.write_text(GOOD)
    install("--rule", rule)
    rule.write_text(GOOD.replace("abcd", "abce"))
    assert install("--rule", rule) == 0
    assert "abce" in files(etc)["69-a.rules"]
    assert len(files(etc)) == 2
    uninstall()
    assert files(etc) == {}


def test_what_somebody_else_has_put_there_is_kept_and_comes_back(etc: Path) -> None:
    etc.mkdir()
    (etc / SHIPPED).write_text("# mine\n")
    (etc / "71-other.rules").write_text("# other\n")
    assert install() == 0
    assert files(etc)[SHIPPED] == shipped_rule().text
    assert files(etc)[f"{SHIPPED}.before-hal_mpg"] == "# mine\n"
    assert uninstall() == 0
    assert files(etc) == {SHIPPED: "# mine\n", "71-other.rules": "# other\n"}


def test_what_was_changed_since_stays(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install()
    (etc / SHIPPED).write_text("# changed\n")
    assert uninstall() == 0
    assert files(etc) == {SHIPPED: "# changed\n"}
    assert f"left alone: {etc / SHIPPED} was changed since" in capsys.readouterr().out


def test_what_is_gone_already_is_no_fault(etc: Path) -> None:
    install()
    (etc / SHIPPED).unlink()
    assert uninstall() == 0


def test_the_same_rules_from_elsewhere_are_enough(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (udev_rules.RULES_DIRS[2] / SHIPPED).write_text(shipped_rule().text)
    assert install() == 0
    assert not etc.exists()
    uninstall()
    assert "was put there by something else" in capsys.readouterr().out
    assert (udev_rules.RULES_DIRS[2] / SHIPPED).exists()


def test_rules_that_were_switched_off_stay_so(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    etc.mkdir()
    (etc / SHIPPED).symlink_to("/dev/null")
    assert install() == 0
    assert "somebody has switched these rules off" in capsys.readouterr().out
    assert (etc / SHIPPED).is_symlink()


def test_a_link_is_replaced_and_not_written_through(etc: Path, tmp_path: Path) -> None:
    etc.mkdir()
    (tmp_path / "precious").write_text("mine\n")
    (etc / SHIPPED).symlink_to(tmp_path / "precious")
    assert install() == 0
    assert (tmp_path / "precious").read_text() == "mine\n"
    assert not (etc / SHIPPED).is_symlink()


def test_a_broken_record_does_not_stop_it(etc: Path) -> None:
    install()
    udev_rules.RECORD.write_text("[nonsense")
    assert uninstall() == 0
    assert list(files(etc)) == [SHIPPED]
    udev_rules.RECORD.write_text("[1]")
    assert install() == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("69-x.rule", GOOD, "udev reads only files named like"),
        (".rules", GOOD, "udev reads only files named like"),
        ("69-x.rules", "# nothing\n", "names no pendant"),
        ("69-x.rules", GOOD + 'RUN+="/bin/sh"\n', ":2: RUN lets udev start a program"),
        ("69-x.rules", 'PROGRAM=="/bin/x", ENV{HAL_MPG}="1"\n', ":1: PROGRAM lets udev start a program"),
        ("69-x.rules", 'ENV{HAL_MPG}="1", IMPORT{program}="x"\n', ":1: IMPORT{program} lets udev start"),
        ("69-x.rules", 'ENV{HAL_MPG}="1", RUN{program}+="x"\n', ":1: RUN lets udev start"),
        ("69-x.rules", 'ENV{HAL_MPG}="1"\n', ":1: would make every input device a pendant"),
        ("69-x.rules", f'{GOOD}SUBSYSTEM=="input", \\\nENV{{HAL_MPG}}="1"\n', ":2: would make every"),
        ("69-x.rules", 'ATTRS{name}=="*", ENV{HAL_MPG}="1"\n', ":1: would make every input device"),
        ("69-x.rules", 'ATTRS{name}!="Mouse", ENV{HAL_MPG}="1"\n', ":1: would make every input device"),
        ("69-x.rules", 'ENV{ID_INPUT_KEY}=="1", ENV{HAL_MPG}="1"\n', ":1: would make every input device"),
        ("69-x.rules", "x" * 300_000, "is larger than"),
        ("69-x.rules", b"\xff\xfe", "is no text"),
        ("69-x.rules", None, "is no file"),
    ],
)
def test_what_should_not_become_a_rule_of_roots_is_refused(
    etc: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str | bytes | None,
    message: str,
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert install("--rule", tmp_path / name) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not etc.exists()


@pytest.mark.parametrize(
    "text",
    [
        'SUBSYSTEM=="input", ATTRS{name}=="Th*", ENV{HAL_MPG}="1"\n',
        'SUBSYSTEM=="input", \\\n  ENV{ID_VENDOR_ID}=="1209", \\\n  ENV{HAL_MPG}="1"\n',
        'ATTRS{idVendor}!="1209", GOTO="end"\nENV{HAL_MPG}="1"\nLABEL="end"\n',
        f'# ENV{{HAL_MPG}}="1" alone would be too much\n{GOOD}ENV{{HAL_MPG}}=="1", GROUP="plugdev"\n',
    ],
)
def test_a_rule_for_some_devices_is_taken(text: str, tmp_path: Path) -> None:
    (tmp_path / "69-x.rules").write_text(text)
    assert rule_of_file(tmp_path / "69-x.rules").text == text


def test_a_comment_may_speak_of_programs(tmp_path: Path) -> None:
    (tmp_path / "69-x.rules").write_text(f'# RUN+="/bin/sh" is not needed\n{GOOD}')
    assert rule_of_file(tmp_path / "69-x.rules").name == "69-x.rules"


def test_two_different_files_of_one_name_are_refused(etc: Path, tmp_path: Path) -> None:
    for folder, text in (("a", GOOD), ("b", GOOD.replace("abcd", "abce"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "69-x.rules").write_text(text)
    assert install("--rule", tmp_path / "a/69-x.rules", tmp_path / "b/69-x.rules") == 2


def test_a_device_can_be_named_by_its_usb_id(etc: Path) -> None:
    assert install("--device", "10CE:eb94") == 0
    text = files(etc)["69-hal-mpg-10ce-eb94.rules"]
    assert 'ATTRS{idVendor}=="10ce", ATTRS{idProduct}=="eb94", ENV{HAL_MPG}="1"' in text
    assert install("--device", "1209:0001") == 0  # the shipped rules name it
    assert len(files(etc)) == 2
    assert install("--device", "/dev/input/event999") == 2
    assert install("--device", "10ce") == 2


def test_a_device_that_is_not_on_usb_is_named_by_its_name() -> None:
    rule = rule_of_device(pendant(name='rotary@11 "x*"', bus=0x19))
    assert rule is not None
    assert rule.name == "69-hal-mpg-rotary-11-x.rules"
    assert 'SUBSYSTEM=="input", ATTRS{name}=="rotary?11 ?x??", ENV{HAL_MPG}="1"' in rule.text
    assert names(rule.text, pendant(name='rotary@11 "x*"', bus=0x19))


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (GOOD, True),
        (GOOD.replace("abcd", "ABCD"), True),
        (f"#{GOOD}", False),
        (GOOD.replace("0123", "0124"), False),
        (GOOD.replace("HAL_MPG", "OTHER"), False),
        ('SUBSYSTEM=="input", ATTRS{name}=="Th*", ENV{HAL_MPG}="1"', True),
        ('SUBSYSTEM=="input", ATTRS{name}=="x|Thing", ENV{HAL_MPG}="1"', True),
        ('SUBSYSTEM=="input", ATTRS{name}=="Other", ENV{HAL_MPG}="1"', False),
        ('ATTRS{id/vendor}=="abcd", ATTRS{name}=="Thing", ENV{HAL_MPG}="1"', True),
        ('ATTRS{id/vendor}=="abce", ATTRS{name}=="Thing", ENV{HAL_MPG}="1"', False),
        ('SUBSYSTEM=="usb", ATTR{idVendor}=="abcd", ENV{HAL_MPG}="1"', False),
        ('KERNEL=="event5", ENV{HAL_MPG}="1"', False),
        ('KERNELS=="0003:ABCD:0123.*", ENV{HAL_MPG}="1"', True),
        ('KERNELS=="0005:ABCD:0123.*", ENV{HAL_MPG}="1"', False),
        ('KERNELS=="0003:ABCD:0124.*", ENV{HAL_MPG}="1"', False),
        ('ENV{HAL_MPG}!="1", GOTO="end"', False),
        ("", False),
    ],
)
def test_what_rules_name(text: str, is_named: bool) -> None:
    assert names(text, pendant()) is is_named


def test_the_shipped_rules_name_the_shipped_pendants_and_nothing_else() -> None:
    text = shipped_rule().text
    assert names(text, pendant(0x1209, 1))
    assert names(text, pendant(0x045E, 0x091B, "Surface Dial", bus=5))
    assert names(text, pendant(0, 0, "rotary@11", bus=0x19))
    assert not names(text, pendant())
    assert not names(text, pendant(0x045E, 0x091B, "A mouse of that id", bus=3))
    assert not names(text, pendant(0xABCD, 0x123, "knob@11"))


@pytest.mark.parametrize("tool", ["install-udev", "uninstall-udev"])
def test_an_ordinary_user_is_told_the_whole_command(
    etc: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main([tool]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hal_mpg: {tool}: only root may change udev's rules; run: sudo ")
    assert line.endswith(f" {tool}")
    assert not etc.exists()


def test_a_directory_that_cannot_be_written_is_one_line(
    etc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc").write_text("a file in the way")
    assert install() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line


def test_udev_that_cannot_be_told_is_no_failure(
    etc: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(access, "udev", lambda *_arguments: "udevadm is not there")
    assert install() == 0
    assert "when the computer restarts" in capsys.readouterr().err
    assert uninstall() == 0


def test_who_called_sudo_is_who_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert access.calling_user({"SUDO_UID": "65534"}).name == "nobody"
    assert access.calling_user({"SUDO_UID": "x"}).uid == 0
    assert access.calling_user({"PKEXEC_UID": "65534"}).uid == 65534
    assert access.calling_user({"SUDO_UID": "4000000000"}).name == "4000000000"


def test_a_package_brings_the_rules_and_takes_them_with_it(
    etc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = tmp_path / "usr-lib"
    packages.mkdir()
    monkeypatch.setattr(udev_rules, "RULES_DIRS", (*udev_rules.RULES_DIRS, packages))
    monkeypatch.setattr(package_rules, "PACKAGES", (packages,))
    (packages / SHIPPED).write_text(shipped_rule().text)
    assert install() == 0
    assert not etc.exists()
    assert package_rules.hidden(SHIPPED) is None
    capsys.readouterr()
    assert uninstall() == 0
    assert capsys.readouterr().out == (
        f"nothing to do: {packages / SHIPPED} came with a package, and goes with it "
        "(sudo apt remove hal-mpg)\n"
    )
    etc.mkdir()
    (etc / SHIPPED).write_text(shipped_rule().text)
    assert package_rules.hidden(SHIPPED) is None  # it says the same
    (etc / SHIPPED).write_text("# an old one\n")
    assert package_rules.hidden(SHIPPED) == packages / SHIPPED


def test_how_it_can_be_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("hal_mpg.own_command.SECURE_PATH", (str(tmp_path),))
    monkeypatch.setattr("sys.argv", ["/home/a/.local/bin/hal_mpg"])
    assert own_command() == "/home/a/.local/bin/hal_mpg"
    (tmp_path / "hal_mpg").touch()
    assert own_command() == "hal_mpg"
    monkeypatch.setattr("sys.argv", ["/src/hal_mpg/__main__.py"])
    assert own_command().startswith("env PYTHONPATH=/src ")
    with pytest.raises(UsageError):
        rule_of_file(Path("/"))


@pytest.mark.parametrize("bus", [3, 0x19])
def test_what_learn_writes_is_taken_and_understood(tmp_path: Path, bus: int) -> None:
    path = tmp_path / "69-thing.rules"
    path.write_text(rule_text(pendant(bus=bus), "thing.yaml", (), ["RUN away"]))
    rule = rule_of_file(path)
    assert rule.name == "69-thing.rules"
    assert names(rule.text, pendant(bus=bus))
    assert names(rule.text, pendant(name="Other", bus=bus)) is (bus == 3)
    assert not names(rule.text, pendant(product=0x124, bus=bus))


SHIPPED_PROFILES = sorted((Path(__file__).parents[2] / "config/pendants").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED_PROFILES, ids=lambda path: path.stem)
def test_the_shipped_rules_name_every_device_of_a_shipped_profile(path: Path) -> None:
    """Of an input device or raw HID; on whichever bus it comes. Serial boards are everybody's."""
    profile = read_profile(path)
    if profile.source not in ("evdev", "hidraw") or path.stem == "example":
        return
    text = shipped_rule().text
    for match in profile.match:
        if match.vendor is None or match.product is None:
            continue
        devices = [pendant(match.vendor, match.product, match.name or "x", bus=bus) for bus in (3, 5)]
        assert any(names(text, device) for device in devices), f"{match.vendor:04x}:{match.product:04x}"
