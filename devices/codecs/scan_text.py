"""From what a scanner sent to the text of a code: encoding, symbology prefix, codes read twice.

A line of text has no checksum: damage that leaves readable characters cannot be found out here, so whoever
uses a text must be able to check it (a signature, a check digit, a look-up).
Source: protocols section 8; the prefixes of ISO/IEC 15424 are from memory.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

SYMBOLOGIES = {
    "A": "code-39",
    "C": "code-128",
    "E": "ean",
    "F": "codabar",
    "I": "itf",
    "L": "pdf-417",
    "Q": "qr",
    "X": "other",
    "d": "data-matrix",
    "h": "han-xin",
    "z": "aztec",
}
SEPARATORS = "\x1d\x1e\x04"
"""Control characters that GS1 and driving-licence codes hold as data."""
_AIM_LENGTH = 3


@dataclass(frozen=True, slots=True)
class ScanText:
    """One code's text; `symbology` is empty when the scanner does not say it."""

    text: str = field(repr=False)
    symbology: str = ""


def decode(raw: bytes) -> str | None:
    """Return the text: UTF-8, else GB18030; None when it is neither or holds what no code holds."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if all(_is_text(char) for char in text) else None
    return None


def _is_text(char: str) -> bool:
    return char in SEPARATORS or unicodedata.category(char) not in ("Cc", "Cn", "Co", "Cs")


def split_aim(text: str) -> ScanText:
    """Take an AIM prefix such as `]Q1` off; a text that has none is left as it is."""
    known = text[:1] == "]" and text[1:2] in SYMBOLOGIES and text[2:_AIM_LENGTH].isalnum()
    return ScanText(text[_AIM_LENGTH:], SYMBOLOGIES[text[1]]) if known else ScanText(text)


@dataclass
class Repeats:
    """Knows a code that is read again and again while it lies there; each reading keeps it known."""

    within_s: float
    _last: str = field(default="", repr=False)
    _last_s: float = float("-inf")

    def is_repeat(self, text: str, now_s: float) -> bool:
        """Say whether this is the code before once more; remember it."""
        same = text == self._last and now_s - self._last_s <= self.within_s
        self._last, self._last_s = text, now_s
        return same
