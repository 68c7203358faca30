"""BER-TLV as smart cards use it: tag (1-2 bytes) | length (1-3 bytes) | value.

Source: ISO 7816-4 annex; the T-Union example of protocols section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

_DEEPEST = 8


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, value) one level deep, in order.  Raises ValueError when a length runs past the end.

    Bytes 00 and FF between items are filling.
    """
    at = 0
    while at < len(data):
        if data[at] in (0x00, 0xFF):
            at += 1
            continue
        tag, at = _tag(data, at)
        size, at = _size(data, at)
        if at + size > len(data):
            raise ValueError("a value runs past the end of its data")
        yield tag, data[at : at + size]
        at += size


def find(data: bytes, *path: int) -> bytes | None:
    """Return the value at `path` (outermost tag first), None when there is none.  Raises ValueError."""
    if not path:
        return data
    if len(path) > _DEEPEST:
        raise ValueError(f"a path has at most {_DEEPEST} tags")
    for tag, value in items(data):
        if tag == path[0] and (found := find(value, *path[1:])) is not None:
            return found
    return None


def encode(tag: int, value: bytes) -> bytes:
    """Return one item.  Raises ValueError when the value is longer than 65535 bytes."""
    size = len(value)
    if size > 0xFFFF:
        raise ValueError("a value has at most 65535 bytes")
    head = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    if size < 0x80:
        return head + bytes((size,)) + value
    length = size.to_bytes(2 if size > 0xFF else 1, "big")
    return head + bytes((0x80 | len(length),)) + length + value


def _tag(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first & 0x1F != 0x1F:
        return first, at + 1
    if at + 1 >= len(data) or data[at + 1] & 0x80:
        raise ValueError("a tag has one or two bytes here")
    return first << 8 | data[at + 1], at + 2


def _size(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise ValueError("a tag has no length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if count not in (1, 2) or at + 1 + count > len(data):
        raise ValueError("a length has one to three bytes here")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count
