# SPDX-License-Identifier: GPL-2.0-or-later
"""`hal_mpg learn`: from a pendant that nobody knows to its profile, by asking a person to use it.

    person <-- console <-- dialogue --> wheel, selector, switches (pure)  --> draft --> profile, udev rule
                              |
    device --> ear  --> observation

What is recognized from what was heard is decided by pure functions: `wheel`, `selector` and `switches` take
observations and return a form, or say in words what is not clear. The dialogue asks, again where it has to.
"""
