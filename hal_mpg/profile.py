# SPDX-License-Identifier: GPL-2.0-or-later
"""What a pendant is: the typed form of a profile, and the invariants that hold of it.

A profile describes hardware. What a user wants of it (units, axes, other increments) is in `machine`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hal_mpg.lean_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from decimal import Decimal

    from hal_mpg.display_layout import Display
    from hal_mpg.hid_device import HidDevice
    from hal_mpg.serial_line import SerialLine

ANGULAR_AXES = ("a", "b", "c")
AXIS_LETTERS = ("x", "y", "z", "a", "b", "c", "u", "v", "w")
"""LinuxCNC's axis letters, in the order of its axis numbers (emcpos.h)."""

TARGETS = ("feed-override", "rapid-override", "spindle-override", "max-velocity", "mpg-run")
"""Positions, of either selector, that turn an override, or run the program, instead of jogging an axis."""

OFF = "off"

FAULT = "fault"
"""The position of a selector that says itself that it is at two positions at once."""


class Code(NamedTuple):
    """One input code: its event type (EV_KEY, EV_REL, ...) and its number."""

    type: int
    number: int


class Identity(NamedTuple):
    """What a device says of itself. `name`, `phys` and `uniq` are the kernel's strings, cleaned."""

    vendor: int
    product: int
    name: str
    phys: str = ""
    uniq: str = ""


class Match(NamedTuple):
    """One alternative of a profile's `match`: everything that is not None has to fit.

    `name`, `uniq` and `port` are patterns with `*`, `?` and `[...]`. `socket` is for virtual pendants, `port`
    for serial ones: the path of the port, of a link to it as udev makes them, or a URL of pyserial's.
    `interface` is for raw HID ones: the number of the USB interface.
    """

    vendor: int | None = None
    product: int | None = None
    name: str | None = None
    uniq: str | None = None
    socket: str | None = None
    port: str | None = None
    interface: int | None = None
    all_of: tuple[Match, ...] = ()
    """Several devices are one pendant: those that fit any of these, where each of these has one."""

    def fits(self, device: Identity) -> bool:
        """Tell whether an input device is one of these, or a part of one."""
        if self.all_of:
            return any(part.fits(device) for part in self.all_of)
        return self.socket is None and self.port is None and self.fits_identity(device)

    def fits_identity(self, device: Identity) -> bool:
        """Tell whether what a device says of itself fits, wherever it is plugged in."""
        return (
            self.vendor in (None, device.vendor)
            and self.product in (None, device.product)
            and (self.name is None or fits_pattern(device.name, self.name))
            and (self.uniq is None or fits_pattern(device.uniq, self.uniq))
        )


def fits_pattern(text: str, pattern: str) -> bool:
    """Tell whether a text fits a pattern with `*`, `?` and `[...]`."""
    if not any(special in pattern for special in "*?["):
        return text == pattern
    from fnmatch import fnmatchcase  # which imports `re`: nothing that a start should wait for

    return fnmatchcase(text, pattern)


def is_distance(value: Decimal) -> bool:
    """Tell whether a number can be the distance of one detent: positive, and of a sane size."""
    return value.is_finite() and 0 < value <= 1_000_000 and value.adjusted() >= -9


class Increment(NamedTuple):
    """The distance of one detent at one scale, for each unit that the profile gives.

    `texts` are the distances in mm, inches and degrees as decimals are written. That is exact, and a start of
    the component needs no more; to import `decimal` takes as long as a third of our modules.
    """

    scale: str
    texts: tuple[str | None, str | None, str | None]

    @classmethod
    def of(
        cls, scale: str, mm: Decimal | None = None, inch: Decimal | None = None, degree: Decimal | None = None
    ) -> Increment:
        """Return the increment with these distances."""
        texts = [None if distance is None else str(distance) for distance in (mm, inch, degree)]
        return cls(scale, (texts[0], texts[1], texts[2]))

    @property
    def mm(self) -> Decimal | None:
        """The distance in mm."""
        return _decimal(self.texts[0])

    @property
    def inch(self) -> Decimal | None:
        """The distance in inches."""
        return _decimal(self.texts[1])

    @property
    def degree(self) -> Decimal | None:
        """The distance in degrees."""
        return _decimal(self.texts[2])

    def text(self, unit: str) -> str | None:
        """Return the distance in "mm", "inch" or "degree", as decimals are written."""
        return self.texts[UNITS.index(unit)]


UNITS = ("mm", "inch", "degree")


def _decimal(text: str | None) -> Decimal | None:
    from decimal import Decimal

    return None if text is None else Decimal(text)


class RelativeWheel(NamedTuple):
    """Each event is a number of counts turned."""

    code: Code
    counts_per_detent: int = 1
    invert: bool = False


class AbsoluteWheel(NamedTuple):
    """Each event is the wheel's position, which wraps at `modulo` counts.

    `code` is an ABS_ code, or a REL_ code for devices that report a position as relative movement
    (Contour Shuttle); the kernel never delivers REL 0, so those are silent at 0.
    """

    code: Code
    modulo: int
    counts_per_detent: int = 1
    invert: bool = False


class KeyWheel(NamedTuple):
    """Each press of a key is one count."""

    forward: Code
    backward: Code
    counts_per_detent: int = 1
    invert: bool = False


class KeySelector(NamedTuple):
    """One key for each position; the position is the one key that is held."""

    positions: tuple[tuple[str, Code], ...]


class AbsSelector(NamedTuple):
    """One absolute axis, whose value is the position."""

    code: Code
    positions: tuple[tuple[int, str], ...]


class StepSelector(NamedTuple):
    """Keys that step through `order`; it starts at the first position and wraps around."""

    next: Code | None
    previous: Code | None
    order: tuple[str, ...]


class EStop(NamedTuple):
    """The emergency stop contact. Normally closed: the key is held while it is released."""

    key: Code
    normally_closed: bool = True


class Analog(NamedTuple):
    """A stick or a spring-loaded ring: how far it is from its middle is how fast an axis goes.

    `code` is an ABS_ code, or a REL_ code for rings that report a position as relative movement (Contour
    Shuttle). `low` and `high` are what it says at its ends; None: as the kernel has it of the device. `axis`
    is a letter, or SELECTED: that of the axis selector. `dead_zone` (of the way from the middle to an end)
    and `curve` (the power that the rest is raised to) are in thousandths: profiles have no other numbers than
    whole ones. While `hold`, where there is one, is not pressed, it moves nothing.
    """

    code: Code
    low: int | None
    high: int | None
    axis: str
    dead_zone: int = 100
    curve: int = 1000
    invert: bool = False
    hold: Code | None = None


SELECTED = "selected"
"""The axis of a stick or ring that moves whatever the axis selector is on."""

Wheel = RelativeWheel | AbsoluteWheel | KeyWheel
Selector = KeySelector | AbsSelector | StepSelector


def positions_of(selector: Selector) -> tuple[str, ...]:
    """Return a selector's positions in the profile's order, each once, without "off" and faults."""
    match selector:
        case KeySelector(positions):
            names = [name for name, _ in positions]
        case AbsSelector(_, positions):
            names = [name for _, name in positions]
        case StepSelector(_, _, order):
            names = list(order)
    return tuple(dict.fromkeys(name for name in names if name not in (OFF, FAULT)))


class Profile(NamedTuple):
    """One kind of pendant. `scale` is None where it has one scale and no selector for it."""

    name: str
    source: str
    match: tuple[Match, ...]
    increments: tuple[Increment, ...]
    wheel: Wheel
    axis: Selector
    scale: Selector | None = None
    estop: EStop | None = None
    reset: Code | None = None
    enable: Code | None = None
    buttons: tuple[tuple[str, Code], ...] = ()
    leds: tuple[tuple[str, Code], ...] = ()
    """Lamps: LED_ codes, or MSC_ codes, of which `lamp_values` has what they are sent."""

    stop_on_disconnect: bool = True
    """Whether loss of the device counts as an actuated E-stop."""

    notes: tuple[str, ...] = ()
    """What the user should be told of the profile, as `FILE:LINE:COLUMN: what`."""

    serial: SerialLine | None = None
    """How a pendant of the source `serial` is spoken with; None: of any other."""

    hid: HidDevice | None = None
    """How the reports of a pendant of the source `hidraw` are understood; None: of any other."""

    display: Display | None = None
    """What its display shows, and how; None: it has none that we fill."""

    analog: tuple[Analog, ...] = ()
    """Sticks and rings, whose deflection is a speed."""

    lamp_values: tuple[tuple[str, int, int], ...] = ()
    """Of lamps that take more than 0 and 1: the name, and what lights it and puts it out."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The axis letters of the axis selector, in its order."""
        return tuple(name for name in positions_of(self.axis) if name in AXIS_LETTERS)

    @property
    def targets(self) -> tuple[str, ...]:
        """Such positions of the axis selector, and then of the scale selector, each once."""
        names = (*positions_of(self.axis), *(positions_of(self.scale) if self.scale else ()))
        return tuple(name for name in dict.fromkeys(names) if name in TARGETS)

    @property
    def own_codes(self) -> tuple[tuple[str, Code], ...]:
        """The codes that the profile's own protocol defines, by names; none: they are the kernel's."""
        own = self.serial or self.hid
        return own.codes if own else ()

    @property
    def is_decoded(self) -> bool:
        """Whether we understand what the pendant sends ourselves, so that some of it may be garbled."""
        return self.serial is not None or self.hid is not None

    @property
    def analog_axes(self) -> tuple[str, ...]:
        """The axis letters that a stick or a ring can move, in the selector's order."""
        named = {analog.axis for analog in self.analog}
        return tuple(axis for axis in self.axes if axis in named or SELECTED in named)

    @property
    def scales(self) -> tuple[str, ...]:
        """The names of the scales, in the order of `increments`."""
        return tuple(increment.scale for increment in self.increments)

    @property
    def stepped(self) -> tuple[str, ...]:
        """Those of "axis" and "scale" whose selector is stepped through."""
        both = (("axis", self.axis), ("scale", self.scale))
        return tuple(name for name, selector in both if isinstance(selector, StepSelector))

    def input_codes(self) -> Iterator[tuple[str, Code]]:
        """Yield each code that is read from the device, with the control that it belongs to."""
        match self.wheel:
            case KeyWheel(forward, backward):
                yield "wheel", forward
                yield "wheel", backward
            case RelativeWheel(code) | AbsoluteWheel(code):
                yield "wheel", code
        for control, selector in (("axis", self.axis), ("scale", self.scale)):
            match selector:
                case KeySelector(positions):
                    yield from ((control, code) for _, code in positions)
                case AbsSelector(code):
                    yield control, code
                case StepSelector(forward_key, backward_key):
                    yield from ((control, key) for key in (forward_key, backward_key) if key)
        if self.estop is not None:
            yield "estop", self.estop.key
        if self.reset is not None:
            yield "reset", self.reset
        if self.enable is not None:
            yield "enable", self.enable
        yield from ((f"buttons.{name}", code) for name, code in self.buttons)
        yield from (("analog", analog.code) for analog in self.analog)
        holds = dict.fromkeys(analog.hold for analog in self.analog)
        yield from (("analog hold", hold) for hold in holds if hold)
