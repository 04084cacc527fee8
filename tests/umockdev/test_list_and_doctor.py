# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg list` and `hal_mpg doctor` as an ordinary user, on emulated devices of many kinds."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.beds.namespaces import private_command
from tests.umockdev.bed import SYSTEM_PYTHON
from tests.umockdev.pendants import KEYBOARD, MOUSE, PENDANT

PAD = {"name": "Pad", "vendor": 0x1189, "product": 0x88FF, "port": "1-3"}
PAD_NODES = [
    [6, {**PAD, "keys": list(range(1, 120))}],
    [7, {**PAD, "name": "Pad Consumer Control", "interface": 1, "keys": [113, 114, 115]}],
]

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(project: Path) -> Iterator[Run]:
    """Return what plugs in devices, and runs tools beside them."""

    def run_tools(devices: list[Any], *commands: list[Any]) -> list[dict[str, Any]]:
        plugged = [[number, {k: listed(v) for k, v in hardware.items()}] for number, hardware in devices]
        task = json.dumps({"devices": plugged, "commands": commands})
        command = ["umockdev-wrapper", SYSTEM_PYTHON, "-m", "tests.umockdev.tools_on_devices", task]
        environment = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
        done = subprocess.run(
            private_command(command, home),
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=home,
            env={**environment, "PYTHONPATH": str(project), "TMPDIR": str(home)},
            timeout=120,
        )
        results: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        assert not any("Traceback" in result["out"] + result["err"] for result in results)
        return results

    with tempfile.TemporaryDirectory(prefix="hal_mpg-tools-") as name:
        home = Path(name)
        home.chmod(0o777)
        yield run_tools


def listed(value: Any) -> Any:
    return list(value) if isinstance(value, range | set) else value


def test_the_pendant_first_what_is_hardly_one_last_and_nodes_of_one_device_together(run: Run) -> None:
    devices = [
        [2, KEYBOARD],
        [3, MOUSE],
        [4, {"name": "Power Button", "port": "", "vendor": 0, "keys": [116]}],
    ]
    (text, listed) = run([*devices, *PAD_NODES, [9, PENDANT]], ["list"], ["list", "--json"])
    assert (text["status"], listed["status"]) == (0, 0)
    lines = text["out"].splitlines()
    assert lines[0].startswith("Test MPG Pendant   (1209:0001, looks like: joystick)")
    assert lines.index("Pad   (1189:88ff, looks like: keyboard)") > 0
    assert "  node      /dev/input/event7, Pad Consumer Control" in lines
    assert any(line.startswith("  Mouse   (mouse, ") for line in lines)
    document = json.loads(listed["out"])["devices"]
    assert [len(device["nodes"]) for device in document] == [1, 2, 1, 1, 1]
    assert document[0]["profiles"][0]["name"] == "generic-6axis"
    assert document[1]["profiles"] == []
    assert [device["hardly_a_pendant"] for device in document] == [False, False, True, True, True]


def test_one_that_may_not_be_read_is_shown_with_the_command(run: Run) -> None:
    if os.geteuid() != 0:
        pytest.skip("an ordinary user's emulated nodes are always his own")  # root's bed is nobody's
    for mode in (0, 0o060):
        (listed,) = run([[5, PENDANT | {"mode": mode}]], ["list", "--json"])
        (device,) = json.loads(listed["out"])["devices"]
        assert device["readable"] is False
        assert "this user may not read it: it is for user" in device["why_not"]
        assert device["command"].endswith("install-udev")


@pytest.mark.parametrize(
    "strange",
    [
        {"name": "\udcff\udcfe"},
        {"name": ""},
        {"name": "\x1b[31mred\n"},
        {"name": "x" * 200},
        {"keys": [], "relatives": []},
        {"vendor": 0, "product": 0, "port": ""},
    ],
)
def test_a_strange_device_is_shown_and_stops_nothing(run: Run, strange: dict[str, Any]) -> None:
    results = run([[5, PENDANT | strange]], ["list"], ["list", "--json"], ["doctor"], ["doctor", "--json"])
    assert [result["status"] for result in results] == [0, 0, 1, 1]
    assert all(result["err"] == "" for result in results)
    assert all("\x1b" not in result["out"] for result in results)
    assert json.loads(results[1]["out"])["devices"]
    assert json.loads(results[3]["out"])["wrong"] is True


def test_without_any_device(run: Run) -> None:
    text, listed, doctor = run([], ["list"], ["list", "--json"], ["doctor", "--json"])
    assert "No pendant is plugged in" in text["out"]
    assert json.loads(listed["out"])["devices"] == []
    assert "no-device" in ids(doctor)


def ids(result: dict[str, Any]) -> set[str]:
    found = json.loads(result["out"])["findings"]
    return {finding["id"] for finding in found if finding["severity"] in ("warning", "error")}


def test_the_doctor_tells_the_kinds_of_absence_apart(run: Run) -> None:
    (unknown,) = run(PAD_NODES, ["doctor", "--json"])
    assert "no-profile" in ids(unknown)
    (hidden,) = run([[2, KEYBOARD]], ["doctor", "--json"])
    assert "no-device" in ids(hidden)
    (lacking,) = run([[5, PENDANT | {"relatives": []}]], ["doctor", "--json"])
    assert "missing-codes" in ids(lacking)
    (other,) = run([[5, PENDANT]], ["doctor", "--json", "--pendant", "example"])
    assert ids(other) & {"other-pendant", "no-device", "no-profile"}
