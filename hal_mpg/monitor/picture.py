# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a pendant, drawn with rich for a terminal of any size; without colors it says the same."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.events import PinValue
from hal_mpg.monitor.shown import HEARTBEATS, Shown, spell
from hal_mpg.pins import STATUS
from hal_mpg.profile import ANGULAR_AXES, AXIS_LETTERS

WIDE = 76
"""From this width on, pendant and pins are side by side."""

RING = ((0, 6), (0, 9), (1, 11), (2, 12), (3, 11), (4, 9), (4, 6), (4, 3), (3, 1), (2, 0), (1, 1), (0, 3))
"""Where on five lines of 13 characters the marks of the wheel are, clockwise from the top."""

FAST = 20.0
"""Detents a second that fill the bar of the speed: two turns of the wheel in ten seconds."""

BAR = 10

SELDOM = ("do.", "request.", "mpg-run.", "refused", *STATUS)
"""The beginnings of the pins that are shown only while they are not FALSE or 0: there are many of them."""

AXIS_PINS = ("selected", "jog-enable", "jog-counts", "jog-scale", "max-velocity", "max-acceleration")


def picture(shown: Shown, width: int, height: int, is_ascii: bool = False) -> RenderableType:
    """Return the whole picture for a terminal of this size."""
    marks = _Marks(is_ascii)
    is_wide = width >= WIDE
    pendant, pins = _pendant_panel(shown, marks), _pin_panel(shown, 2 if is_wide else 1)
    used = 4
    top: RenderableType
    if is_wide:
        top = Table.grid(expand=True)
        top.add_column(width=40)
        top.add_column(ratio=1)
        top.add_row(pendant, pins)
        used += max(_lines_of_pendant(shown), _lines_of_pins(shown, 2)) + 2
    else:
        used += _lines_of_pendant(shown) + 2
        top = pendant
        if (
            height - used - _lines_of_pins(shown, 1) - 2 >= 4
        ):  # else the pins have to wait for a larger terminal
            used += _lines_of_pins(shown, 1) + 2
            top = Group(pendant, pins)
    head = Text(f"{shown.title}: {shown.where}", style="bold", no_wrap=True, overflow="ellipsis")
    foot = Text("q quits", style="dim", no_wrap=True)
    events = _events_panel(shown, max(1, height - used - 2), is_wide)
    return Group(head, top, events, _why_line(shown), foot)


class _Marks:
    """The characters that it is drawn with: a terminal without UTF-8 has others."""

    def __init__(self, is_ascii: bool) -> None:
        self.on, self.off = ("(*)", "( )") if is_ascii else ("●", "○")
        self.here, self.dot = ("O", ".") if is_ascii else ("●", "·")
        self.full, self.empty = ("#", "-") if is_ascii else ("█", "░")


def _pendant_panel(shown: Shown, marks: _Marks) -> Panel:
    is_there = bool(shown.pins.get("connected")) and shown.answers
    rows = Table.grid(padding=(0, 1))
    rows.add_column(width=13)
    rows.add_column()
    right = [
        _estop(shown, is_there),
        _enable(shown, is_there),
        Text(""),
        *_choices("axis", shown.axis, (*shown.axes, *shown.targets), marks),
        *_choices("scale", shown.scale, shown.scales or ((shown.scale,) if shown.scale else ()), marks),
        *_buttons(shown, marks),
    ]
    rows.add_row(Group(*_wheel(shown, marks)), Group(*right))
    return Panel(rows, title="pendant", title_align="left", style="" if is_there else "dim")


def _lines_of_pendant(shown: Shown) -> int:
    marks = _Marks(True)
    right = 3 + len(_choices("axis", "", (*shown.axes, *shown.targets), marks))
    right += len(_choices("scale", "", shown.scales or (shown.scale,), marks)) + len(_buttons(shown, marks))
    return max(8, right)


def _wheel(shown: Shown, marks: _Marks) -> list[Text]:
    """Return the wheel with a mark that goes around, and its speed: eight lines of 13 characters."""
    here = shown.wheel % len(RING)
    lines = [[" "] * 13 for _ in range(5)]
    for place, (line, column) in enumerate(RING):
        lines[line][column] = marks.here if place == here else marks.dot
    for place, letter in enumerate(f"{shown.wheel:+d}".center(9) if shown.wheel else "    0    "):
        lines[2][2 + place] = letter if letter != " " else lines[2][2 + place]
    speed = float(shown.pins.get("velocity", 0.0))
    filled = min(BAR, round(abs(speed) / FAST * BAR + 0.49)) if speed else 0
    bar = marks.full * filled + marks.empty * (BAR - filled)
    way = "clockwise" if speed > 0 else "back" if speed < 0 else "still"
    return [
        *(Text("".join(line), "bold" if speed else "") for line in lines),
        Text(f"{abs(speed):5.1f} /s".center(13)),
        Text(bar.center(13), "green" if filled else "dim"),
        Text(way.center(13), "dim" if not speed else ""),
    ]


def _estop(shown: Shown, is_there: bool) -> Text:
    if not is_there:
        return Text("pendant NOT THERE" if shown.answers else "NO ANSWER", "bold yellow")
    if not shown.has_estop:
        return Text("no E-stop", "dim")
    if shown.pins.get("estop"):
        return Text(" E-STOP PRESSED ", "bold white on red")
    return Text("E-stop released", "green")


def _enable(shown: Shown, is_there: bool) -> Text:
    if not shown.has_enable:
        return Text("no enabling button", "dim")
    if is_there and shown.pins.get("enable"):
        return Text("enabling button HELD", "bold green")
    return Text("not enabled (button)", "" if is_there else "dim")


def _choices(label: str, chosen: str, names: Sequence[str], marks: _Marks) -> list[Text]:
    """Return a selector with its positions, the chosen one marked, in lines of at most 20 characters."""
    lines: list[Text] = []
    for name in names:
        is_chosen = name == chosen
        spelled = name.upper() if name in AXIS_LETTERS else name
        piece = f"{marks.on if is_chosen else marks.off} {spelled}"
        if not lines or len(lines[-1]) + 2 + len(piece) > 20:
            lines.append(Text())
        if lines[-1]:
            lines[-1].append("  ")
        lines[-1].append(piece, "bold" if is_chosen else "dim")
    what = f"{label} selector" if chosen else f"{label} selector: none"
    return [Text(what if names or chosen else f"{label}: -", "dim"), *lines]


def _buttons(shown: Shown, marks: _Marks) -> list[Text]:
    pressed = {"reset": bool(shown.pins.get("reset"))} if "reset" in shown.pins else {}
    pressed |= {name: bool(shown.pins[f"button.{name}"]) for name in shown.names("button.")}
    chosen = [name for name, held in pressed.items() if held]
    lines = [Text()]
    for name in pressed:
        piece = f"{marks.on if name in chosen else marks.off} {name}"
        if len(lines[-1]) + 2 + len(piece) > 20 and lines[-1]:
            lines.append(Text())
        if lines[-1]:
            lines[-1].append("  ")
        lines[-1].append(piece, "bold" if name in chosen else "dim")
    return [Text("buttons", "dim"), *lines] if pressed else []


def _plain_pins(shown: Shown) -> list[str]:
    hidden = (*HEARTBEATS, "why-not", "panel.selected", "panel.unit", "mpg-run.detent-time")
    elsewhere = [pin for pin in shown.pins if pin.startswith(("axis.", "button."))]
    sticks = {pin for pin in elsewhere if pin.endswith(".analog")}
    still = [pin for pin, value in shown.pins.items() if pin.startswith(SELDOM) and not value]
    hidden_too = {*hidden, *elsewhere, *still} - sticks
    return [pin for pin in shown.pins if pin not in hidden_too]


def _lines_of_pins(shown: Shown, columns: int) -> int:
    return -(-len(_plain_pins(shown)) // columns) + len(shown.axes) + 1


def _pin_panel(shown: Shown, columns: int) -> Panel:
    pins = _plain_pins(shown)
    lines = -(-len(pins) // columns)
    rows = Table.grid(padding=(0, 1), expand=True)
    for _ in range(columns):
        rows.add_column(no_wrap=True)
        rows.add_column(no_wrap=True, ratio=1)
    for line in range(lines):
        cells: list[RenderableType] = []
        for pin in pins[line :: lines or 1]:
            cells += [Text(pin, "dim"), _value(shown.pins[pin])]
        rows.add_row(*cells)
    axes = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "right", "left", "right"):
        axes.add_column(justify=justify, no_wrap=True)
    has_limits = any(pin.endswith(".max-velocity") for pin in shown.pins)
    words = ("axis", "jog-counts", "of", "enable", *(("max-vel.",) if has_limits else ()))
    axes.add_row(*(Text(word, "dim") for word in words))
    for axis in shown.axes:
        axes.add_row(*_axis_cells(shown, axis))
    return Panel(Group(rows, axes), title=f"pins of {shown.name}", title_align="left")


def _axis_cells(shown: Shown, axis: str) -> list[Text]:
    values = {name: shown.pins.get(f"axis.{axis}.{name}") for name in AXIS_PINS}
    style = "bold" if values["selected"] else ""
    velocity = values["max-velocity"]
    limit = "" if velocity is None else "unknown" if not velocity else spell(velocity)
    return [
        Text(axis.upper(), style),
        Text(_text(values["jog-counts"]), style),
        Text(_text(values["jog-scale"]), style),
        _value(values["jog-enable"]),
        Text(limit),
    ]


def _text(value: PinValue | None) -> str:
    return "-" if value is None else spell(value)


def _value(value: PinValue | None) -> Text:
    return Text(_text(value), "bold" if value is True else "")


def _events_panel(shown: Shown, lines: int, is_wide: bool) -> Panel:
    """Return the latest raw events (with --hal: pins), and messages beside them where there is room."""
    what = "pins that changed" if shown.is_hal else "events of the device"
    events = Text("\n".join(_last(shown.events, lines)), no_wrap=True, overflow="ellipsis")
    if not shown.notes:
        return Panel(events, title=what, title_align="left")
    notes = Text("\n".join(_last(shown.notes, lines)), no_wrap=not is_wide, overflow="ellipsis")
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(events, notes)
    return Panel(grid, title=f"{what}, and messages", title_align="left", height=lines + 2)


def _last(texts: Sequence[str], lines: int) -> list[str]:
    latest = list(texts)[-lines:]
    return [*latest, *[""] * (lines - len(latest))]


def _why_line(shown: Shown) -> Text:
    why_not = shown.why_not
    if not shown.answers:
        text, style = (
            f"{shown.name} does not answer: killed, hung, or ended; see `hal_mpg recover`",
            "bold red",
        )
    elif why_not is WhyNot.READY:
        text, style = _ready(shown), "bold green"
    else:
        text, style = WORDS[why_not], "bold yellow"
    return Text(f" {text}", style, no_wrap=True, overflow="ellipsis")


def _ready(shown: Shown) -> str:
    axis, distance = shown.axis, shown.pins.get("scale", 0.0)
    if axis in AXIS_LETTERS and distance:
        unit = "degrees" if axis in ANGULAR_AXES else shown.units
        return f"READY: one detent moves {axis.upper()} by {spell(distance)} {unit}"
    return f"READY: one detent turns {axis}" if axis else "READY"
