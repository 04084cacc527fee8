# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole examination: facts are gathered, and judged, in the order of the chain."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.configuration import Configuration, relative_profile
from hal_mpg.doctor.device_checks import check_device
from hal_mpg.doctor.findings import ERROR, NOTE, OK, SEVERITIES, WARNING, Finding
from hal_mpg.doctor.live import live_netlist, running_linuxcnc
from hal_mpg.doctor.machine_checks import check_machine
from hal_mpg.doctor.netlist import Netlist, from_commands
from hal_mpg.doctor.port_checks import check_port
from hal_mpg.doctor.surroundings import Surroundings, gather
from hal_mpg.errors import HalError, ProfileError
from hal_mpg.linuxcnc_files.hal import PROGRAM, component_name, read_hal_files
from hal_mpg.linuxcnc_files.ini import read_ini
from hal_mpg.profile import Profile
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.sources.serial_ports import is_serial_device


@dataclass
class Examination:
    """What was looked at, and what was found. `is_live`: in a running LinuxCNC."""

    ini: Path | None = None
    is_live: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether anything is wrong."""
        return any(finding.is_wrong for finding in self.findings)


def examine(ini: Path | None, pendant: str | None, name: str | None) -> Examination:
    """Look through the whole chain. Raises UsageError for an INI file that cannot be read."""
    linuxcnc = running_linuxcnc(ini)
    done = Examination(ini if linuxcnc is None else linuxcnc.ini)
    net: Netlist | None = None
    pids: dict[str, bool] = {}
    if linuxcnc is not None and os.geteuid() == 0:
        what = "LinuxCNC is running, but root cannot look into its HAL; the wiring is looked at in the files"
        done.findings.append(Finding("not-live", NOTE, what, "run it as the user who runs LinuxCNC"))
    elif linuxcnc is not None:
        try:
            net, pids = live_netlist(linuxcnc)
            done.is_live = True
        except HalError as error:
            done.findings.append(Finding("halcmd", WARNING, str(error).removeprefix("recover: ")))
    path = linuxcnc.environment.get("PATH") if linuxcnc else None
    if done.ini is None:
        profile, faults = _profile(pendant, None)
        facts = gather(None, path, profile)
        done.findings += [*faults, *_without_configuration(facts, profile, bool(faults))]
        what = "no INI file was given, and no LinuxCNC of yours is running: the wiring was not looked at"
        done.findings.append(Finding("no-ini", NOTE, what, "hal_mpg doctor --ini machine.ini"))
        return done
    base = configuration_of(done.ini, net, pids, name)
    profile, faults = named_profile(base, pendant)
    node = _option(base, "--device")
    facts = gather(done.ini, path, profile, node)
    chosen = profile or _only_profile(facts, bool(faults))
    configuration = replace(base, profile=chosen, version=facts.version)
    is_unknown = bool(faults) or (_is_unresolved(base) and not _only_profile(facts, False))
    done.findings += [*faults, *_without_configuration(facts, profile, is_unknown, node)]
    wiring = list(check_configuration(configuration))
    done.findings += wiring
    if not any(finding.is_wrong for finding in wiring):
        done.findings += _all_well(configuration, {finding.id for finding in wiring})
    return done


def _without_configuration(
    facts: Surroundings, profile: Profile | None, is_faulty: bool, node: str | None = None
) -> Iterator[Finding]:
    yield from check_machine(facts, profile is not None and profile.source == "virtual")
    if not is_faulty:
        check = check_port if _is_serial(facts, profile, node) else check_device
        yield from check(facts, profile, node)
        for fault in facts.profile_faults:
            yield Finding(
                "profile-faulty", WARNING, f"a known profile is passed over: {fault}", "mend that line"
            )


def _is_serial(facts: Surroundings, profile: Profile | None, node: str | None) -> bool:
    """Tell whether the pendant is a serial one: by its profile, by its port, or by what is plugged in."""
    if profile is not None:
        return profile.source == "serial"
    if node is not None:
        return is_serial_device(node)
    return not any(facts.device.fits for facts in facts.devices) and any(p.device.fits for p in facts.ports)


def configuration_of(
    ini: Path,
    net: Netlist | None = None,
    pids: Mapping[str, bool] = MappingProxyType({}),
    name: str | None = None,
    version: tuple[int, ...] = (),
) -> Configuration:
    """Return a configuration without its profile. `net` is what HAL is; None: what the files make of it.

    Raises UsageError for an INI file that cannot be read.
    """
    file = read_ini(ini)
    files = read_hal_files(file)
    loads = tuple(command for command in files.commands if component_name(command.words))
    names = [str(component_name(load.words)) for load in loads]
    component = name or (PROGRAM if PROGRAM in names or not names else names[0])
    from_files = from_commands(files.commands)
    if net is not None and name is None:
        component = _living(net, component, pids)
    return Configuration(file, files, net or from_files, component, loads, None, version, pids)


def named_profile(base: Configuration, pendant: str | None = None) -> tuple[Profile | None, list[Finding]]:
    """Return the profile that a configuration names (`pendant`: another one), and what is wrong with it."""
    named = _option(base, "--pendant")
    if base.load is None:
        named = base.ini.text("HAL_MPG", "PENDANT") or None
    return _profile(pendant or named, base.ini.path)


def _living(net: Netlist, name: str, pids: Mapping[str, bool]) -> str:
    """Return the name under which `recover` has started a component again, if it has."""
    if pids.get(name, True) and f"{name}.heartbeat" in net.values:
        return name
    others = [other for other, is_alive in pids.items() if is_alive and other.startswith(f"{name}-")]
    return next((other for other in others if f"{other}.heartbeat" in net.values), name)


def _option(configuration: Configuration, option: str) -> str | None:
    """Return the value of an option in the line that loads the component; None where it has none."""
    words = list(configuration.load.words) if configuration.load else []
    value = words[words.index(option) + 1] if option in words[:-1] else ""
    return value if value and not value.startswith("[") else None


def _is_unresolved(configuration: Configuration) -> bool:
    """Tell whether the pendant is to be named by the INI file, which does not."""
    words = configuration.load.words if configuration.load else ()
    return "--pendant" in words and _option(configuration, "--pendant") is None


def _profile(pendant: str | None, ini: Path | None) -> tuple[Profile | None, list[Finding]]:
    """Return the profile that was named, and what is wrong with it."""
    if pendant is None:
        return None, []
    try:
        return read_profile(find_profile(relative_profile(pendant, ini) if ini else pendant)), []
    except ProfileError as error:
        faults = [fault.removeprefix("hal_mpg: ") for fault in error.faults]
        if "no such profile" in faults[0]:
            return None, [
                Finding(
                    "profile-unknown",
                    ERROR,
                    faults[0],
                    "correct [HAL_MPG] PENDANT; hal_mpg list shows which profile fits",
                )
            ]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        mend = "mend the profile: hal_mpg check shows every fault"
        return None, [Finding("profile-faulty", ERROR, faults[0] + more, mend)]


def _only_profile(facts: Surroundings, is_faulty: bool) -> Profile | None:
    """Return the profile that hal_mpg would take by itself, where none is named."""
    fits = [fit for found in facts.devices for fit in found.device.fits]
    fits += [fit for port in facts.ports for fit in port.device.fits]
    return fits[0].profile if fits and not is_faulty else None


def _all_well(configuration: Configuration, found: set[str]) -> Iterator[Finding]:
    """What could not be seen is not said to be well."""
    axes = " ".join(configuration.axes).upper() or "no axis"
    gates = "" if "gate-unseen" in found else " and gates"
    yield Finding("wiring", OK, f"wired: {axes}, with limits{gates}")
    if "estop-unseen" not in found:
        yield Finding("estop", OK, "the E-stop chain has its latch and its watchdog")


def in_order(findings: list[Finding]) -> list[Finding]:
    """Return findings, the worst first."""
    return sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity))
