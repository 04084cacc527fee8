# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware in simavr: compiles firmware/ and `board.c`, and plays scripts (see there)."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.avr.reader import Entry
from tests.beds.require import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
CORE = Path("/usr/share/arduino/hardware/arduino/avr/cores/arduino")

MCUS = {"uno": "atmega328p", "nano": "atmega328p", "mega": "atmega2560"}
"""The microcontroller of each board that is simulated."""

PACKAGES = "gcc-avr, avr-libc, arduino-core-avr, libsimavr-dev, gcc, g++, make"

# From pins_arduino.h of the core's variants: the AVR's pins behind the pins of firmware/README.md.
_UNO = {
    "wheel-a": "PD2", "wheel-b": "PD3",
    "x": "PD4", "y": "PD5", "z": "PD6", "a": "PD7", "b": "PB0", "c": "PB1",
    "x1": "PB2", "x10": "PB3", "x100": "PB4",
    "estop": "PC0", "enable": "PC1", "reset": "PC2", "home": "PC3",
    "lamp": "PB5",
}  # fmt: skip
_MEGA = {
    "wheel-a": "PE4", "wheel-b": "PE5",
    "x": "PG5", "y": "PE3", "z": "PH3", "a": "PH4", "b": "PH5", "c": "PH6",
    "x1": "PB4", "x10": "PB5", "x100": "PB6",
    "estop": "PF0", "enable": "PF1", "reset": "PF2", "home": "PF3",
    "lamp": "PB7",
}  # fmt: skip
_OTHER = {
    "wheel-a": "P2", "wheel-b": "P3",
    "x": "P4", "y": "P5", "z": "P6", "a": "P7", "b": "P8", "c": "P9",
    "x1": "P10", "x10": "P11", "x100": "P12",
    "estop": "P26", "enable": "P27", "reset": "P28", "home": "P29",
    "lamp": "P13",
}  # fmt: skip
PINS = {"uno": _UNO, "nano": _UNO, "mega": _MEGA, "other": _OTHER}
"""The pins of each board; "other" is the sketch as a program of this machine (other_board)."""


def require_avr() -> None:
    """Skip (or, where it must be there, fail) the running test without compilers and simulator."""
    tools = all(shutil.which(tool) for tool in ("avr-gcc", "avr-g++", "make", "gcc", "g++"))
    if not (tools and CORE.is_dir() and Path("/usr/include/simavr/sim_avr.h").exists()):
        skip_or_fail(f"the AVR compiler, its Arduino core or simavr is missing (Debian: {PACKAGES})")


@functools.cache
def _build_directory() -> Path:
    """Return a directory that any user may read: the harness runs beside a LinuxCNC, too."""
    directory = Path(tempfile.mkdtemp(prefix="hal_mpg-avr-"))
    directory.chmod(0o755)
    return directory


def remove_build() -> None:
    """Remove what was compiled."""
    if _build_directory.cache_info().currsize:
        shutil.rmtree(_build_directory(), ignore_errors=True)
        _build_directory.cache_clear()
        firmware.cache_clear()
        board_program.cache_clear()
        other_board_program.cache_clear()


@functools.cache
def firmware(board: str = "uno", extra: str = "") -> Path:
    """Compile the sketch with its own Makefile; return the ELF file. `extra`: flags for the compiler."""
    build = _build_directory() / (extra.encode().hex() or "as-is")
    command = ["make", "-s", "-C", str(FIRMWARE), f"BOARD={board}", f"BUILD={build}", f"EXTRA={extra}"]
    _compile(command)
    return build / board / "hal_mpg_pendant.elf"


@functools.cache
def board_program() -> Path:
    """Compile board.c; return the program."""
    program = _build_directory() / "board"
    command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program)]
    _compile([*command, str(ROOT / "tests/avr/board.c"), "-lsimavr"])
    return program


@functools.cache
def other_board_program() -> Path:
    """Compile the sketch for this machine; return the program."""
    program = _build_directory() / "other_board"
    command = ["g++", "-O1", "-g", "-std=gnu++11", "-Wall", "-Wextra"]
    command += ["-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", str(program)]
    command += [f"-I{ROOT / 'tests/avr/other_board'}", f"-I{FIRMWARE / 'hal_mpg_pendant'}"]
    _compile([*command, str(ROOT / "tests/avr/other_board/board.cpp")])
    return program


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}:\n{done.stdout}{done.stderr}", pytrace=False)


def play(script: Iterable[str], board: str = "uno", extra: str = "") -> list[Entry]:
    """Play a script's lines in simulated time; return the record."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "script"
        path.write_text("\n".join(script) + "\n")
        if board == "other":
            command = [str(other_board_program()), str(path)]
        else:
            command = [str(board_program()), str(firmware(board, extra)), MCUS[board], "-", str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    entries = []
    for line in done.stdout.splitlines():
        time_us, kind, text = line.split(" ", 2)
        entries.append(Entry(float(time_us) / 1e6, kind, text))
    return entries
