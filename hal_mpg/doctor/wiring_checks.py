# SPDX-License-Identifier: GPL-2.0-or-later
"""How the pendant is wired to axes and joints, and what keeps it from moving them at the wrong time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hal_mpg.arming import WORDS, WhyNot
from hal_mpg.doctor.chain import follows
from hal_mpg.doctor.configuration import Configuration
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding
from hal_mpg.doctor.joined import own_pin_behind

KINDS = ("jog-counts", "jog-enable", "jog-scale")

VELOCITY_MODE_IS_SAFE = (2, 9, 9)
"""The first LinuxCNC in which one detent at a soft limit does not send an axis off in velocity mode."""

JOINT_PIN = re.compile(r"joint\.(\d+)\.(jog-counts|jog-enable|jog-scale)")

MANUAL = ("halui.mode.is-manual",)
MACHINE_IS_ON = ("motion.motion-enabled", "halui.machine.is-on")

MARGIN = 1.001
"""A limit may be so much higher than the INI file's: what is reckoned from it is rounded."""


def check_wiring(configuration: Configuration) -> Iterator[Finding]:
    """Yield what is wrong with axes, joints, limits and gates."""
    yield from _axes(configuration)
    yield from _joints(configuration)
    for axis in configuration.axes:
        if any(_source(configuration, f"axis.{axis}", kind) for kind in KINDS):
            yield from _limits(configuration, axis)
        yield from _modes(configuration, axis)
    yield from _gates(configuration)
    yield from _stops(configuration)


def _source(configuration: Configuration, target: str, kind: str) -> str:
    """Return what drives a jog pin: one of the component's pins, or another output; "" where nothing does."""
    net, prefix = configuration.net, f"{configuration.component}."
    others = [pin for pin in net.pins_with(f"{target}.{kind}") if pin != f"{target}.{kind}"]
    own = [pin for pin in others if pin.startswith(prefix)]
    if own:
        return own[0]
    drivers = [pin for pin in others if net.is_output(pin)]
    inputs = ("axis.", "joint.")
    rest = [pin for pin in others if not pin.startswith(inputs)]
    source = next(iter([*drivers, *rest]), "")
    return own_pin_behind(net, source, kind, configuration.component) or source


def _axis_of(configuration: Configuration, source: str, kind: str) -> str:
    """Return the axis whose pin of this kind `source` is; "" where it is another pin."""
    prefix = f"{configuration.component}.axis."
    if source.startswith(prefix) and source.endswith(f".{kind}"):
        return source.removeprefix(prefix).removesuffix(f".{kind}")
    return ""


def _foreign(configuration: Configuration, target: str, kind: str, source: str, axis: str) -> Finding:
    """Return the finding for a pin that is driven by what is none of its axis' own."""
    pin, right = f"{target}.{kind}", configuration.pin(f"axis.{axis}.{kind}")
    where = configuration.place_of(pin)
    mend = f"net it to {right} instead, as mpg-{axis}.hal does"
    if kind == "jog-scale":
        what = (
            f"{pin} comes from {source}: a detent can be multiplied by a scale that was selected after it; "
            f"each axis counts in its own smallest step, which never changes"
        )
        return Finding("jog-scale", ERROR, what, mend, where)
    if kind == "jog-counts":
        what = (
            f"{pin} comes from {source}, which is not this axis' own counter: detents can go to another axis"
        )
        return Finding("shared-counter", ERROR, what, mend, where)
    what = f"{pin} comes from {source}, and not from the pendant: the axis may jog when it should not"
    return Finding("jog-enable", ERROR, what, mend, where)


def _axes(configuration: Configuration) -> Iterator[Finding]:
    taken: set[str] = set()
    missing: dict[str, list[str]] = {}
    for axis in configuration.axes:
        for kind in KINDS:
            target = f"axis.{axis}"
            source = _source(configuration, target, kind)
            other = _axis_of(configuration, source, kind)
            if not source:
                missing.setdefault(axis, []).append(f"{target}.{kind}")
            elif not other:
                yield _foreign(configuration, target, kind, source, axis)
            elif other != axis:
                taken.add(other)
                what = f"{target}.{kind} comes from {source}: turning {other.upper()} moves {axis.upper()}"
                mend = f"net {target}.{kind} to {configuration.pin(f'axis.{axis}.{kind}')}"
                yield Finding("crosswise", ERROR, what, mend, configuration.place_of(f"{target}.{kind}"))
    for axis, pins in missing.items():
        if axis in taken:
            continue
        what = f"{', '.join(pins)} {'is' if len(pins) == 1 else 'are'} netted to nothing: "
        what += f"the wheel does not move {axis.upper()} once the machine is homed"
        mend = f"add HALFILE = mpg-{axis}.hal to [HAL], or the line that is missing there"
        if len(pins) == 1:
            mend = f"net mpg-{axis}-{pins[0].rpartition('-')[2]} {configuration.pin(pins[0])} => {pins[0]}"
        yield Finding("axis-not-wired", ERROR, what, mend, configuration.file_place())


def _joints(configuration: Configuration) -> Iterator[Finding]:
    joints = configuration.joints
    if joints is None:
        kinematics = " ".join(configuration.kinematics[:1]) or "unknown kinematics"
        what = (
            f"{kinematics}: joints are no axes, so that the wheel moves nothing before homing; that is right"
        )
        yield Finding("joints", OK, what)
        return
    yield from _foreign_joints(configuration, joints)
    wrong = list(_wrong_joints(configuration, joints))
    taken = {axis for axes, _ in wrong for axis in axes}
    yield from (finding for _, finding in wrong)
    missing: dict[str, list[str]] = {}
    for axis in configuration.axes:
        targets = [(f"joint.{joint}", kind) for joint in joints.get(axis, ()) for kind in KINDS]
        for target, kind in targets:
            if not _source(configuration, target, kind) and _source(configuration, f"axis.{axis}", kind):
                missing.setdefault(axis, []).append(f"{target}.{kind}")
    for axis, pins in missing.items():
        if axis in taken:
            continue
        what = f"{', '.join(pins)} {'is' if len(pins) == 1 else 'are'} netted to nothing: "
        what += f"before homing, the wheel does not move {axis.upper()}"
        if len(joints[axis]) > 1:
            what += " as a whole: it racks the gantry"
        mend = (
            f"add {' '.join(pins)} to the ends of the lines for axis.{axis}.jog-*, as mpg-{axis}.hal has it"
        )
        yield Finding(
            "joint-not-netted", WARNING, what, mend, configuration.place_of(f"axis.{axis}.jog-counts")
        )


def _foreign_joints(configuration: Configuration, joints: Mapping[str, tuple[int, ...]]) -> Iterator[Finding]:
    """Yield where something drives a joint's pin that is no axis of the pendant."""
    for axis in configuration.axes:
        for joint in joints.get(axis, ()):
            for kind in KINDS:
                source = _source(configuration, f"joint.{joint}", kind)
                same = source == _source(configuration, f"axis.{axis}", kind)
                if source and not same and not _axis_of(configuration, source, kind):
                    yield _foreign(configuration, f"joint.{joint}", kind, source, axis)


def _wrong_joints(
    configuration: Configuration, joints: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[set[str], Finding]]:
    """Yield where an axis' pin drives another axis' joint, or one that is none; and the axes concerned."""
    owners = {joint: axis for axis, its in joints.items() for joint in its}
    told: set[int] = set()
    for pin in list(configuration.net.signal_of):
        found = JOINT_PIN.fullmatch(pin)
        joint = int(found[1]) if found else -1
        source = _source(configuration, f"joint.{joint}", found[2]) if found else ""
        other = _axis_of(configuration, source, found[2]) if found else ""
        owner = owners.get(joint, "")
        # Where the axis itself is crosswise, the joint is so with it.
        if not found or other not in configuration.axes or other == owner or joint in told:
            continue
        if owner and _source(configuration, f"axis.{owner}", found[2]) == source:
            continue
        told.add(joint)
        whose = f"{owner.upper()}'s motor" if owner else "no joint of any axis"
        what = f"joint.{joint} is {whose}, but {source} turns it before homing"
        mend = f"{other.upper()} is joint {_listed(joints.get(other, ()))}: net that to {source}"
        if owner:
            mend += f", and joint.{joint} to {owner.upper()}"
        finding = Finding("wrong-joint", ERROR, what, mend, configuration.place_of(pin))
        yield {other, owner}, finding


def _listed(joints: tuple[int, ...]) -> str:
    return " and ".join(map(str, joints)) or "(none)"


def _limits(configuration: Configuration, axis: str) -> Iterator[Finding]:
    net, missing, limits = configuration.net, [], configuration.limits(axis)
    for name in ("max-velocity", "max-acceleration"):
        pin = configuration.pin(f"axis.{axis}.{name}")
        value = net.number(pin)
        if (net.is_linked(pin) and not net.is_live) or net.values.get(pin, "").startswith("["):
            continue  # not known before it runs; or a value that the INI file lacks, which is told elsewhere
        if value is None or not value > 0:
            missing.append((pin, name))
            continue
        limit = limits.get(name)
        if limit is not None and value > limit.value * MARGIN:
            why = f" ({limit.why})" if limit.why else ""
            what = f"{pin} is {value:g}, but {axis.upper()} can only do {limit.value:g}{why}: "
            what += "it runs on after the wheel"
            mend = f"setp {pin} {limit.value:g}"
            yield Finding("limits-too-high", WARNING, what, mend, configuration.place_of(pin))
    if missing:
        what = f"{' and '.join(pin for pin, _ in missing)} not set: {axis.upper()} runs on after a fast turn"
        mend = "; ".join(
            f"setp {pin} {limits[name].source if name in limits else '(what the axis can do)'}"
            for pin, name in missing
        )
        yield Finding("limits", ERROR, what, mend, configuration.place_of(missing[0][0]))


def _modes(configuration: Configuration, axis: str) -> Iterator[Finding]:
    net = configuration.net
    targets = [f"axis.{axis}", *(f"joint.{number}" for number in (configuration.joints or {}).get(axis, ()))]
    modes = [f"{target}.jog-vel-mode" for target in targets]
    wrong = [pin for pin in modes if net.is_true(pin) or net.is_linked(pin)]
    if wrong:
        what = f"{', '.join(wrong)} is TRUE: the axis does not go as far as the wheel was turned"
        severity = WARNING
        if configuration.version < VELOCITY_MODE_IS_SAFE:
            severity = ERROR
            what += "; and in LinuxCNC before 2.9.9, one detent at a soft limit can send it off at full speed"
        mend = f"take the line out: {wrong[0]} stays FALSE"
        yield Finding("velocity-mode", severity, what, mend, configuration.place_of(wrong[0]))
    for target in targets:
        pin = f"{target}.jog-accel-fraction"
        value = net.number(pin)
        if value is not None and value < 1:
            what = f"{pin} is {value:g}: the axis brakes more slowly than hal_mpg reckons, and runs on"
            mend = "take the line out: it stays 1"
            yield Finding("accel-fraction", WARNING, what, mend, configuration.place_of(pin))


def _gates(configuration: Configuration) -> Iterator[Finding]:
    net, pin = configuration.net, configuration.pin
    nowhere = configuration.file_place()
    if not net.is_linked(pin("mode-is-manual")):
        what = (
            f"{pin('mode-is-manual')} is not netted: what is turned in MDI or AUTO can move the machine later"
        )
        mend = f"net mpg-mode-is-manual halui.mode.is-manual => {pin('mode-is-manual')}"
        yield Finding("gate-manual", ERROR, what, mend, nowhere)
    else:
        effect = "what is turned in MDI or AUTO can move the machine later"
        yield from _follows(configuration, "gate-manual", "mode-is-manual", MANUAL, effect)
    if not net.is_linked(pin("machine-is-on")):
        what = f"{pin('machine-is-on')} is not netted: the pendant does not know when the machine is off"
        mend = f"net mpg-machine-is-on motion.motion-enabled => {pin('machine-is-on')}"
        yield Finding("gate-machine-on", ERROR, what, mend, nowhere)
    else:
        effect = "the pendant does not know when the machine is off"
        yield from _follows(configuration, "gate-machine-on", "machine-is-on", MACHINE_IS_ON, effect)
    yield from _soft_limit(configuration)
    yield from _jog_inhibit(configuration)


def _follows(
    configuration: Configuration, identity: str, gate: str, writers: Sequence[str], effect: str
) -> Iterator[Finding]:
    """A gate has to be FALSE where what it is named after is: to be netted to something is not enough."""
    net, pin = configuration.net, configuration.pin(gate)
    if net.conflicts or any(net.are_joined(writer, pin) for writer in writers):
        return
    where = configuration.place_of(pin)
    answers = [follows(net, writer, pin, value=False) for writer in writers]
    if True in answers:
        return
    if None in answers:
        what = f"whether {pin} follows {writers[0]} cannot be seen"
        mend = f"net {pin} to {writers[0]} itself"
        yield Finding("gate-unseen", NOTE, what, mend, where)
        return
    what = f"{pin} does not follow {writers[0]}: {effect}"
    mend = f"take {pin} off its signal, and: net mpg-{gate} {writers[0]} => {pin}"
    yield Finding(identity, ERROR, what, mend, where)


def _soft_limit(configuration: Configuration) -> Iterator[Finding]:
    net, pin = configuration.net, configuration.pin
    nowhere = configuration.file_place()
    reached = net.reached("motion.on-soft-limit")
    mend = f"net mpg-on-soft-limit motion.on-soft-limit => {pin('inhibit')}"
    mend += "   (with other reasons: by an or2)"
    if pin("inhibit") not in reached and "motion.jog-inhibit" not in reached:
        what = (
            f"motion.on-soft-limit does not get to {pin('inhibit')}: what is turned while an axis is beyond "
            f"a soft limit comes as one move later"
        )
        yield Finding("soft-limit", WARNING, what, mend, nowhere)
    elif (
        pin("inhibit") in reached
        and follows(net, "motion.on-soft-limit", pin("inhibit"), value=True) is False
    ):
        what = f"{pin('inhibit')} can be FALSE while motion.on-soft-limit is TRUE: what is turned then comes "
        what += "as one move later; a gate between them is of the wrong kind, or the wrong way round"
        yield Finding("soft-limit", WARNING, what, mend, configuration.place_of(pin("inhibit")))


def _jog_inhibit(configuration: Configuration) -> Iterator[Finding]:
    """What inhibits LinuxCNC's jogs has to inhibit the pendant's counters as well, and before them."""
    net, inhibit, its = configuration.net, configuration.pin("inhibit"), "motion.jog-inhibit"
    where = configuration.place_of(its)
    is_followed = inhibit in net.reached(its) and follows(net, its, inhibit, value=True) is not False
    if net.is_linked(its) and not is_followed:
        what = f"{its} is in use, and {inhibit} does not follow it: what is turned meanwhile is saved up, "
        what += "and makes one move (a jump)"
        mend = f"net that signal to {inhibit} as well (with other reasons: by an or2)"
        yield Finding("jog-inhibit", ERROR, what, mend, where)
    elif net.is_true(its) and not net.is_linked(its):
        what = f"{its} is TRUE for good: nothing can be jogged, and what is turned is saved up"
        yield Finding("jog-inhibit", ERROR, what, "take the line out: it stays FALSE", where)


def _stops(configuration: Configuration) -> Iterator[Finding]:
    net, pin = configuration.net, configuration.pin
    if "motion.jog-stop" not in net.reached(pin("jog-stop")):
        what = f"{pin('jog-stop')} is not netted: a jog runs on when the enabling button is let go"
        mend = f"net mpg-jog-stop {pin('jog-stop')} => motion.jog-stop"
        yield Finding("jog-stop", ERROR, what, mend, configuration.file_place())
    elif follows(net, pin("jog-stop"), "motion.jog-stop", value=True) is False:
        what = (
            f"motion.jog-stop can be FALSE while {pin('jog-stop')} is TRUE: a jog runs on when the enabling "
        )
        what += "button is let go; a gate between them is of the wrong kind, or the wrong way round"
        mend = f"net mpg-jog-stop {pin('jog-stop')} => motion.jog-stop   (with other reasons: by an or2)"
        yield Finding("jog-stop", ERROR, what, mend, configuration.place_of("motion.jog-stop"))
    echo, heartbeat = pin("heartbeat-echo"), pin("heartbeat")
    if not net.is_linked(echo) or echo not in net.reached(heartbeat):
        what = f"{echo} is not netted: what is turned while the servo thread stands still would be one move"
        mend = "take the four lines with mpg-echo from mpg.hal (loadrt not ... net mpg-heartbeat-echo)"
        yield Finding("heartbeat-echo", WARNING, what, mend, configuration.file_place())
    elif net.are_joined(echo, heartbeat):
        what = f"{echo} is on {heartbeat}'s own signal: that says nothing of the servo thread"
        mend = "put an inverter between them: take the four lines with mpg-echo from mpg.hal"
        yield Finding("heartbeat-echo", WARNING, what, mend, configuration.place_of(echo))
    if configuration.net.is_live and (why := net.number(pin("why-not"))) is not None:
        yield Finding("why-not", NOTE if why else OK, f"why-not is {why:g}: {_why_not_text(int(why))}")


def _why_not_text(number: int) -> str:
    return WORDS[WhyNot(number)] if number in set(WhyNot) else "unknown"
