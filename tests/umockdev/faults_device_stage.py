# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults of the pendant's nodes: what they say, what they refuse, how they come and go."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Any

from evdev import ecodes

from tests.umockdev.bed import DROPPED, REPORT, Event, turned, wait_until
from tests.umockdev.fault_hardware import MATCHING
from tests.umockdev.faults_stage import INCREMENT, UmockdevStage
from tests.umockdev.pendants import ENABLE, ESTOP_RELEASED, KEYBOARD, RESET, X

IOCTLS = {"EVIOCGNAME": 0x06, "EVIOCGKEY": 0x18, "EVIOCGABS": 0x40 + ecodes.ABS_WHEEL, "EVIOCSCLOCKID": 0xA0}
TYPES = {"SYN": 0, "KEY": 1, "BTN": 1, "REL": 2, "ABS": 3, "MSC": 4}


class DeviceStage(UmockdevStage):
    """A pendant that does what it should not."""

    # The beginning.

    def begin_armed_normally_open(self) -> None:
        self.begin_armed("normally-open")

    def begin_armed_absolute(self) -> None:
        self.begin_armed("absolute")

    def begin_armed_absolute_small(self) -> None:
        self.begin_armed("absolute-small")

    def begin_armed_keys(self) -> None:
        self.begin_armed("keys")

    def begin_absent_absolute(self) -> None:
        self.begin_absent("absolute")

    def begin_absent_normally_open(self) -> None:
        self.begin_absent("normally-open")

    # The fault.

    def do_say(self, *lines: Any) -> None:
        """Let the pendant send events in one piece.

        A line is a code's name and a value; `turn N`, which the axis is expected to follow; `counted N`,
        where it is expected to follow the other lines; `raw TYPE CODE VALUE`; `unseen` before a change of a
        switch that makes no event; or a list [times, line, ...].
        """
        assert self.node
        self.node.send(*(event for line in lines for event in self._events(line)))

    def _events(self, line: Any) -> Iterator[Event]:
        assert self.node
        if isinstance(line, list):
            for _ in range(line[0]):
                for each in line[1:]:
                    yield from self._events(each)
            return
        name, *numbers = line.removeprefix("unseen ").split()
        value = int(numbers[0]) if numbers else 0
        if name in ("turn", "counted"):
            self.should += value * INCREMENT
            yield from turned(value if name == "turn" else 0)
            return
        if name == "raw":
            yield tuple(int(number) for number in numbers)
            return
        kind, code = TYPES[name.partition("_")[0]], ecodes.ecodes[name]
        if kind == ecodes.EV_KEY and value in (0, 1):
            (self.node.hold if value else self.node.let_go)(code)
        if kind == ecodes.EV_ABS:
            self.node.stood_at(code, value)
        if not line.startswith("unseen "):
            yield kind, code, value

    def do_set_and_turn(self, pin: str, value: str, detents: int) -> None:
        """Set an input pin of hal_mpg's as halcmd does; turn the wheel when that was told."""
        assert self.program
        self.program.set_pin(pin, value)
        self.program.wait_for_line("no limits")
        self.do_turn(detents)

    def do_turn_at_once(self, detents: int) -> None:
        """Turn the wheel, all in one event."""
        assert self.node
        self.should += detents * INCREMENT
        self.node.send((ecodes.EV_REL, ecodes.REL_DIAL, detents), REPORT)

    def do_turn_and_press_estop(self, detents: int) -> None:
        """Turn the wheel as quickly as can be, with the E-stop pressed shortly before the end."""
        self.do_turn(detents)
        self.do_say("BTN_BASE4 0", "SYN_REPORT")
        self.do_turn(100)

    def do_turn_and_hang_up(self, detents: int) -> None:
        """Turn the wheel, and hang up."""
        self.do_turn(detents)
        self.do_hang_up()

    def do_replug_held(self) -> None:
        """Plug the pendant out and in while its enabling and its reset button are held, and repeat."""
        self.clear()
        self.do_plug_held()
        self.wait_pin("connected", True)
        self.do_say([100, "BTN_BASE6 2", "BTN_BASE5 2", "SYN_REPORT"])

    def do_lose_all(self, frames: int) -> None:
        """Turn the wheel, and lose events in every frame, with the E-stop pressed in the midst of it."""
        assert self.node
        for number in range(frames):
            if number == frames // 2:
                self.node.let_go(ESTOP_RELEASED)
            self.node.send((ecodes.EV_REL, ecodes.REL_DIAL, 1), DROPPED, REPORT)

    def do_fail_reads(self, name: str) -> None:
        """Let reading fail, for those who have it open now."""
        assert self.node
        self.node.fail_reads(getattr(errno, name))

    def do_fail_and_say(self, ioctl: str, name: str, *lines: str) -> None:
        """Let an ioctl fail, and send events."""
        assert self.node
        self.node.fail_ioctl(IOCTLS[ioctl], getattr(errno, name))
        self.do_say(*lines)

    def do_hang_up(self) -> None:
        """Let the node hang up, with nothing to read."""
        assert self.node
        self.node.hang_up()
        self.nodes.remove(self.node)

    def do_plug(self, hardware: str) -> Callable[[], None]:
        """Plug in a device that pretends to be the pendant; wait until it was looked at."""
        node = self.plug_in(**MATCHING[hardware])
        return lambda: wait_until(node.was_looked_at, f"{hardware} to be looked at")

    def do_plug_failing(self, ioctl: str, name: str) -> Callable[[], None]:
        """Plug in a pendant of which an ioctl fails."""
        node = self.plug_in(tell=False)
        node.fail_ioctl(IOCTLS[ioctl], getattr(errno, name))
        return lambda: wait_until(node.was_looked_at, "the pendant to be looked at")

    def do_plug_held(self) -> None:
        """Plug in the pendant while its enabling button and its reset button are held."""
        down = {*self.pendant.hardware["down"], ENABLE, RESET}
        self.plug_in(down=down)

    def do_plug_beside(self, hardware: str, turn: int) -> None:
        """Plug in another device that is odd; then turn the wheel of the pendant."""
        odd = self.bed.plug(**{**KEYBOARD, **MATCHING[hardware], "vendor": 0x6666})
        self.nodes.append(odd)
        self.do_turn(turn)

    def do_plug_beside_and_search(self, hardware: str) -> Callable[[], None]:
        """Plug in another device that is odd while the pendant is looked for."""
        odd = self.bed.plug(**{**KEYBOARD, **MATCHING[hardware], "vendor": 0x6666})
        self.nodes.append(odd)
        return lambda: wait_until(odd.was_looked_at, f"{hardware} to be looked at")

    def do_start_unreadable(self) -> None:
        """Start hal_mpg where the pendant is plugged in, but may not be read."""
        self.plug_in(mode=0)
        self.start(self.pendant.profile(self.bed))

    # The way back.

    def back_release_estop(self) -> None:
        """Release the E-stop."""
        assert self.node
        if self.pendant.normally_closed:
            self.node.press(ESTOP_RELEASED)
        else:
            self.node.release(ESTOP_RELEASED)
        self.wait_pin("estop-ok", True)

    def back_correct_limits(self) -> None:
        """Set the limits of the machine, and let the heart beat twice: it looks at them then."""
        self.set_limits()
        for _ in range(2):
            beat = self.pin("heartbeat")
            wait_until(lambda beat=beat: self.pin("heartbeat") != beat, "a beat")

    def back_select_x(self) -> None:
        """Turn the axis selector to X."""
        assert self.node
        self.node.release(ecodes.BTN_THUMB2)
        self.node.press(X)

    def back_end_frame(self) -> None:
        """End the frame."""
        assert self.node
        self.node.send(REPORT)

    def back_heal(self) -> None:
        """Let all ioctls work again; it is found by itself."""
        assert self.node
        for number in IOCTLS.values():
            self.node.fail_ioctl(number, 0)
        self.wait_pin("connected", True)

    def back_make_readable(self) -> None:
        """Give access to the node, as udev's rules do."""
        assert self.node
        self.node.chmod(0o600)
        if not self._is_running():
            self.run(self.pendant.profile(self.bed))
        self.wait_pin("connected", True)
