# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_faults_kernel.py: LinuxCNC as an ordinary user, and root's bench on a socket.

Each line that the driver sends is a call of one of Bench's methods; the answer carries the guest's monotonic
time at which it was done, for the driver is busy watching a pin just then.
"""

from __future__ import annotations

import grp
import json
import os
import resource
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.beds.kernel import ROOT, write_result
from tests.beds.linuxcnc import run_linuxcnc
from tests.kernel.faults_bench import Bench

SOCKET = Path("/tmp/hal_mpg-bench")


class Calls(socketserver.StreamRequestHandler):
    """Does what each line asks for, as ["method", argument, ...]."""

    bench: Bench

    def handle(self) -> None:
        # So that nothing comes between looking at the clock and what is done then.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        for line in self.rfile:
            method, *arguments = json.loads(line)
            self.wfile.write(json.dumps(self.answer(method, arguments)).encode() + b"\n")

    def answer(self, method: str, arguments: list[Any]) -> dict[str, Any]:
        """Call a method. A method that knows better than its caller when it acted returns that, a float."""
        began = time.monotonic()
        try:
            value = getattr(self.bench, method)(*arguments)
        except Exception as error:  # noqa: BLE001  # whatever it is, the driver raises it
            return {"error": repr(error)}
        return {"value": value, "at": value if isinstance(value, float) else began}


RTPRIO = 10
"""What config/limits-hal-mpg.conf allows the user."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_RTPRIO, (RTPRIO, RTPRIO))
    bench = Calls.bench = Bench()
    bench.plug(0)
    with socketserver.ThreadingUnixStreamServer(str(SOCKET), Calls) as server:
        server.daemon_threads = True
        SOCKET.chmod(0o666)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = run_linuxcnc(
            "sim-6axis.ini",
            ROOT / "tests/kernel/drive_faults.py",
            arguments=sys.argv[1:],
            private=False,
            # What the shipped rule gives access to; root's and the group input's are not among them.
            groups=(grp.getgrnam("plugdev").gr_gid,),
            timeout_s=1200,
        )
        server.shutdown()
    print(run.output)
    write_result(run.result)
    bench.close()


if __name__ == "__main__":
    main()
