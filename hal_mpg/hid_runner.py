# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop for a raw HID pendant that is written to: the same one, which fills its display and lights lamps.

The loop only makes the pictures; `hid_output` has them written, however long the device takes over that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf, isclose

from hal_mpg.display_image import Core, Shown, image, reports
from hal_mpg.events import Connected, DeviceEvent, Event, PinWrite
from hal_mpg.hal_port import HalPort
from hal_mpg.hid_lamps import LampReports
from hal_mpg.lean_typing import TYPE_CHECKING
from hal_mpg.messages import tell
from hal_mpg.pendant import Pendant
from hal_mpg.profile import ANGULAR_AXES, OFF
from hal_mpg.raw_runner import RawRunner
from hal_mpg.runner import SEARCH_PAUSE_S
from hal_mpg.sources.hid_output import HidOutput

if TYPE_CHECKING:
    from hal_mpg.machine import Machine
    from hal_mpg.sources.hid_writer import Report
    from hal_mpg.sources.hidraw import HidrawSource

PICTURE, FIRST_LAMP = 0, 1
"""Keys of what is written; the lamps follow in the profile's order."""

SILENCE_S = 3.0
"""After so long without a picture, at the least, the loop hangs: what it has shown last is no longer so."""

AGAIN_S = 5.0
"""How long after its writer has ended another one is started, where nothing else has started one."""

SHOWN = ("why-not", "armed", "connected", "estop", "scale")
"""Our own pins that a picture is made of, beside the buttons that it depends on."""


class HidRunner(RawRunner):
    """Runs one raw HID pendant with a display or lamps on one component until it is told to stop."""

    def __init__(
        self, pendant: Pendant, source: HidrawSource, port: HalPort, machine: Machine, verbose: bool = False
    ) -> None:
        super().__init__(pendant, source, port, verbose)
        self._device = source
        source.before_closing = self._before_closing
        self._output = HidOutput()
        self._node: int | None = None  # that the output has
        self._pictures = Pictures(pendant, port, machine) if pendant.profile.display else None
        self._lamps = LampReports(pendant.profile, FIRST_LAMP)
        self._picture_at = inf
        self._again_at = inf  # when another writer is started, where there is none
        self._now = 0.0  # when the loop has last come to handle something
        self._is_leaving = self._has_complained = False

    def _start(self) -> None:
        self._output.start()
        if self._pictures:
            self._output.leave_behind(self._pictures.last(), self._pictures.silence_s)
        super()._start()

    def _handle(self, ready: Collection[int], has_new_inputs: bool, now: float) -> None:
        self._now = now
        super()._handle(ready, has_new_inputs, now)
        if self._node is None:
            return
        self._revive_output(self._node, now)
        if self._pictures is None:
            self._tell_of_trouble()
            return
        if now >= self._picture_at:
            self._picture_at = now + self._pictures.every_s
            self._show(self._pictures, now)
        self._deadline = min(self._deadline, self._picture_at)

    def _show(self, pictures: Pictures, now: float) -> None:
        """Send the picture, if it is new or was not sent for long; tell what became of those before."""
        try:
            new = pictures.new(now)
        except Exception as error:  # noqa: BLE001  # whatever it is, no display may stop a wheel
            new = None
            self._complain(f"no picture can be made ({error!r}); please report it")
        if new is not None and self._output.write(PICTURE, new):
            pictures.was_sent(now)
        self._tell_of_trouble()

    def _tell_of_trouble(self) -> None:
        if complaint := self._output.complaint():
            self._complain(complaint)

    def _complain(self, complaint: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            what = "display" if self._pictures else "lamps"
            tell(f"the pendant's {what} cannot be written: {complaint}; its wheel works all the same")

    def _revive_output(self, node: int, now: float) -> None:
        """Start another writer where it has ended: what the display shows would no longer be so."""
        if not self._output.has_ended:
            self._again_at = now + AGAIN_S
        elif now >= self._again_at:
            self._again_at = now + AGAIN_S
            self._use(node)

    def _use(self, node: int) -> None:
        self._output.use(node)
        self._lit.clear()
        self._picture_now()

    def _search(self, now: float) -> list[DeviceEvent]:
        if self._output.is_closing(now):
            self._search_at = now + SEARCH_PAUSE_S
            return []
        return super()._search(now)

    def _follow_descriptors(self) -> None:
        super()._follow_descriptors()
        node = self._device.descriptor
        if node is not None and node != self._node:
            self._node, self._has_complained = node, False
            self._use(node)

    def _before_closing(self, descriptor: int) -> None:
        """Have the writer close a device, too; until it has, what it shares with us would stay in epoll."""
        if descriptor in self._open:
            self._poll.unregister(descriptor)
            self._open -= {descriptor}
        if descriptor == self._node and not self._is_leaving:
            self._node = None
            self._output.let_go(self._now)

    def _picture_now(self) -> None:
        if self._pictures:
            self._pictures.forget()
            self._picture_at = -inf

    def _report(self, events: Sequence[Event], writes: list[PinWrite]) -> None:
        super()._report(events, writes)
        if self._pictures:
            self._pictures.take(writes)
        if any(isinstance(event, Connected) for event in events):
            self._again_at = -inf
            self._picture_now()

    def _switch_lamps(self) -> None:
        wanted = self._port.leds() if self._open else {}
        changed = [name for name, lit in wanted.items() if self._lit.get(name) != lit]
        self._lit.update(wanted)
        for key, names in self._lamps.of(changed).items():
            if not self._output.write(key, [self._lamps.report(key, wanted)]):
                for name in names:
                    del self._lit[name]  # to be tried again

    def _leave(self) -> None:
        # The writer keeps the device until it has left its last picture there.
        self._is_leaving = True
        try:
            super()._leave()
        finally:
            self._output.close()


class Pictures:
    """What a display is to show, and what it was sent last."""

    def __init__(self, pendant: Pendant, port: HalPort, machine: Machine) -> None:
        display = pendant.profile.display
        assert display is not None
        self._display = display
        self._pendant = pendant
        self._port = port
        self._inch = machine.units == "inch"
        steps = machine.steps_of(pendant.profile)
        self._linear = next((one.distances for one in steps if one.axis not in ANGULAR_AXES), ())
        self.every_s = display.every_ms / 1000
        self._refresh_s = display.refresh_ms / 1000 or inf
        self.silence_s = max(SILENCE_S, 3 * display.refresh_ms / 1000) if display.refresh_ms else 0.0
        shown = {*SHOWN, *display.values()}
        self._pins = {pin.name: pin.initial for pin in pendant.pins if not pin.is_input and pin.name in shown}
        self._marked = {increment.scale: increment.texts[0] for increment in pendant.profile.increments}
        self._made = self._sent = b""
        self._sent_at = -inf

    def take(self, writes: Sequence[PinWrite]) -> None:
        """Take note of what our own pins show."""
        self._pins.update(write for write in writes if write[0] in self._pins)

    def new(self, now: float) -> list[Report] | None:
        """Return the picture as reports; None: it was sent already, and not too long ago."""
        self._made = image(self._display, Shown(self._core(), {**self._port.shown(), **self._pins}))
        if self._made == self._sent and now < self._sent_at + self._refresh_s:
            return None
        return self._reports(self._made)

    def last(self) -> list[Report]:
        """Return what is to be seen when nobody fills the display any more: everything 0, the machine off."""
        return self._reports(image(self._display, Shown(Core(inch=self._inch), {})))

    def was_sent(self, now: float) -> None:
        """Take note that the one that was made last was sent."""
        self._sent, self._sent_at = self._made, now

    def forget(self) -> None:
        """Take note that nobody knows what the display shows."""
        self._sent = b""

    def _reports(self, picture: bytes) -> list[Report]:
        kind = b"F" if self._display.is_feature else b"O"
        return [(kind, report) for report in reports(self._display, picture)]

    def _core(self) -> Core:
        axis, scale = self._pendant.positions
        selection, pins = self._pendant.selection, self._pins
        distance, place = float(pins["scale"]), selection.scale
        if selection.axis is None and 0 <= place < len(self._linear):
            distance = self._linear[place]
        marked = self._marked.get(scale or "")
        return Core(
            axis=axis or OFF,
            scale=scale or OFF,
            target=selection.target or OFF,
            distance=distance,
            is_marked=not distance or (marked is not None and isclose(distance, float(marked))),
            why_not=int(pins["why-not"]),
            armed=bool(pins["armed"]),
            connected=bool(pins["connected"]),
            estop=bool(pins["estop"]),
            inch=self._inch,
        )
