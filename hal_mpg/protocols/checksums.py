# SPDX-License-Identifier: GPL-2.0-or-later
"""The checksums that packets of other people's pendants carry. Pure.

Each CRC goes by the name and the parameters of Greg Cook's catalogue of CRC algorithms, where its check value
(that of the text "123456789") stands, too.
"""

from __future__ import annotations

from collections.abc import Callable

from hal_mpg.lean_typing import NamedTuple


class Crc(NamedTuple):
    """The parameters of a CRC: width in bits, polynomial, first value, bits in reverse order, final XOR."""

    width: int
    polynomial: int
    init: int = 0
    is_reflected: bool = False
    xor: int = 0

    def of(self, data: bytes) -> int:
        """Return the checksum of the bytes."""
        top, mask = 1 << (self.width - 1), (1 << self.width) - 1
        value = self.init
        for byte in data:
            value ^= (_reversed(byte, 8) if self.is_reflected else byte) << (self.width - 8)
            for _ in range(8):
                value = (value << 1 ^ self.polynomial if value & top else value << 1) & mask
        return (_reversed(value, self.width) if self.is_reflected else value) ^ self.xor


def _reversed(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


def _xor(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value


CHECKSUMS: dict[str, tuple[int, Callable[[bytes], int]]] = {
    "xor": (1, _xor),
    "sum8": (1, lambda data: sum(data) & 0xFF),
    "sum8-negated": (1, lambda data: -sum(data) & 0xFF),
    "sum16": (2, lambda data: sum(data) & 0xFFFF),
    "crc8": (1, Crc(8, 0x07).of),  # CRC-8/SMBUS
    "crc8-maxim": (1, Crc(8, 0x31, is_reflected=True).of),  # CRC-8/MAXIM-DOW
    "crc16-xmodem": (2, Crc(16, 0x1021).of),  # CRC-16/XMODEM
    "crc16-ccitt": (2, Crc(16, 0x1021, init=0xFFFF).of),  # CRC-16/IBM-3740, often called CCITT-FALSE
    "crc16-modbus": (2, Crc(16, 0x8005, init=0xFFFF, is_reflected=True).of),  # CRC-16/MODBUS
}
"""Name in a profile -> bytes that it takes, and the function."""
