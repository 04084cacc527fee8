# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_jog.py: a USB pendant, an ordinary user's LinuxCNC, and hands on the pendant.

The hands are a Unix socket: what the driver (drive_jog.py, an ordinary user) asks for, root does to the
USB gadget. Which reports are sent is up to the driver.
"""

from __future__ import annotations

import grp
import json
import shutil
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

from tests.beds.gadget import UsbPendant
from tests.beds.kernel import ROOT, write_result
from tests.beds.linuxcnc import run_linuxcnc

SOCKET = Path("/tmp/hal_mpg-hands")


class Hands(socketserver.StreamRequestHandler):
    """Does what each line asks for, as ["method of UsbPendant", argument, ...]; answers with a line."""

    pendant: UsbPendant

    def handle(self) -> None:
        for line in self.rfile:
            method, *arguments = json.loads(line)
            try:
                getattr(self.pendant, method)(*arguments)
                answer = ""
            except Exception as error:  # noqa: BLE001  # whatever it is, the driver raises it
                answer = repr(error)
            self.wfile.write(json.dumps(answer).encode() + b"\n")


def main() -> None:
    rules = Path("/run/udev/rules.d")
    rules.mkdir(exist_ok=True)
    shutil.copy(ROOT / "udev/70-hal-mpg.rules", rules)
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    with UsbPendant() as pendant:
        pendant.plug(0)
        pendant.node()  # udev is done with it
        Hands.pendant = pendant
        with socketserver.ThreadingUnixStreamServer(str(SOCKET), Hands) as server:
            server.daemon_threads = True
            SOCKET.chmod(0o666)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            run = run_linuxcnc(
                "sim-6axis.ini",
                ROOT / "tests/kernel" / sys.argv[1],
                private=False,
                # What the shipped rule gives access to; root's and the group input's are not among them.
                groups=(grp.getgrnam("plugdev").gr_gid,),
                timeout_s=600,
            )
            server.shutdown()
    write_result(run.result)


if __name__ == "__main__":
    main()
