# SPDX-License-Identifier: GPL-2.0-or-later
"""Serial pendants at real terminals and sockets: found, read, lost, found again, without waiting."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from hal_mpg.profile import Profile
from hal_mpg.serial_line import SerialLine
from hal_mpg.sources.open_line import Unsent, open_line
from hal_mpg.sources.serial import SerialSource
from tests.beds.serial_pendant import Firmware, Noise, PtyPendant, Speaker, line, noisy
from tests.core.serial_world import CONTROLS, SerialWorld, make_profile

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pty() -> Iterator[PtyPendant]:
    """A pendant whose E-stop is released and whose enabling button is not yet held."""
    firmware = Firmware(CONTROLS)
    firmware.set("estop", True, 0.0)
    with PtyPendant(firmware) as pendant:
        yield pendant


def arm(world: SerialWorld, hand: Speaker) -> None:
    """Press the enabling button, which has to be let go of before."""
    world.wait_for("connected", True)
    hand.set("enable")
    world.wait_for("armed", True)


def test_it_is_found_and_jogs(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path)), pty.speaker

    def user() -> None:
        arm(world, hand)
        assert (world.get("estop-ok"), world.get("axis-select"), world.get("scale-select")) == (True, 0, 0)
        hand.turn(10, 200)
        world.wait_for("axis.x.jog-counts", 10)
        hand.select("y", "x10")
        hand.turn(-3, 200)
        world.wait_for("axis.y.jog-counts", -30)
        hand.set("home")
        world.wait_for("button.home", True)
        assert (world.get("axis.x.jog-counts"), world.get("dropped"), world.get("garbled")) == (10, 0, 0)
        hand.select(15)
        world.wait_for("why-not", 9)
        hand.select(0)
        world.wait_for("why-not", 8)

    world.run(user)


def test_an_estop_is_seen_and_a_released_enabling_button_disarms(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path)), pty.speaker

    def user() -> None:
        arm(world, hand)
        pressed = hand.hands(lambda firmware, now: firmware.set("estop", False, now))
        assert world.wait_for("estop-ok", False) - pressed < 0.3
        hand.set("estop", True)
        world.wait_for("estop-ok", True)
        world.wait_for("armed", True)
        hand.set("enable", False)
        world.wait_for("armed", False)

    world.run(user)


def test_silence_is_a_lost_pendant_and_a_word_brings_it_back(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path)), pty.speaker

    def user() -> None:
        arm(world, hand)
        hand.turn(5, 200)
        world.wait_for("axis.x.jog-counts", 5)
        hand.silent = True
        said = hand.sent_at
        assert 0.14 < world.wait_for("connected", False) - said < 0.6
        assert (world.get("estop-ok"), world.get("armed")) == (False, False)
        hand.hands(lambda firmware, _: firmware.turn(7))
        spoke = time.monotonic()
        hand.silent = False
        again = world.wait_for("connected", True)
        assert again - spoke < 0.5, "the port stays open, so the next good line is enough"
        assert world.get("axis.x.jog-counts") == 5
        assert world.get("reconnects") == 1

    world.run(user)


def test_a_restart_is_a_lost_pendant_even_if_its_greeting_is_lost(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path)), pty.speaker

    def user() -> None:
        arm(world, hand)
        hand.turn(9, 200)
        world.wait_for("axis.x.jog-counts", 9)
        hand.restart(boot=2)
        world.wait_for("reconnects", 1)
        assert world.get("axis.x.jog-counts") == 9, "the wheel begins at 0 again, which is no turn"
        assert world.get("armed") is False, "a button that is held at the start is no press"

    world.run(user)


def test_a_bad_wire_loses_no_detent(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path, "serial: {silence: 2}")), pty.speaker

    def user() -> None:
        arm(world, hand)
        with noisy(hand, Noise(flipped=0.01, cut=0.02, merged=0.02)):
            for axis in "xyzxyz":
                hand.select(axis)
                hand.turn(40, 400)
                time.sleep(0.05)
        for axis in "xyz":
            world.wait_for(f"axis.{axis}.jog-counts", 80)
        assert world.get("garbled") > 5
        assert world.get("dropped") == 0

    world.run(user)


def test_unplugged_and_back_at_another_port(tmp_path: Path) -> None:
    link = tmp_path / "pendant"
    world = SerialWorld(make_profile(str(link)))

    def user() -> None:
        for boot in (1, 2, 3):
            firmware = Firmware(CONTROLS, boot=boot)
            firmware.set("estop", True, 0.0)
            with PtyPendant(firmware) as pty:
                link.symlink_to(pty.path)
                world.wait_for("connected", True)
                link.unlink()
                pulled = time.monotonic()
            assert world.wait_for("connected", False) - pulled < 0.5
        assert world.get("reconnects") == 2

    world.run(user)


def test_lamps_and_text_go_to_the_pendant(pty: PtyPendant) -> None:
    world, hand = SerialWorld(make_profile(pty.path)), pty.speaker

    def user() -> None:
        world.wait_for("connected", True)
        world.hal.set_p("hal_mpg.led.fault", "1")
        world.wait_until(lambda: hand.firmware.lamps == {"ready": False, "fault": True}, "the lamp")
        world.wait_until(lambda: hand.firmware.heard > 3, "the computer to be heard again and again")

    world.run(user)


def test_what_was_said_before_the_opening_is_not_heard() -> None:
    """A board keeps what it could not send; those lines say that the E-stop is released, and it is not."""
    firmware = Firmware(CONTROLS)
    firmware.set("estop", True, 0.0)
    with PtyPendant(firmware) as pty:
        old = pty.speaker.firmware.state(0.0)
        world = SerialWorld(make_profile(pty.path))
        pty.speaker.silent = True
        pty.speaker.hands(lambda one, now: one.set("estop", False, now))
        greeting = line(f"G,1,{firmware.name},{firmware.boot},{CONTROLS}")

        def user() -> None:
            world.wait_until(lambda: bool(world.source.descriptors()), "the port to be open")
            os.write(pty._master, greeting + old * 50)
            time.sleep(0.3)
            assert (world.get("connected"), world.get("estop-ok")) == (False, False)
            pty.speaker.silent = False
            world.wait_for("connected", True)
            assert world.get("estop-ok") is False

        world.run(user)


def test_a_process_that_was_stopped_does_not_catch_up(pty: PtyPendant) -> None:
    """What was turned while nobody looked is dropped: bytes carry no time."""
    source = SerialSource(make_profile(pty.path))
    now = 100.0
    source.search(now)
    now = _hear(source, now, "connected")
    pty.speaker.turn(5, 500)
    time.sleep(0.05)
    now += 1.0
    frames = [event for event in source.read(source.descriptors(), now) if hasattr(event, "changes")]
    assert frames
    assert all(frame.time <= now - 0.9 for frame in frames)
    assert source.tick(now) == [], "it was heard only now, but it was heard"
    source.close()


def _hear(source: SerialSource, now: float, what: str) -> float:
    """Let the source run, in made-up time, until it is connected; return the time."""
    for _ in range(1000):
        time.sleep(0.005)
        now += 0.005
        events = source.read(source.descriptors(), now)
        if now >= source.next_deadline():
            events += source.tick(now)
        if any(type(event).__name__.lower() == what for event in events):
            return now
    raise AssertionError(f"waited in vain for {what}")


def test_the_port_is_for_one_alone(pty: PtyPendant, capfd: pytest.CaptureFixture[str]) -> None:
    settings = SerialLine(protocol=make_profile(pty.path).serial.protocol)  # type: ignore[union-attr]
    first = open_line(pty.path, settings)
    second = SerialSource(make_profile(pty.path))
    for now in (1.0, 2.0, 3.0):
        assert second.search(now) == []
        assert second.descriptors() == []
    assert "another program has this port" in capfd.readouterr().err
    with pytest.raises(OSError) as refusal:
        open_line(pty.path, settings)
    assert refusal.value.errno in (errno.EBUSY, errno.EAGAIN)
    first.close()
    second.search(4.0)
    assert second.descriptors()
    second.close()


def test_the_port_is_left_so_that_the_next_opening_resets_no_board(pty: PtyPendant) -> None:
    settings = SerialLine(protocol=make_profile(pty.path).serial.protocol)  # type: ignore[union-attr]
    before = termios.tcgetattr(pty._slave)
    before[2] |= termios.HUPCL
    termios.tcsetattr(pty._slave, termios.TCSANOW, before)
    opened = open_line(pty.path, settings)
    flags = termios.tcgetattr(opened.fileno())[2]
    assert not flags & termios.HUPCL
    assert fcntl.fcntl(opened.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK
    opened.close()


def test_nobody_who_takes_nothing_holds_up_the_loop() -> None:
    """What cannot be sent at once is dropped, and never half of a line followed by another one."""
    master, slave = os.openpty()
    settings = SerialLine(protocol=make_profile("x").serial.protocol)  # type: ignore[union-attr]
    opened = open_line(os.ttyname(slave), settings)
    began = time.monotonic()
    for number in range(20_000):
        opened.write(b"%06d\n" % number)
    assert time.monotonic() - began < 5
    got = b""
    os.set_blocking(master, False)
    for _ in range(200):
        try:
            got += os.read(master, 65536)
        except BlockingIOError:
            break
        opened.write(b"")
    texts = [text.strip() for text in got.split(b"\n")[:-1]]
    assert len(texts) > 100
    assert all(len(text) == 6 and text.isdigit() for text in texts), "no line is half a line"
    assert texts == sorted(set(texts))
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 1
    os.close(slave)
    os.close(master)


def test_what_was_begun_is_ended_before_anything_else_is_sent() -> None:
    reader, writer = os.pipe2(os.O_NONBLOCK)
    unsent = Unsent()
    room = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
    long = b"a" * (room + 5000) + b"\n"
    unsent.write(writer, long)
    unsent.write(writer, b"dropped\n")
    got = os.read(reader, 1 << 20)
    unsent.write(writer, b"next\n")
    got += os.read(reader, 1 << 20)
    assert got == long + b"next\n"
    os.close(reader)
    with pytest.raises(OSError):
        unsent.write(writer, b"gone")
    os.close(writer)


# URLs.


class SocketPendant:
    """A pendant at a TCP port, as a network adapter shows it."""

    def __init__(self, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"socket://127.0.0.1:{self.port}"

    def accept(self, boot: int) -> tuple[socket.socket, Speaker]:
        self.listener.settimeout(30)
        peer, _ = self.listener.accept()
        firmware = Firmware(CONTROLS, boot=boot)
        firmware.set("estop", True, 0.0)
        return peer, Speaker(peer.fileno(), firmware)


def test_a_network_adapter_is_a_port_like_any_other() -> None:
    adapter = SocketPendant()
    world = SerialWorld(make_profile(adapter.url))

    def user() -> None:
        for boot in (1, 2):
            peer, hand = adapter.accept(boot)
            arm(world, hand)
            hand.turn(4, 200)
            world.wait_for("axis.x.jog-counts", 4 * boot)
            hand.close()
            cut = time.monotonic()
            peer.close()
            assert world.wait_for("connected", False) - cut < 0.6
        assert world.get("reconnects") == 1

    world.run(user)
    adapter.listener.close()


def test_an_adapter_that_is_not_there_holds_up_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    adapter = SocketPendant()
    adapter.listener.close()
    world = SerialWorld(make_profile(adapter.url))

    def user() -> None:
        beats = []
        while len(beats) < 12:
            before = world.get("heartbeat")
            world.wait_until(lambda value=before: world.get("heartbeat") != value, "a beat")  # type: ignore[misc]
            beats.append(time.monotonic())
        assert max(b - a for a, b in pairwise(beats)) < 0.25
        back = SocketPendant(adapter.port)
        peer, hand = back.accept(1)
        world.wait_for("connected", True)
        hand.close()
        peer.close()
        back.listener.close()

    world.run(user)
    assert "refused" in capfd.readouterr().err


def test_the_bridge_ends_with_whoever_started_it() -> None:
    ours, theirs = socket.socketpair()
    words = ["loop://", "115200", "8N1", str(theirs.fileno())]
    bridge = subprocess.Popen(
        [sys.executable, "-m", "hal_mpg.sources.serial_bridge", *words], cwd=ROOT, pass_fds=[theirs.fileno()]
    )
    theirs.close()
    ours.settimeout(30)
    ours.sendall(b"echo")
    got = b""
    while got != b"echo":
        got += ours.recv(100)
    ours.close()
    assert bridge.wait(30) == 0


def test_a_connection_asks_whether_the_other_end_is_still_there() -> None:
    from hal_mpg.sources.serial_bridge import _keep_alive

    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as connection:
        _keep_alive(connection.fileno())
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 2
    with Path("/dev/null").open() as no_socket:
        _keep_alive(no_socket.fileno())


def test_rfc2217_goes_through_the_bridge() -> None:
    """pyserial's own server side, with a pendant behind it, which is what ser2net is."""
    with PtyPendant(_released()) as pty:
        ready, port = threading.Event(), []
        threading.Thread(target=_serve_rfc2217, args=(pty.path, ready, port), daemon=True).start()
        assert ready.wait(30)
        world = SerialWorld(make_profile(f"rfc2217://127.0.0.1:{port[0]}", "serial: {silence: 1}"))

        def user() -> None:
            arm(world, pty.speaker)
            pty.speaker.turn(6, 100)
            world.wait_for("axis.x.jog-counts", 6)

        world.run(user)


def _released() -> Firmware:
    firmware = Firmware(CONTROLS)
    firmware.set("estop", True, 0.0)
    return firmware


class _Unlocked:
    """What pyserial's server side writes to."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer

    def write(self, data: bytes) -> None:
        self._peer.sendall(data)


def _serve_rfc2217(path: str, ready: threading.Event, port: list[int]) -> None:
    import select

    import serial
    from serial import rfc2217

    listener = socket.create_server(("127.0.0.1", 0))
    port.append(listener.getsockname()[1])
    ready.set()
    peer, _ = listener.accept()

    class Terminal(serial.Serial):  # type: ignore[misc]
        """A pseudo-terminal has no modem lines to be asked for, or set."""

        cts = dsr = ri = cd = dtr = rts = False

    with Terminal(path, timeout=0) as device, suppress(OSError):  # whoever has come hangs up
        manager = rfc2217.PortManager(device, _Unlocked(peer))
        while True:
            there, _, _ = select.select([peer, device.fileno()], [], [], 0.5)
            manager.check_modem_lines()
            if peer in there:
                data = peer.recv(1024)
                if not data:
                    return
                device.write(b"".join(manager.filter(data)))
            if device.fileno() in there:
                peer.sendall(b"".join(manager.escape(device.read(1024))))


# Which port.


def test_another_port_that_fits_is_tried_where_nobody_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from hal_mpg.sources import serial

    monkeypatch.setattr(serial, "PATIENCE_S", 0.4)
    master, mute = os.openpty()
    with PtyPendant(_released()) as pty:
        profile = make_profile(os.ttyname(mute))
        other = make_profile(pty.path).match
        world = SerialWorld(profile._replace(match=(*profile.match, *other)))
        world.run(lambda: world.wait_for("connected", True))
    os.close(mute)
    os.close(master)
    assert "no pendant is heard at 115200 baud" in capfd.readouterr().err


def test_a_pendant_of_another_version_says_so(capfd: pytest.CaptureFixture[str], pty: PtyPendant) -> None:
    profile: Profile = make_profile(pty.path)
    source = SerialSource(profile)
    pty.speaker.silent = True
    time.sleep(0.05)
    source.search(100.0)
    source.tick(100.2)
    os.write(pty._master, line("G,2,Newer,1,axis=xyz") * 2)
    time.sleep(0.1)
    source.read(source.descriptors(), 100.3)
    for now in (102.0, 104.6):
        source.tick(now)
    assert "version 2" in capfd.readouterr().err
    source.close()


class ScriptedLine:
    """A line in made-up time: what it has to say is put into `waiting`."""

    def __init__(self) -> None:
        self.waiting = b""

    def fileno(self) -> int:
        return 99

    def read(self) -> bytes:
        data, self.waiting = self.waiting, b""
        return data

    def write(self, data: bytes) -> None:
        pass

    def complaints(self) -> list[str]:
        return []

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("place", "quiet_until"), [("socket://x:1", 1.15), ("/dev/ttyX", 0.15)])
def test_the_first_moment_is_counted_from_the_first_word_of_a_network_adapter(
    place: str, quiet_until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hal_mpg.sources import serial

    scripted = ScriptedLine()
    monkeypatch.setattr(serial, "open_line", lambda place, settings: scripted)
    source = SerialSource(make_profile(place), device=place)
    source.search(0.0)
    firmware, heard_at = _released(), None
    for step in range(1, 200):
        now = step / 50
        if now >= source.next_deadline():
            source.tick(now)
        if now >= 1.0 or not place.startswith("socket"):
            scripted.waiting = b"".join(firmware.due(now))
            source.read([99], now)
            source.tick(now)  # which finds nothing more
        if source.decoder.understood and heard_at is None:
            heard_at = now
    assert heard_at is not None
    assert quiet_until - 0.06 < heard_at < quiet_until + 1.1, "the greeting comes once a second"
