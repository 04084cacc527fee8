# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_bed.py, test_raw_hid.py and test_udev.py: does things, notes what came of them.

Nothing is asserted here; the host does that. One boot serves all three files.
"""

from __future__ import annotations

import errno
import grp
import select
import shutil
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evdev
from evdev import ecodes

from hal_mpg.profile_yaml import load_profile
from hal_mpg.sources.evdev import EvdevSource
from tests.beds.gadget import UinputPendant, UsbPendant, wait_for
from tests.beds.kernel import ROOT, write_result
from tests.kernel.raw_hid import raw_hid

NOBODY = 65534
RULES = ROOT / "udev/70-hal-mpg.rules"
RULES_D = Path("/run/udev/rules.d")
SMOOTH_PROFILE = """
name: a wheel that says where it stands
match: [{name: Smooth Wheel}]
increments: {x1: {mm: 0.001}}
controls: {wheel: {abs: ABS_WHEEL, modulo: 65536}, axis: {keys: {x: BTN_0}}}
"""
SCRATCH = ("tests/written-by-the-guest", "written-by-the-guest")
Notes = dict[str, Any]


def frames(device: evdev.InputDevice, wanted: int) -> list[list[list[int]]]:
    """Return the next `wanted` frames as [type, code, value], without SYN_REPORT and EV_MSC."""
    done: list[list[list[int]]] = []
    frame: list[list[int]] = []
    while len(done) < wanted:
        if not select.select([device], [], [], 60)[0]:
            raise TimeoutError(f"{len(done)} frames of {wanted}")
        for event in device.read():
            if event.type == ecodes.EV_SYN:
                done.append(frame)
                frame = []
            elif event.type != ecodes.EV_MSC:
                frame.append([event.type, event.code, event.value])
    return done


def read_errno(device: evdev.InputDevice) -> str | None:
    """Read until there is nothing more; return the name of the error."""
    try:
        while True:
            list(device.read())
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def bed() -> Notes:
    """Plug, press, turn, unplug, plug into the other port."""
    notes: Notes = {}
    for name in SCRATCH:
        (ROOT / name).write_text("the host must not see this\n")
    notes["scratch"] = list(SCRATCH)
    with UsbPendant() as pendant, UsbPendant(serial="002") as other:
        pendant.plug(0)
        device = evdev.InputDevice(pendant.node())
        notes["node"], notes["sysfs"] = device.path, str(pendant.sysfs())
        notes["name"], notes["uniq"] = device.name, device.uniq
        notes["id"] = [device.info.bustype, device.info.vendor, device.info.product]
        capabilities = device.capabilities()
        notes["keys"] = capabilities[ecodes.EV_KEY]
        notes["rel"] = capabilities[ecodes.EV_REL]

        pendant.press(0, 9)
        notes["press"] = frames(device, 1)
        notes["held"] = device.active_keys()
        pendant.turn(-3)
        notes["turn"] = frames(device, 3)
        pendant.turn(200, per_report=127)
        notes["storm"] = frames(device, 2)
        pendant.release(0)
        notes["release"] = frames(device, 1)
        notes["still held"] = device.active_keys()

        other.plug(1)
        notes["other"] = [other.node(), str(other.sysfs())]
        other.unplug()
        other.wait_for_no_node()

        pendant.unplug()
        pendant.wait_for_no_node()
        notes["gone"] = read_errno(device)
        # Takes the lowest node number that is free, so that the pendant comes back as another.
        lodger = UinputPendant("lodger", {ecodes.EV_KEY: [ecodes.BTN_0]})
        pendant.plug(1)
        notes["second node"], notes["second sysfs"] = pendant.node(), str(pendant.sysfs())
        again = evdev.InputDevice(pendant.node())
        pendant.turn(1)
        notes["second turn"] = frames(again, 1)
        lodger.close()
    notes["smoothed"] = smoothed()
    return notes


def smoothed() -> Notes:
    """Turn a wheel that the kernel takes for a stick by single counts, before hal_mpg has it and after."""
    wheel = (ecodes.ABS_WHEEL, evdev.AbsInfo(value=1000, min=0, max=65535, fuzz=255, flat=0, resolution=0))
    pendant = UinputPendant("Smooth Wheel", {ecodes.EV_ABS: [wheel], ecodes.EV_KEY: [ecodes.BTN_0]})
    device = evdev.InputDevice(pendant.node())

    def told(from_: int, key: int) -> list[int]:
        for place in range(from_, from_ + 10):
            pendant.write((ecodes.EV_ABS, ecodes.ABS_WHEEL, place))
        pendant.write((ecodes.EV_KEY, ecodes.BTN_0, key))  # told in any case: the end
        said: list[list[list[int]]] = []
        while not said or said[-1][0][0] != ecodes.EV_KEY:
            said += frames(device, 1)  # at least
        return [value for ((_, _, value),) in said[:-1]]

    notes: Notes = {"before": told(1001, 1)}
    source = EvdevSource(load_profile(SMOOTH_PROFILE, "smooth.yaml"), grab=False)
    wait_for("connection", lambda: source.search(time.monotonic()))
    notes["after"] = told(1011, 0)
    source.close()
    device.close()
    pendant.close()
    return notes


def may_open(node: Path, *groups: str) -> bool:
    """Tell whether an ordinary user, in `groups`, can open `node` for reading and writing."""
    gids = [str(grp.getgrnam(group).gr_gid) for group in groups]
    extra = [f"--groups={','.join(gids)}"] if gids else ["--clear-groups"]
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", *extra]
    shell = ["sh", "-c", 'exec 3<>"$1"', "sh", str(node)]
    return subprocess.run([*user, *shell], check=False).returncode == 0


def node_notes(node: Path) -> Notes:
    """Return what udev made of `node`."""
    udevadm = ["udevadm", "info", "--query=property", f"--name={node}"]
    text = subprocess.run(udevadm, check=True, capture_output=True, text=True).stdout
    properties = dict(line.split("=", 1) for line in text.splitlines())
    return {
        "group": node.group(),
        "mode": f"{node.stat().st_mode & 0o777:o}",
        "tags": sorted(properties.get("CURRENT_TAGS", "").strip(":").split(":")),
        "libinput ignores": properties.get("LIBINPUT_IGNORE_DEVICE"),
        "joystick": properties.get("ID_INPUT_JOYSTICK"),
        "plugdev may open": may_open(node, "plugdev"),
        "others may open": may_open(node),
    }


def pendant_notes(pendant: UsbPendant) -> Notes:
    """Plug `pendant` in, and return what udev made of each part of it."""
    pendant.plug()
    node = Path(pendant.node())
    directory = pendant.sysfs()
    usb = next(path for path in directory.parents if (path / "idVendor").exists())
    js = wait_for("js node", lambda: list(directory.parent.glob("js*")))[0].name
    notes = {"event": node_notes(node), "js": node_notes(Path("/dev/input", js))}
    notes["usb"] = {"power": (usb / "power/control").read_text().strip()}
    pendant.unplug()
    pendant.wait_for_no_node()
    return notes


def udev() -> Notes:
    """Look at pendants without the rules file, with it, and with a user's own line before it."""
    RULES_D.mkdir(exist_ok=True)
    # What a power saving tool would do; the kernel's own default for a pendant is "on".
    saver = 'SUBSYSTEM=="usb", ATTR{idVendor}=="1209", ATTR{power/control}="auto"\n'
    (RULES_D / "65-power-saver.rules").write_text(saver)
    reload_rules()
    with UsbPendant() as pendant, UsbPendant(product=0x0002, serial="stranger") as stranger:
        notes: Notes = {"before": pendant_notes(pendant)}
        shutil.copy(RULES, RULES_D)
        reload_rules()
        notes["after"] = pendant_notes(pendant)
        notes["stranger"] = pendant_notes(stranger)
    knob = {ecodes.EV_KEY: [ecodes.KEY_VOLUMEUP, ecodes.KEY_VOLUMEDOWN]}
    notes["knob before"] = uinput_notes("Volume Knob", knob)
    own = 'SUBSYSTEM=="input", ATTRS{name}=="Volume Knob", ENV{HAL_MPG}="1"\n'
    (RULES_D / "69-my-pendant.rules").write_text(own)
    reload_rules()
    notes["knob after"] = uinput_notes("Volume Knob", knob)
    return notes


def uinput_notes(name: str, events: dict[int, list[int]]) -> Notes:
    """Make a device that is not on USB, and return what udev made of it."""
    device = UinputPendant(name, dict(events))
    notes = node_notes(Path(device.node()))
    device.close()
    return notes


def reload_rules() -> None:
    subprocess.run(["udevadm", "control", "--reload"], check=True)


def attempt(part: Callable[[], Notes]) -> Notes:
    """Return what `part` noted; a failure is noted, too, so that the other part still runs."""
    try:
        return part()
    except Exception:  # noqa: BLE001 - whatever it is, the host shows it
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    write_result({"bed": attempt(bed), "raw hid": attempt(raw_hid), "udev": attempt(udev)})
