# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of controls by what their codes can be at all, where the profile's own protocol says so.

A position that no report can name would never be reached, and nobody would notice before the machine moves.
"""

from __future__ import annotations

from yaml.nodes import Node

from hal_mpg.profile import Code
from hal_mpg.yaml_reader import Reader


def check_modulo(reader: Reader, node: Node, code: Code, modulo: int) -> None:
    """See that a wheel's counter gets as far as it is said to wrap."""
    if reach := reader.reach(code):
        most = reach.high - reach.low + reach.step
        if modulo > most:
            reader.fault(node, f"modulo is {modulo}, and what the wheel says is {reach}; use up to {most}")


def check_positions(reader: Reader, places: list[tuple[int, Node]], code: Code, what: str) -> None:
    """See that a selector can stand at each of its positions."""
    reach = reader.reach(code)
    for number, place in places if reach else ():
        if reach and not reach.low <= number <= reach.high:
            reader.fault(place, f"what says the position of {what} is never {number}; use {reach}")


def check_ends(reader: Reader, node: Node, code: Code, low: int, high: int) -> None:
    """See that a stick gets to both ends of its range."""
    reach = reader.reach(code)
    if reach and not reach.low <= low <= high <= reach.high:
        reader.fault(
            node, f"range is {low} to {high}, and what the stick says is {reach}; use no more than that"
        )
