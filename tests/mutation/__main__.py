# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutation testing of the core: is every line of it held by a test?

    python -m tests.mutation                      all of it, an hour; writes docs/faults/mutation.json
    python -m tests.mutation 'hal_mpg.axis.*'     these mutants only; shows what survived
    python -m tests.mutation --again              what survived, with the tests of now; and what is new
    python -m tests.mutation --report             from the results that are there already

mutmut changes one thing at a time in a copy of the project and runs the tests that go through the changed
function; tables.py does it with what stands outside of functions. What survives is either killed by a new
test, or explained in equivalent.yaml. The exit status is 1 where there is neither, or an explanation that has
nothing left to explain. [tool.mutmut] in pyproject.toml says which files and tests these are.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutation.mutants import forget, read_mutants
from tests.mutation.report import report, surviving
from tests.mutation.tables import read_tables, try_tables

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build/mutation"
PARTS = ("hal_mpg", "tests", "config", "udev", "man", "docs", "README.md", "setup.py", "pyproject.toml")
PROPERTY = re.compile(r"( +)@property\n\1def (\w+)\(self\)")


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit status."""
    # Thousands of random sequences of test_oracle are for other runs: here, each mutant costs time.
    os.environ.setdefault("HAL_MPG_ORACLE_SEQUENCES", "80")
    names = [argument for argument in arguments if not argument.startswith("--")]
    if "--report" not in arguments:
        prepare(keep=bool(arguments))
        if "--again" in arguments:
            forget(COPY, surviving(read_mutants(COPY, ["*"])))
        run(names)
    if names:
        return report(read_mutants(COPY, names), is_whole=False)
    if "--report" not in arguments:
        try_tables(COPY)
    return report([*read_mutants(COPY, ["*"]), *read_tables(COPY)], is_whole=True)


def prepare(keep: bool) -> None:
    """Copy the project; `keep` the results that are there."""
    if not keep:
        shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True, exist_ok=True)
    (COPY / "mutants/mutmut-stats.json").unlink(missing_ok=True)  # the tests may be others now
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, COPY / part, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / part, COPY / part)
    for path in (COPY / "hal_mpg").rglob("*.py"):
        show_properties(path)


def show_properties(path: Path) -> None:
    """Make methods of a file's properties, for mutmut passes over whatever is decorated."""
    text = path.read_text(encoding="utf-8")
    text = PROPERTY.sub(r"\1\2 = property(lambda self: self.get_\2())\n\1def get_\2(self)", text)
    path.write_text(text, encoding="utf-8")


def run(names: list[str]) -> None:
    """Let mutmut try these mutants, or all."""
    tool = Path(sys.executable).with_name("mutmut")
    children = os.environ.get("HAL_MPG_MUTATION_CHILDREN", str(os.cpu_count() or 1))
    subprocess.run([tool, "run", "--max-children", children, *names], cwd=COPY, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
