# SPDX-License-Identifier: GPL-2.0-or-later
"""What can stand where a profile is expected, and is none."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from tests.umockdev.bed import ROOT

GOOD = (ROOT / "config/pendants/generic-6axis.yaml").read_text(encoding="utf-8")
PRODUCT, INCREMENT, NAME, CONTROLS = "product: 0x0001", "mm: 0.001,", "name: Generic", "controls:\n"
MISSPELT = ", ".join(f"b{number}: KEY_XYZW{number}" for number in range(2800))
LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


def changed(good: str, bad: str) -> str:
    """Return the profile with something else in one place."""
    assert good in GOOD
    return GOOD.replace(good, bad)


CONTENTS: dict[str, str | bytes] = {
    "nested": "[" * 5000,
    "nested-in-value": changed("{rel: REL_DIAL}", "{rel: " * 5000),
    "nested-blocks": "- " * 5000,
    "laughs": "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + LAUGHS + GOOD,
    "laughs-in-match": changed("match:\n", "match:\n  - &a {name: &b [ha, ha], uniq: [*b, *b, *b]}\n"),
    "recursive": changed(CONTROLS, "controls: &a\n  buttons: *a\n"),
    "recursive-root": "&a\nname: *a\nmatch: *a\nincrements: *a\ncontrols: *a\n",
    "merge": changed(CONTROLS, "controls:\n  <<: {reset: {key: BTN_BASE5}}\n"),
    "digits": changed(PRODUCT, "product: " + "9" * 5000),
    "digits-in-hex": changed(PRODUCT, "product: 0x" + "9" * 60_000),
    "digits-in-decimal": changed(INCREMENT, "mm: " + "9" * 60_000 + "x,"),
    "misspelt": changed(CONTROLS, f"controls:\n  buttons: {{{MISSPELT}}}\n"),
    "long-key": changed(NAME, f"? {'n' * 60_000}\n: x\nname: Generic"),
    "tag-object": changed(NAME, "name: !!python/object/apply:os.system [touch pwned]\nuniq: Generic"),
    "tag-name": changed(NAME, "name: !!python/name:os.system Generic"),
    "tag-of-its-own": changed(NAME, "name: !run Generic"),
    "nul": changed(NAME, "name: Gene\0ric"),
    "escape": changed(NAME, 'name: "\\e[2J\\a" #'),
    "escape-raw": changed(NAME, "name: \x1b[2J"),
    "escape-in-key": changed(NAME, '"\\e[2J\\n\\u2028": 1\nname: Generic'),
    "large": GOOD + "#" * (64 * 1024),
    "empty": "",
    "two-documents": f"{GOOD}---\n{GOOD}",
    "not-utf-8": GOOD.replace(NAME, "name: Générique").encode("latin-1"),
    "utf-16": GOOD.encode("utf-16"),
}


def _fifo(path: Path) -> None:
    os.mkfifo(path)
    path.chmod(0o666)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    path.chmod(0o777)


def _fifo_linked(path: Path) -> None:
    _fifo(path.with_name("fifo"))
    path.symlink_to("fifo")


def _good(path: Path) -> Path:
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0o644)
    return path


def _good_by_others(path: Path) -> None:
    _good(path).chmod(0o666)


def _good_by_others_linked(path: Path) -> None:
    _good_by_others(path.with_name("it"))
    path.symlink_to("it")


def _good_in_a_folder_of_others(path: Path) -> None:
    _good(path).parent.chmod(0o777)


THINGS: dict[str, Callable[[Path], None]] = {
    "missing": lambda path: None,
    "directory": lambda path: path.mkdir(),
    "fifo": _fifo,
    "socket": _socket,
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "full": lambda path: path.symlink_to("/dev/full"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "disk-error": lambda path: path.symlink_to("/proc/self/mem"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path.name),
    "fifo-linked": _fifo_linked,
    "unreadable": lambda path: _good(path).chmod(0),
    "by-others": _good_by_others,
    "by-others-linked": _good_by_others_linked,
    "folder-of-others": _good_in_a_folder_of_others,
}

NAMES = {
    "escape-in-name": "mi\x1b]0;all is well\x07\x1b[2J\n\r\u2028\u202ene.yaml",
    "name-too-long": "mine" * 100 + ".yaml",
    "name-not-utf-8": "mi\udcffne.yaml",
}


def make(case: str, folder: Path) -> str:
    """Make what a case is in a folder of its own; return the path to give to hal_mpg."""
    folder.mkdir()
    folder.chmod(0o755)
    path = folder / NAMES.get(case, "mine.yaml")
    if case in CONTENTS:
        content = CONTENTS[case]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o644)
    elif case in THINGS:
        THINGS[case](path)
    return str(path)
