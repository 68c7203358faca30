"""Checksums that several protocols share (protocols, table of checksums)."""

from __future__ import annotations

from functools import reduce
from operator import xor


def xor8(data: bytes) -> int:
    """Return the xor of all bytes; 0 for none."""
    return reduce(xor, data, 0)


def sum8(data: bytes) -> int:
    """Return the sum of all bytes modulo 256."""
    return sum(data) & 0xFF


def _crc16_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC16 = _crc16_table()  # a line full of noise makes us compute many


def crc16_arc(data: bytes, start: int = 0) -> int:
    """Return CRC-16/ARC (reflected, polynomial A001, start 0); sent low byte first."""
    crc = start
    for byte in data:
        crc = (crc >> 8) ^ _CRC16[(crc ^ byte) & 0xFF]
    return crc


def crc16_modbus(data: bytes) -> int:
    """Return CRC-16/MODBUS (as ARC, but start FFFF); sent low byte first."""
    return crc16_arc(data, 0xFFFF)
