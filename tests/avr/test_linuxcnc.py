# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware in the simulator, hal_mpg at its pseudo-terminal, a whole LinuxCNC: exact positions."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.avr.bed import MCUS, PINS, board_program, firmware
from tests.avr.reader import Entry, read
from tests.beds.linuxcnc import ROOT, require_linuxcnc, run_linuxcnc
from tests.beds.serial_hands import write_profile

SEED = int(os.environ.get("HAL_MPG_SEED", "6"))

EDGES = 10_000

CONTROLS = "axis=xyzabc scale=x1,x10,x100 estop enable leds=ready"

SILENCE_S = 1.0
"""Real times are not what is looked at here: a busy machine must not lose the pendant by itself."""

FORGOTTEN = 1e-4
"""In mm or degrees, a tenth of the smallest step. What is missing when an axis is disabled is forgotten."""

Notes = dict[str, Any]


@pytest.fixture(scope="module")
def notes() -> Iterator[Notes]:
    """Return what drive_edges.py noted, and what the firmware said, as "record"."""
    require_linuxcnc()
    folder = Path(tempfile.mkdtemp(prefix="hal_mpg-avr-linuxcnc-"))
    folder.chmod(0o755)
    try:
        yield play(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(folder: Path) -> Notes:
    """Play the driver."""
    ports = folder / "ports"
    ports.mkdir()
    ports.chmod(0o777)  # the simulator runs beside LinuxCNC, as its user
    board, port, control, record_file = "uno", ports / "port", ports / "control", ports / "record"
    profile = write_profile(folder / "pendant.yaml", f"port: {port}", SILENCE_S, CONTROLS)
    command = f"{board_program()} {firmware(board)} {MCUS[board]} {record_file} --live {control} {port}"
    run = run_linuxcnc(
        "sim-6axis.ini",
        ROOT / "tests/avr/drive_edges.py",
        pendant=str(profile),
        before=f"{{ {command} & }}; while [ ! -e {port} ]; do sleep 0.05; done",
        arguments={"seed": SEED, "socket": str(control), "pins": PINS[board], "edges": EDGES},
        timeout_s=600,
    )
    print(run.output)  # pytest shows it if a test fails
    lines = [line.split(" ", 2) for line in record_file.read_text().splitlines()]
    record = [Entry(float(time_us) / 1e6, kind, text) for time_us, kind, text in lines]
    return {**run.result, "record": record}


def test_ten_thousand_edges_end_at_the_exact_positions(notes: Notes) -> None:
    end = notes["edges"]
    assert end["edges"] - end["disturbed"] >= EDGES
    assert end["reversals"] > 300
    assert end["switched"] > 200
    assert end["is"] == pytest.approx(end["should"], abs=1e-5)
    assert all(position for position in end["should"].values())
    assert end["pins"]["garbled"] == end["pins"]["reconnects"] == 0


def test_the_estop_stops_the_machine_and_moves_nothing(notes: Notes) -> None:
    for what in ("estop", "hang", "reset", "power", "unplug"):
        stopped, back = notes[what], notes[f"{what}, back"]
        assert stopped["is"] == pytest.approx(stopped["should"], abs=FORGOTTEN), what
        assert not stopped["pins"]["armed"]
        assert back["state"] == "ESTOP", what
        assert back["is"] == pytest.approx(stopped["is"], abs=1e-9), what


def test_each_restart_is_seen(notes: Notes) -> None:
    """The watchdog's, the reset button's, the power's; and the plug that came out and went in again."""
    before = notes["estop, back"]["pins"]["reconnects"]
    seen = [
        notes[f"{what}, back"]["pins"]["reconnects"] - before for what in ("hang", "reset", "power", "unplug")
    ]
    assert (before, seen) == (0, [1, 2, 3, 4])


def test_what_the_firmware_said_was_valid(notes: Notes) -> None:
    """Up to the first restart; the reader raises where a line is not as the protocol's page says."""
    assert len(read(notes["record"]).states) > 1000


def test_the_lamp_follows_the_pin(notes: Notes) -> None:
    level, seen = "", {}
    for entry in notes["record"]:
        if entry.kind == "pin":
            level = entry.text.split()[1]
        elif entry.kind == "mark":
            seen[entry.text] = level
    assert (seen["lit"], seen["dark"]) == ("1", "0")


def test_linuxcnc_had_no_other_complaints(notes: Notes) -> None:
    assert set(notes["errors"]) <= {"motion stopped by enable input", "Jog aborted by jog-stop"}
