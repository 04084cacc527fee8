#!@PYTHON@ -S
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program hal_mpg, as `make install` puts it into PREFIX/bin.

The component is started without Python's `site`, which looks through the environment, and runs what any
package has put there to be run at each start of Python; LinuxCNC would wait for that as long as for all else.
What `site` would have added for the component is added here, and whatever is not found there is looked for as
usual. The tools are started as usual altogether.
"""

import gc
import os
import sys

PROGRAM = "@ENVIRONMENT@/bin/hal_mpg"
PLACES = ["@PACKAGES@", "/usr/lib/python3/dist-packages"]


class AsUsual:
    """Finds modules that are nowhere else, once `site` has had its way."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Return where a module is, as import has it; None: nowhere."""
        if path is not None:
            return None  # it would be in a package, which has been found
        sys.meta_path.remove(cls)
        import site
        from importlib.machinery import PathFinder

        site.main()
        return PathFinder.find_spec(name)


words = sys.argv[1:]
if "_ARGCOMPLETE" in os.environ or (words and not words[0].startswith("-")):
    os.execv(PROGRAM, [PROGRAM, *words])

gc.disable()  # nothing is garbage yet; the component switches it on again
if not sys.flags.safe_path:
    del sys.path[0]  # where this file is, which is no place for modules
sys.path += PLACES
sys.meta_path.append(AsUsual)
from hal_mpg.__main__ import main  # noqa: E402

sys.exit(main())
