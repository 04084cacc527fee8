# SPDX-License-Identifier: GPL-2.0-or-later
"""The YAML of serial profiles: the port's settings, and all of those that speak hal_mpg's own protocol.

Other people's protocols are in `serial`.
"""

from __future__ import annotations

import re

from yaml.nodes import MappingNode

from hal_mpg.events import EV_REL
from hal_mpg.profile import Code, Increment, KeySelector, Match, Profile, RelativeWheel
from hal_mpg.protocols.line_events import with_controls
from hal_mpg.protocols.line_format import Controls, read_controls
from hal_mpg.serial_line import BAUD, FRAMING, SILENCE_MS, Own, SerialLine
from hal_mpg.yaml_reader import Fields, Reader, quoted

OWN = "hal_mpg"
FRAMINGS = re.compile("[5-8][NEOMS][12]")
MAX_BAUD = 4_000_000
MIN_SILENCE_S, MAX_SILENCE_S = "0.03", "3600"


def is_own(fields: Fields) -> bool:
    """Tell whether a serial profile speaks hal_mpg's own protocol, or says nothing that could be read."""
    return not isinstance(fields.get("protocol"), MappingNode)


def read_serial(reader: Reader, fields: Fields) -> SerialLine:
    """Return how the pendant is spoken with; the codes of another protocol are the reader's from now on."""
    given = reader.mapping(fields.get("serial"), ("baud", "framing", "silence"), "serial")
    baud = reader.integer(given["baud"], "baud", 50, MAX_BAUD) if "baud" in given else BAUD
    framing = reader.text(given.get("framing"), "framing") or FRAMING
    if not FRAMINGS.fullmatch(framing):
        reader.fault(
            given["framing"], f"framing is {quoted(framing)}; use data bits, parity, stop bits, as in 8N1"
        )
        framing = FRAMING
    silence_ms = SILENCE_MS if is_own(fields) else 0
    if "silence" in given:
        silence = reader.distance(given["silence"], "silence")
        if silence is not None and not float(MIN_SILENCE_S) <= silence <= int(MAX_SILENCE_S):
            reader.fault(
                given["silence"],
                f"silence is {silence} s; use {MIN_SILENCE_S} to {MAX_SILENCE_S} s, such as 0.15",
            )
        silence_ms = int((silence or 1) * 1000)
    line = SerialLine(Own(), baud, framing, silence_ms)
    if is_own(fields):
        return line
    from hal_mpg.profile_parts.serial import read_protocol

    if "greeting" in fields:
        reader.fault(fields["greeting"], "'greeting' is for protocol: hal_mpg; leave it out")
    protocol, reader.own_codes = read_protocol(reader, fields["protocol"])
    return line._replace(protocol=protocol or Own(), codes=tuple(reader.own_codes.items()))


def own_profile(
    reader: Reader,
    fields: Fields,
    serial: SerialLine,
    increments: tuple[Increment, ...],
    matches: tuple[Match, ...],
) -> Profile:
    """Return the profile of a pendant that speaks hal_mpg's own protocol, and tells its controls itself."""
    if "protocol" in fields:
        reader.choice(fields["protocol"], (OWN,), "protocol (or give lines: or packets:)")
    if "controls" in fields:
        reader.fault(
            fields["controls"],
            "a serial pendant with protocol: hal_mpg tells its controls itself; leave controls out, or say "
            "in `greeting` what it has; for other protocols, give protocol: {lines: ...} or {packets: ...}",
        )
    on_disconnect = reader.choice(fields.get("on-disconnect"), ("estop", "disarm"), "on-disconnect value")
    controls, own = _greeting(reader, fields, increments)
    if controls.estop and on_disconnect == "disarm":
        reader.note(
            fields["on-disconnect"],
            "disarm has no effect on a pendant with an E-stop, for a missing device is an actuated E-stop",
        )
    bare = Profile(
        name=reader.text(fields.get("name"), "name"),
        source="serial",
        match=matches,
        increments=increments,
        wheel=RelativeWheel(Code(EV_REL, 0)),
        axis=KeySelector(()),
        notes=tuple(reader.notes),
        serial=serial,
    )
    return with_controls(bare, controls, own._replace(stops=on_disconnect == "estop"))


def _greeting(reader: Reader, fields: Fields, increments: tuple[Increment, ...]) -> tuple[Controls, Own]:
    """Return what the greeting is expected to say; each scale in it has to have an increment."""
    if "greeting" not in fields:
        return read_controls(Own().controls), Own()
    node = fields["greeting"]
    words = reader.text(node, "greeting")
    try:
        controls = read_controls(words)
    except ValueError as error:
        if words:
            reader.fault(node, f'greeting {error}; write it as in "{Own().controls}"')
        return read_controls(Own().controls), Own()
    scales = [increment.scale for increment in increments]
    for scale in controls.scale:
        if scale not in scales:
            reader.fault(
                node, f"greeting has the scale {quoted(scale)}, and increments has not; add it there"
            )
    if not controls.scale and len(scales) > 1:
        reader.fault(node, f"no scale selects among {', '.join(scales)}; add scale={','.join(scales)}")
    return controls, Own(words, is_given=True)
