# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg check`: what it says of good profiles and of bad ones, and with which status."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg import cli
from hal_mpg.commands import check as command
from hal_mpg.odd_distances import odd_distances
from hal_mpg.profile import Increment, Match
from hal_mpg.profile_parts.match import match_text
from hal_mpg.profile_summary import as_data, as_lines, warnings
from hal_mpg.profile_yaml import load_profile
from tests.core.bed import CONTROLS, HEAD
from tests.fuzz.profiles import random_profile

TEXT = HEAD + "controls:\n" + "".join(f"  {name}: {form}\n" for name, form in CONTROLS.items())


def write(folder: Path, text: str, name: str = "p.yaml") -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    path.chmod(0o644)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(["check", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def summary(controls: dict[str, str], head: str = HEAD) -> str:
    text = head + "controls:\n" + "".join(f"  {name}: {form}\n" for name, form in controls.items())
    return "\n".join(as_lines(load_profile(text, "p.yaml")))


def test_a_label_is_told_in_full_and_the_interface_too() -> None:
    buttons = {"buttons": "{machine-on: BTN_START, machine-off: BTN_SELECT}"}
    lines = summary(CONTROLS | buttons).splitlines()
    assert any(line.startswith("button machine-on ") for line in lines)
    assert any(line.startswith("button machine-off ") for line in lines)
    columns = {
        line.index(words) for line in lines for words in ("BTN_START ->", "BTN_SELECT ->") if words in line
    }
    assert len(columns) == 1
    where = Match(vendor=0x1209, product=0x0002, interface=1)
    assert match_text(where) == "USB id 1209:0002 and USB interface 1"


def test_a_good_profile_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, write(tmp_path, TEXT))
    assert (status, err) == (0, "")
    for words in (
        "no faults",
        "X (BTN_TRIGGER), Y (BTN_THUMB)",
        "0.001 mm",
        "0.0001 inch",
        "0.1 degree",
        "normally closed",
        "-> pin hal_mpg.button.home",
        "<- pin hal_mpg.led.ready",
        "hal_mpg.feed-override.counts",
        "only while it is held",
    ):
        assert words in out


def test_every_file_is_checked_and_every_fault_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path, TEXT.replace("REL_DIAL", "REL_DAIL").replace("mm: 0.1,", "mm: 0,"), "bad.yaml")
    good = write(tmp_path, TEXT, "good.yaml")
    status, out, err = run(capsys, bad, good, str(tmp_path / "none.yaml"))
    assert status == 3
    lines = err.splitlines()
    assert lines[0].startswith(f"{bad}:6:")
    assert lines[1].startswith(f"{bad}:8:")
    assert "did you mean REL_DIAL?" in lines[1]
    assert lines[2].startswith(f"{tmp_path}/none.yaml:1:1: cannot be read")
    assert len(lines) == 3
    assert out.startswith(f"{good}: no faults")


def test_quiet_says_nothing_of_what_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--quiet", write(tmp_path, TEXT), "generic-4axis") == (0, "", "")


def test_known_profiles_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "generic-4axis")
    assert (status, "Generic USB MPG, 4 axes" in out) == (0, True)
    status, out, err = run(capsys, "generic-4axes")
    assert (status, out) == (3, "")
    assert err.startswith("generic-4axes:1:1: no such profile")
    assert "did you mean generic-4axis?" in err
    assert run(capsys, "--all")[0] == 0


def test_a_file_without_a_suffix_goes_before_a_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, TEXT, "generic-4axis")
    monkeypatch.chdir(tmp_path)
    assert "generic-4axis: no faults\ntest\n" in run(capsys, "generic-4axis")[1]


@pytest.mark.parametrize(("content", "status"), [(TEXT.encode(), 0), (b"", 3), (b"\xff\xfe", 3), (b"- 1", 3)])
def test_standard_input(
    content: bytes, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    found, _, err = run(capsys, "-")
    assert found == status
    assert not status or err.startswith("<stdin>:1:")


def test_nothing_to_check_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)
    assert (status, out) == (2, "")
    assert "name a file" in err


def test_the_schema_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--schema")
    assert status == 0
    assert json.loads(Path(out.strip()).read_text("utf-8"))["title"]


def test_json_has_faults_and_summaries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = write(tmp_path, TEXT + "more: 1\n", "a:1:2.yaml"), write(tmp_path, TEXT)
    status, out, err = run(capsys, "--json", bad, good)
    document: dict[str, Any] = json.loads(out)
    assert (status, err, document["ok"]) == (3, "", False)
    first, second = document["files"]
    assert first["summary"] is None
    assert first["faults"][0]["line"] == 16
    assert first["faults"][0]["message"].startswith("'more' is no key")
    assert second["ok"]
    assert second["summary"]["estop"] == {"key": "BTN_BASE4", "contact": "normally-closed"}
    assert second["summary"]["detent"]["a"]["x100"] == {"degree": "1"}
    assert second["summary"]["detent"]["x"]["x1"] == {"mm": "0.001", "inch": "0.0001"}
    assert "hal_mpg.axis.x.jog-counts" in second["summary"]["pins"]


def test_each_form_has_its_words() -> None:
    base = {"wheel": "{rel: REL_DIAL}", "axis": "{keys: {x: 1}}", "scale": "{keys: {x1: 2, x10: 3, x100: 4}}"}
    forms = {
        ("wheel", "{keys: {forward: KEY_UP, backward: KEY_DOWN}}"): "KEY_UP forward, KEY_DOWN backward",
        ("wheel", "{abs: ABS_WHEEL, modulo: 256}"): "ABS_WHEEL says where it stands, 0 to 255",
        (
            "wheel",
            "{rel: REL_DIAL, counts-per-detent: 4, invert: true}",
        ): "4 counts are one detent; direction",
        ("axis", '{abs: ABS_RX, positions: {0: "off", 1: x}}'): "by the value of ABS_RX: 0 off, 1 X",
        ("axis", "{next: KEY_A, previous: KEY_B, order: [x, y]}"): "X, Y; KEY_A to the next and KEY_B to",
        ("estop", "{key: 5, contact: normally-open}"): "a broken wire is NOT noticed",
        ("estop", "{key: 5}"): "E-stop: hal_mpg.estop-ok goes FALSE",
    }
    for (control, form), words in forms.items():
        assert words in summary({**base, control: form}), form
    assert "the wheel is dead, no more" in summary(base)
    assert "E-stop           none; hal_mpg.estop-ok is always TRUE" in summary(base)
    assert "on-disconnect: estop in the profile changes that" in summary(base)
    stopping = summary(base, HEAD + "on-disconnect: estop\n")
    assert "none; hal_mpg.estop-ok is FALSE only while the pendant is not there" in stopping
    assert "plug pulled      E-stop" in stopping
    assert "the wheel is live whenever" in summary(base)


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("{name: test}", "{name: '*'}", "fits every input device"),
        (", x100: 0x128", "", "no position of the scale selector is x100"),
        (
            "{rel: REL_DIAL}",
            "{abs: ABS_WHEEL, modulo: 10, counts-per-detent: 4}",
            "no whole number of detents",
        ),
        (
            "inch: 0.001, ",
            "",
            "on an inch machine it does not start: the profile's increment x10 has no inch",
        ),
        ("mm: 0.001", "mm: 0.000000003", "have no common step"),
        ("{name: test}", "{vendor: 0x046d}", "every device of vendor 046d"),
        ("{name: test}", "{vendor: 0x046d, name: '*'}", "every device of vendor 046d"),
        ("mm: 0.001", "mm: 0.1", "one click at x10 moves less than at x1 (0.01 mm, and 0.1 mm)"),
        ("inch: 0.001", "inch: 0.01", "x10 moves 0.01 mm, but on an inch machine 0.01 inch, which is 0.254"),
        ("mm: 0.1", "mm: 10.01", "one click at x100 moves 10.01 mm; is that meant?"),
        ("degree: 1", "degree: 21", "one click at x100 moves 21 degree"),
    ],
)
def test_what_is_odd_is_told_and_is_no_fault(
    good: str, bad: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not list(warnings(load_profile(TEXT, "p.yaml")))
    status, out, err = run(capsys, write(tmp_path, TEXT.replace(good, bad)))
    assert (status, "no faults" in out) == (0, True)
    assert words in err


def test_scales_may_come_down_where_their_names_do() -> None:
    def odd(*distances: tuple[str, str]) -> list[str]:
        return list(odd_distances([Increment.of(scale, mm=Decimal(mm)) for scale, mm in distances]))

    assert not odd(("x100", "0.1"), ("x10", "0.01"), ("x1", "0.001"))
    assert not odd(("1", "1"), ("0.1", "0.1"))
    assert odd(("x10", "0.01"), ("x1", "0.1")) == [
        "one click at x10 moves less than at x1 (0.01 mm, and 0.1 mm); is that the right way round?"
    ]
    assert len(odd(("fine", "0.1"), ("coarse", "0.01"))) == 1
    assert not odd(("a", "0.1"), ("b", "0.1"))


def test_a_wheel_that_moves_no_axis_is_odd() -> None:
    text = HEAD + "controls: {wheel: {rel: 7}, axis: {keys: {feed-override: 1}}"
    text += ", scale: {keys: {x1: 2, x10: 3, x100: 4}}}\n"
    assert "no position of the axis selector is an axis" in "\n".join(warnings(load_profile(text, "p.yaml")))


@given(st.integers())
def test_whatever_can_be_loaded_can_be_told(seed: int) -> None:
    profile = load_profile(random_profile(Random(seed)), "p.yaml")
    assert all(line.isprintable() for line in as_lines(profile))
    assert json.loads(json.dumps(as_data(profile)))["name"] == profile.name
    list(warnings(profile))


def test_the_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert "examples:" in command.parser().format_help()


def test_closed_outputs_are_no_fault_of_anybodys(tmp_path: Path) -> None:
    good = write(tmp_path, TEXT)
    command = f"{sys.executable} -m hal_mpg check {good} {tmp_path}/none.yaml >&- 2>&-"
    done = subprocess.run(command, shell=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 3
