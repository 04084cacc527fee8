# SPDX-License-Identifier: GPL-2.0-or-later
"""INI files are read as LinuxCNC reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal_mpg.errors import UsageError
from hal_mpg.linuxcnc_files.ini import leading_number, read_ini
from tests.beds.require import skip_or_fail

TRICKY = """\
BEFORE = 1
[HAL]
A = 1
 A=2
#A = 3
;A = 3
A =
A = 5
[OTHER]
B = x # c
C = a \\
 b \\
c
D
D = 2
  [IND]x
E = 1
F == 3 = 4
EE =5
G\t=\t7\t
[HAL]
A = 9
Z = 1
[ SP ]
A = 1
[sp]
a = 1
A = [HAL]A
[LAST]
Y = 1 \\
Z = 2 \\
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.ini").write_bytes(text.encode())
    return folder / "a.ini"


def inivar(ini: Path, section: str, key: str, number: int) -> str | None:
    command = ["inivar", "-ini", str(ini), "-sec", section, "-var", key, "-num", str(number)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    return None if done.returncode else done.stdout.rstrip("\n")


def test_it_reads_what_linuxcnc_itself_reads(tmp_path: Path) -> None:
    if shutil.which("inivar") is None:
        skip_or_fail("LinuxCNC is not installed")
    path = write(tmp_path, a=TRICKY)
    ini = read_ini(path)
    asked = [
        ("HAL", "A"),
        ("HAL", "Z"),
        ("OTHER", "B"),
        ("OTHER", "C"),
        ("OTHER", "D"),
        ("IND", "E"),
        ("IND", "F"),
    ]
    asked += [
        ("IND", "G"),
        ("OTHER", "E"),
        ("SP", "A"),
        ("sp", "a"),
        ("sp", "A"),
        ("LAST", "Y"),
        ("LAST", "Z"),
    ]
    for section, key in asked:
        ours = [entry.value for entry in ini.values(section, key)]
        theirs: list[str] = []
        while (value := inivar(path, section, key, len(theirs) + 1)) is not None:
            theirs.append(value)
        assert ours == theirs, (section, key)


def test_values_and_their_lines(tmp_path: Path) -> None:
    ini = read_ini(write(tmp_path, a=TRICKY))
    assert [(entry.value, entry.line) for entry in ini.values("HAL", "A")] == [("1", 3), ("2", 4)]
    continued = ini.get("OTHER", "C")
    assert continued is not None
    assert (continued.value, continued.line, continued.last_line) == ("a  b c", 11, 13)
    assert ini.text("OTHER", "B") == "x # c"
    assert ini.text("OTHER", "NONE", "-") == "-"
    assert ini.number("IND", "E") == 1
    assert ini.number("OTHER", "B") is None
    assert [entry.value for entry in ini.ignored] == ["9", "1"]
    assert ini.problems == [
        f"{tmp_path}/a.ini:21: a second section [HAL]: LinuxCNC passes over it; join the two"
    ]
    assert ini.sections() == ["HAL", "OTHER", "IND", " SP ", "sp", "LAST"]
    assert ini.has_section("sp")
    assert not ini.has_section("SP")
    assert ini.section("IND") == {"E": "1", "F": "= 3 = 4", "EE": "5", "G": "7"}


def test_includes_are_read_in_their_place_and_not_within_included_files(tmp_path: Path) -> None:
    b = "B = 1\n#INCLUDE c.ini\nB = 2 \\\n 3\n[NEW]\n"
    path = write(tmp_path, a="[HAL]\nA = 1\n#INCLUDE b.ini\nC = 1\n", b=b, c="D = 1\n")
    ini = read_ini(path)
    assert [(e.section, e.key, e.value, e.path.name, e.line) for e in ini.entries] == [
        ("HAL", "A", "1", "a.ini", 2),
        ("HAL", "B", "1", "b.ini", 1),
        ("HAL", "B", "2  3", "b.ini", 3),
        ("NEW", "C", "1", "a.ini", 4),
    ]


def test_includes_that_are_not_there_are_told_and_passed_over(tmp_path: Path) -> None:
    ini = read_ini(write(tmp_path, a="[HAL]\n#INCLUDE none.ini\n#INCLUDE\n#INCLUDED x\nA = 1\n"))
    assert [problem.split(": ")[0] for problem in ini.problems] == [f"{tmp_path}/a.ini:{n}" for n in (2, 3)]
    assert ini.text("HAL", "A") == "1"


def test_includes_know_the_home_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MACHINE", "b")
    ini = read_ini(write(tmp_path, a="#INCLUDE ~/$MACHINE.ini\n", b="[HAL]\nA = 1\n"))
    assert ini.text("HAL", "A") == "1"
    assert ini.file_of("~/x.hal") == tmp_path / "x.hal"
    assert ini.file_of("x.hal") == tmp_path / "x.hal"
    assert ini.file_of("/x.hal") == Path("/x.hal")


def test_lines_of_dos_and_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_bytes(b"[HAL]\r\nA = 1\r\nB = \xff\\\r\n2\r\n\x00\n")
    ini = read_ini(path)
    assert ini.text("HAL", "A") == "1"
    assert ini.text("HAL", "B") == "\ufffd2"


NUMBERS = [
    ("1", 1.0, True),
    (" -1.5e3 ", -1500.0, True),
    (".5", 0.5, True),
    ("5.", 5.0, True),
    ("5 # mm/s", 5.0, False),
    ("5mm", 5.0, False),
    ("1e999", None, True),
    ("nan", None, False),
    ("inf", None, False),
    ("x", None, False),
    ("", None, False),
]


@pytest.mark.parametrize(("text", "number", "is_clean"), NUMBERS)
def test_numbers(tmp_path: Path, text: str, number: float | None, is_clean: bool) -> None:
    assert leading_number(text) == number
    entry = next(iter(read_ini(write(tmp_path, a=f"[S]\nA = {text}\n")).entries))
    assert (entry.number, entry.is_clean_number) == (number, is_clean)


def test_what_is_no_ini_file_is_one_line(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "none.ini", "cannot be read: No such file or directory; name LinuxCNC's INI file"),
        (tmp_path, "is no file"),
        (Path("/dev/null"), "is no file"),
        (write(tmp_path, a="no\nini = file\n"), "has no section"),
        (Path("a\0b"), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=message):
            read_ini(path)


@given(st.text(alphabet="[]AB=\\\n\r#; \tINCLUDE./", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.ini"
    path.write_text("[S]\n" + text, newline="")
    for entry in read_ini(path).entries:
        assert 1 <= entry.line <= entry.last_line <= text.count("\n") + 2
