# SPDX-License-Identifier: GPL-2.0-or-later
"""What `hal_mpg demo` is made of.

view or tour --> session --> pendant ---- Unix socket ----> hal_mpg --> HAL, LinuxCNC
                    ^-- link (JSON lines) -- reader, LinuxCNC's display  <---'
                                          (or fake, in one process)
"""
