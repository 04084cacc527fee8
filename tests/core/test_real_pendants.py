# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/kernel/real_pendants.yaml has every pendant that nobody has tried, with its profile's ids and its
recording's codes.

The devices are made and played in tests/kernel/test_real_pendants.py, which takes minutes.
"""

from __future__ import annotations

import pytest

from hal_mpg.events import EV_ABS, EV_KEY, EV_REL, EV_SYN
from hal_mpg.profile import Identity
from hal_mpg.profile_files import find_profile, read_profile
from hal_mpg.recording.evemu_format import parse
from hal_mpg.recording.hid_format import is_hid, read_hid
from hal_mpg.sources.hidraw_nodes import NO_ID, input_report_ids
from tests.beds.event_reports import KINDS, EventReports, ecodes
from tests.kernel.real_pendants import DEVICES, NOT_MADE, recordings_of
from tools.pendant_pages import Known, known

ENTRY = "add an entry to tests/kernel/real_pendants.yaml (CONTRIBUTING.md, A new pendant, step 5)"
each = pytest.mark.parametrize("name", DEVICES)


def profile_of(name: str) -> str:
    return str(DEVICES[name].get("profile", name))


SHIPPED = [one for one in known() if one.profile.source in ("evdev", "hidraw")]


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.name)
def test_a_shipped_pendant_is_made_or_was_tried(one: Known) -> None:
    is_made = one.name in map(profile_of, DEVICES)
    assert is_made or one.name in NOT_MADE or one.front.tried != "no", f"{one.name} is not tried: {ENTRY}"


def test_what_is_said_not_to_be_made_is_shipped_and_is_not_made() -> None:
    assert set(NOT_MADE) <= {one.name for one in SHIPPED} - set(map(profile_of, DEVICES))
    assert all(NOT_MADE.values())


@pytest.mark.parametrize(
    "name", ["Pocket NC Console", "Pocket NC Console-2", "Console(v2)", "A Console of it"]
)
def test_a_console_is_found_by_the_word_wherever_it_stands(name: str) -> None:
    assert any(match.fits(Identity(0, 0, name)) for match in read_profile(find_profile("pocket-nc")).match)


@each
def test_its_ids_or_names_are_those_of_the_profile(name: str) -> None:
    said, profile = DEVICES[name], read_profile(find_profile(profile_of(name)))
    assert said.get("pendant") in (None, profile_of(name))
    called = [node["name"] for node in said.get("nodes", ())] or [" ".join(filter(None, said["strings"][:2]))]
    identities = [Identity(*said["id"], text) for text in called]
    assert all(any(match.fits(identity) for match in profile.match) for identity in identities)


@each
def test_its_descriptor_and_its_recording_are_of_one_device(name: str) -> None:
    """Reports of the recorded ids and lengths; or events all of which lie in its reports, or its nodes."""
    said, texts = DEVICES[name], [file.read_text("utf-8") for file in recordings_of(profile_of(name))]
    interfaces = said.get("interfaces", ())
    assert all(interface["origin"] for interface in interfaces)
    if is_hid(texts[0]):
        (interface,) = interfaces
        ids = input_report_ids(bytes.fromhex(interface["hid"]))
        for report in read_hid(texts[0]).reports:
            assert len(report.data) == interface["length"]
            assert ids == {NO_ID} or report.data[0] in ids or set(report.data) == {0xFF}  # asleep
        return
    reports = [EventReports(interface["layout"]) for interface in interfaces]
    names = [code for node in said.get("nodes", ()) for code in node["codes"]]
    own = {(KINDS[code.partition("_")[0]], ecodes.ecodes[code]) for code in names}
    for node in (node for text in texts for node in parse(text, name)):
        for event in node.events:
            if event.type in (EV_KEY, EV_REL, EV_ABS):
                change = (event.type, event.code, event.value)
                assert (event.type, event.code) in own or any(one.has(change) for one in reports), change
            else:
                assert event.type in (EV_SYN, 4)  # MSC_SCAN tells a key's scan code


def test_a_report_is_what_its_events_say() -> None:
    reports = EventReports(
        {
            "length": 6,
            "head": [0x01],
            "hat": {"bit": 8, "none": 8},
            "codes": {
                "BTN_0": {"bit": 12},
                "REL_DIAL": {"at": 2},
                "ABS_X": {"at": 3, "bits": 16, "flip": True},
                "ABS_Y": {"minus": 40, "plus": 41},
            },
        }
    )
    assert reports.report() == bytes((1, 0x08, 0, 0xFF, 0xFF, 0))
    pressed = reports.report(
        [(EV_KEY, ecodes.BTN_0, 1), (EV_REL, ecodes.REL_DIAL, -1), (EV_ABS, ecodes.ABS_Y, 5)]
    )
    assert pressed == bytes((1, 0x18, 0xFF, 0xFF, 0xFF, 2))
    # A movement is over with its report; what is held, is held.
    moved = reports.report(
        [(EV_ABS, ecodes.ABS_HAT0X, 1), (EV_ABS, ecodes.ABS_X, 2), (EV_ABS, ecodes.ABS_Y, -1)]
    )
    assert moved == bytes((1, 0x12, 0, 0xFD, 0xFF, 1))
