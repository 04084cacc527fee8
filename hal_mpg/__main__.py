# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m hal_mpg` is the same as `hal_mpg`."""

import sys

from hal_mpg.cli import main

sys.exit(main())
