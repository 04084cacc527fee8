# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: what is wrong is said in one line, with its exit status, before `ready`."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import hal_mpg.fake_hal
from hal_mpg import cli, profile_files
from hal_mpg.pendant import Pendant
from hal_mpg.runner import Runner
from hal_mpg.sources import node_paths
from tests.beds.namespaces import NOBODY
from tests.core.bed import CONTROLS, HEAD

ROOT = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
TEXT = HEAD.replace("{name: test}", "{socket: /nonexistent/socket}").replace(
    "name: test", "name: test\nsource: virtual"
)
TEXT += "controls:\n" + "".join(f"  {name}: {form}\n" for name, form in CONTROLS.items())


@pytest.fixture
def profile(tmp_path: Path) -> str:
    path = tmp_path / "good.yaml"
    path.write_text(TEXT)
    path.chmod(0o644)
    return str(path)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Runner]]:
    """The fake HAL in place of the real one; the runners that were started, which return at once."""
    started: list[Runner] = []
    hal_mpg.fake_hal.reset()
    monkeypatch.setitem(sys.modules, "hal", hal_mpg.fake_hal)
    monkeypatch.setattr(Runner, "run", lambda runner: started.extend([runner]))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield started
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    hal_mpg.fake_hal.reset()


@pytest.fixture
def no_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory in place of /dev/input."""
    monkeypatch.setattr(node_paths, "INPUT_DIR", tmp_path)
    return tmp_path


def refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str], speaker: str = "hal_mpg: "
) -> tuple[int, str]:
    """Run it; return the exit status and the one line on stderr."""
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    with suppress(RuntimeError):  # there is no HAL
        assert not hal_mpg.fake_hal.component_is_ready("hal_mpg"), "loadusr -W would go on"
    lines = err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(speaker)
    return status, lines[0]


USAGE = [
    (["--unknown"], "--unknown"),
    (["word"], "word"),
    (["--pend", "x"], "--pend"),
    (["--units", "cm"], "cm"),
    (["--units"], "--units"),
    (["--axes", "XYQ"], "q"),
    (["--axes"], "--axes"),
    (["--increments", "0.1,x,1"], "x"),
    (["--increments", "0.1,0,1"], "0"),
    (["--increments", "0.1,1"], "3 scales"),
    (["--increments=-1,1,2"], "-1"),
    (["--angular-increments", "nan,1,2"], "nan"),
    (["--increments", "0.0000001,1,10"], "rounder"),
    (["--name", "a.b"], "a.b"),
    (["--name", ""], "--name"),
    (["--name", "1mpg"], "1mpg"),
    (["--device", "/dev/input/event0"], "--device"),
    (["--device="], "--device"),
    (["--device", "/dev/null"], "/dev/null"),
    (["--pendant="], "--pendant"),
    (["--increments", "1e999,1,1"], "1e999"),
    (["--increments", "1,1e-400,1"], "1e-400"),
    (["--increments", "1,1,1e-999999"], "1e-999999"),
    (["--increments", "1e999999,1,1"], "1e999999"),
    (["--axes", "XYZ", "--angular-increments", "1,2"], "3 scales"),
    (["--axes", "UVW"], "X, Y, Z"),
    (["--name", "m" * 40], "47"),
]


@pytest.mark.parametrize(("arguments", "word"), USAGE, ids=lambda value: " ".join(value)[:40])
def test_a_wrong_command_line_is_status_2(
    arguments: list[str], word: str, profile: str, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = refused(["--pendant", profile, *arguments], capsys)
    assert (status, runs) == (2, [])
    assert word in line


def test_an_unknown_profile_is_status_3_and_a_near_one_is_named(
    runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = refused(["--pendant", "generic-6axes"], capsys)
    assert (status, runs) == (3, [])
    assert "generic-6axis" in line


def test_a_bad_profile_is_status_3_with_its_place(
    profile: str, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(profile).write_text(TEXT.replace("REL_DIAL", "REL_DAIL"))
    status, line = refused(["--pendant", profile], capsys, speaker=f"{profile}:9:16: ")
    assert (status, runs) == (3, [])
    assert "REL_DIAL" in line


@pytest.mark.parametrize(
    ("word", "said"),
    [("wirng", "did you mean wiring?"), ("Monitor", "did you mean monitor?"), ("generic-4axis", "--help")],
)
def test_a_word_that_is_no_tool_is_status_2_and_a_near_one_is_named(
    word: str, said: str, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = refused([word, "--ini", "mill.ini"], capsys)
    assert (status, runs) == (2, [])
    assert f"there is no tool {word!r}; " in line
    assert said in line


@pytest.mark.parametrize(("words", "said"), [((), "tools:"), (("wiring",), "usage: hal_mpg wiring")])
def test_help_as_a_word_shows_the_help(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["help", *words])
    assert left.value.code == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["yaml", "evdev"])
def test_a_missing_python_module_is_status_4_and_its_package_is_named(missing: str) -> None:
    program = f"import sys, runpy; sys.modules[{missing!r}] = None; sys.argv = ['hal_mpg', 'list']"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; runpy.run_module('hal_mpg', run_name='__main__')"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        f"hal_mpg: the Python module {missing} is missing; sudo apt install python3-{missing}\n"
    )


def test_a_missing_hal_is_status_5_and_says_what_to_do(
    profile: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "hal", None)  # the import fails
    status, line = refused(["--pendant", profile], capsys)
    assert status == 5
    assert "linuxcnc" in line


def test_a_name_that_is_taken_is_status_5(
    profile: str, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    other = hal_mpg.fake_hal.component("hal_mpg")
    status, line = refused(["--pendant", profile], capsys)
    assert (status, runs) == (5, [])
    assert "hal_mpg" in line
    assert not other.getpins()


def test_the_longest_name_that_hal_has_room_for_runs(
    profile: str, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    room = 47 - len(".axis.x.max-acceleration")
    assert cli.main(["--pendant", profile, "--name", "m" * room]) == 0
    assert len(runs) == 1
    status, line = refused(["--pendant", profile, "--name", "m" * (room + 1)], capsys)
    assert (status, len(runs)) == (2, 1)
    assert "47" in line


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 0),
        (["--device", "/dev/input/event99"], 0),
        (["--device="], 2),
        (["--device", "/dev/null"], 2),
        (["--device", "/dev"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("pendant", [[], ["--pendant", "generic-4axis"]], ids=["found", "named"])
def test_a_device_that_is_not_there_is_waited_for_and_what_is_none_is_refused(
    pendant: list[str],
    arguments: list[str],
    status: int,
    no_nodes: Path,
    runs: list[Runner],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([*pendant, *arguments]) == status
    assert len(runs) == (status == 0)
    lines = capsys.readouterr().err.splitlines()
    if status:
        assert "--device" in lines[-1] or "no known profile fits" in lines[-1]


def test_an_empty_name_of_a_pendant_is_not_none(
    no_nodes: Path, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = refused(["--pendant="], capsys)
    assert (status, runs) == (2, [])
    assert "--pendant" in line


@pytest.mark.parametrize("bad", ["wheel: {}", "wheel: {rel: REL_DAIL}", "nonsense: 1"])
def test_a_broken_profile_among_those_known_does_not_stop_the_search(
    bad: str,
    no_nodes: Path,
    runs: list[Runner],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = no_nodes / "a-broken-one.yaml"
    broken.write_text(TEXT.replace("wheel: {rel: REL_DIAL}", bad))
    broken.chmod(0o644)
    monkeypatch.setattr(profile_files, "ETC", no_nodes)
    assert cli.main([]) == 0
    assert len(runs) == 1
    passed_over, *_ = capsys.readouterr().err.splitlines()
    assert passed_over.startswith(f"hal_mpg: passed over: {broken}:")


def test_a_stderr_that_takes_nothing_changes_no_exit_status() -> None:
    command = [sys.executable, "-m", "hal_mpg", "--units", "cm"]
    for redirection in ("2>/dev/full", "2>&-"):
        shell = ["sh", "-c", f'"$@" {redirection}', "sh", *command]
        result = subprocess.run(shell, cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 2, redirection


def test_a_pendant_that_may_not_be_read_is_status_4() -> None:
    # A copy in /tmp: root tries it as another user, who may not look into root's directories.
    with TemporaryDirectory(dir="/tmp") as folder:
        for part in ("hal_mpg", "config"):
            shutil.copytree(ROOT / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        Path(folder).chmod(0o755)
        check_status_4(Path(folder))


def check_status_4(folder: Path) -> None:
    node = folder / "event0"
    node.write_bytes(b"")
    node.chmod(0)
    code = (
        "import sys; from pathlib import Path; import hal_mpg.sources.node_paths as nodes; "
        f"nodes.INPUT_DIR = Path({str(folder)!r}); import hal_mpg.fake_hal; "
        "sys.modules['hal'] = hal_mpg.fake_hal; from hal_mpg.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [SYSTEM_PYTHON, "-B", "-c", code, "--pendant", "generic-4axis", "--device", str(node)]
    user = NOBODY if os.geteuid() == 0 else None
    result = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        extra_groups=[] if user else None,
    )
    assert result.returncode == 4, result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "udev" in result.stderr


def test_the_right_command_line_runs(profile: str, runs: list[Runner]) -> None:
    arguments = ["--name", "mpg2", "--units", "Inch", "--axes", "X", "Y", "Z", "--no-grab", "-v"]
    arguments += ["--increments", "0.1,0.2,0.3"]
    assert cli.main(["--pendant", profile, *arguments]) == 0
    assert len(runs) == 1
    assert hal_mpg.fake_hal.get_value("mpg2.axis.x.jog-scale") == 0.1
    names = {str(pin["NAME"]) for pin in hal_mpg.fake_hal.get_info_pins()}
    assert "mpg2.axis.z.jog-counts" in names
    assert "mpg2.axis.a.jog-counts" not in names


@pytest.mark.parametrize("axes", [["XYZ"], ["X", "Y", "Z"], ["X Y Z"], ["xyyz"]])
def test_axes_as_a_hal_file_hands_them_over(axes: list[str], profile: str, runs: list[Runner]) -> None:
    assert cli.main(["--axes", *axes, "--pendant", profile]) == 0
    names = [str(pin["NAME"]) for pin in hal_mpg.fake_hal.get_info_pins()]
    assert sorted({name.split(".")[2] for name in names if name.startswith("hal_mpg.axis.")}) == [
        "x",
        "y",
        "z",
    ]


def test_it_is_ready_before_the_loop_is_imported_and_made(
    profile: str, runs: list[Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """LinuxCNC waits for nothing that cannot go wrong by the user's fault."""
    was_ready: list[bool] = []
    make = Pendant.__init__

    def note(*arguments: Any) -> None:
        was_ready.append(hal_mpg.fake_hal.component_is_ready("hal_mpg"))
        make(*arguments)

    monkeypatch.setattr(Pendant, "__init__", note)
    assert cli.main(["--pendant", profile]) == 0
    assert was_ready == [True]


def test_a_loop_that_cannot_be_made_takes_the_component_away(
    profile: str, runs: list[Runner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ZeroDivisionError("somewhere")

    monkeypatch.setattr(Pendant, "__init__", fail)
    other = hal_mpg.fake_hal.component("other")
    assert cli.main(["--pendant", profile]) == 70
    assert not hal_mpg.fake_hal.component_exists("hal_mpg")
    other.exit()


def test_a_signal_that_comes_before_there_is_a_loop_waits_for_it(
    profile: str, runs: list[Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[set[int]] = []
    monkeypatch.setattr(Runner, "run", lambda _: held.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
    assert cli.main(["--pendant", profile]) == 0
    assert held[0] >= {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def test_without_any_pendant_a_generic_one_is_waited_for(
    no_nodes: Path, runs: list[Runner], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([]) == 0
    assert len(runs) == 1
    assert "--pendant" in capsys.readouterr().err


def test_help_says_that_it_is_no_safety_function(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert "not a safety function" in text
    for option in [
        *("--pendant", "--name", "--device", "--no-grab", "-v", "--units", "--axes"),
        "--increments",
    ]:
        assert option in text


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "hal_mpg", "--units", "cm"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_fault_of_its_own_is_told_with_the_place_and_is_status_70(
    profile: str, runs: list[Runner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(runner: Runner) -> None:
        raise ZeroDivisionError("somewhere")

    monkeypatch.setattr(Runner, "run", fail)
    assert cli.main(["--pendant", profile]) == 70
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("hal_mpg: internal fault, stopped with safe values: ZeroDivisionError")
    assert rest[0].startswith("Traceback")
    assert any("test_cli.py" in line for line in rest)


@pytest.mark.parametrize("tool", cli.TOOLS)
def test_the_manual_page_names_every_option_of_a_tool(tool: str) -> None:
    page = (ROOT / "man/hal_mpg.1").read_text("utf-8").replace("\\-", "-").split(".SH TOOLS")[1]
    paragraphs = [f"{part}\n" for part in page.split(".TP\n")]
    (words,) = [
        part for part in paragraphs if part.startswith((f".B hal_mpg {tool} ", f".B hal_mpg {tool}\n"))
    ]
    parser = importlib.import_module(f"hal_mpg.commands.{tool.replace('-', '_')}").parser()
    options = [action.option_strings for action in parser._actions if "--help" not in action.option_strings]
    assert [names for names in options if names and not any(name in words for name in names)] == []
