# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles of serial pendants: what they mean, and each fault with its place."""

from __future__ import annotations

import pytest

from hal_mpg.errors import ProfileError
from hal_mpg.profile import Code, Identity, Match
from hal_mpg.profile_yaml import load_profile
from hal_mpg.serial_line import Own

GOOD = """\
name: Bench
source: serial
match:
  - {vendor: 0x2341, product: 0x0043, uniq: "7573*"}
  - {name: "*MPG*"}
  - {port: "/dev/serial/by-id/usb-*"}
  - {port: "socket://192.168.1.5:2000"}
serial: {baud: 38400, framing: 7E2, silence: 0.3}
protocol: hal_mpg
greeting: "axis=xyz scale=x1,x10 estop leds=ready"
increments:
  x1:  {mm: 0.001}
  x10: {mm: 0.01}
"""
FOREIGN = """\
name: Box
source: serial
match: [{port: /dev/ttyS0}]
protocol:
  lines:
    - {line: 'W(?P<count>-?[0-9]{1,5})', set: {WHEEL: {abs: count}}}
    - {line: 'A(?P<axis>[0-9])', set: {AXIS: {abs: axis}}}
increments: {x1: {mm: 0.001}}
controls:
  wheel: {abs: WHEEL, modulo: 65536}
  axis: {abs: AXIS, positions: {1: x, 2: y, 9: fault}}
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ProfileError) as error:
        load_profile(text, "p.yaml")
    return list(error.value.faults)


def test_everything_is_read() -> None:
    profile = load_profile(GOOD, "p.yaml")
    serial = profile.serial
    assert serial is not None
    assert (serial.baud, serial.framing, serial.silence_ms, serial.silence_s) == (38400, "7E2", 300, 0.3)
    assert serial.protocol == Own("axis=xyz scale=x1,x10 estop leds=ready", is_given=True)
    assert profile.match[0] == Match(vendor=0x2341, product=0x43, uniq="7573*")
    assert profile.match[3] == Match(port="socket://192.168.1.5:2000")
    assert (profile.axes, profile.scales, profile.stop_on_disconnect) == (
        ("x", "y", "z"),
        ("x1", "x10"),
        True,
    )
    assert [name for name, _ in serial.codes] == ["WHEEL", "AXIS", "SCALE", "ESTOP", "LEDS.READY"]


def test_what_is_left_out_is_as_the_page_says() -> None:
    short = GOOD.replace("serial: {baud: 38400, framing: 7E2, silence: 0.3}\nprotocol: hal_mpg\n", "")
    profile = load_profile(
        "\n".join(one for one in short.splitlines() if not one.startswith("greeting")), "p"
    )
    assert profile.serial is not None
    assert (profile.serial.baud, profile.serial.framing, profile.serial.silence_s) == (115200, "8N1", 0.15)
    assert isinstance(profile.serial.protocol, Own)
    assert not profile.serial.protocol.is_given


def test_silence_of_others_is_no_loss_unless_the_profile_says_so() -> None:
    profile = load_profile(FOREIGN, "p.yaml")
    assert profile.serial is not None
    assert profile.serial.silence_s == float("inf")
    assert dict(profile.serial.codes).keys() == {"WHEEL", "AXIS"}
    assert profile.axes == ("x", "y")
    profile = load_profile(FOREIGN.replace("protocol:", "serial: {silence: 4}\nprotocol:"), "p.yaml")
    assert profile.serial is not None
    assert profile.serial.silence_s == 4


def test_a_serial_profile_fits_no_input_device_by_its_port() -> None:
    assert not Match(port="/dev/ttyS0").fits(Identity(0, 0, "anything"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("baud: 38400", "baud: 20", "p.yaml:8:16: baud is '20'; use a whole number"),
        ("framing: 7E2", "framing: 9N1", "framing is '9N1'; use data bits, parity, stop bits, as in 8N1"),
        ("silence: 0.3", "silence: 0.01", "silence is 0.01 s; use 0.03 to 3600 s"),
        ("silence: 0.3", "silence: -1", "silence is '-1'; use a positive number"),
        ("silence: 0.3", "parity: N", "'parity' is no key of serial"),
        ("protocol: hal_mpg", "protocol: modbus", "p.yaml:9:11: 'modbus' is no protocol"),
        ("estop leds", "estop lamps", "greeting has the word 'lamps=ready', which is none of a greeting"),
        ("axis=xyz ", "", "greeting has no axis="),
        ("scale=x1,x10", "scale=x1,x5", "greeting has the scale 'x5', and increments has not; add it there"),
        ("scale=x1,x10 ", "", "no scale selects among x1, x10; add scale=x1,x10"),
        ('{name: "*MPG*"}', "{socket: /x}", "'socket' is no key of an alternative of match"),
        ('{name: "*MPG*"}', "{}", "it would match every device"),
        ("increments:", "controls: {wheel: {rel: 7}}\nincrements:", "tells its controls itself"),
        (
            "source: serial",
            "source: evdev",
            "'protocol' is for source: serial or hidraw, and this is evdev; leave it out",
        ),
        ("match:", "matches:", "the profile has no 'match'"),
    ],
)
def test_a_fault_has_its_place_and_what_is_right(old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new, 1))
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("p.yaml:") for fault in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{abs: WHEEL,", "{abs: WHEEEL,", "wheel: 'WHEEEL' is no code of the protocol; did you mean WHEEL?"),
        (
            "{abs: WHEEL, modulo: 65536}",
            "{rel: WHEEL}",
            "'WHEEL' is no movement; the protocol has no movement",
        ),
        ("{abs: AXIS,", "{abs: ABS_RX,", "'ABS_RX' is no code of the protocol; use one of WHEEL, AXIS"),
        ("{abs: AXIS,", "{abs: WHEEL,", "WHEEL is used already"),
        ("controls:", "greeting: axis=xyz\ncontrols:", "'greeting' is for protocol: hal_mpg; leave it out"),
        ("increments", "serial: {silence: 0}\nincrements", "silence is '0'"),
        ("9: fault", "9: faulty", "'faulty' is no position of axis; did you mean fault?"),
    ],
)
def test_codes_of_another_protocol_are_its_own(old: str, new: str, said: str) -> None:
    assert old in FOREIGN
    found = faults(FOREIGN.replace(old, new, 1))
    assert any(said in fault for fault in found), found


def test_a_code_that_no_control_uses_is_a_fault() -> None:
    text = FOREIGN.replace("  axis: {abs", "  axis: {next: NEXT, order: [x, y]} # {abs").replace(
        "'A(?P<axis>[0-9])', set: {AXIS: {abs: axis}}",
        "'A(?P<down>[01])', set: {NEXT: {key: down}, GO: {key: down}}",
    )
    assert any("no control uses GO" in fault for fault in faults(text))


def test_a_selector_of_an_input_device_is_never_at_fault_by_itself() -> None:
    text = FOREIGN[FOREIGN.index("increments") :].replace("WHEEL", "8").replace("AXIS", "3")
    found = faults(f"name: n\nmatch: [{{name: x}}]\n{text}")
    assert any("'fault' is no position of axis" in fault for fault in found)


def test_codes_are_given_out_by_what_a_control_is() -> None:
    profile = load_profile(GOOD, "p.yaml")
    assert profile.estop is not None
    assert (profile.estop.key, profile.leds) == (Code(1, 0x100), (("ready", Code(17, 0)),))
