# SPDX-License-Identifier: GPL-2.0-or-later
"""A clean Debian of any release, to install the package into: made once, and kept.

By mmdebstrap or debootstrap. What is changed in it lies in a layer of its own (overlayfs), so that each test
begins with a clean one, and the downloaded packages are kept. It needs root, and the network to download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.beds.require import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]

KEPT = ROOT / "build" / "release"
"""What takes minutes to make: `make clean` takes it away."""

INCLUDED = ("udev", "man-db", "bash-completion", "xvfb", "xauth", "xdotool", "x11-apps", "ca-certificates")
"""Beside the smallest Debian: what any has, and a screen. Nothing that the package itself needs."""

USER, USER_ID = "machinist", 1000

LIMIT_S = 3600.0

INSIDE = r"""
set -e
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$BASE,upperdir=$LAYER/upper,workdir=$LAYER/work" "$LAYER/root"
cd "$LAYER/root"
mount -t proc proc proc
mount -t sysfs sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs tmp && chmod 1777 tmp
mount -t tmpfs tmpfs run && mkdir -p run/user/1000 && chown 1000:1000 run/user/1000 && chmod 700 run/user/1000
mkdir -p var/cache/apt/archives project
mount --bind "$ARCHIVES" var/cache/apt/archives
mount --bind -o ro "$PROJECT" project
cp -L /etc/resolv.conf etc/resolv.conf 2>/dev/null || true
exec "$@"
"""
"""For sh: from a private mount namespace into the layer. Nothing is started there by a package's scripts."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one command: its status, and what it said on both of its outputs."""

    status: int
    said: str


class CleanDebian:
    """One layer above a clean Debian; `close` takes the layer away."""

    def __init__(self, suite: str, name: str) -> None:
        """Make it, or skip the running test in one line. `suite`: bookworm, trixie; `name`: the layer's."""
        require_clean_debian()
        self._base, self._archives = base_of(suite), KEPT / suite / "archives"
        self._archives.mkdir(exist_ok=True)
        self.layer = KEPT / suite / name
        self.close()
        for part in ("upper", "work", "root"):
            (self.layer / part).mkdir(parents=True)
        self.run("printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d")
        self.run(f"useradd --create-home --uid {USER_ID} --shell /bin/bash --groups plugdev {USER}")

    def path(self, inside: str) -> Path:
        """Return where a file that was changed in the layer lies outside."""
        return self.layer / "upper" / inside.lstrip("/")

    def run(self, command: str, user: str = "root", private: bool = False, limit_s: float = LIMIT_S) -> Done:
        """Run a command of the shell's. `private`: with no network, and a HAL of its own."""
        names = ["--ipc", "--net"] if private else []
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *names, "sh", "-c", INSIDE, "sh"]
        home = "/root" if user == "root" else f"/home/{user}"
        environment = {
            "HOME": home,
            "USER": user,
            "LOGNAME": user,
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **({} if user == "root" else {"XDG_RUNTIME_DIR": f"/run/user/{USER_ID}"}),
        }
        become = (
            []
            if user == "root"
            else ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--init-groups", "--"]
        )
        inner = [
            "chroot",
            ".",
            *become,
            "env",
            "-i",
            *(f"{key}={value}" for key, value in environment.items()),
        ]
        place = {"BASE": self._base, "LAYER": self.layer, "ARCHIVES": self._archives, "PROJECT": ROOT}
        return _run(
            [*unshare, *inner, "sh", "-c", f"cd {home}; {command}"],
            {**os.environ, **{name: str(path) for name, path in place.items()}},
            limit_s,
        )

    def apt(self, *words: str) -> Done:
        """Run apt-get; it never asks, keeps changed files of /etc, and does not wait for the disk."""
        options = "-q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
        # The downloaded packages are those of all layers, and apt does not wait for another one.
        wait = "flock /var/cache/apt/archives/tests.lock"
        return self.run(f"{wait} apt-get {options} -o Dpkg::Options::=--force-unsafe-io {' '.join(words)}")

    def update(self) -> None:
        """Let apt know what there is, or skip the running test in one line where there is no network."""
        done = self.apt("-o APT::Update::Error-Mode=any update")
        if done.status:
            skip_or_fail(f"Debian's packages cannot be had: {done.said.strip().splitlines()[-1]}")

    def close(self) -> None:
        """Take the layer away."""
        shutil.rmtree(self.layer, ignore_errors=True)


def require_clean_debian() -> None:
    """Skip (or, where it must be there, fail) the running test where no clean Debian can be made."""
    if os.geteuid() != 0:
        skip_or_fail("a clean Debian is made by root only")
    if not _maker():
        skip_or_fail("there is neither mmdebstrap nor debootstrap (Debian: mmdebstrap)")


def _maker() -> str:
    return next((name for name in ("mmdebstrap", "debootstrap") if shutil.which(name)), "")


def base_of(suite: str) -> Path:
    """Return the clean Debian of a release; makes it where there is none, or skips the running test."""
    base, half = KEPT / suite / "root", KEPT / suite / "half"
    if base.is_dir():
        return base
    shutil.rmtree(half, ignore_errors=True)
    half.parent.mkdir(parents=True, exist_ok=True)
    included = ",".join(INCLUDED)
    # Both programs know where Debian is to be had.
    command = [_maker(), "--variant=minbase", f"--include={included}", suite, str(half)]
    made = _run(command, dict(os.environ), LIMIT_S)
    if made.status:
        last = (made.said.strip().splitlines() or ["it said nothing"])[-1]
        skip_or_fail(f"Debian {suite} cannot be made (no network?): {last}")
    half.rename(base)
    return base


def _run(command: Sequence[str], environment: dict[str, str], limit_s: float) -> Done:
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=limit_s,
    )
    return Done(done.returncode, done.stdout.decode("utf-8", "replace"))
