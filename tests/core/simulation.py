# SPDX-License-Identifier: GPL-2.0-or-later
"""A user, a kernel, and LinuxCNC's wheel jogging around the real core, on the fake HAL; all from one seed.

The user's doings become bytes in the kernel's queue, which are read in arbitrary pieces. After any pin
write a servo period may come. Whatever is read is told to the oracle in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from hal_mpg.events import (
    EV_KEY,
    EV_REL,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
    Connected,
    DeviceEvent,
    Disconnected,
    Event,
    EventsLost,
    Gates,
    NodeState,
    PinValue,
    PinWrite,
    ProgramInput,
    Snapshot,
)
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.pendant import Pendant
from hal_mpg.sources.frames import INPUT_EVENT, FrameBuilder
from tests.core.bed import REL_DIAL, foreseen, make_profile
from tests.core.oracle import CODES, DISTANCES, History, Oracle

PROFILE = make_profile(
    axis="{keys: {x: 0x120, y: 0x121, z: 0x122, a: 0x123}}", without=("reset", "buttons", "leds")
)
KEYS = {name: code for code, name in CODES.items()}
STEPS = {axis: Decimal(distances["x1"]) for axis, distances in DISTANCES.items()}
GATES = ("machine-is-on", "mode-is-manual", "inhibit")
AXIS_KEYS, SCALE_KEYS = tuple(DISTANCES), ("x1", "x10", "x100")

Wiring = dict[str, tuple[str, str, str]]
PER_AXIS: Wiring = {
    axis: (f"axis.{axis}.jog-counts", f"axis.{axis}.jog-enable", f"axis.{axis}.jog-scale")
    for axis in DISTANCES
}
"""The pins for jog-counts, jog-enable and jog-scale of each axis of LinuxCNC, as in the sample files."""

SHARED: Wiring = {axis: ("counts", f"axis.{axis}.selected", "scale") for axis in DISTANCES}
"""The wiring of LinuxCNC's manual: one counter for all, enabled by the selector, scaled by a multiplexer."""


class WheelJogging:
    """What LinuxCNC's motion controller makes of jog-counts in each servo period (axis.c)."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.old = dict.fromkeys(wiring, 0)
        self.positions = dict.fromkeys(wiring, Decimal(0))

    def period(self, pins: dict[str, PinValue]) -> dict[str, Decimal]:
        """Run one period; return by how much each axis was moved."""
        moved = {}
        for axis, (counts, enable, scale) in self.wiring.items():
            delta = int(pins[counts]) - self.old[axis]
            self.old[axis] = int(pins[counts])
            if delta and pins[enable]:
                moved[axis] = delta * Decimal(str(pins[scale]))
                self.positions[axis] += moved[axis]
        return moved


@dataclass(slots=True)
class Record:
    """One input event in the kernel's queue."""

    kind: int
    code: int
    value: int
    time: float

    def pack(self) -> bytes:
        return INPUT_EVENT.pack(
            *divmod(round(self.time * 1_000_000), 1_000_000), self.kind, self.code, self.value
        )


class Simulation:
    """One sequence."""

    def __init__(self, seed: int, wiring: Wiring = PER_AXIS) -> None:
        self.random = Random(seed)
        self.is_absurd = self.random.random() < 0.4
        self.hal = FakeHal()
        self.pendant = Pendant(PROFILE, Machine())
        self.port = HalPort(self.hal, "hal_mpg", self.pendant.pins)
        self.pins: dict[str, PinValue] = {pin.name: pin.initial for pin in self.pendant.pins}
        self.hal.log.clear()
        self.oracle = Oracle()
        self.jogging = WheelJogging(wiring)
        self.on_servo: Callable[[dict[str, Decimal]], None] = lambda moved: None
        self.on_batch: Callable[[list[PinWrite]], None] = lambda writes: None
        self.on_write: Callable[[PinWrite], None] = lambda write: None
        self.now = self.oracle.now = 100.0
        self.foreseen = 0  # writes that were certain before the event was handled
        self.keys = {"x", "x1", "contact"}  # that are held in truth
        self.queue: list[Record] = []
        self.partial: list[Record] = []  # read, but their SYN_REPORT was not
        self.is_void = False  # SYN_DROPPED was read, but the SYN_REPORT after it was not
        self.builder = FrameBuilder(0)
        self.plugged = False
        self.gates: Gates | None = None
        self.program: ProgramInput | None = None
        self.hal.set_p("hal_mpg.mpg-run.detent-time", "1e-9")  # too short for its limit to matter

    # The world.

    def user_does(self, *changes: tuple[str | int, int]) -> None:
        """Put a frame in the queue: (key, 0 or 1), or (REL_DIAL, detents)."""
        for what, value in changes:
            if isinstance(what, str):
                (self.keys.add if value else self.keys.discard)(what)
                self._queue(EV_KEY, KEYS[what], value)
            else:
                self._queue(EV_REL, what, value)
        self._queue(EV_SYN, SYN_REPORT, 0)

    def _queue(self, kind: int, code: int, value: int) -> None:
        if self.plugged:
            self.queue.append(Record(kind, code, value, self.now))

    def overflow(self) -> None:
        """The kernel's queue overflows: what is unread goes, and SYN_DROPPED stands for it."""
        if self.plugged:
            kept = self.queue[-self.random.randrange(1, 4) :]
            while kept and kept[-1].kind == EV_SYN and len(kept) > 1 and kept[-2].kind == EV_SYN:
                kept.pop()
            self.queue = [Record(EV_SYN, SYN_DROPPED, 0, self.now), *kept]
            if not kept or kept[-1].kind != EV_SYN:
                self._queue(EV_SYN, SYN_REPORT, 0)

    def set_gate(self, name: str, value: bool) -> None:
        """The rest of HAL sets an input pin."""
        self.hal.set_p(f"hal_mpg.{name}", str(value))

    # The runner.

    def wait(self, seconds: float, is_stalled: bool = False) -> None:
        """Let time pass; a stalled process does nothing meanwhile."""
        end = round(self.now + seconds, 6)
        while not is_stalled and (deadline := self.pendant.next_deadline()) is not None and deadline <= end:
            self.now = self.oracle.now = max(self.now, deadline)
            self._tick()
        self.now = self.oracle.now = end
        if not is_stalled:
            self.oracle.changed(end)
            self._compare()
            self.oracle.wait_is_over(end)

    def _tick(self) -> None:
        self._write(self.pendant.tick(self.now))
        self.oracle.changed(self.now)
        self._compare()

    def read_all(self) -> None:
        """Read until nothing is left."""
        self.read(1.0)
        while self.queue:
            self.read(1.0)

    def read(self, share: float | None = None) -> None:
        """Read what there is, or a piece of it, and hand it over."""
        events: list[Event] = []
        gates = self.port.gates()
        if gates != self.gates:
            self.gates = gates
            events.append(gates)
            oracle = self.oracle
            oracle.machine_is_on, oracle.mode_is_manual, oracle.inhibit = gates
            oracle.changed(self.now)
        program = self.port.program_input()
        if program != self.program:
            self.program = program
            events.append(program)
            self.oracle.selects_run = program.is_selected
            self.oracle.changed(self.now)
        share = share or self.random.choice((1.0, 1.0, self.random.random()))
        self.step([*events, *self._device_events(share)])

    def step(self, events: Iterable[Event]) -> None:
        """Hand over a batch as the runner does: then a tick, if it is due."""
        batch = list(events)
        at_once = foreseen(self.pendant, batch, self.now)
        if at_once:
            self._write(at_once)
        writes = self.pendant.handle(batch, self.now)
        assert not {write.pin for write in at_once} & {write.pin for write in writes}, (
            "it was foreseen wrongly"
        )
        self.foreseen += len(at_once)
        self._write(writes)
        self.oracle.changed(self.now)
        self._compare()
        deadline = self.pendant.next_deadline()
        if deadline is not None and deadline <= self.now:
            self._tick()

    def plug_in(self) -> None:
        """Plug the pendant in; hal_mpg finds it now."""
        if not self.plugged:
            self.plugged = True
            self.builder, self.queue, self.partial = FrameBuilder(0), [], []
            self.is_void = False
            self.oracle.connect(self.keys, self.now)
            self.step([Connected(self.now, (self._state(),))])

    def unplug(self) -> None:
        """Pull the plug; the kernel releases the keys, of which something may be read before the end."""
        if not self.plugged:
            return
        held = set(self.keys)
        self.user_does(*((key, 0) for key in sorted(held)))
        if self.random.random() < 0.5:
            self.read()
        self.keys, self.plugged = held & {"x", "y", "z", "a", *SCALE_KEYS, "contact"}, False
        self.queue.clear()
        self.oracle.disconnect(self.now)
        self.step([Disconnected(self.now, "unplugged")])

    def _device_events(self, share: float) -> list[DeviceEvent]:
        if not self.plugged:
            return []
        count = round(share * len(self.queue))
        records, self.queue = self.queue[:count], self.queue[count:]
        data = b"".join(record.pack() for record in records)
        cut = self.random.randint(0, len(data))
        events: list[DeviceEvent] = []
        for event in (*self.builder.feed(data[:cut], self.now), *self.builder.feed(data[cut:], self.now)):
            events.append(event)
            if isinstance(event, EventsLost):
                events.append(Snapshot(event.time, 0, self._state()))
        self._tell_oracle(records)
        return events

    def _state(self) -> NodeState:
        """Return the state of the keys; the kernel takes their events out of the queue then."""
        self.queue = [record for record in self.queue if record.kind != EV_KEY]
        return NodeState(frozenset(KEYS[key] for key in self.keys), {})

    def _tell_oracle(self, records: list[Record]) -> None:
        for record in records:
            if record.kind != EV_SYN:
                self.partial.append(record)
            elif record.code == SYN_DROPPED:
                self.is_void = True
            else:
                self._lost() if self.is_void else self._frame_was_read()
                self.is_void = False
        if self.is_void:
            self._lost()

    def _frame_was_read(self) -> None:
        for record in self.partial:
            if record.kind == EV_KEY:
                self.oracle.key(CODES[record.code], bool(record.value), record.time)
            else:
                self.oracle.turn(record.value, record.time)
        self.partial = []

    def _lost(self) -> None:
        detents = sum(abs(record.value) for record in self.partial if record.kind == EV_REL)
        self.partial = []
        self.oracle.lose_events(self.keys, detents, self.now)

    # What comes of it.

    def _write(self, writes: list[PinWrite]) -> None:
        self.port.write(writes)
        for number, (name, value) in enumerate((entry.pin, entry.value) for entry in self.hal.log):
            write = PinWrite(name.removeprefix("hal_mpg."), value)
            assert write == writes[number]
            self.pins[write.pin] = value
            self.on_write(write)
            if self.random.random() < 0.3:
                self.servo()
        self.hal.log.clear()
        self.on_batch(writes)
        if self.random.random() < 0.7:
            self.servo()

    def servo(self) -> None:
        """Let LinuxCNC's servo thread run once."""
        self.on_servo(self.jogging.period(self.pins))

    def shown(self) -> History:
        """Return what the pins show."""
        positions = tuple(int(self.pins[f"axis.{axis}.jog-counts"]) * step for axis, step in STEPS.items())
        armed, counts, dropped = (self.pins[pin] for pin in ("armed", "counts", "dropped"))
        runs, run = self.pins["mpg-run.enable"], int(self.pins["mpg-run.counts"])
        return History(bool(armed), int(counts), int(dropped), positions, runs=bool(runs), run=run)

    def _compare(self) -> None:
        self.oracle.compare(self.shown())


def random_act(simulation: Simulation) -> None:
    """Do one thing that a user, a kernel or a machine may do."""
    random = simulation.random
    act = random.random()
    if act < 0.50:
        sign = random.choice((1, -1))
        for _ in range(random.randint(1, 6)):
            simulation.user_does((REL_DIAL, sign * random.choice((1, 1, 1, 2, 5))))
    elif act < 0.72:
        keys = AXIS_KEYS if random.random() < 0.5 else SCALE_KEYS
        change_selector(simulation, keys)
    elif act < 0.84:
        enable(simulation)
    elif act < 0.88:
        held = "contact" in simulation.keys
        simulation.user_does(("contact", 0), ("contact", 1)) if random.random() < 0.2 else (
            simulation.user_does(("contact", int(not held)))
        )
    elif act < 0.91:
        simulation.hal.set_p("hal_mpg.mpg-run.select", str(random.random() < 0.5))
    elif act < 0.94:
        gate = random.choice(GATES)
        simulation.set_gate(gate, (random.random() < 0.8) != (gate == "inhibit"))
    elif act < 0.97:
        simulation.overflow()
    elif simulation.plugged:
        simulation.unplug()
    else:
        simulation.plug_in()


def change_selector(simulation: Simulation, keys: tuple[str, ...]) -> None:
    """Turn a selector: to one position, to two, to none; in one frame or in two."""
    random = simulation.random
    old = [(key, 0) for key in keys if key in simulation.keys]
    new = [(key, 1) for key in random.sample(keys, random.choice((1, 1, 1, 1, 1, 0, 2)))]
    if random.random() < 0.7:
        simulation.user_does(*old, *new)
    else:
        simulation.user_does(*new)
        simulation.user_does(*(change for change in old if (change[0], 1) not in new))


def enable(simulation: Simulation) -> None:
    """Press or release the enabling button, or let it bounce."""
    if simulation.random.random() < 0.2:
        simulation.user_does(("enable", 0), ("enable", 1))
    else:
        simulation.user_does(("enable", int("enable" not in simulation.keys)))


def play(simulation: Simulation, acts: int = 40) -> None:
    """Play a whole sequence, at human or at absurd speed, and wait for its end."""
    random = simulation.random
    simulation.plug_in()
    simulation.wait(0.3)
    simulation.user_does(("enable", 1))
    simulation.read_all()
    for _ in range(acts):
        random_act(simulation)
        if simulation.is_absurd:
            seconds = random.choice((0.0, 1e-6, 1e-4, 0.001, 0.3))
            simulation.wait(seconds, is_stalled=True)
            if seconds > 0.1:
                simulation.read_all()
            elif random.random() < 0.4:
                simulation.read()
        else:
            simulation.wait(random.choice((0.0, 0.0002, 0.01)))
            simulation.read_all()
            simulation.wait(random.choice((0.0, 0.004, 0.02, 0.1, 0.25, 0.6)))
    simulation.read_all()
    simulation.wait(2.0)
    simulation.servo()
