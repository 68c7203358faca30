"""The part of CBOR (RFC 8949) that the tax machine's link uses: whole numbers, text, bytes, lists, maps.

Maps have text keys.  Lengths are written out, numbers as short as can be.  Floats, tags, indefinite lengths
and keys that come twice are refused: a payload is either understood whole or not at all.
"""

from __future__ import annotations

from typing import TypeAlias

Value: TypeAlias = "int | str | bytes | bool | list[Value] | dict[str, Value] | None"

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _SIMPLE = 0, 1, 2, 3, 4, 5, 7
_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
_DEEPEST = 6
_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}


def encode(value: Value) -> bytes:
    """Return the bytes of a value; map keys stay in their order.  Raises ValueError, TypeError."""
    if value is None:
        return bytes((_NULL,))
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, int):
        return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        text = value.encode("utf-8")
        return _head(_TEXT, len(text)) + text
    if isinstance(value, list):
        return _head(_LIST, len(value)) + b"".join(encode(one) for one in value)
    if isinstance(value, dict):
        pairs = (encode(str(key)) + encode(one) for key, one in value.items())
        return _head(_MAP, len(value)) + b"".join(pairs)
    raise TypeError(f"CBOR has no place here for {type(value).__name__}")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes((major << 5 | number,))
    for info, length in _LENGTHS.items():
        if number < 1 << 8 * length:
            return bytes((major << 5 | info,)) + number.to_bytes(length, "big")
    raise ValueError("a number of more than 64 bits")


def decode(data: bytes) -> Value:
    """Return the one value that `data` is.  Raises ValueError."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ValueError("bytes after the end of the value")
    return value


class _Reader:
    """Reads values one after another; `at` is how far it has come."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, depth: int) -> Value:
        """Return the next value."""
        if depth > _DEEPEST:
            raise ValueError("lists within lists without end")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == _SIMPLE:
            return _simple(first)
        number = self._number(info)
        if major == _UNSIGNED:
            return number
        if major == _NEGATIVE:
            return -1 - number
        if major == _BYTES:
            return self._take(number)
        if major == _TEXT:
            return self._text(number)
        if major == _LIST:
            self._fits(number)
            return [self.value(depth + 1) for _ in range(number)]
        if major == _MAP:
            self._fits(2 * number)
            return self._map(number, depth)
        raise ValueError("tags have no meaning here")

    def _map(self, count: int, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str) or key in found:
                raise ValueError("a key that is not text, or comes twice")
            found[key] = self.value(depth + 1)
        return found

    def _text(self, length: int) -> str:
        return self._take(length).decode("utf-8")  # UnicodeDecodeError is a ValueError

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info not in _LENGTHS:
            raise ValueError("indefinite lengths have no meaning here")
        return int.from_bytes(self._take(_LENGTHS[info]), "big")

    def _fits(self, most: int) -> None:
        if most > len(self._data) - self.at:
            raise ValueError("a list longer than the payload")

    def _take(self, length: int) -> bytes:
        taken = self._data[self.at : self.at + length]
        if len(taken) < length:
            raise ValueError("the payload ends too early")
        self.at += length
        return taken


def _simple(first: int) -> bool | None:
    if first == _NULL:
        return None
    if first in (_FALSE, _TRUE):
        return first == _TRUE
    raise ValueError("floats and other simple values have no meaning here")
