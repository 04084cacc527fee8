#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Waits until adaptive feed is on, whoever has switched it on."""

from __future__ import annotations

from tests.linuxcnc.driver import Driver, finish


def main(driver: Driver) -> bool:
    """Return True, as soon as it is on."""
    driver.wait_stat(lambda: bool(driver.stat.adaptive_feed_enabled), "adaptive feed")
    return True


finish(main)
