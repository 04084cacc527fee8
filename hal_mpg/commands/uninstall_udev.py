# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg uninstall-udev`: takes away what `install-udev` has put in place, and nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hal_mpg.commands.install_udev import find_pendants, refuse_without_root
from hal_mpg.devices.access import apply_rules
from hal_mpg.devices.package_rules import is_of_package
from hal_mpg.devices.udev_rules import SHIPPED, forget, installed, is_unchanged, read_record, remove
from hal_mpg.errors import HalMpgError
from hal_mpg.messages import tell
from hal_mpg.options import Parser

EXAMPLES = """\
examples:
  sudo hal_mpg uninstall-udev
  hal_mpg uninstall-udev --dry-run          only say what would be done

A file stays that was changed since, or that something else has put there (make install, a
package, you). exit status: 0, 1 a file cannot be removed, 2 command line or not root.
"""


def main(arguments: Sequence[str]) -> int:
    """Remove the rules; return the exit status."""
    options = parser().parse_args(arguments)
    record = {Path(path): checksum for path, checksum in read_record().items()}
    if options.dry_run:
        for path, checksum in record.items():
            print(f"would remove {path}" if is_unchanged(path, checksum) else f"would leave {path} alone")
        if not record:
            print(_nothing())
        return 0
    refuse_without_root("uninstall-udev", arguments)
    nodes = [path for device in find_pendants() for path in device.paths]
    removed = [path for path, checksum in record.items() if _take_away(path, checksum)]
    if removed:
        complaint = apply_rules(nodes)
        if complaint:
            tell(f"udev could not be told ({complaint}); it will know when the computer restarts")
        else:
            print("udev has read its rules, and has applied them to what is plugged in")
    elif not record:
        print(_nothing())
    return 0


def parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="hal_mpg uninstall-udev",
        description="Take away the udev rules that hal_mpg install-udev has put in place. As root.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return parser


def _take_away(path: Path, checksum: str) -> bool:
    """Remove a file that is still as it was written; say what was done, and return whether it was removed."""
    try:
        if not path.exists() and not path.is_symlink():
            forget(path)
            print(f"gone already: {path}")
            return False
        if not is_unchanged(path, checksum):
            forget(path)
            print(f"left alone: {path} was changed since; if it is not needed: sudo rm {path}")
            return False
        saved = remove(path)
    except OSError as error:
        raise HalMpgError(f"{path}: cannot be removed: {error.strerror}; see to that first") from None
    print(f"removed: {path}" + (" (and what was there before is back)" if saved else ""))
    return True


def _nothing() -> str:
    found = installed(SHIPPED)
    if found and is_of_package(found):
        return f"nothing to do: {found} came with a package, and goes with it (sudo apt remove hal-mpg)"
    other = f"; {found} was put there by something else (make install, a package, you)" if found else ""
    return f"nothing to do: hal_mpg install-udev has put nothing in place{other}"
