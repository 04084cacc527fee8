# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of a wiring for buttons that ask for actions: config/mpg-actions.hal, as far as they need it."""

from __future__ import annotations

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.ini import IniFile, leading_number
from hal_mpg.pins import REQUESTS
from hal_mpg.profile import Profile
from hal_mpg.program_run import MPG_RUN
from hal_mpg.wiring.action_nets import SINKS, SOURCES, needed_do, needed_status
from hal_mpg.wiring.findings import WARNING
from hal_mpg.wiring.ini_edit import Addition
from hal_mpg.wiring.page import Page
from hal_mpg.wiring.plan import Plan

SUBROUTINES = {
    "go-to-zero": ("mpg-go-to-zero", "mpg-safe-z"),
    "safe-z": ("mpg-safe-z",),
    "probe-z": ("mpg-probe-z",),
}
"""The files of config/nc_files that an MDI command calls; the first one itself."""

_EXAMPLE = "start=start-or-pause"

Buttons = tuple[tuple[str, str], ...]


def parse_buttons(text: str, profile: Profile) -> Buttons:
    """Return what each button asks for, of "start=start-or-pause,stop=stop". Raises UsageError."""
    known = [name for name, _ in profile.buttons]
    found: dict[str, str] = {}
    for word in text.replace(" ", "").split(","):
        name, _, request = word.partition("=")
        before = f"--buttons {word or repr(word)}:"
        if not name or not request:
            raise UsageError(f"{before} the form is NAME=REQUEST,NAME=REQUEST, such as stop=stop,{_EXAMPLE}")
        if name not in known:
            has = f", but {', '.join(known)}" if known else ", nor any other"
            raise UsageError(f"{before} the pendant's profile has no button {name}{has}")
        if name in found:
            raise UsageError(f"{before} the button {name} asks for {found[name]} already")
        if request not in (*REQUESTS, MPG_RUN):
            raise UsageError(f"{before} it can ask for one of {', '.join((*REQUESTS, MPG_RUN))}")
        if request in found.values():
            other = next(name for name, asks_for in found.items() if asks_for == request)
            raise UsageError(
                f"{before} the button {other} asks for {request} already; a request is one pin, so two "
                "buttons need an or2 before it (docs/buttons.md)"
            )
        found[name] = request
    return tuple(found.items())


def check_machine(plan: Plan) -> None:
    """Refuse what moves Z up as a mill does, and X and Y to 0, on any other machine. Raises UsageError."""
    machine = plan.machine
    if machine.is_lathe:
        has = "this is a lathe"
    elif not {"x", "y", "z"} <= set(machine.letters):
        has = f"this machine has {', '.join(machine.letters.upper())}"
    else:
        return
    for name, request in plan.buttons:
        if request in SUBROUTINES:
            raise UsageError(
                f"--buttons {name}={request}: that is for mills, which have X, Y and Z, and whose tool is "
                f"free when Z is up; {has} ({machine.ini.path})"
            )


def mdi_commands(plan: Plan) -> dict[str, str]:
    """Return the MDI command of each `do.NAME` that is one."""
    names = [name for name in _do(plan) if name not in SINKS]
    return {
        name: f"o<{SUBROUTINES[name][0]}> call" if name in SUBROUTINES else f"G10 L20 P0 {name[-1].upper()}0"
        for name in names
    }


def mdi_additions(plan: Plan) -> list[Addition]:
    """Return the lines of [HALUI] that are missing."""
    present = _present(plan.machine.ini)
    return [
        Addition("HALUI", f"MDI_COMMAND = {command}")
        for command in mdi_commands(plan).values()
        if _plain(command) not in present
    ]


def write_buttons(plan: Plan, page: Page) -> None:
    """Write what the buttons need, with the buttons."""
    if not _asked(plan):
        return
    page.title("Buttons")
    page.say(
        "A button asks hal_mpg for something, which looks whether it may be, and does it in the right "
        "order; or it does not, and says why on hal_mpg.why-not. What LinuxCNC says of itself, for that:"
    )
    for name in needed_status(_asked(plan)):
        page.do(*plan.join_output(SOURCES[name], name, f"hal_mpg.{name}"))
    page.gap()
    page.say("What it is told to do. MDI commands are those of [HALUI] in the INI file, counted from 00.")
    commands = mdi_commands(plan)
    present = _present(plan.machine.ini)
    order = [*present, *(_plain(c) for c in commands.values() if _plain(c) not in present)]
    for name in _do(plan):
        command = commands.get(name)
        pin = SINKS[name] if command is None else f"halui.mdi-command-{order.index(_plain(command)):02}"
        taken = plan.state.link(pin)
        if name == "home-all" and not plan.machine.ini.text("JOINT_0", "HOME_SEQUENCE"):
            page.say("(halui has no home-all, as [JOINT_0] has no HOME_SEQUENCE: do.home-all is left out.)")
            text = (
                f"{plan.machine.ini.path}: [JOINT_0] has no HOME_SEQUENCE, so no button can home the machine"
            )
            plan.say(WARNING, "no-home-all", text)
        elif taken is None:
            page.do(f"net {plan.prefix}-do-{name.replace('.', '-')} hal_mpg.do.{name} => {pin}")
        else:
            page.say(f"({taken.place} nets {pin}: do.{name} is left out.)")
            text = (
                f"{taken.place}: nets {pin}, so hal_mpg.do.{name} is left out; by an or2, both can be there"
            )
            plan.say(WARNING, "action-taken", text)
    page.gap()
    page.say("The buttons:")
    for name, request in plan.buttons:
        if request == MPG_RUN:
            continue  # program_run_text writes it
        page.do(f"net {plan.prefix}-button-{name} hal_mpg.button.{name} => hal_mpg.request.{request}")
    _look_for_subroutines(plan)


def _asked(plan: Plan) -> list[str]:
    return [request for _, request in plan.buttons if request != MPG_RUN]


def _do(plan: Plan) -> list[str]:
    return needed_do(_asked(plan), [axis.letter for axis, _ in plan.axes])


def _present(ini: IniFile) -> list[str]:
    return [_plain(entry.value) for entry in ini.values("HALUI", "MDI_COMMAND")]


def _plain(command: str) -> str:
    """Return an MDI command as it can be compared."""
    return "".join(command.lower().split())


def _look_for_subroutines(plan: Plan) -> None:
    """Say what is missing of the O-word subroutines; where they are to be is the machine's affair."""
    ini = plan.machine.ini
    files = sorted({file for name in _do(plan) for file in SUBROUTINES.get(name, ())})
    folders = ini.text("RS274NGC", "SUBROUTINE_PATH").split(":")
    places = [ini.file_of(folder) for folder in (*folders, ini.text("DISPLAY", "PROGRAM_PREFIX")) if folder]
    missing = [file for file in files if not any((place / f"{file}.ngc").exists() for place in places)]
    if missing:
        names = ", ".join(f"{file}.ngc" for file in missing)
        text = (
            f"{ini.path}: [RS274NGC]SUBROUTINE_PATH: {names} (in nc_files of the samples) has to be in a "
            "folder that is named there"
        )
        plan.say(WARNING, "subroutines", text)
    numbers = ["SAFE_Z"] if set(files) - {"mpg-probe-z"} else []
    if "mpg-probe-z" in files:
        numbers += ["PROBE_DISTANCE", "PROBE_FEED", "PROBE_LIFT", "PROBE_PLATE"]
    unset = [name for name in numbers if not ini.text("HAL_MPG", name)]
    is_inch = plan.machine.units == "inch"
    if unset:
        text = f"{ini.path}: [HAL_MPG] needs {', '.join(unset)}, in millimeters"
        text += ", also where the machine's unit is inch" if is_inch else ""
        plan.say(WARNING, "subroutine-numbers", f"{text} (sim-buttons.ini says what they are)")
    written = [_both_units(ini, name) for name in numbers if name not in unset] if is_inch else []
    if written:
        text = f"{ini.path}: [HAL_MPG]{', '.join(written)}: they are in millimeters, on an inch machine, too"
        plan.say(WARNING, "subroutine-units", text)


def _both_units(ini: IniFile, name: str) -> str:
    """Return one of the numbers with the unit that it is read in, and in inches."""
    value = leading_number(ini.text("HAL_MPG", name))
    if value is None:
        return f"{name} = {ini.text('HAL_MPG', name)}"
    per = "/min" if name == "PROBE_FEED" else ""
    return f"{name} = {value:g} mm{per} ({value / 25.4:.3g} inch{per})"
