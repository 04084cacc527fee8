# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers and checksums in packets and reports, as a profile says where they stand. Pure."""

from __future__ import annotations

from hal_mpg.protocols.checksums import CHECKSUMS
from hal_mpg.protocols.foreign import Checksum, Field

HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")


def sums_of(checksum: Checksum, packet: bytes) -> tuple[int, int]:
    """Return the checksum that stands in a packet, and the one that its bytes have."""
    at, first, last = (offset % len(packet) for offset in (checksum.at, checksum.first, checksum.last))
    part = packet[at : at + size_of(checksum)]
    if checksum.is_hex:
        part = _from_hex(part)
    here = int.from_bytes(part, "big" if checksum.is_big_endian else "little") if part else -1
    return here, CHECKSUMS[checksum.kind][1](packet[first : last + 1])


def size_of(checksum: Checksum) -> int:
    """Return how many bytes of a packet a checksum takes."""
    return CHECKSUMS[checksum.kind][0] * (2 if checksum.is_hex else 1)


def value_in(field: Field, packet: bytes) -> int | None:
    """Return the value of a field; None where the packet is too short for it."""
    part = packet[field.at : field.at + field.size]
    if len(part) < field.size:
        return None
    is_signed = field.is_signed and not field.mask
    value = int.from_bytes(part, "big" if field.is_big_endian else "little", signed=is_signed)
    if not field.mask:
        return value
    lowest = field.mask & -field.mask
    bits, full = (value & field.mask) // lowest, field.mask // lowest + 1
    return bits - full if field.is_signed and bits * 2 >= full else bits


def reach_of(field: Field) -> tuple[int, int]:
    """Return the lowest and the highest value that a field can have."""
    highest = (1 << 8 * field.size) - 1
    if field.mask:
        highest = field.mask // (field.mask & -field.mask)
    return (-(highest + 1 >> 1), highest >> 1) if field.is_signed else (0, highest)


def _from_hex(digits: bytes) -> bytes:
    """Return the bytes that hexadecimal digits stand for; none where they are no such digits."""
    return bytes.fromhex(digits.decode("ascii")) if HEX_DIGITS.issuperset(digits) else b""
