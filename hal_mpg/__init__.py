# SPDX-License-Identifier: GPL-2.0-or-later
"""hal_mpg: a LinuxCNC HAL component for manual pulse generator (MPG) pendants.

The way of one detent through the files::

    sources/* -> events -> controls -> pendant (motion_limit, outputs) -> hal_port -> HAL
                                          ^
                                       runner, the only loop and the only clock

`hal_mpg.fake_hal` is public: a HAL in memory for tests.
"""

__version__ = "0.1.0"
