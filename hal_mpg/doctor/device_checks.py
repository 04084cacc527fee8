# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the pendant is there, may be read, and is this program's alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hal_mpg.devices.input_codes import code_name
from hal_mpg.devices.inventory import GROUP, device_of, missing_codes
from hal_mpg.devices.udev_rules import SHIPPED
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding
from hal_mpg.doctor.port_facts import PortFacts
from hal_mpg.doctor.surroundings import DeviceFacts, Surroundings, fits_profile
from hal_mpg.own_command import own_command
from hal_mpg.profile import Profile

LOGIN = "log out, and log in again (or restart the computer)"


def check_device(facts: Surroundings, profile: Profile | None, node: str | None = None) -> Iterator[Finding]:
    """Yield what is wrong with the pendant of a profile; None: of any profile. `node`: with this device."""
    if profile is not None and profile.source == "virtual":
        sockets = ", ".join(match.socket for match in profile.match if match.socket)
        yield Finding(
            "device", OK, f"{profile.name}: a virtual pendant, at the socket {sockets}; no device is needed"
        )
        return
    fitting = [device for device in facts.devices if _fits(device, profile)]
    if node is not None:
        fitting = [device for device in facts.devices if device_of([device.device], node)]
        if not fitting:
            mend = "plug it in; or correct --device in the loadusr line (hal_mpg list shows the devices)"
            yield Finding("no-device", ERROR, f"{node}, which the loadusr line names, is not there", mend)
            return
    if not fitting:
        yield _absent(facts, profile)
        return
    usable = [device for device in fitting if device.may_open]
    for device in usable or fitting:
        yield from access_findings(facts, device)
        if device.may_open:
            yield from _grab(device)
            yield from _codes(device, profile)
    if len(usable) > 1:
        names = ", ".join(f"{device.device.name} ({device.device.paths[0]})" for device in usable)
        what = f"{len(usable)} devices fit ({names}): hal_mpg takes the first that nobody has grabbed"
        yield Finding("several", NOTE, what, "name one: --device /dev/input/by-id/... in the loadusr line")


def _fits(facts: DeviceFacts, profile: Profile | None) -> bool:
    return bool(facts.device.fits) if profile is None else fits_profile(facts.device, profile)


def _absent(facts: Surroundings, profile: Profile | None) -> Finding:
    """Return why there is no pendant: none at all, another one, one that nobody knows, one that cannot be."""
    others = [facts.device for facts in facts.devices if facts.device.fits]
    if others and profile is not None:
        name = others[0].fits[0].name
        what = f"{profile.name} is not plugged in, but {others[0].name} is, which the profile {name} fits"
        return Finding("other-pendant", ERROR, what, f"[HAL_MPG] PENDANT = {name}, or plug in the right one")
    unknown = [facts.device for facts in facts.devices if not facts.device.is_everyday]
    wanted = f"the profile {profile.name}" if profile else "no profile"
    if unknown:
        device = unknown[0]
        verb = "does not fit" if profile else "fits"
        what = f"{wanted} {verb} what is plugged in: {_names([device.name for device in unknown])}"
        mend = f"if one of them is the pendant: hal_mpg learn --device {device.paths[0]}"
        return Finding("no-profile", ERROR, what, mend)
    what = f"{profile.name} is not plugged in" if profile else "no pendant is plugged in"
    return Finding("no-device", ERROR, what, "plug it in; does lsusb show it? (another cable, another port)")


def _names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def access_findings(facts: Surroundings, device: DeviceFacts | PortFacts) -> Iterator[Finding]:
    """Yield the first reason why a device cannot be used; or what will be wrong elsewhere or later."""
    name, node = device.device.name, device.device.paths[0]
    user = facts.user
    found = _rules(facts, device)
    nodes = device.device.nodes if isinstance(device, DeviceFacts) else ()
    broken = [n.refusal for n in nodes if "cannot be opened" in n.refusal]
    if broken:
        yield Finding("not-readable", ERROR, f"{name} at {node}: {broken[0]}", "unplug it, plug it in again")
    elif device.may_open:
        if found:
            yield found._replace(severity=WARNING)
        elif not facts.is_root and not (user.has_group or user.uid == 0):
            what = (
                f"{user.name} can read {name} only at this seat, and has no realtime priority: not in {GROUP}"
            )
            yield Finding("group", WARNING, what, _join(facts))
        else:
            yield Finding(
                "device", OK, f"{name} at {', '.join(device.device.paths)}: {user.name} can read it"
            )
    elif found:
        yield found
    elif device.for_group and not user.has_group:
        what = f"{user.name} may not read {name} at {node}: not in the group {GROUP}"
        yield Finding("group", ERROR, what, _join(facts))
    else:
        why = device.device.refusal or f"{node}: {user.name} may not read it"
        mend = f"unplug it, plug it in again; if that does not help: ls -l {node}, do other rules change it?"
        yield Finding("not-readable", ERROR, f"{name}: {why}, although the rules are in force", mend)


def _join(facts: Surroundings) -> str:
    if facts.user.will_have_group:
        return f"{facts.user.name} is in {GROUP} from the next login on: {LOGIN}"
    return f"sudo adduser {facts.user.name} {GROUP}, then {LOGIN}"


def _rules(facts: Surroundings, device: DeviceFacts | PortFacts) -> Finding | None:
    """Return what is wrong with udev's rules for a device; None: nothing."""
    name, node = device.device.name, device.device.paths[0]
    command = f"sudo {own_command()} install-udev"
    if not facts.has_group:
        return Finding("no-group", ERROR, f"this machine has no group {GROUP}", f"sudo groupadd -r {GROUP}")
    if device.naming and all(path.name > SHIPPED for path in device.naming):
        late = device.naming[0]
        what = f"{late} names {name}, but comes after {SHIPPED}, which acts on that: files go by their names"
        mend = f"sudo mv {late} {late.parent / f'69-{late.name}'}, then unplug it, and plug it in again"
        return Finding("rule-too-late", ERROR, what, mend)
    if device.is_marked:
        if facts.shipped_rules is None:
            what = f"udev knows {name} as a pendant, but the rules that act on that are not installed"
            return Finding("rule-missing", ERROR, what, command)
        return None
    if not device.naming:
        what = f"no udev rule names {name} ({device.device.usb_id or node}) as a pendant"
        is_known = isinstance(device, DeviceFacts) and device.device.fits and facts.shipped_rules is None
        extra = "" if is_known else f" --device {node}"
        return Finding("rule-missing", ERROR, what, command + extra)
    if facts.shipped_rules is None:
        what = f"{device.naming[0]} names {name}, but the rules that act on that are not installed"
        return Finding("rule-missing", ERROR, what, command)
    if device.is_marked is False:
        what = f"{device.naming[0]} names {name}, but udev has not applied that to it yet"
        return Finding("rule-not-in-force", ERROR, what, f"{command}   (or unplug it, and plug it in again)")
    return None


def _grab(device: DeviceFacts) -> Iterator[Finding]:
    if not device.is_grabbed:
        return
    holders = device.holders
    who = ", ".join(f"{what} (process {number})" for number, what in holders) or "another program"
    what = f"{device.device.name} is grabbed by {who}: hal_mpg gets nothing of what it sends"
    mend = "end that program" + (
        f": kill {holders[0][0]}" if holders else f"; sudo fuser {device.device.paths[0]}"
    )
    yield Finding("grabbed", ERROR, what, mend)


def _codes(device: DeviceFacts, profile: Profile | None) -> Iterator[Finding]:
    chosen = profile or (device.device.fits[0].profile if device.device.fits else None)
    missing = missing_codes(chosen, device.device.codes) if chosen and chosen.hid is None else ()
    if chosen and missing:
        lacking = ", ".join(f"{code_name(*code)} ({control})" for control, code in missing)
        what = f"{device.device.name} has no {lacking}, which the profile {chosen.name} wants"
        mend = f"correct the profile; or learn a new one: hal_mpg learn --device {device.device.paths[0]}"
        yield Finding("missing-codes", WARNING, what, mend)
