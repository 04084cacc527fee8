# SPDX-License-Identifier: GPL-2.0-or-later
"""The component starts lean: what it imports until it is ready, and until it waits, is a list."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import evdev
import pytest
import yaml

from hal_mpg import profile_files
from tests.beds.namespaces import NOBODY
from tests.core.test_cli import TEXT

ROOT = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"

BEFORE_READY = {
    *("cli", "component", "errors", "events", "hal_port", "lean_typing", "machine", "messages"),
    *("counter", "pins", "profile", "profile_cache", "profile_files", "program_run", "run_options"),
    *("sources", "sources.node_paths"),
}
"""Our modules that `loadusr -W` waits for."""

FOR_THE_LOOP = {
    *(
        "action_table",
        "actions",
        "arming",
        "axis",
        "controls",
        "decoders",
        "device_state",
        "foresight",
        "motion_limit",
        "outputs",
    ),
    *("input_node", "ledger", "pendant", "runner", "selection", "shortcut", "wheel_speed"),
    *("sources.evdev_nodes", "sources.evdev", "sources.evdev_stale", "sources.frames", "sources.hotplug"),
}
"""Those that are imported when it is ready."""

FAT = {
    *("argparse", "asyncio", "contextlib", "ctypes", "dataclasses", "decimal", "difflib", "evdev"),
    *("fractions", "inspect", "json", "pathlib", "pyudev", "re", "socket", "subprocess", "sysconfig"),
    *("tempfile", "threading", "traceback", "typing", "urllib", "yaml", "zipfile"),
}
"""What none of them may bring in; each would take as long as several of ours."""

PROGRAM = """
import sys, types
from hal_mpg import hal_port
class component:
    def __init__(self, name): self.values = {}
    def newpin(self, name, kind, direction): self.values[name] = 0
    def __setitem__(self, name, value): self.values[name] = value
    def getitem(self, name):
        set_value = lambda value: self.values.update({name: value})
        return types.SimpleNamespace(get=lambda: self.values[name], set=set_value)
    def ready(self): print("READY", *sys.modules)
    def exit(self): pass
hal = types.ModuleType("a stub of hal")
hal.component, hal.error = component, RuntimeError
hal.HAL_BIT = hal.HAL_S32 = hal.HAL_FLOAT = hal.HAL_IN = hal.HAL_OUT = 0
sys.modules["hal"] = hal
import hal_mpg.component
make = hal_mpg.component._runner
def note(*arguments):
    runner = make(*arguments)
    def loop(): print("LOOP", *sys.modules)
    runner._loop = loop
    return runner
hal_mpg.component._runner = note
import hal_mpg.__main__
sys.argv[0] = "hal_mpg"
sys.exit(hal_mpg.__main__.main())
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A copy that any user may read, and a home: root keeps no profiles, so root tries it as another user."""
    with TemporaryDirectory(dir="/tmp") as folder:
        shutil.copytree(ROOT / "hal_mpg", Path(folder, "hal_mpg"))
        shutil.copytree(ROOT / "config", Path(folder, "config"))
        home = Path(folder, "home")
        home.mkdir()
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
        Path(folder).chmod(0o755)
        yield Path(folder)


def start(place: Path, *arguments: str) -> tuple[set[str], set[str]]:
    """Return the modules that are there when it is ready, and when it begins to wait for events."""
    user = NOBODY if os.geteuid() == 0 else None
    libraries = os.pathsep.join(str(Path(module.__file__).parents[1]) for module in (yaml, evdev))
    done = subprocess.run(
        [SYSTEM_PYTHON, "-S", "-B", "-c", PROGRAM, *arguments],
        cwd=place,
        env={"HOME": str(place / "home"), "PATH": os.environ["PATH"], "PYTHONPATH": libraries},
        check=False,
        capture_output=True,
        text=True,
        user=user,
        extra_groups=[] if user else None,
    )
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: {*line.split()[1:]} for line in done.stdout.splitlines()}
    return lines["READY"], lines["LOOP"]


def own(modules: set[str]) -> set[str]:
    """Return our modules, without the package's name."""
    return {name.removeprefix("hal_mpg.") for name in modules if name.startswith("hal_mpg.")} - {"__main__"}


def fat(modules: set[str]) -> set[str]:
    """Return what is too much."""
    return FAT & {name.split(".")[0] for name in modules}


OPTIONS = ("--pendant", "generic-6axis", "--units", "mm", "--axes", "X", "Y", "Z", "-v")


def test_what_is_imported_is_on_the_list(place: Path) -> None:
    start(place, *OPTIONS)  # for the first time, the profile is read from its YAML
    ready, loop = start(place, *OPTIONS)
    assert own(ready) == BEFORE_READY, "each more keeps LinuxCNC waiting"
    assert own(loop) == BEFORE_READY | FOR_THE_LOOP
    assert fat(loop) == set()


FOR_RAW_HID = {"hid_device", "protocols", "protocols.foreign"}
"""What the profile of a raw HID pendant has of its own, before the component is ready."""


def test_a_raw_hid_pendant_imports_only_what_it_needs(place: Path) -> None:
    start(place, "--pendant", "shuttle-xpress")
    ready, loop = start(place, "--pendant", "shuttle-xpress")
    assert own(ready) == BEFORE_READY | FOR_RAW_HID | {"sources.hidraw_nodes"}
    assert fat(ready) == set()
    assert not {name for name in own(loop) if "evdev" in name or "serial" in name or "display" in name}


def test_a_start_without_a_profile_that_is_kept_needs_yaml_and_then_no_more(place: Path) -> None:
    profile = place / "mine.yaml"
    profile.write_text(TEXT)
    profile.chmod(0o644)
    first, _ = start(place, "--pendant", str(profile))
    assert "yaml" in fat(first)
    second, _ = start(place, "--pendant", str(profile))
    assert fat(second) == set()
    profile.write_text(TEXT.replace("name: test", "name: other", 1))
    third, _ = start(place, "--pendant", str(profile))
    assert "yaml" in fat(third)


@pytest.mark.parametrize("inside", ["lib/python3.11/site-packages", "lib/python3/dist-packages", "lib/x"])
def test_the_profiles_are_found_where_an_installation_puts_them(inside: str, tmp_path: Path) -> None:
    package = tmp_path / inside / "hal_mpg"
    package.mkdir(parents=True)
    for name in ("__init__", "errors", "lean_typing", "messages", "profile_files"):
        shutil.copy(ROOT / f"hal_mpg/{name}.py", package)
    config = tmp_path / "share/hal_mpg/config"
    config.mkdir(parents=True)
    program = "from hal_mpg import profile_files; print(profile_files.shared_folder())"
    done = subprocess.run(
        [SYSTEM_PYTHON, "-S", "-B", "-c", program],
        cwd=package.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(config)


def test_without_them_the_usual_places_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(profile_files, "__file__", str(tmp_path / "profile_files.py"))
    assert profile_files.shared_folder().endswith("/share/hal_mpg/config")
