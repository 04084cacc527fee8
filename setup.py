# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs the component, and beside it the profiles, the sample configurations, the rules and the page."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "hal_mpg/__init__.py").read_text())[1]


def files(folder: str, *patterns: str) -> list[str]:
    """Return the files of a folder, relative to here as setuptools wants them."""
    found = [path for pattern in patterns for path in sorted((HERE / folder).glob(pattern))]
    return [str(path.relative_to(HERE)) for path in found]


def samples() -> list[tuple[str, list[str]]]:
    """Return what `config` has, folder by folder, but for what a run of a sample leaves there."""
    folders: dict[str, list[str]] = {}
    for path in sorted((HERE / "config").rglob("*")):
        place = path.relative_to(HERE)
        is_made = "__pycache__" in place.parts or path.name.startswith("sim.var")
        if path.is_file() and not is_made:
            folders.setdefault(f"share/hal_mpg/{place.parent}", []).append(str(place))
    return list(folders.items())


setup(
    name="hal_mpg",
    version=VERSION,
    description="LinuxCNC HAL component for manual pulse generator (MPG) pendants",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-2.0-or-later",
    python_requires=">=3.11",
    packages=find_packages(include=["hal_mpg", "hal_mpg.*"]),
    package_data={"hal_mpg": ["py.typed"]},
    install_requires=["evdev>=1.6", "pyserial>=3.5", "pyudev>=0.24", "PyYAML>=6.0"],
    extras_require={
        "demo": ["rich>=13"],
        "tools": ["rich>=13", "argcomplete>=2.0"],
        "test": [
            *("pytest>=7.2", "pytest-xdist>=3", "hypothesis>=6.67", "rich>=13", "virtme-ng>=1.30"),
            *("argcomplete>=2.0", "jsonschema>=4.10", "pyte>=0.8"),
        ],
        "mutation": ["mutmut>=3.8"],
        "lint": ["ruff", "mypy", "types-PyYAML"],
    },
    entry_points={"console_scripts": ["hal_mpg = hal_mpg.__main__:main"]},
    data_files=[
        *samples(),
        ("share/hal_mpg/udev", files("udev", "*.rules")),
        ("share/man/man1", files("man", "*.1")),
        ("share/bash-completion/completions", ["completions/hal_mpg"]),
    ],
)
