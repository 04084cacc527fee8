# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a `source: virtual` profile: pendants that a program plays, here for a hand at a mouse.

`device` is what is pressed and turned (pure), `place` and `cable` the socket at which hal_mpg finds it,
`window` the pendant's front on the screen, of `knobs` and `keys`. They are a pendant and nothing else: all
that comes of them comes through hal_mpg's pins.
"""
