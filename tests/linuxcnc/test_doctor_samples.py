# SPDX-License-Identifier: GPL-2.0-or-later
"""The doctor finds nothing wrong with what `hal_mpg wiring` writes, for simulations that LinuxCNC ships.

From the files alone: nothing is started.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from hal_mpg.cli import main
from hal_mpg.doctor.config_checks import check_configuration
from hal_mpg.doctor.examination import configuration_of, named_profile
from tests.beds.require import skip_or_fail

SAMPLES = Path("/usr/share/doc/linuxcnc/examples/sample-configs/sim")

CONFIGS = {
    "axis/axis.ini": "inches, three axes",
    "axis/axis_mm.ini": "millimeters",
    "axis/axis_9axis.ini": "all nine axes",
    "axis/lathe.ini": "a lathe",
    "axis/gantry/gantry.ini": "two joints of one axis",
    "axis/vismach/5axis/bridgemill/5axis.ini": "kinematics of its own",
    "axis/vismach/scara/scara.ini": "a robot",
    "axis/simtcl/twopass_basic.ini": "HAL files in Tcl, loaded in two passes",
    "gmoccapy/gmoccapy.ini": "another GUI, with pins after it",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SAMPLES.is_dir():
        skip_or_fail("LinuxCNC's sample configurations are not installed (Debian: linuxcnc-doc-en)")
    copy = tmp_path_factory.mktemp("samples") / "sim"
    shutil.copytree(SAMPLES, copy, symlinks=True)
    for packed in copy.rglob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    return copy


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_is_wrong_with_what_wiring_writes(copy: Path, config: str) -> None:
    ini = copy / config
    if not ini.exists():
        pytest.skip(f"this LinuxCNC has no {config}")
    before = list(check_configuration(configuration_of(ini)))
    assert [finding.id for finding in before if finding.is_wrong] == ["not-loaded"]
    assert main(["wiring", "--ini", str(ini), "--pendant", "generic-6axis", "--add"]) == 0
    base = configuration_of(ini)
    findings = list(check_configuration(base.with_profile(named_profile(base)[0])))
    assert not [finding for finding in findings if finding.severity != "ok"]
