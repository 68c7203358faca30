"""The 256-byte text block that every card in a SAM_V reader gives: UTF-16LE, padded with spaces on the right.

Byte 248 tells the layout: `J` Hong Kong/Macao/Taiwan resident, `I` foreigner of 2017, `Y` foreigner of 2023,
anything else a citizen.  Source: protocols section 1.5 (two or more sources for every layout).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

TEXT_BYTES = 256
FOREVER = "长期"

Layout = tuple[tuple[str, int, int], ...]
"""(field, offset, length), both in bytes."""

LAYOUTS: dict[str, Layout] = {
    "citizen": (
        ("name", 0, 30), ("sex", 30, 2), ("nation", 32, 4), ("birth", 36, 16), ("address", 52, 70),
        ("id_number", 122, 36), ("issuer", 158, 30), ("valid_from", 188, 16), ("valid_to", 204, 16),
    ),
    "hmt": (
        ("name", 0, 30), ("sex", 30, 2), ("birth", 36, 16), ("address", 52, 70), ("id_number", 122, 36),
        ("issuer", 158, 30), ("valid_from", 188, 16), ("valid_to", 204, 16), ("travel_permit", 220, 18),
        ("issue_count", 238, 4),
    ),
    "foreigner-2017": (
        ("english_name", 0, 120), ("sex", 120, 2), ("id_number", 122, 30), ("nation", 152, 6),
        ("name", 158, 30), ("valid_from", 188, 16), ("valid_to", 204, 16), ("birth", 220, 16),
        ("version", 236, 4), ("issuer", 240, 8),
    ),
    "foreigner-2023": (
        ("name", 0, 30), ("sex", 30, 2), ("renewals", 32, 4), ("birth", 36, 16), ("english_name", 52, 70),
        ("id_number", 122, 36), ("valid_from", 188, 16), ("valid_to", 204, 16), ("english_rest", 220, 22),
        ("nation", 242, 6), ("old_link", 250, 6),
    ),
}  # fmt: skip
_TYPE_AT = 248
_ENGLISH_FIRST = 35  # characters of a long English name that stand in the first of its two fields
_TYPES = {"hmt": b"J\0", "foreigner-2017": b"I\0", "foreigner-2023": b"Y\0"}
_KINDS = {mark: kind for kind, mark in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class CardText:
    """One card.  `valid_to` None is 长期 (no end); `nation` is a two-digit code, a foreigner's three letters.

    `issuer` of a foreigner of 2017 is the four-digit authority code.  The last five stand on some cards only.
    """

    kind: str
    name: str
    sex: str
    birth: date
    id_number: str
    english_name: str = ""
    nation: str = ""
    address: str = ""
    issuer: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    travel_permit: str = ""
    issue_count: str = ""
    renewals: str = ""
    version: str = ""
    old_link: str = ""

    def __repr__(self) -> str:
        """Name no person: a card may end in a traceback."""
        return f"CardText(kind={self.kind!r}, …)"


def decode(block: bytes) -> CardText:
    """Return the card in a 256-byte block.  Raises ValueError (naming the field, not its content)."""
    if len(block) != TEXT_BYTES:
        raise ValueError(f"a text block has {TEXT_BYTES} bytes, not {len(block)}")
    kind = _KINDS.get(block[_TYPE_AT : _TYPE_AT + 2], "citizen")
    raw = {name: _text(name, block[at : at + size]) for name, at, size in LAYOUTS[kind]}
    if raw["sex"] not in ("0", "1", "2", "9"):
        raise ValueError("the field sex is none of 0, 1, 2, 9")
    if rest := raw.pop("english_rest", ""):  # the first part is full, a space at its end belongs to the name
        raw["english_name"] = raw["english_name"].ljust(_ENGLISH_FIRST) + rest
    valid_to = raw.pop("valid_to")
    return CardText(
        kind=kind,
        birth=_date("birth", raw.pop("birth")),
        valid_from=_date_or_none("valid_from", raw.pop("valid_from")),
        valid_to=None if valid_to == FOREVER else _date("valid_to", valid_to),
        **raw,
    )


def encode(card: CardText) -> bytes:
    """Return the 256-byte block of a card.

    Raises ValueError when a field does not fit or is not on this kind of card: nothing is cut off in silence.
    """
    if card.kind not in LAYOUTS:
        raise ValueError(f"no card is of kind {card.kind!r}")
    layout = LAYOUTS[card.kind]
    raw = _raw_fields(card)
    if card.kind == "foreigner-2023":  # a long name goes on in a second field
        raw["english_rest"] = raw["english_name"][_ENGLISH_FIRST:]
        raw["english_name"] = raw["english_name"][:_ENGLISH_FIRST]
    block = bytearray(" ".encode("utf-16-le") * (TEXT_BYTES // 2))
    for name, at, size in layout:
        data = raw.pop(name).encode("utf-16-le")
        if len(data) > size:
            raise ValueError(f"the field {name} holds {size // 2} characters")
        block[at : at + len(data)] = data
    if any(raw.values()):
        raise ValueError(f"a {card.kind} card has no field {', '.join(n for n, v in raw.items() if v)}")
    block[_TYPE_AT : _TYPE_AT + 2] = _TYPES.get(card.kind, bytes(block[_TYPE_AT : _TYPE_AT + 2]))
    return bytes(block)


def _raw_fields(card: CardText) -> dict[str, str]:
    raw = {f.name: getattr(card, f.name) for f in fields(card) if f.name != "kind"}
    raw["birth"] = f"{card.birth:%Y%m%d}"
    raw["valid_from"] = f"{card.valid_from:%Y%m%d}" if card.valid_from else ""
    raw["valid_to"] = f"{card.valid_to:%Y%m%d}" if card.valid_to else FOREVER
    return raw


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-16-le").rstrip(" \0")
    except UnicodeDecodeError:
        raise ValueError(f"the field {name} is not UTF-16") from None


def _date(name: str, text: str) -> date:
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass  # told below, without the content
    raise ValueError(f"the field {name} is not a date")


def _date_or_none(name: str, text: str) -> date | None:
    return _date(name, text) if text else None
