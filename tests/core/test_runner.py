# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop on the fake HAL with a virtual pendant: it runs in the main thread, the user in another."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hal_mpg import runner
from hal_mpg.errors import IllegalEvent
from hal_mpg.events import (
    EV_KEY,
    EV_REL,
    Connected,
    DeviceEvent,
    EventsLost,
    Frame,
    Gates,
    NodeState,
    PinWrite,
    SelectorStep,
    Snapshot,
    in_order,
    to_line,
)
from hal_mpg.fake_hal import FakeHal
from hal_mpg.hal_port import HalPort
from hal_mpg.machine import Machine
from hal_mpg.outputs import PULSE_HOLD_S
from hal_mpg.pendant import Pendant
from hal_mpg.pins import STATUS
from hal_mpg.runner import STEP_BEAT_S, Runner
from hal_mpg.sources.virtual import VirtualSource
from tests.core.bed import ENABLE, HEAD, HOME, READY, REL_DIAL, make_profile

LIMIT_S = 30.0
SAFE = {
    "estop-ok": False,
    "estop": True,
    "armed": False,
    "enable": False,
    "connected": False,
    "axis-select": -1,
    "scale-select": -1,
    "axis.x.jog-enable": False,
    "axis.x.selected": False,
    "reset": False,
}


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class World:
    """The component in the main thread, and what its user does in another one."""

    def __init__(self, folder: Path, **controls: str) -> None:
        self.path = str(folder / "pendant")
        head = HEAD.replace("{name: test}", f"{{socket: {self.path}}}")
        self.profile = make_profile("source: virtual\n" + head, **controls)
        self.hal = FakeHal()
        self.pendant: Pendant = Pendant(self.profile, Machine())
        self.source = VirtualSource(self.profile)
        self.port = HalPort(self.hal, "hal_mpg", self.pendant.pins)
        self.hal.log.clear()
        self.listener = socket.socket(socket.AF_UNIX)
        self.peer: socket.socket | None = None
        self.fault: BaseException | None = None
        self.is_verbose = False

    def run(
        self,
        user: Callable[[World], None],
        ends: signal.Signals | None = signal.SIGTERM,
        is_there: bool = True,
    ) -> None:
        """Run the component until the user has done; `is_there`: a pendant, from the start."""

        def do() -> None:
            try:
                user(self)
            except BaseException as error:  # noqa: BLE001  # it is raised again in the main thread
                self.fault = error
            if ends or self.fault:
                os.kill(os.getpid(), ends or signal.SIGTERM)

        thread = threading.Thread(target=do)
        if is_there:
            self.listen()
        thread.start()
        try:
            Runner(self.pendant, self.source, self.port, self.is_verbose).run()
        finally:
            thread.join(LIMIT_S)
            if self.peer:
                self.peer.close()
            self.listener.close()
            if self.fault:
                raise self.fault

    # What the user does.

    def get(self, pin: str) -> Any:
        return self.hal.get_value(f"hal_mpg.{pin}")

    def wait_for(self, pin: str, value: object) -> None:
        """Wait until a pin has a value."""
        self.wait_until(lambda: self.get(pin) == value, pin)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        limit = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < limit, f"waited in vain for {what}"
            threading.Event().wait(0.002)

    def plug_in(self) -> None:
        """Listen until hal_mpg has come."""
        self.listen()
        self.peer, _ = self.listener.accept()
        self.peer.settimeout(LIMIT_S)
        self.listener.close()
        Path(self.path).unlink()

    def listen(self) -> None:
        """Be there to be found."""
        if not Path(self.path).exists():
            self.listener.close()
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(self.path)
            self.listener.listen(1)
            self.listener.settimeout(LIMIT_S)

    def say(self, event: DeviceEvent) -> None:
        assert self.peer
        self.peer.sendall(f"{to_line(event)}\n".encode())

    def connect(self) -> None:
        self.plug_in()
        self.say(Connected(time.monotonic(), (NodeState(READY, {}),)))
        self.wait_for("connected", True)

    def frame(self, kind: int, code: int, value: int) -> None:
        self.say(Frame(time.monotonic(), 0, ((kind, code, value),)))

    def arm(self) -> None:
        self.connect()
        self.frame(EV_KEY, ENABLE, 1)
        self.wait_for("armed", True)

    def arm_and_turn(self) -> None:
        self.arm()
        self.frame(EV_REL, REL_DIAL, 1)

    def jog(self) -> None:
        self.arm()
        self.frame(EV_REL, REL_DIAL, 3)
        self.wait_for("axis.x.jog-counts", 3)

    def unplug(self) -> None:
        assert self.peer
        self.peer.close()
        self.peer = None

    # What is left afterwards.

    def last(self) -> dict[str, object]:
        """Return what was written last to each pin."""
        return {write.pin.removeprefix("hal_mpg."): write.value for write in self.hal.log}

    def assert_safe(self) -> None:
        last = self.last()
        assert {pin: last[pin] for pin in SAFE} == SAFE
        assert last["jog-stop"] is False, "it must not block others for ever"
        stops = [write.value for write in self.hal.log if write.pin == "hal_mpg.jog-stop"]
        assert stops[-2:] == [True, False]
        assert self.source.descriptors() == []
        other = self.hal.component("other")
        assert not self.hal.component_exists("hal_mpg")
        other.exit()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(runner, "SEARCH_S", 0.02)  # a test has no time to lose
    return World(tmp_path)


def test_it_is_ready_without_a_pendant_and_waits(world: World) -> None:
    def user(world: World) -> None:
        world.wait_until(lambda: world.hal.component_is_ready("hal_mpg"), "ready")
        assert world.get("connected") is False
        assert world.get("why-not") == 1

    world.run(user, is_there=False)
    world.assert_safe()


def test_it_is_ready_after_its_pins_have_their_values(world: World) -> None:
    at_ready: dict[str, Any] = {}
    ready = world.port.ready

    def note() -> None:
        at_ready.update({str(pin["NAME"]): pin["VALUE"] for pin in world.hal.get_info_pins()})
        ready()

    world.port.ready = note  # type: ignore[method-assign]
    world.run(lambda world: world.wait_until(lambda: bool(at_ready), "ready"), is_there=False)
    assert at_ready["hal_mpg.why-not"] == 1
    assert at_ready["hal_mpg.axis-select"] == -1
    assert at_ready["hal_mpg.estop"] is True
    assert at_ready["hal_mpg.axis.x.jog-scale"] == 0.001


def test_a_pendant_comes_jogs_goes_and_comes_back(world: World) -> None:
    def user(world: World) -> None:
        world.jog()
        assert world.get("axis.x.jog-enable") is True
        world.unplug()
        world.wait_for("connected", False)
        world.wait_for("jog-stop", False)
        assert {pin: world.get(pin) for pin in SAFE} == SAFE
        assert world.get("axis.x.jog-counts") == 3
        world.connect()
        assert (world.get("reconnects"), world.get("armed")) == (1, False)

    world.run(user)
    world.assert_safe()
    assert world.last()["axis.x.jog-counts"] == 3


def test_the_pins_are_safe_before_the_device_is_closed(world: World) -> None:
    """Closing a device can take the kernel longer than a machine may run on."""
    close, at_close = world.source.close, []

    def note() -> None:
        if world.source.descriptors() and world.hal.component_exists("hal_mpg"):
            at_close.append({pin: world.get(pin) for pin in SAFE})
        close()

    def user(world: World) -> None:
        world.jog()
        world.unplug()
        world.wait_until(lambda: bool(at_close), "the closing")

    world.source.close = note  # type: ignore[method-assign]
    world.run(user)
    assert at_close == [SAFE]


def test_it_says_once_what_it_waits_for(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    searches: list[float] = []
    search = world.source.search
    monkeypatch.setattr(world.source, "search", lambda now: searches.append(now) or search(now))

    def user(world: World) -> None:
        world.wait_until(lambda: len(searches) > 3, "searches")
        world.connect()
        world.unplug()
        world.wait_for("connected", False)
        world.wait_until(lambda: len(searches) > 9, "more searches")

    world.run(user, is_there=False)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "hal_mpg: waiting for the pendant: test"
    assert not any("waiting for the pendant" in line for line in rest)


@pytest.mark.usefixtures("dead_stderr")
def test_a_stderr_that_takes_nothing_stops_no_pendant(world: World) -> None:
    world.run(World.jog)
    world.assert_safe()


def test_a_state_that_nobody_asked_for_ends_the_pendant_and_not_the_component(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def user(world: World) -> None:
        world.arm()
        world.say(Snapshot(time.monotonic(), 0, NodeState(READY, {})))
        world.wait_for("connected", False)
        world.connect()
        assert world.get("reconnects") == 1

    world.run(user)
    world.assert_safe()
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "pendant lost" in line)
    assert "events-lost" in line


def test_a_state_that_is_read_again_goes_with_the_node_that_lost_events(world: World) -> None:
    def user(world: World) -> None:
        world.arm()
        world.say(EventsLost(time.monotonic(), 0, ()))
        world.wait_for("why-not", 10)
        world.say(Snapshot(time.monotonic(), 0, NodeState(READY | {ENABLE}, {})))
        world.wait_for("armed", True)
        world.say(EventsLost(time.monotonic(), 0, ()))
        world.unplug()
        world.wait_for("connected", False)
        world.connect()
        world.say(Snapshot(time.monotonic(), 0, NodeState(READY, {})))
        world.wait_for("connected", False)

    world.run(user)


def test_lost_events_are_told_to_who_wants_to_know(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    def user(world: World) -> None:
        world.arm()
        for _ in range(2):
            world.say(EventsLost(time.monotonic(), 0, ()))
            world.wait_for("why-not", 10)
            world.say(Snapshot(time.monotonic(), 0, NodeState(READY | {ENABLE}, {})))
            world.wait_for("armed", True)

    world.is_verbose = True
    world.run(user)
    assert capfd.readouterr().err.count("queue was full") == 2


def test_a_listener_that_takes_nobody_else_does_not_hold_up_the_search(world: World) -> None:
    world.listener.bind(world.path)
    world.listener.listen(0)
    waiting = []
    with suppress(BlockingIOError):
        for _ in range(5):
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            waiting[-1].connect(world.path)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(world.source.search(0.0)))
    thread.start()
    thread.join(2.0)
    is_stuck = thread.is_alive()
    world.listener.close()  # which lets it go
    thread.join(LIMIT_S)
    for peer in waiting:
        peer.close()
    assert not is_stuck
    assert (found, world.source.descriptors()) == ([[]], [])


def test_garbage_from_the_pendant_is_a_loss(world: World) -> None:
    def user(world: World) -> None:
        world.arm()
        assert world.peer
        world.peer.sendall(b"\xff\x00 what?\n")
        world.wait_for("connected", False)
        assert world.get("estop-ok") is False

    world.run(user)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_everything_safe(world: World, number: signal.Signals) -> None:
    world.run(World.jog, ends=number)
    world.assert_safe()
    first = [write.value for write in world.hal.log if write.pin == "hal_mpg.estop-ok"]
    assert first[-1] is False


def test_a_second_signal_does_not_disturb_the_way_out(world: World) -> None:
    def user(world: World) -> None:
        world.jog()
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

    world.run(user)
    world.assert_safe()


def test_the_heartbeat_toggles_as_long_as_the_loop_runs(world: World) -> None:
    def user(world: World) -> None:
        world.wait_until(lambda: world.hal.component_is_ready("hal_mpg"), "ready")
        for value in (True, False) * 5:
            world.wait_for("heartbeat", value)

    world.run(user, is_there=False)
    beats = [write.value for write in world.hal.log if write.pin == "hal_mpg.heartbeat"]
    assert len(beats) >= 10
    assert all(first is not second for first, second in pairwise(beats))


def test_gates_and_limits_are_read_from_hal(world: World) -> None:
    def user(world: World) -> None:
        world.hal.set_p("hal_mpg.axis.x.max-velocity", "0.001")
        world.hal.set_p("hal_mpg.axis.x.max-acceleration", "0.1")
        world.arm()
        for pin, value, why in (("machine-is-on", "0", 4), ("inhibit", "1", 3)):
            world.hal.set_p(f"hal_mpg.{pin}", value)
            world.wait_for("why-not", why)
            assert world.get("armed") is False
        world.hal.set_p("hal_mpg.machine-is-on", "1")
        world.hal.set_p("hal_mpg.inhibit", "0")
        world.wait_for("armed", True)
        world.frame(EV_REL, REL_DIAL, 500)
        world.wait_until(lambda: world.get("dropped") > 400, "dropped")
        assert 0 < world.get("axis.x.jog-counts") < 100

    world.run(user)


def test_hal_steps_the_scale(tmp_path: Path) -> None:
    def user(world: World) -> None:
        world.arm()
        for pin, place, counts in (("scale-next", 1, 10), ("scale-next", 2, 110), ("scale-previous", 1, 120)):
            world.hal.set_p(f"hal_mpg.{pin}", "1")
            world.wait_for("scale-select", place)
            world.hal.set_p(f"hal_mpg.{pin}", "0")
            world.frame(EV_REL, REL_DIAL, 1)
            world.wait_for("axis.x.jog-counts", counts)
            threading.Event().wait(4 * STEP_BEAT_S)  # until it was seen to be FALSE again
        assert world.get("scale-select") == 1

    World(tmp_path, scale="{next: 0x140, order: [x1, x10, x100]}").run(user)


def test_a_step_by_hal_comes_after_what_was_turned_before_it_was_seen() -> None:
    gates, step = Gates(True, True, False), SelectorStep("scale", 1)
    turned = Frame(1.0, 0, ((EV_REL, REL_DIAL, 1),))
    assert in_order([gates, step], [turned]) == [gates, turned, step]
    assert STEP_BEAT_S * 2 <= PULSE_HOLD_S, "the pulse of a button of ours is seen"


def test_a_button_of_the_pendant_asks_at_once_and_the_steps_follow_what_linuxcnc_says(world: World) -> None:
    def user(world: World) -> None:
        linuxcnc = world.hal.component("linuxcnc")
        for name in STATUS:
            linuxcnc.newpin(name, world.hal.HAL_BIT, world.hal.HAL_OUT)
            world.hal.net(name, f"linuxcnc.{name}", "=>", f"hal_mpg.{name}")
            linuxcnc[name] = name in ("program-is-idle", "all-homed", "in-position")
        world.hal.net("home", "hal_mpg.button.home", "=>", "hal_mpg.request.cycle-start")
        world.arm()
        threading.Event().wait(0.5)  # until it beats as slowly as it ever does
        start = time.monotonic()
        world.frame(EV_KEY, HOME, 1)
        world.wait_for("do.auto-mode", True)
        assert time.monotonic() - start < 0.05
        linuxcnc["mode-is-auto"] = True
        world.wait_for("do.cycle-start", True)
        assert world.get("do.auto-mode") is False
        linuxcnc["program-is-idle"], linuxcnc["program-is-running"] = False, True
        world.wait_for("do.cycle-start", False)
        assert world.get("refused") == 0
        linuxcnc.exit()

    world.run(user)


def test_a_request_that_is_refused_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def user(world: World) -> None:
        world.arm()
        world.hal.set_p("hal_mpg.program-is-idle", "TRUE")
        world.hal.set_p("hal_mpg.request.go-to-zero", "TRUE")
        world.wait_for("refused", 1)
        assert world.get("why-not") == 17

    world.run(user)
    said = capsys.readouterr().err
    assert "go-to-zero: refused: LinuxCNC's state is not known" in said
    assert "nothing is netted to all-homed, coord-mode, in-position, jog-is-active" in said


def test_lamps_are_switched(world: World) -> None:
    def user(world: World) -> None:
        world.arm()
        assert world.peer
        lines = world.peer.makefile("r")
        world.hal.set_p("hal_mpg.led.ready", "1")
        while "led ready 1" not in lines.readline():
            pass
        world.hal.set_p("hal_mpg.led.ready", "0")
        while "led ready 0" not in lines.readline():
            pass

    world.run(user)


def test_a_lamp_that_was_lit_before_the_pendant_came_is_switched_on(world: World) -> None:
    def user(world: World) -> None:
        world.wait_until(lambda: world.hal.component_is_ready("hal_mpg"), "ready")
        world.hal.set_p("hal_mpg.led.ready", "1")
        world.connect()
        assert world.peer
        assert b"led ready 1" in world.peer.recv(1000)

    world.run(user, is_there=False)


class Fault(Exception):
    """Something that nobody thought of."""


def test_an_exception_in_reading_leaves_everything_safe(world: World) -> None:
    read = world.source.read

    def faulty(descriptors: Any, now: float) -> list[DeviceEvent]:
        events = read(descriptors, now)
        if any(isinstance(event, Frame) and event.changes[0][0] == EV_REL for event in events):
            raise Fault
        return events

    world.source.read = faulty  # type: ignore[method-assign]
    with pytest.raises(Fault):
        world.run(World.arm_and_turn, ends=None)
    world.assert_safe()


def test_an_exception_in_deciding_leaves_everything_safe(world: World) -> None:
    handle = world.pendant.handle

    def faulty(events: Any, now: float) -> list[PinWrite]:
        if any(isinstance(event, Frame) and event.changes[0][0] == EV_REL for event in events):
            raise IllegalEvent("a fault")
        return handle(events, now)

    world.pendant.handle = faulty  # type: ignore[method-assign]
    with pytest.raises(IllegalEvent):
        world.run(World.arm_and_turn, ends=None)
    world.assert_safe()


def test_an_exception_in_writing_leaves_everything_safe(world: World) -> None:
    write = world.port.write

    def faulty(writes: Any) -> None:
        for one in writes:
            if one.pin == "axis.x.jog-counts":
                raise Fault
            write([one])

    world.port.write = faulty  # type: ignore[method-assign]
    with pytest.raises(Fault):
        world.run(World.arm_and_turn, ends=None)
    world.assert_safe()


def test_a_safe_value_that_cannot_be_written_stops_no_other(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    write = world.port.write

    def faulty(writes: Any) -> None:
        for one in writes:
            if one == ("axis-select", -1):
                raise Fault("no")
            write([one])

    def user(world: World) -> None:
        world.arm()
        world.port.write = faulty  # type: ignore[method-assign]

    world.run(user)
    last = world.last()
    assert {pin: last[pin] for pin in SAFE if pin != "axis-select"} == {
        pin: value for pin, value in SAFE.items() if pin != "axis-select"
    }
    assert "axis-select" in capsys.readouterr().err


def test_an_exception_in_the_first_search_leaves_everything_safe(world: World) -> None:
    def faulty(now: float) -> list[DeviceEvent]:
        assert world.hal.component_is_ready("hal_mpg"), "nobody should have to wait for a search"
        raise Fault

    world.source.search = faulty  # type: ignore[method-assign]
    with pytest.raises(Fault):
        world.run(lambda world: None, ends=None, is_there=False)
    world.assert_safe()


def test_an_exception_in_becoming_ready_leaves_everything_safe(world: World) -> None:
    def faulty() -> None:
        raise Fault

    world.port.ready = faulty  # type: ignore[method-assign]
    with pytest.raises(Fault):
        world.run(lambda world: None, ends=None, is_there=False)
    world.assert_safe()


def test_an_exception_in_closing_the_device_still_takes_the_component_away(world: World) -> None:
    close = world.source.close

    def faulty() -> None:
        close()
        raise Fault

    world.source.close = faulty  # type: ignore[method-assign]
    with pytest.raises(Fault):
        world.run(World.connect)
    world.assert_safe()


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        ("port", "write"),
        ("port", "has_new_inputs"),
        ("port", "toggle_heartbeat"),
        ("port", "gates"),
        ("pendant", "handle"),
        ("pendant", "next_deadline"),
        ("source", "read"),
        ("source", "descriptors"),
    ],
)
def test_an_exception_in_any_stage_of_the_loop_ends_it_with_safe_values(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: str, method: str
) -> None:
    broken = threading.Event()
    target = getattr(world, owner)
    whole = getattr(target, method)

    def fail(*arguments: object) -> object:
        if broken.is_set() and threading.current_thread() is threading.main_thread():
            broken.clear()  # once: the way out has to work
            raise ZeroDivisionError(method)
        return whole(*arguments)

    def user(world: World) -> None:
        world.jog()
        broken.set()
        with suppress(RuntimeError, OSError):  # it may have ended by the first of the two
            world.hal.set_p("hal_mpg.inhibit", "1")
            world.frame(EV_REL, REL_DIAL, 1)

    monkeypatch.setattr(target, method, fail)
    with pytest.raises(ZeroDivisionError, match=method):
        world.run(user, ends=None)
    world.assert_safe()


def test_a_burst_of_hotplug_words_is_not_one_search_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[float] = []
    reader, writer = os.pipe()
    os.write(writer, b"x")  # and nobody takes it: there is always another word
    monkeypatch.setattr(world.source, "hotplug_descriptor", lambda: reader)
    monkeypatch.setattr(world.source, "search", lambda now: searches.append(now) or [])
    world.run(lambda world: world.wait_until(lambda: len(searches) > 4, "searches"), is_there=False)
    os.close(writer)
    os.close(reader)
    assert all(after - before >= runner.SEARCH_PAUSE_S for before, after in pairwise(searches))
