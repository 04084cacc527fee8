# SPDX-License-Identifier: GPL-2.0-or-later
"""A stage for faults of the profile's file, before hal_mpg starts and while it runs."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from tests.umockdev import fault_profiles
from tests.umockdev.bed import Bed
from tests.umockdev.faults_stage import UmockdevStage


class ProfileStage(UmockdevStage):
    """A file, and hal_mpg that is given it."""

    def __init__(self, bed: Bed) -> None:
        super().__init__(bed)
        self._numbers = count()
        self._file = Path()

    def stalled(self) -> bool:
        """Say no: what is timed here are whole runs of the program, with its start."""
        return False

    def fault_of_the_program(self) -> str | None:
        """Return what is wrong: what others find wrong, or that something in a profile was run."""
        was_run = (self.bed.home / "pwned").exists()
        return "a command in a profile was run" if was_run else super().fault_of_the_program()

    def begin_armed_by_file(self) -> None:
        """The enabling button is held; hal_mpg was given a file of the user's."""
        self._file = self._folder() / "mine.yaml"
        self._file.parent.mkdir()
        self._file.parent.chmod(0o755)
        self._write(fault_profiles.GOOD)
        self.run(str(self._file))
        self.plug_in()
        self.wait_pin("connected", True)
        self.wait_pin("estop-ok", True)
        self.hold_enable()

    def do_start_with(self, case: str) -> None:
        """Start hal_mpg with something in place of a profile."""
        self.start(fault_profiles.make(case, self._folder()))

    def do_edit_and_turn(self, detents: int) -> None:
        """Give the wheel's detents to another axis, by another step, and invert the E-stop; then turn."""
        text = fault_profiles.GOOD.replace("x: BTN_TRIGGER, y: BTN_THUMB,", "y: BTN_TRIGGER, x: BTN_THUMB,")
        self._write(text.replace("mm: 0.01,", "mm: 10,").replace("normally-closed", "normally-open"))
        self.do_turn(detents)

    def do_spoil_and_turn(self, detents: int) -> None:
        """Fill the file with something else; then turn."""
        self._write("[" * 5000)
        self.do_turn(detents)

    def do_delete_and_turn(self, detents: int) -> None:
        """Delete the file, and its folder; then turn."""
        self._file.unlink()
        self._file.parent.rmdir()
        self.do_turn(detents)

    def do_delete_and_unplug(self) -> None:
        """Delete the file; then unplug the pendant."""
        assert self.node
        self._file.unlink()
        self.nodes.remove(self.node)
        self.node.unplug(releases=True)

    def back_restore(self) -> None:
        """Start hal_mpg with a profile, and plug the pendant in."""
        self.stop()
        self.run(self.pendant.profile(self.bed))
        self.plug_in()
        self.wait_pin("connected", True)

    def _write(self, text: str) -> None:
        self._file.write_text(text, encoding="utf-8")
        self._file.chmod(0o644)

    def _folder(self) -> Path:
        return self.bed.home / f"profile-{next(self._numbers)}"
