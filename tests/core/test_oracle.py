# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sequences, from bytes to positions of axes, against an oracle written from the contract alone.

HAL_MPG_ORACLE_SEQUENCES sets how many sequences; HAL_MPG_ORACLE_SEED where they start.
"""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from hal_mpg.events import PinWrite
from tests.core.bed import EPS
from tests.core.oracle import DISTANCES
from tests.core.simulation import PER_AXIS, SHARED, STEPS, Simulation, Wiring, play

SEQUENCES = int(os.environ.get("HAL_MPG_ORACLE_SEQUENCES", "1200"))
FIRST_SEED = int(os.environ.get("HAL_MPG_ORACLE_SEED", "1"))
CHUNKS = 8

SHORTEST_S: dict[tuple[str, object], float] = {
    ("estop-ok", False): 0.1,
    ("estop", True): 0.1,
    ("jog-stop", True): 0.05,
}
ENABLES = {f"axis.{axis}.jog-enable" for axis in DISTANCES}
COUNTERS = {f"axis.{axis}.jog-counts": axis for axis in DISTANCES}
SAFER = {("estop-ok", False), ("estop", True), ("jog-stop", True), ("armed", False)} | {
    (enable, False) for enable in ENABLES
}
"""Writes that make things safer."""
ENABLING = {(pin, not value) for pin, value in SAFER}


class Watch:
    """Looks at every single pin write and servo period."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        simulation.on_write, simulation.on_batch = self.wrote, self.batch
        simulation.on_servo = self.servo
        self.since: dict[tuple[str, object], float] = {}
        self.shown = dict(simulation.pins)
        self.owed = dict.fromkeys(DISTANCES, Decimal(0))  # counted, but not yet seen by a servo period
        self.disabled = False  # since the last servo period
        self.unmoved = dict.fromkeys(DISTANCES, Decimal(0))  # counted, but disabled before they were seen

    def wrote(self, write: PinWrite) -> None:
        pin, value = write
        now = self.simulation.now
        before, self.shown[pin] = self.shown[pin], value
        assert before != value, f"{write} changes nothing"
        self.since[write] = now
        shortest = SHORTEST_S.get((pin, before))
        if shortest is not None and (pin, before) in self.since:
            assert now - self.since[pin, before] >= shortest - EPS, f"{pin} was {before} for too short"
        if pin in COUNTERS:
            axis = COUNTERS[pin]
            self.owed[axis] += (int(value) - int(before)) * STEPS[axis]
        self.disabled = self.disabled or (pin in ENABLES and not value)

    def batch(self, writes: list[PinWrite]) -> None:
        pins = self.simulation.pins
        safer = [place for place, write in enumerate(writes) if write in SAFER]
        others = [place for place, write in enumerate(writes) if write in ENABLING or write.pin in COUNTERS]
        assert not safer or not others or safer[-1] < others[0], f"not the safer ones first: {writes}"
        if pins["estop"]:
            assert not pins["armed"]
        assert all(pins[enable] == pins["armed"] for enable in ENABLES)
        assert not (pins["jog-stop"] and pins["armed"])
        actuated = not pins["connected"] or "contact" not in self.simulation.oracle.keys
        if actuated:
            assert (pins["estop-ok"], pins["estop"]) == (False, True)

    def servo(self, moved: dict[str, Decimal]) -> None:
        for axis, owed in self.owed.items():
            if moved.get(axis, Decimal(0)) != owed:
                assert self.disabled, f"{axis} was moved by {moved.get(axis, 0)} and not by {owed}"
                assert axis not in moved, f"{axis} was moved by {moved[axis]}, and not by all or nothing"
                self.unmoved[axis] += owed
            self.owed[axis] = Decimal(0)
        self.disabled = not self.simulation.pins["armed"]


def run(seed: int, wiring: Wiring = PER_AXIS) -> Simulation:
    """Play one sequence; raises AssertionError where anything is not as it has to be."""
    simulation = Simulation(seed, wiring)
    watch = Watch(simulation)
    play(simulation)
    shown = simulation.shown()
    simulation.oracle.compare(shown)
    went = zip(shown.positions, simulation.jogging.positions.values(), watch.unmoved.values(), strict=True)
    assert all(counted == moved + unmoved for counted, moved, unmoved in went)
    return simulation


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_detent_is_where_it_belongs(chunk: int) -> None:
    counted = received = foreseen = 0
    for number in range(SEQUENCES // CHUNKS):
        seed = FIRST_SEED + chunk + CHUNKS * number
        try:
            simulation = run(seed)
        except Exception as error:
            error.add_note(f"HAL_MPG_ORACLE_SEED={seed} HAL_MPG_ORACLE_SEQUENCES={CHUNKS}")
            raise
        received += simulation.oracle.received
        counted += abs(simulation.shown().counts)
        foreseen += simulation.foreseen
    assert received > 10 * SEQUENCES // CHUNKS
    assert foreseen > SEQUENCES // CHUNKS // 10, "hardly anything was foreseen"
    assert counted > SEQUENCES // CHUNKS, "hardly anything was counted: this test tests nothing"


def test_with_one_shared_counter_the_same_sequences_go_wrong() -> None:
    """The wiring of LinuxCNC's manual: this is what the axes' own counters are for."""
    wrong = 0
    for seed in range(FIRST_SEED, FIRST_SEED + 40):
        try:
            run(seed, SHARED)
        except AssertionError as error:
            assert "was moved by" in str(error)
            wrong += 1
    assert wrong > 10
