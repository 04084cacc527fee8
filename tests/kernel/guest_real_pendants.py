# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_real_pendants.py: device after device, and one LinuxCNC of an ordinary user.

Nothing is asserted here; the host does that. `guest_real_pendants.py NAME ...` has some of the devices only.
"""

from __future__ import annotations

import grp
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.beds.gadget import wait_for
from tests.beds.kernel import ROOT, write_result
from tests.beds.linuxcnc import run_linuxcnc
from tests.kernel.real_pendants import DEVICES, expected

HANDS = Path("/tmp/hal_mpg-hands")


def main() -> None:
    for path in Path("/etc/udev/rules.d").glob("*hal*mpg*"):
        path.unlink()  # what the host has
    folder = Path("/run/udev/rules.d")
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "udev/70-hal-mpg.rules", folder)
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    group = grp.getgrnam("plugdev").gr_gid
    asked = []
    for name in sys.argv[1:] or DEVICES:
        said = DEVICES[name]
        profile = said.get("profile", name)
        asked.append(
            {
                "name": name,
                "profile": profile,
                "pendant": said.get("pendant"),
                "expected": expected(profile),
                "replug": said.get("replug", False),
            }
        )
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kernel.real_pendants", str(HANDS)], cwd=ROOT
    ) as hands:
        wait_for("the hands", HANDS.exists)
        try:
            run = run_linuxcnc(
                "sim-6axis.ini",
                ROOT / "tests/kernel/drive_real_pendants.py",
                arguments={"socket": str(HANDS), "devices": asked},
                private=False,
                # What the shipped rules give access to; root's and the group input's are not among them.
                groups=(group,),
                timeout_s=1500,
            )
        finally:
            hands.kill()
    print(run.output)
    print(json.dumps(run.result, indent=1))
    write_result({"group": group, "devices": run.result})


if __name__ == "__main__":
    main()
