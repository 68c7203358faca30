"""What the answers of a SAM_V module hold: text, photo and fingerprints, its number, the newest address.

Source: protocols section 1.3 (two or more sources; the SAM number's parts: one source, its form: two).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from devices.codecs.samv import READ_WITH_FINGERS

TEXT_BYTES = 256
PHOTO_BYTES = 1024
ADDRESS_BYTES = 70
SAM_NUMBER_BYTES = 16


class Blobs(NamedTuple):
    """What the answer to a read holds.  `fingers` is empty unless they were asked for."""

    text: bytes
    photo: bytes
    fingers: bytes


def blobs(command: bytes, data: bytes) -> Blobs:
    """Return the parts of an answer to READ_TEXT_PHOTO or READ_WITH_FINGERS (after its status word).

    Two-byte lengths stand before the parts.  Raises ValueError when they are not those of the manual.
    """
    count = 3 if command == READ_WITH_FINGERS else 2
    sizes = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 2 * count, 2)]
    if sizes[:2] != [TEXT_BYTES, PHOTO_BYTES] or len(data) != 2 * count + sum(sizes):
        raise ValueError(f"text and photo are not {TEXT_BYTES} and {PHOTO_BYTES} bytes")
    text = 2 * count
    photo = text + TEXT_BYTES
    return Blobs(data[text:photo], data[photo : photo + PHOTO_BYTES], data[photo + PHOTO_BYTES :])


def sam_number(data: bytes) -> str:
    """Return the module's number as printed on it: `05.03-20101231-0000123456-1234567890`.

    Shape: two u16 and three u32, little-endian.  Raises ValueError when it has not 16 bytes.
    """
    if len(data) != SAM_NUMBER_BYTES:
        raise ValueError(f"a SAM number has {SAM_NUMBER_BYTES} bytes")
    kind, version, day, lot, serial = struct.unpack("<HHIII", data)
    return f"{kind:02d}.{version:02d}-{day:08d}-{lot:010d}-{serial:010d}"


def newest_address(data: bytes) -> str:
    """Return the address that was added to the chip.  Raises ValueError: not 70 bytes of UTF-16."""
    if len(data) != ADDRESS_BYTES:
        raise ValueError(f"an address has {ADDRESS_BYTES} bytes")
    try:
        return data.decode("utf-16-le").rstrip(" \0")
    except UnicodeDecodeError:
        raise ValueError("the address is not UTF-16") from None
