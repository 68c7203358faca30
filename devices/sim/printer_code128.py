"""CODE128 as a printer draws it from the bytes of GS k 73 (ISO/IEC 15417, table 1)."""

from __future__ import annotations

# Widths of bar, space, bar, space, bar, space of the characters 0-105.
_TABLE = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132
122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212
322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311
112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321
331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214
112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113
411311 113141 114131 311141 411131 211412 211214 211232
"""
_WIDTHS = _TABLE.split()
_STOP = "2331112"
_START_B = 104
_CHECK = 103


def text_of_code(body: bytes) -> str | None:
    """Return what `{B…` asks for; None for another code set, which this printer does not know."""
    if not body.startswith(b"{B") or len(body) < 3:
        return None
    text = body[2:].replace(b"{{", b"{")
    return text.decode("ascii") if all(0x20 <= byte <= 0x7E for byte in text) else None


def bars(text: str) -> str:
    """Return the modules of a code, 1 black and 0 white, without the white on both sides."""
    values = [_START_B, *(ord(char) - 0x20 for char in text)]
    check = sum(value * max(1, place) for place, value in enumerate(values)) % _CHECK
    widths = "".join(_WIDTHS[value] for value in (*values, check)) + _STOP
    return "".join("10"[place % 2] * int(width) for place, width in enumerate(widths))
