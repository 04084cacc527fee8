#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest, for test_learn_kernel.py: USB pendants are learned by a person, one after the other.

Each is plugged in, learned in a terminal as root (nobody else may read it yet), its rule is installed with
`hal_mpg install-udev`, and an ordinary user's LinuxCNC runs with its profile. Nothing is asserted here.
"""

from __future__ import annotations

import grp
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

import yaml

from hal_mpg.profile_yaml import load_profile
from tests.beds.hid_pendant import HidPendant, check
from tests.beds.kernel import write_result
from tests.beds.learner import Learner
from tests.beds.linuxcnc import run_linuxcnc
from tests.beds.pendant_hand import Hand
from tests.beds.terminal import Reader, Terminal, play
from tests.kernel.learn_socket import SOCKET, PendantHands

HERE = Path(__file__).parent
PYTHON = "/usr/bin/python3"
NOBODY = 65534
LIMIT_S = 120.0

Notes = dict[str, Any]


class Hands(socketserver.StreamRequestHandler):
    """Does what each line asks for, as ["method of PendantHands", argument, ...]; answers with a line."""

    hands: PendantHands

    def handle(self) -> None:
        for line in self.rfile:
            method, *arguments = json.loads(line)
            try:
                answer = {"result": getattr(self.hands, method)(*arguments)}
            except Exception as error:  # noqa: BLE001  # whatever it is, the driver raises it
                answer = {"error": repr(error)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


def hal_mpg(*arguments: str, user: int = 0, folder: Path = Path("/tmp")) -> tuple[int, str]:
    """Run a tool of hal_mpg; return its status and what it said."""
    command = [PYTHON, "-m", "hal_mpg", *arguments]
    if user:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    done = subprocess.run(
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder
    )
    return done.returncode, done.stdout + done.stderr


def learn(pendant: HidPendant, hand: Hand, folder: Path) -> Notes:
    """Let a person go through `hal_mpg learn`."""
    terminal = Terminal([PYTHON, "-m", "hal_mpg", "learn"], cwd=folder, env={**os.environ, "TERM": "xterm"})
    try:
        said = play(Reader(terminal, LIMIT_S), Learner(hand.profile, hand).answer, lambda: hand.turn(3))
        end = time.monotonic() + LIMIT_S
        while terminal.status() is None and time.monotonic() < end:
            time.sleep(0.1)
        return {"status": terminal.status(), "asked": len(said), "shown": terminal.read()}
    except Exception:
        print(terminal.read())
        raise
    finally:
        terminal.close()


def one(name: str, entry: Notes, number: int) -> Notes:
    """Plug a pendant in, learn it, install its rule, and jog with it."""
    profile = load_profile(entry["profile"], f"{name}.yaml")
    check(entry["device"], profile)
    folder = Path(f"/tmp/learned-{name}")
    folder.mkdir()
    notes: Notes = {}
    with HidPendant(entry["device"], f"{number:03}") as pendant:
        hand = Hand(profile, pendant.emit, Random(number))
        pendant.stand(sorted(hand.held), hand.absolutes)
        pendant.plug(0)
        node = pendant.node()
        notes["refused"] = hal_mpg("learn", user=NOBODY) if number == 1 else None
        start = time.monotonic()
        notes["learn"] = learn(pendant, hand, folder)
        notes["learn"]["seconds"] = time.monotonic() - start
        files = sorted(path.name for path in folder.iterdir())
        notes["files"] = {file: (folder / file).read_text() for file in files}
        profiles = [file for file in files if file.endswith(".yaml")]
        rules = [file for file in files if file.endswith(".rules")]
        if not profiles or not rules:
            return notes
        notes["check"] = hal_mpg("check", profiles[0], folder=folder)
        notes["install"] = hal_mpg("install-udev", "--rule", rules[0], folder=folder)
        status = os.stat(node)
        notes["access"] = [grp.getgrgid(status.st_gid).gr_name, oct(status.st_mode & 0o777)]
        notes["jog"] = jog(entry, hand, folder / profiles[0])
        pendant.unplug()
        pendant.wait_for_no_node()
    return notes


def jog(entry: Notes, hand: Hand, profile: Path) -> Any:
    """Run LinuxCNC as an ordinary user with what was learned."""
    Hands.hands = PendantHands(hand)
    Path(SOCKET).unlink(missing_ok=True)
    with socketserver.ThreadingUnixStreamServer(SOCKET, Hands) as server:
        server.daemon_threads = True
        Path(SOCKET).chmod(0o666)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = run_linuxcnc(
            entry["ini"],
            HERE / "drive_learned.py",
            pendant=str(profile),
            private=False,
            groups=(grp.getgrnam("plugdev").gr_gid,),
            arguments={"scales": hand.profile.scales, "increments": increments(hand)},
            timeout_s=400,
        )
        server.shutdown()
    return run.result


def increments(hand: Hand) -> dict[str, dict[str, str]]:
    """Return the distance of a detent, by axis and scale, in what the person said."""
    return {
        increment.scale: {"linear": str(increment.mm), "angular": str(increment.degree)}
        for increment in hand.profile.increments
    }


def main() -> None:
    wanted = sys.argv[1:]
    entries = yaml.safe_load((HERE / "learn_pendants.yaml").read_text())
    notes: dict[str, Notes] = {}
    for number, (name, entry) in enumerate(entries.items(), 1):
        if wanted and name not in wanted:
            continue
        try:
            notes[name] = one(name, entry, number)
        except Exception:  # noqa: BLE001  # whatever it is, the host shows it
            notes[name] = {"error": traceback.format_exc()}
        print(f"---- {name}: {'error' if 'error' in notes[name] else 'done'}", flush=True)
        write_result(notes)


if __name__ == "__main__":
    main()
