# SPDX-License-Identifier: GPL-2.0-or-later
"""An emulated machine with Debian's PREEMPT_RT kernel, for tests that need real USB and real udev.

QEMU boots the kernel over this machine's own files (virtme-ng does the work): what is installed
here is installed there, the repository lies at the same path, and a script runs there as root.

Nothing that the guest does reaches this machine: its root file system is read-only (QEMU refuses
writes), with overlays in the guest's memory over /etc, /home, /tmp, /usr, /var, ... and over the
repository. The one exception is a temporary directory, through which the result comes back.
The guest's /tmp begins empty: LinuxCNC's lock file, which says that one is running, lies there.

The host calls `run_in_kernel`; the script that it runs there calls `write_result`.
"""

from __future__ import annotations

import functools
import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""

BOOT_LIMIT_S = 180.0
"""A boot takes 15 s on a fast machine without KVM; beyond this limit it hangs, and is retried."""

_QEMU = "qemu-system-x86_64"
_GUEST_DIR = "/var/hal_mpg-bed"  # where the guest sees the shared temporary directory
_RESULT_VARIABLE = "HAL_MPG_KERNEL_RESULT"
_SHOWN_LINES = 80


@dataclass(frozen=True, slots=True)
class KernelRun:
    """What came of one run."""

    result: Any
    """What the script gave to `write_result`; None if it gave nothing."""
    output: str
    """The console: kernel messages, and the script's standard output and error."""
    returncode: int
    """The script's exit status."""
    boot_s: float
    """Seconds from the start to the script's first line."""


class KernelRunError(Exception):
    """The guest did not boot, or its script failed; the message ends with the console's tail."""


class _BootHung(Exception):
    """The script was not reached in time: nothing has been tested yet."""


def write_result(value: Any) -> None:
    """In the guest: hand `value` (anything that JSON can hold) to the host. The last call counts.

    Raises KeyError outside a script that `run_in_kernel` started.
    """
    path = Path(os.environ[_RESULT_VARIABLE])
    whole = path.with_suffix(".new")
    whole.write_text(json.dumps(value), encoding="utf-8")
    whole.rename(path)  # the host never sees half a result


def run_in_kernel(
    script: Path,
    *,
    arguments: Sequence[str] = (),
    timeout_s: float = 300.0,
    memory: str = "2G",
    check: bool = True,
    on_line: Callable[[str], None] | None = None,
) -> KernelRun:
    """Boot the newest PREEMPT_RT kernel and run `script` there with /usr/bin/python3, as root.

    `script` lies in the repository. `timeout_s` limits it, not the boot; only a boot that hangs is
    tried again, once. `check` wants exit status 0 and a result. The console's log file is removed
    after a good run. `on_line` gets each line of the console as it comes.

    Skips the calling test (see `beds.require`) where the machine cannot do this.
    Raises KernelRunError, ValueError.
    """
    script = script.resolve()
    if not script.is_relative_to(ROOT):
        raise ValueError(f"{script} is not in the repository: the guest would not find it")
    reason = why_not()
    if reason is not None:
        from tests.beds.require import skip_or_fail  # not above: the guest imports this file, too

        skip_or_fail(reason)
    descriptor, log_name = tempfile.mkstemp(prefix="hal_mpg-kernel-", suffix=".log")
    log_path = Path(log_name)
    with (
        os.fdopen(descriptor, "wb") as log,
        tempfile.TemporaryDirectory(prefix="hal_mpg-kernel-") as shared_name,
    ):
        shared = Path(shared_name)
        _write_start_script(shared / "start", script, arguments)
        try:
            teller = _Teller(log, on_line) if on_line else log
            returncode, boot_s = _boot_and_run(shared, memory, timeout_s, teller)
        except (_BootHung, subprocess.TimeoutExpired) as error:
            raise KernelRunError(_with_tail(str(error), log_path)) from None
        result = _read_result(shared / "result.json")
    output = log_path.read_text(encoding="utf-8", errors="replace")
    if check and (returncode != 0 or result is None):
        what = f"exit status {returncode}" + (", no result" if result is None else "")
        raise KernelRunError(_with_tail(f"{script.name} in the guest: {what}", log_path))
    log_path.unlink()
    return KernelRun(result, output, returncode, boot_s)


@functools.cache
def why_not() -> str | None:
    """Return in one line why this machine cannot run the bed, or None if it can."""
    if shutil.which(_QEMU) is None:
        return f"no {_QEMU} (Debian: qemu-system-x86)"
    if shutil.which("busybox") is None:
        return "no busybox for the guest's first steps (Debian: busybox-static)"
    kernel = _newest_kernel()
    if kernel is None:
        return "no PREEMPT_RT kernel /boot/vmlinuz-*-rt-amd64 (Debian: linux-image-rt-amd64)"
    modules = Path("/lib/modules", kernel.name.removeprefix("vmlinuz-"), "modules.dep")
    for file in (kernel, modules):
        if not os.access(file, os.R_OK):
            return f"{file} is missing or this user may not read it"
    if _vng() is None:
        return "no vng with virtme-run beside it (pip install virtme-ng)"
    for path in (ROOT, Path(tempfile.gettempdir())):
        if re.search(r"[\s,=]", str(path)):
            return f"virtme-ng cannot share a path with a space, comma or = in it: {path}"
    return None


def _newest_kernel() -> Path | None:
    def version(kernel: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", kernel.name)]

    return max(Path("/boot").glob("vmlinuz-*-rt-amd64"), key=version, default=None)


def _vng() -> Path | None:
    """Find vng beside the Python that runs the tests, or else on PATH."""
    found = shutil.which("vng")
    candidates = [Path(sys.executable).parent / "vng", *([Path(found)] if found else [])]
    for vng in candidates:
        if vng.exists() and (vng.parent / "virtme-run").exists():
            return vng
    return None


@functools.cache
def _kvm_works() -> bool:
    """Tell whether QEMU gets as far as a virtual processor with KVM.

    That /dev/kvm can be opened is not enough: inside another virtual machine, KVM may refuse to
    set the processor's registers, and QEMU aborts.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = [_QEMU, "-machine", "q35,accel=kvm", "-cpu", "host"]
    command += ["-nodefaults", "-display", "none", "-S", "-monitor", "stdio"]
    try:
        subprocess.run(command, input=b"quit\n", check=True, capture_output=True, timeout=60)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False
    return True


def _write_start_script(path: Path, script: Path, arguments: Sequence[str]) -> None:
    """Write what the guest runs. A file, because the kernel's command line is short."""
    environment = {
        _RESULT_VARIABLE: f"{_GUEST_DIR}/result.json",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    settings = [f"{name}={value}" for name, value in environment.items()]
    command = ["/usr/bin/env", *settings, "/usr/bin/python3", str(script), *arguments]
    root, kept = shlex.quote(str(ROOT)), "/run/hal_mpg-repository"
    lines = (
        f": > {_GUEST_DIR}/started",
        "set -e",
        f"mkdir {kept} && mount --bind {root} {kept}",  # it may lie in /tmp itself
        "mount -t tmpfs -o mode=1777 none /tmp",
        f"mkdir -p {root} && mount --bind {kept} {root}",
        f"cd {root}",
        f"exec {shlex.join(command)}",
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class _Teller:
    """The console's log file, which also tells each line to somebody."""

    def __init__(self, log: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._log = log
        self._on_line = on_line
        self._part = b""

    def write(self, data: bytes) -> int:
        *lines, self._part = (self._part + data).split(b"\n")
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))
        return self._log.write(data)

    def flush(self) -> None:
        self._log.flush()


_Log = IO[bytes] | _Teller


def _boot_and_run(shared: Path, memory: str, timeout_s: float, log: _Log) -> tuple[int, float]:
    """Return exit status and boot time; where the boot hangs, try once more, without KVM."""
    try:
        return _attempt(_command(shared, memory, _kvm_works()), shared, timeout_s, log)
    except _BootHung:
        log.write(b"\n==== the boot hung: second and last attempt ====\n")
    return _attempt(_command(shared, memory, False), shared, timeout_s, log)


def _command(shared: Path, memory: str, kvm: bool) -> list[str]:
    """Return the command that boots the guest.

    Not `--rw`: that would let the guest write to this machine's files. --verbose puts the kernel's
    messages into the log.
    """
    vng, kernel = _vng(), _newest_kernel()
    assert vng is not None  # why_not() has looked
    assert kernel is not None
    return [
        *[str(vng), "--run", str(kernel), *([] if kvm else ["--disable-kvm"])],
        *["--force-9p", "--disable-microvm", "--verbose"],
        *["--memory", memory, "--cpus", "2", "--user", "root"],
        *[f"--overlay-rwdir={ROOT}", f"--rwdir={_GUEST_DIR}={shared}"],
        *["--", f"sh {_GUEST_DIR}/start"],
    ]


def _attempt(command: list[str], shared: Path, timeout_s: float, log: _Log) -> tuple[int, float]:
    """Boot, copy the console to `log` until it ends, return exit status and boot time.

    Raises _BootHung, or subprocess.TimeoutExpired if the script takes longer than `timeout_s`.
    """
    environment = os.environ | {
        "PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}",
        "TMPDIR": str(shared),  # a vng that is killed leaves a file behind
    }
    # Should the tests be killed, `timeout` ends the guest in their place.
    at_most_s = f"{BOOT_LIMIT_S + timeout_s + 60:.0f}"
    start = time.monotonic()
    with subprocess.Popen(
        ["timeout", "--kill-after=10", at_most_s, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # a pipe: QEMU opens it several times, and would truncate a file
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
        env=environment,
    ) as process:
        try:
            boot_s = _copy_console(process, shared / "started", start, timeout_s, log)
            return process.wait(timeout=60), boot_s
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # timeout, vng, virtme-run and QEMU


def _copy_console(
    process: subprocess.Popen[bytes], started: Path, start: float, timeout_s: float, log: _Log
) -> float:
    """Copy what `process` says to `log` until it says no more; return the seconds to `started`."""
    assert process.stdout is not None
    boot_s: float | None = None
    while True:
        elapsed_s = time.monotonic() - start
        if boot_s is None and started.exists():
            boot_s = elapsed_s
        if boot_s is None and elapsed_s > BOOT_LIMIT_S:
            raise _BootHung(f"the guest did not boot within {BOOT_LIMIT_S:.0f} s, twice")
        if boot_s is not None and elapsed_s - boot_s > timeout_s:
            raise subprocess.TimeoutExpired("the script in the guest", timeout_s)
        if not select.select([process.stdout], [], [], 0.1)[0]:
            continue
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            break
        log.write(data)
        log.flush()
    if boot_s is None and not started.exists():
        raise _BootHung("the guest ended before its script began, twice")
    return boot_s if boot_s is not None else elapsed_s


def _read_result(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _with_tail(message: str, log_path: Path) -> str:
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    tail = "\n".join(lines[-_SHOWN_LINES:])
    return f"{message}; the console's last lines (all of them: {log_path}):\n{tail}"
