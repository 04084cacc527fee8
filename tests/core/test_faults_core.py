# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the faults of the catalogue that need a fake HAL, or none; see tests/faults."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.core.faults_loop_stage import LoopStage, RefusedError
from tests.core.faults_stage import CoreStage
from tests.core.test_runner import World
from tests.faults.catalogue import Fault, load
from tests.faults.play import Result, play
from tests.faults.results import check, this_machine

CORE = [fault for fault in load("fake") if fault.part == "fake"]
LOOP = [fault for fault in load("fake") if fault.part == "fake-hal"]


@pytest.fixture(scope="module")
def machine() -> str:
    return this_machine()


@pytest.fixture
def _signal_handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("fault", CORE, ids=lambda fault: fault.id)
def test_fault_of_the_state_machine(fault: Fault, machine: str) -> None:
    result = play(CoreStage(), fault)
    check(fault, {fault.id: result.as_json()}, machine)


@pytest.mark.usefixtures("_signal_handlers")
@pytest.mark.parametrize("fault", LOOP, ids=lambda fault: fault.id)
def test_fault_of_hal(fault: Fault, machine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    results: list[Result] = []
    said: list[str] = []

    def tell() -> str:
        said.append(capsys.readouterr().err)
        return "".join(said)

    with suppress(RefusedError):
        world.run(lambda world: results.append(play(LoopStage(world, tell), fault, lambda line: None)))
    check(fault, {result.id: result.as_json() for result in results}, machine)
