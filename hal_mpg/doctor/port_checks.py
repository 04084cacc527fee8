# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a serial pendant is there, may be used, is this program's alone, and speaks as its profile says."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hal_mpg.devices.ports import fits_profile, port_of
from hal_mpg.doctor.device_checks import access_findings
from hal_mpg.doctor.findings import ERROR, NOTE, OK, WARNING, Finding
from hal_mpg.doctor.port_facts import PortFacts
from hal_mpg.doctor.processes import is_component
from hal_mpg.doctor.surroundings import Surroundings
from hal_mpg.profile import Profile
from hal_mpg.sources.serial_ports import is_url

PSEUDO = "/dev/pts/"
"""Pseudo-terminals are for whoever made them; udev knows nothing of them."""

BAD_SHARE = 0.02
"""Of the lines that came; more than so many refused ones are a bad wire."""


def check_port(facts: Surroundings, profile: Profile | None, place: str | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a serial pendant; None: with what any profile fits. `place`: at this port."""
    if not facts.has_pyserial:
        what = f"{facts.python} has not the library pyserial, without which no serial port can be opened"
        yield Finding("no-pyserial", ERROR, what, "sudo apt install python3-serial")
    fitting = [port for port in facts.ports if _is_meant(port, profile, place)]
    if not fitting:
        yield _absent(facts, profile, place)
        return
    for port in fitting:
        if not is_url(port.device.path) and not os.path.realpath(port.device.path).startswith(PSEUDO):
            yield from _access(facts, port)
        yield from _busy(port)
        if is_url(port.device.path) and port.heard is None:
            what = f"{port.device.path} is not listened to while a hal_mpg runs, which may be using it"
            yield Finding("port", OK, what)
        spoken = profile or (port.device.fits[0].profile if port.device.fits else None)
        if port.heard and spoken:
            yield from _heard(port, spoken)
    if len(fitting) > 1:
        names = ", ".join(f"{port.device.name} ({port.device.path})" for port in fitting)
        what = f"{len(fitting)} ports fit ({names}): hal_mpg takes the first at which the pendant speaks"
        mend = "tell them apart in the profile's match: by uniq, or by a port of /dev/serial/by-id"
        yield Finding("several", NOTE, what, mend)


def _is_meant(port: PortFacts, profile: Profile | None, place: str | None) -> bool:
    if place is not None:
        return port.device.path == place or port_of([port.device], place) is not None
    if profile is None:
        return bool(port.device.fits)
    is_named = any(match.port == port.device.path for match in profile.match)
    return is_named or fits_profile(port.device, profile)


def _absent(facts: Surroundings, profile: Profile | None, place: str | None) -> Finding:
    what = f"{profile.name if profile else 'the serial pendant'} is not plugged in"
    if place is not None:
        what = f"{place}, which the loadusr line names, is not there"
    others = ", ".join(
        f"{port.device.path} ({port.device.name} {port.device.usb_id})".replace(" )", ")")
        for port in facts.ports
    )
    if others:
        what += f"; the serial ports that are there do not fit: {others}"
    mend = "plug it in; if it is one of the ports: correct the profile's match (hal_mpg list shows what fits)"
    return Finding("no-device", ERROR, what, mend if others else "plug it in; does lsusb show it?")


def _access(facts: Surroundings, port: PortFacts) -> Iterator[Finding]:
    """Yield what is wrong with the rights; without udev's rules only ModemManager is in the way."""
    for finding in access_findings(facts, port):
        if finding.id != "rule-missing" or not port.may_open:
            yield finding
            continue
        risk = "ModemManager may send modem commands to it" if facts.has_modem_manager else "it works without"
        severity = WARNING if facts.has_modem_manager else NOTE
        yield finding._replace(severity=severity, what=f"{finding.what}: {risk}")


def _busy(port: PortFacts) -> Iterator[Finding]:
    others = [holder for holder in port.holders if not is_component(holder[1])]
    path = port.device.path
    if others:
        who = ", ".join(f"{what} (process {number})" for number, what in others)
        what = f"{path} is open in {who}: hal_mpg cannot have it for itself"
        yield Finding("port-busy", ERROR, what, f"end that program: kill {others[0][0]}")
    elif port.holders:
        yield Finding("port", OK, f"{path} is in use by hal_mpg: it is not listened to")
    elif port.heard and port.heard.is_busy:
        what = f"{path} is in use by another program, of another user perhaps"
        yield Finding("port-busy", ERROR, what, f"sudo fuser -v {path}, then end that program")


def _heard(port: PortFacts, profile: Profile) -> Iterator[Finding]:
    """Yield what listening to it has shown."""
    heard, path, line = port.heard, port.device.path, profile.serial
    assert heard is not None
    assert line is not None
    if heard.is_busy:
        return
    where = f"{path}, {line.baud} baud, {line.framing}"
    if heard.refusal and not heard.bytes:
        mend = (
            "is its address right, and is it switched on?" if is_url(path) else "unplug it, plug it in again"
        )
        yield Finding("port-fails", ERROR, f"{path}: {heard.refusal}", mend)
    elif not heard.bytes:
        what = f"the pendant says nothing ({where})"
        mend = (
            "is it switched on, and at this port? RS-232: are RX and TX crossed, and is the baud rate right?"
        )
        yield Finding("port-silent", ERROR, what, mend)
    elif not heard.is_connected:
        why = heard.complaint or "it never says how all its switches stand"
        what = f"what comes from {where} is not what the profile {profile.name} expects: {why}"
        mend = f"another baud rate, or another profile? See what it says: hal_mpg record --device {path} -"
        yield Finding("port-not-understood", ERROR, what, mend)
    elif heard.garbled > BAD_SHARE * (heard.understood + heard.garbled):
        what = f"{heard.garbled} of {heard.garbled + heard.understood} lines from {path} are damaged: "
        what += heard.complaint
        mend = "a shorter or shielded cable, away from the spindle's; a lower baud rate"
        yield Finding("port-noisy", WARNING, what, mend)
    else:
        yield Finding(
            "port-speaks", OK, f"{profile.name} speaks at {path}: {heard.understood} lines, all good"
        )
