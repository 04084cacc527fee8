# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes up what happens to a pendant: a user, a device that may lie, a kernel that loses events, and HAL.

The whole sequence is made before it is played, from what a device would really do, so that it can be
repeated and shrunk.
"""

from __future__ import annotations

from math import inf, nan
from random import Random

from hal_mpg.events import (
    EV_ABS,
    EV_KEY,
    AxisLimit,
    Change,
    Connected,
    DeviceEvent,
    Disconnected,
    Event,
    EventsLost,
    Frame,
    Gates,
    NodeState,
    ProgramInput,
    SelectorStep,
    Snapshot,
    from_line,
    to_line,
)
from hal_mpg.profile import AbsoluteWheel, AbsSelector, Code, KeySelector, KeyWheel, Profile, StepSelector
from tests.fuzz.steps import START_S, Batch, Step, Wait

LAGS = (0.0, 0.0, 0.0, 0.0, 0.001, 0.02, 0.1, 0.3, 0.499999, 0.5, 0.500001, 0.7, 5.0)
LIES = (-1e300, -1.0, 0.0, 1e9, 1e300, 2.0**53)
HUGE = (2**31 - 1, -(2**31), 1000, 1001, -1000)
SANE_LIMITS = (0.5, 1.0, 5.0, 30.0, 100.0, 1000.0)
ODD_LIMITS = (0.0, -1.0, inf, -inf, nan, 5e-324, 1e-300, 1e-7, 1e12, 1e200, 1e308)
TURNS = (1, 1, 1, 1, -1, -1, 2, -2, 3, 5, -7)


class World:
    """One pendant with its user, from one seed."""

    def __init__(self, random: Random, profile: Profile, axes: tuple[str, ...]) -> None:
        self.random, self.profile, self.axes = random, profile, axes
        self.steps: list[Step] = []
        self.batch: list[Event] = []
        self.now = START_S
        self.nodes = random.choice((1, 1, 1, 2, 3))
        self.plugged = False
        self.held: list[set[int]] = [set() for _ in range(self.nodes)]
        self.values: dict[int, int] = {}
        self.lost: set[int] = set()
        self.is_limited = random.random() < 0.5
        self.is_hasty = random.random() < 0.3
        self.place = random.randrange(100)  # where an absolute wheel stands
        if profile.estop and profile.estop.normally_closed:
            self.held[self.node_of(profile.estop.key)].add(profile.estop.key.number)

    # What it is made of.

    def node_of(self, code: Code) -> int:
        """Return the node that carries a code; always the same."""
        return (code.number + code.type) % self.nodes

    def add(self, event: Event) -> None:
        """Add an event to the batch, as its text form has it."""
        self.batch.append(
            event
            if isinstance(event, Gates | AxisLimit | SelectorStep | ProgramInput)
            else from_line(to_line(event))
        )

    def flush(self) -> None:
        """Let what has come be handled."""
        if self.batch:
            self.steps.append(Batch(tuple(self.batch)))
            self.batch = []

    def wait(self, seconds: float, stalled: bool = False) -> None:
        """Let time pass."""
        self.flush()
        self.steps.append(Wait(seconds, stalled))
        self.now = round(self.now + seconds, 6)

    def frame(self, node: int, *changes: Change) -> None:
        """Let a node report, if it is plugged in."""
        if not self.plugged:
            return
        if self.random.random() < 0.02:  # a code that several nodes carry
            node = self.random.randrange(self.nodes)
        time = self.now - self.random.choice(LAGS) if self.random.random() < 0.2 else self.now
        if self.random.random() < 0.004:
            time = self.random.choice(LIES)
        self.add(Frame(time, node, changes))

    def key(self, code: Code, held: bool) -> Change:
        """Press or release a key; return the raw event."""
        keys = self.held[self.node_of(code)]
        (keys.add if held else keys.discard)(code.number)
        return EV_KEY, code.number, int(held)

    def is_held(self, code: Code) -> bool:
        """Tell whether a key is held."""
        return code.number in self.held[self.node_of(code)]

    def states(self) -> tuple[NodeState, ...]:
        """Return the state of every node."""
        wheel = self.profile.wheel
        values = dict(self.values)
        if isinstance(wheel, AbsoluteWheel) and wheel.code.type == EV_ABS and self.random.random() < 0.9:
            values[wheel.code.number] = self.place
        return tuple(
            NodeState(
                frozenset(keys), {c: v for c, v in values.items() if self.node_of(Code(EV_ABS, c)) == node}
            )
            for node, keys in enumerate(self.held)
        )

    # What happens.

    def turn(self) -> None:
        """Turn the wheel a bit."""
        wheel = self.profile.wheel
        sign = self.random.choice((1, -1))
        for _ in range(self.random.randint(1, 5)):
            counts = sign * self.random.choice(TURNS)
            if self.random.random() < 0.5:
                counts *= wheel.counts_per_detent
            if self.random.random() < 0.01:
                counts = self.random.choice(HUGE)
            self.frame(*self.turned(counts))
            if self.is_hasty and self.random.random() < 0.3:
                self.wait(self.random.choice((0.001, 0.004, 0.02)))

    def spin(self) -> None:
        """Turn by as much as is believed of one event, again and again."""
        for _ in range(self.random.randint(3, 6)):
            self.frame(*self.turned(1000 * self.profile.wheel.counts_per_detent))

    def turned(self, counts: int) -> tuple[int, Change]:
        """Turn by so many counts; return the node and its raw event."""
        wheel = self.profile.wheel
        if isinstance(wheel, KeyWheel):
            code = wheel.forward if counts > 0 else wheel.backward
            return self.node_of(code), (EV_KEY, code.number, self.random.choice((1, 1, 1, 1, 0, 2)))
        if isinstance(wheel, AbsoluteWheel):
            self.place = (self.place + counts) % wheel.modulo
            if self.random.random() < 0.01:
                return self.node_of(wheel.code), (*wheel.code, self.random.choice(HUGE))
            return self.node_of(wheel.code), (*wheel.code, self.place)
        return self.node_of(wheel.code), (*wheel.code, counts)

    def select(self) -> None:
        """Turn a selector: mostly to one position; to two, to none, to a value that is none."""
        selector = self.random.choice((self.profile.axis, self.profile.scale))
        count = self.random.choice((1, 1, 1, 1, 1, 1, 0, 2))
        match selector:
            case KeySelector(positions):
                codes = [code for _, code in positions]
                chosen = self.random.sample(codes, min(count, len(codes)))
                old = [code for code in codes if self.is_held(code) and code not in chosen]
                changes = [(code, False) for code in old] + [(code, True) for code in chosen]
                if self.random.random() < 0.3:
                    changes.reverse()
                self.press(*changes)
            case AbsSelector(code, positions):
                value = self.random.choice(positions)[0] if count == 1 else self.random.choice((7, -9, *HUGE))
                self.values[code.number] = value
                self.frame(self.node_of(code), (EV_ABS, code.number, value))
            case StepSelector(forward, backward):
                key = self.random.choice([key for key in (forward, backward) if key])
                self.press((key, True))
                self.press((key, False))

    def press(self, *changes: tuple[Code, bool]) -> None:
        """Change keys, each node's in one frame or each in its own."""
        made = [(self.node_of(code), self.key(code, held)) for code, held in changes]
        if self.random.random() < 0.5:
            for node, change in made:
                self.frame(node, change)
        else:
            for node in range(self.nodes):
                mine = [change for where, change in made if where == node]
                if mine:
                    self.frame(node, *mine)

    def estop(self) -> None:
        """Press or release the E-stop, or let it chatter; a detent may be in its frame."""
        contact = self.profile.estop
        if contact is None:
            return
        if self.is_held(contact.key) == contact.normally_closed and self.random.random() < 0.5:
            return
        times = self.random.choice((1, 1, 1, 2, 3))
        changes = [self.key(contact.key, not self.is_held(contact.key)) for _ in range(times)]
        node = self.node_of(contact.key)
        if self.random.random() < 0.3:
            where, change = self.turned(self.random.choice(TURNS))
            if where == node:
                changes.insert(self.random.randint(0, len(changes)), change)
        self.frame(node, *changes)

    def enable(self) -> None:
        """Press or release the enabling button, or let it bounce."""
        if (code := self.profile.enable) is not None:
            held = self.is_held(code)
            self.press((code, not held), *([(code, held)] if self.random.random() < 0.2 else []))

    def mix(self) -> None:
        """Turn the wheel, a selector and switches, all within one frame."""
        codes = [code for _, code in self.profile.input_codes() if code.type == EV_KEY]
        changes: list[Change] = []
        for _ in range(self.random.randint(2, 6)):
            if self.random.random() < 0.6 or not codes:
                changes.append(self.turned(self.random.choice(TURNS))[1])
            else:
                code = self.random.choice(codes)
                changes.append(self.key(code, not self.is_held(code)))
        self.frame(self.random.randrange(self.nodes), *changes)

    def button(self) -> None:
        """Press or release any other button; some repeat themselves."""
        codes = [code for code in (self.profile.reset, *(c for _, c in self.profile.buttons)) if code]
        if codes:
            code = self.random.choice(codes)
            self.press((code, not self.is_held(code)))
            if self.random.random() < 0.2:
                self.frame(self.node_of(code), (EV_KEY, code.number, 2))

    def gate(self) -> None:
        """HAL says something of jogging."""
        well = self.random.random() < 0.6
        self.add(Gates(*(True, True, False) if well else (self.random.random() < 0.7 for _ in range(3))))

    def limit(self) -> None:
        """HAL has other limits for an axis."""
        if self.axes and self.is_limited:
            odd = self.random.random() < 0.15
            pair = [self.random.choice(SANE_LIMITS) for _ in range(2)]
            if odd:
                pair[self.random.randrange(2)] = self.random.choice(ODD_LIMITS)
            self.add(AxisLimit(self.random.choice(self.axes), *pair))

    def program(self) -> None:
        """HAL says something of MPG-run."""
        detent_s = self.random.choice((0.02, 0.02, 0.001, 0.3, 1.0, 0.0, -1.0, 1e300))
        self.add(ProgramInput(self.random.random() < 0.3, self.random.random() < 0.5, detent_s))

    def step(self) -> None:
        """HAL steps a selector, where it can, whether the pendant is there or not."""
        if self.profile.stepped:
            self.add(SelectorStep(self.random.choice(self.profile.stepped), self.random.choice((1, 1, -1))))

    def lose(self) -> None:
        """Events of a node are lost, something has changed meanwhile, and its state is read again."""
        if not self.plugged:
            return
        node = self.random.randrange(self.nodes)
        void = [self.turned(self.random.choice(TURNS))[1] for _ in range(self.random.choice((0, 0, 1, 3)))]
        self.add(EventsLost(self.now, node, tuple(void)))
        for code in [code for _, code in self.profile.input_codes() if code.type == EV_KEY]:
            if self.random.random() < 0.1:
                self.key(code, not self.is_held(code))
        self.lost.add(node)
        if self.random.random() < 0.8:
            self.reread()

    def reread(self) -> None:
        """Read the state of the nodes that lost events."""
        for node in sorted(self.lost):
            self.add(Snapshot(self.now, node, self.states()[node]))
        self.lost.clear()

    def lie(self) -> None:
        """Report what no device of this profile would."""
        codes = [code for _, code in self.profile.input_codes()]
        changes: list[Change] = []
        for _ in range(self.random.randint(1, 4)):
            code = self.random.choice(codes) if self.random.random() < 0.6 else None
            kind, number = code or (
                self.random.choice((0, 1, 2, 3, 4, 0x11, 99)),
                self.random.randrange(0x300),
            )
            changes.append((kind, number, self.random.choice((0, 1, 2, -1, 7, *HUGE))))
        self.frame(self.random.choice((0, self.nodes - 1, 5, 31)), *changes)

    def plug(self) -> None:
        """Plug the pendant in, or pull it; the kernel may release the keys before it is gone."""
        if not self.plugged:
            self.add(Connected(self.now, self.states(), self.random.random() < 0.15))
        elif self.lost:
            self.reread()
            return
        else:
            if self.random.random() < 0.5:
                for node, keys in enumerate(self.held):
                    if keys:
                        self.frame(node, *((EV_KEY, key, 0) for key in sorted(keys)))
            self.add(Disconnected(self.now, self.random.choice(("unplugged", "closed", "?!"))))
        self.plugged = not self.plugged

    def illegal(self) -> None:
        """Let the source say what it cannot say now."""
        wrong: list[DeviceEvent] = [Snapshot(self.now, 0, self.states()[0])] if not self.lost else []
        if self.plugged:
            wrong.append(Connected(self.now, self.states()))
        else:
            node, change = self.turned(1)
            wrong += [
                Frame(self.now, node, (change,)),
                EventsLost(self.now, 0, ()),
                Disconnected(self.now, "again"),
            ]
        self.add(self.random.choice(wrong))
        self.flush()  # what stood behind it in the batch would never have been handled

    def make_ready(self) -> None:
        """Make everything as jogging needs it, and wait."""
        if not self.plugged:
            self.plug()
        if self.lost:
            self.reread()
        self.add(Gates(True, True, False))
        self.add(ProgramInput(is_selected=False, goes_backward=False, detent_time=0.02))
        contact = self.profile.estop
        if contact and self.is_held(contact.key) != contact.normally_closed:
            self.press((contact.key, contact.normally_closed))
        for selector in (self.profile.axis, self.profile.scale):
            if isinstance(selector, KeySelector):
                codes = [code for _, code in selector.positions]
                self.press(*((code, False) for code in codes if self.is_held(code)))
                self.press((self.random.choice(codes), True))
            elif isinstance(selector, AbsSelector):
                self.values[selector.code.number] = value = self.random.choice(selector.positions)[0]
                self.frame(self.node_of(selector.code), (EV_ABS, selector.code.number, value))
        if self.profile.enable:
            self.press((self.profile.enable, False))
            self.press((self.profile.enable, True))
        self.wait(0.5)
