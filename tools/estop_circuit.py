# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the guide's E-stop circuit: docs/pictures/estop-circuit.svg, the same bytes every time."""

from __future__ import annotations

from html import escape
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "docs/pictures/estop-circuit.svg"

WIDTH, HEIGHT = 860, 400
INK, FAINT, HARD, SOFT, FACE, PAPER = "#22252b", "#6b7078", "#c62828", "#1565c0", "#ffffff", "#f6f5f0"


def box(x: int, y: int, wide: int, tall: int, color: str, *lines: str) -> list[str]:
    """Return a box with lines of text in its middle; the first one is bold."""
    drawn = [
        f'<rect x="{x}" y="{y}" width="{wide}" height="{tall}" rx="6" fill="{FACE}" stroke="{color}" '
        f'stroke-width="2"/>'
    ]
    top = y + tall / 2 - 8 * (len(lines) - 1) + 4
    for number, line in enumerate(lines):
        weight = ' font-weight="bold"' if number == 0 else ""
        drawn.append(f'<text x="{x + wide / 2:g}" y="{top + 16 * number:g}"{weight}>{escape(line)}</text>')
    return drawn


def wire(color: str, *points: tuple[int, int], dashed: bool = False) -> str:
    """Return a line through these points, with an arrow at its end where it carries a message (dashed)."""
    path = " ".join(f"{x},{y}" for x, y in points)
    look = ' stroke-dasharray="6 4" marker-end="url(#to)"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2.5"{look}/>'


def contact(x: int, y: int, color: str, *lines: str) -> list[str]:
    """Return a normally closed contact in a wire that runs at height `y`, with its name over it."""
    drawn = [
        f'<rect x="{x - 24}" y="{y - 12}" width="48" height="24" fill="{PAPER}"/>',
        f'<circle cx="{x - 24}" cy="{y}" r="4" fill="{color}"/>',
        f'<circle cx="{x + 24}" cy="{y}" r="4" fill="{color}"/>',
        f'<path d="M {x - 24} {y} L {x + 26} {y - 5} M {x} {y - 4} V {y - 20} M {x - 9} {y - 20} H {x + 9}" '
        f'fill="none" stroke="{color}" stroke-width="2.5"/>',
    ]
    for number, line in enumerate(lines):
        drawn.append(f'<text x="{x}" y="{y - 42 + 15 * number}">{escape(line)}</text>')
    return drawn


def note(x: int, y: int, color: str, text: str, anchor: str = "start") -> str:
    """Return a line of text."""
    return f'<text x="{x}" y="{y}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'


def drawing() -> str:
    """Return the picture: in red what stops the machine, in blue what lets LinuxCNC know."""
    hard_y, soft_y = 110, 270
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" text-anchor="middle" '
        f'fill="{INK}">',
        "<title>The E-stop circuit, and what hal_mpg knows of it</title>",
        f'<defs><marker id="to" markerWidth="6" markerHeight="6" viewBox="0 0 9 8" refX="7" refY="4" '
        f'orient="auto">'
        f'<path d="M 0 0 L 8 4 L 0 8 z" fill="{SOFT}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        note(20, 28, HARD, "Hard-wired: this is what stops the machine, whatever the computer does."),
        # The loop of contacts, and what it holds.
        wire(HARD, (90, hard_y), (480, hard_y)),
        *box(20, 85, 76, 50, HARD, "24 V"),
        *contact(180, hard_y, HARD, "E-stop button", "at the machine"),
        *contact(300, hard_y, HARD, "pendant's E-stop", "first contact"),
        *contact(420, hard_y, HARD, "doors, further", "buttons"),
        *box(480, 75, 130, 70, HARD, "safety relay", "monitored reset"),
        wire(HARD, (610, hard_y), (680, hard_y)),
        *box(680, 75, 160, 70, HARD, "contactors", "drives' and spindle's", "power"),
        # What the computer is told.
        note(
            20,
            202,
            SOFT,
            "Told to LinuxCNC, so that it stops too and starts nothing by itself. No safety function.",
        ),
        *box(20, soft_y - 35, 150, 70, SOFT, "pendant's E-stop", "second contact", "to its board"),
        wire(SOFT, (170, soft_y), (218, soft_y), dashed=True),
        *box(220, soft_y - 35, 120, 70, SOFT, "hal_mpg", "estop-ok", "heartbeat"),
        wire(SOFT, (340, soft_y), (408, soft_y), dashed=True),
        *box(410, soft_y - 35, 200, 70, SOFT, "mpg-estop.hal", "watchdog, latch", "mpg-latch.fault-in"),
        wire(SOFT, (545, 145), (545, soft_y - 37), dashed=True),
        note(555, 172, FAINT, "auxiliary contact, at an input of the I/O card"),
        wire(SOFT, (610, soft_y), (678, soft_y), dashed=True),
        *box(680, soft_y - 35, 160, 70, SOFT, "LinuxCNC", "motion.enable", "emc-enable-in"),
        wire(SOFT, (760, soft_y + 35), (760, 345), (640, 345), dashed=True),
        *box(440, 322, 200, 46, SOFT, "drives' enable inputs", "and the interface's watchdog"),
        note(20, 340, FAINT, "USB, the kernel, a Python program, HAL:"),
        note(20, 356, FAINT, "each of them may fail. The red line may not need any."),
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(drawing(), encoding="utf-8")


if __name__ == "__main__":
    main()
