# SPDX-License-Identifier: GPL-2.0-or-later
"""What root does in the guest to make a pendant, its node or the computer fail; see guest_faults.py.

The driver calls these methods over a socket. What has to be undone is noted, and `tidy` undoes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from evdev import InputDevice, ecodes

from tests.beds.gadget import BUTTONS, FIRST_BUTTON, UinputPendant, UsbPendant, wait_for
from tests.beds.kernel import ROOT

Report = tuple[Sequence[int], int]
"""Buttons that are held, and detents of the wheel."""

RULES = ROOT / "udev/70-hal-mpg.rules"
RULES_IN_USE = Path("/run/udev/rules.d") / RULES.name
EVIOCREVOKE = 0x40044591  # linux/input.h
GONE = "input_unregister_device"
"""What the kernel calls first of all when an input device goes."""
REVOKED = "input_flush_device"
"""What it calls just before it wakes the process that has lost a node."""
PAUSE_S = 0.0002
BOARD = "Repeating MPG"
KEYS = range(FIRST_BUTTON, FIRST_BUTTON + BUTTONS)


class UinputBoard(UinputPendant):
    """A board that is not on USB and says of itself that its keys repeat; `report` is as UsbPendant's."""

    def __init__(self) -> None:
        """Make it, with the id that the generic profiles match."""
        events: dict[int, Sequence[int]] = {
            ecodes.EV_KEY: list(KEYS),
            ecodes.EV_REL: [ecodes.REL_DIAL],
            ecodes.EV_REP: [],
        }
        super().__init__(BOARD, events, vendor=0x1209, product=0x0001)
        self._held: set[int] = set()
        self.sent_at = 0.0

    def report(self, buttons: Iterable[int], dial: int = 0) -> None:
        """Send what has changed, in one frame."""
        held = set(buttons)
        keys = [(ecodes.EV_KEY, FIRST_BUTTON + n, int(n in held)) for n in sorted(held ^ self._held)]
        wheel = [(ecodes.EV_REL, ecodes.REL_DIAL, dial)] if dial else []
        self.sent_at = time.monotonic()
        self.write(*keys, *wheel)
        self._held = held


class Bench:
    """The pendant that the hands are on, and everything else that can be done to it."""

    def __init__(self) -> None:
        """Make the pendant; it is not plugged in. udev has the shipped rules."""
        RULES_IN_USE.parent.mkdir(exist_ok=True)
        own = f'SUBSYSTEM=="input", ATTRS{{name}}=="{BOARD}", ENV{{HAL_MPG}}="1"\n'
        RULES_IN_USE.with_name("69-my-pendant.rules").write_text(own)
        self._give_rules()
        self.first = UsbPendant(wakes=True)
        self._second: UsbPendant | None = None
        self._hands_on: UsbPendant | UinputBoard = self.first
        self._undo = ExitStack()
        self._kernel = KernelWord()

    def close(self) -> None:
        """Undo everything, and take the pendant apart."""
        self.tidy()
        self.first.close()

    def tidy(self) -> None:
        """Undo what was done to make something fail. A pendant that was unplugged stays so."""
        self._undo.close()
        self._hands_on = self.first

    def tell(self, line: str) -> None:
        """Print something on the guest's console, where it can be seen while it runs."""
        print(line, flush=True)

    # The hands.

    def plug(self, port: int) -> None:
        """Plug the pendant in, and wait until udev is done with it."""
        self.first.plug(port)
        self.first.node()

    def unplug(self) -> float:
        """Pull the plug; return when the kernel began to take the input device away.

        The hub needs its time to see that nothing is in its port any more; nobody can know before it does.
        """
        return self._kernel.word(GONE, self.first.unplug)

    def is_plugged_in(self) -> bool:
        """Tell whether the pendant is in a port."""
        return self.first.is_plugged_in

    def report(self, buttons: Sequence[int], dial: int = 0) -> float:
        """Send one report; return when."""
        self._hands_on.report(buttons, dial)
        return self._hands_on.sent_at

    def reports(self, reports: Sequence[Report]) -> float:
        """Send reports as fast as they are fetched; return when the last one was sent."""
        began = 0.0
        for buttons, dial in reports:
            began = self.report(buttons, dial)
        return began

    def spin(self, buttons: Sequence[int], per_s: int, seconds: float) -> tuple[int, float]:
        """Turn the wheel that fast for that long, several detents in a report.

        Return how many detents it were, and when the last of them were sent.
        """
        start, turned, last_at = time.monotonic(), 0, 0.0
        while (elapsed := time.monotonic() - start) < seconds:
            due = min(int(per_s * elapsed) - turned, 127)
            if due:
                last_at = self.report(buttons, due)
                turned += due
            else:
                time.sleep(PAUSE_S)
        return turned, last_at

    # Plugs.

    def reports_and_unplug(self, reports: Sequence[Report]) -> float:
        """Send reports and pull the plug at once; return when, as `unplug` does."""
        self.reports(reports)
        return self.unplug()

    def plug_as_another_node(self, port: int) -> None:
        """Plug the pendant in while something else has its node's number."""
        lodger = UinputPendant("lodger", {ecodes.EV_KEY: [ecodes.BTN_0]})
        self._undo.callback(lodger.close)
        self.first.plug(port)
        if self.first.node() <= lodger.node():
            raise RuntimeError(f"{self.first.node()} and {lodger.node()}: the number was not taken")

    def plug_second_in(self) -> None:
        """Plug a second pendant of the same kind in, with two buttons held; the hands stay on the first."""
        self._second = UsbPendant(serial="002")
        self._undo.callback(self._second.close)
        self._second.plug()
        self._second.node()
        self._second.report((0, 7))  # nobody fetches it as long as nobody has the node open

    def take_second(self) -> None:
        """Put the hands on the second pendant."""
        assert self._second
        self._hands_on = self._second

    def plug_board_in(self) -> None:
        """Plug in a board that is not on USB, and put the hands on it."""
        board = UinputBoard()
        self._undo.callback(board.close)
        self._hands_on = board

    def repeat_keys(self, buttons: Sequence[int], times: int) -> None:
        """Let keys of the board repeat, as the kernel tells it: value 2."""
        assert isinstance(self._hands_on, UinputBoard)
        for _ in range(times):
            self._hands_on.write(*((ecodes.EV_KEY, FIRST_BUTTON + n, 2) for n in buttons))

    # The USB device and its drivers.

    def _take_away(self, file: Path, value: str, back: Path, value_back: str) -> float:
        """Write something by which the input device goes; return when the kernel began to take it away."""
        self._undo.callback(back.write_text, value_back)
        return self._kernel.word(GONE, lambda: file.write_text(value))

    def deauthorize(self) -> float:
        """Take the computer's leave to use the USB device."""
        file = self.first.usb_device() / "authorized"
        return self._take_away(file, "0", file, "1")

    def unbind_driver(self) -> float:
        """Take usbhid away from the device."""
        interface = next(self.first.usb_device().glob("*:1.0"))
        driver = (interface / "driver").resolve()
        return self._take_away(driver / "unbind", interface.name, driver / "bind", interface.name)

    def disable_port(self) -> float:
        """Switch off the port of the hub that the pendant is in."""
        usb = self.first.usb_device()
        port = next(usb.parent.glob(f"*:1.0/*port{usb.name.split('-')[1]}"))
        return self._take_away(port / "disable", "1", port / "disable", "0")

    def save_power(self) -> None:
        """Do what a power saving tool does: let the device sleep whenever the kernel thinks fit."""
        power = self.first.usb_device() / "power"
        self._undo.callback((power / "control").write_text, "on")
        (power / "wakeup").write_text("enabled")
        (power / "autosuspend_delay_ms").write_text("0")
        (power / "control").write_text("auto")

    def power_status(self) -> str:
        """Return whether the USB device is "active" or "suspended"."""
        return (self.first.usb_device() / "power/runtime_status").read_text().strip()

    def inhibit(self) -> float:
        """Inhibit the input device."""
        file = self.first.sysfs().parent / "inhibited"
        self._undo.callback(file.write_text, "0")
        began = time.monotonic()
        file.write_text("1")
        return began

    # The node.

    def revoke(self, process: int) -> float:
        """Revoke a process' access to the node, as logind does when a session goes to the background.

        Return when the kernel was about to wake the process, for ending a grab takes it much longer.
        """
        folder, node = Path(f"/proc/{process}/fd"), self.first.node()
        theirs = [int(link.name) for link in folder.iterdir() if str(link.readlink()) == node]
        pidfd = os.pidfd_open(process)
        ours = _get_descriptor(pidfd, theirs[0])
        said_at = self._kernel.word(REVOKED, lambda: fcntl.ioctl(ours, EVIOCREVOKE, 0))
        os.close(ours)
        os.close(pidfd)
        return said_at

    def close_for_all(self, process: int) -> float:
        """Make a process lose the node, and let nobody open it again."""
        node = Path(self.first.node())
        before = node.stat().st_mode & 0o777
        node.chmod(0)
        self._undo.callback(node.chmod, before)
        return self.revoke(process)

    def plug_without_access(self, port: int) -> None:
        """Plug the pendant in where udev gives access to root only, until `give_access`."""
        RULES_IN_USE.write_text('KERNEL=="event*", MODE="0600"\n')
        _reload_rules()
        self._undo.callback(self.give_access)
        self.plug(port)

    def give_access(self) -> None:
        """Let udev have the shipped rules again, and apply them."""
        self._give_rules()
        if self.first.is_plugged_in:
            subprocess.run(["udevadm", "trigger", "--action=change", self.first.node()], check=True)
            subprocess.run(["udevadm", "settle"], check=True)

    def grab(self) -> None:
        """Be another program that has grabbed the pendant."""
        other = InputDevice(self.first.node())
        self._undo.callback(other.close)
        other.grab()

    def _give_rules(self) -> None:
        shutil.copy(RULES, RULES_IN_USE)
        _reload_rules()

    # Time.

    def set_clock(self, hours: float) -> None:
        """Set the wall clock forth or back."""
        now = int(time.time() + hours * 3600)
        subprocess.run(["date", "-s", f"@{now}"], check=True, stdout=subprocess.DEVNULL)


class KernelWord:
    """When the kernel did something, by probes in the kernel itself (Linux: trace/kprobetrace.rst)."""

    _TRACING = Path("/sys/kernel/tracing")

    def __init__(self) -> None:
        """Set the probes."""
        (self._TRACING / "trace_clock").write_text("mono")
        probes = "".join(f"p:hal_mpg/{function} {function}\n" for function in (GONE, REVOKED))
        (self._TRACING / "kprobe_events").write_text(probes)
        (self._TRACING / "events/hal_mpg/enable").write_text("1")

    def word(self, function: str, act: Callable[[], object]) -> float:
        """Do something; return when the kernel first called a function of its own because of it."""
        (self._TRACING / "trace").write_text("")
        act()
        return wait_for(f"call of {function}", lambda: self._called_at(function)) or 0.0

    def _called_at(self, function: str) -> float | None:
        found = re.search(rf" (\d+\.\d+): {function}:", (self._TRACING / "trace").read_text())
        return float(found.group(1)) if found else None


def _reload_rules() -> None:
    subprocess.run(["udevadm", "control", "--reload"], check=True)


def _get_descriptor(pidfd: int, descriptor: int) -> int:
    """Return another process' descriptor as one of ours (pidfd_getfd, which Python does not have)."""
    import ctypes

    number = 438  # on every architecture
    ours: int = ctypes.CDLL(None, use_errno=True).syscall(number, pidfd, descriptor, 0)
    if ours < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return ours
