# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg doctor`: what keeps a pendant from jogging, or from stopping the machine.

First the facts are gathered (`surroundings`, `live`), then they are judged (`device_checks`,
`config_checks`, `wiring_checks`, `estop_checks`): the judges are pure, and can be tried with any fault.
"""
