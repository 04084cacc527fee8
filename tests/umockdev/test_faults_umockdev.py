# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the faults of the catalogue that need an emulated pendant; see tests/faults."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.catalogue import Fault, load
from tests.faults.play import play
from tests.faults.results import check, this_machine
from tests.umockdev.bed import Bed
from tests.umockdev.faults_device_stage import DeviceStage
from tests.umockdev.faults_profile_stage import ProfileStage
from tests.umockdev.faults_stage import UmockdevStage
from tests.umockdev.faults_virtual_stage import VirtualStage

STAGES = {"umockdev": DeviceStage, "umockdev-profiles": ProfileStage, "umockdev-virtual": VirtualStage}
FAULTS = load("umockdev")


@pytest.fixture(scope="module")
def stages(project: Path) -> Iterator[dict[str, UmockdevStage]]:
    """Return a stage for each part of the catalogue, on a machine of its own."""
    with tempfile.TemporaryDirectory(prefix="hal_mpg-umockdev-") as name:
        homes = {part: Path(name, part) for part in STAGES}
        Path(name).chmod(0o755)
        for home in homes.values():
            home.mkdir()
        beds = {part: Bed(project, home) for part, home in homes.items()}
        try:
            yield {part: stage(beds[part]) for part, stage in STAGES.items()}
        finally:
            for bed in beds.values():
                bed.close()


@pytest.fixture(scope="module")
def machine() -> str:
    return this_machine()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault(fault: Fault, stages: dict[str, UmockdevStage], machine: str) -> None:
    stage = stages[fault.part]
    result = play(stage, fault)
    result.error = result.error or stage.fault_of_the_program()
    print(stage.said())  # pytest shows it if a test fails
    check(fault, {fault.id: result.as_json()}, machine)
