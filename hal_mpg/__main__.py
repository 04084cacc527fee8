# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m hal_mpg`, and the program `hal_mpg`, which is the same."""

import sys

from hal_mpg.errors import DeviceError
from hal_mpg.messages import tell


def main() -> int:
    """Run the program; return its exit status. The command line itself needs modules that may be missing."""
    try:
        from hal_mpg import cli
    except ModuleNotFoundError as error:
        from hal_mpg.missing_module import missing_module

        tell(missing_module(error))
        return DeviceError.status
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
