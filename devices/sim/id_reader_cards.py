"""Invented cards: whatever a person at the lab does not say is made up, and what they say must be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from devices.codecs import id_number, id_text
from devices.contracts import persons

NOWHERE = "990000"
"""A region code that is allocated to no place, so that no number here is anybody's."""
_DATES = ("birth", "valid_from", "valid_to")
_FIELDS = frozenset(id_text.CardText.__dataclass_fields__)


def _serial(place: int) -> str:
    return f"{place % 1000:03d}"


def _citizen_number(birth: date, place: int) -> str:
    first_17 = f"{NOWHERE}{birth:%Y%m%d}{_serial(place)}"
    return first_17 + persons.check_character(first_17)


def _hmt_number(birth: date, place: int) -> str:
    first_17 = f"810000{birth:%Y%m%d}{_serial(place)}"
    return first_17 + persons.check_character(first_17)


def _permit_2017(birth: date, place: int) -> str:
    first_14 = f"USA9900{birth:%y%m%d}{place % 10}"
    return first_14 + id_number.permit_check_digit(first_14)


def _permit_2023(birth: date, place: int) -> str:
    first_17 = f"999840{birth:%Y%m%d}{_serial(place)}"  # place 99 is nowhere, 840 the United States
    return first_17 + persons.check_character(first_17)


@dataclass(frozen=True, slots=True)
class _Kind:
    number: Callable[[date, int], str]
    defaults: dict[str, str]


KINDS: dict[str, _Kind] = {
    "citizen": _Kind(
        _citizen_number,
        {"name": "王示范", "nation": "01", "address": "示范区政务路1号", "issuer": "示范区公安局"},
    ),
    "hmt": _Kind(
        _hmt_number,
        {"name": "陳示範", "address": "示范区政务路2号", "issuer": "示范区公安局"}
        | {"travel_permit": "H00000001", "issue_count": "01"},
    ),
    "foreigner-2017": _Kind(
        _permit_2017,
        {"name": "示范", "english_name": "SAMPLE, ALEX", "nation": "USA", "version": "01", "issuer": "9900"},
    ),
    "foreigner-2023": _Kind(
        _permit_2023,
        {"name": "示范", "english_name": "SAMPLE, ALEX", "nation": "USA"}
        | {"renewals": "00", "old_link": "990"},
    ),
}


def make_card(wanted: dict[str, Any], place: int) -> id_text.CardText:
    """Return the card that was asked for; `place` tells one made-up person from the next.

    Raises ValueError for an unknown field, a wrong number, or a birth date other than the number's.
    """
    if unknown := sorted(set(wanted) - _FIELDS):
        raise ValueError(f"a card has no field {', '.join(unknown)}; there are: {', '.join(sorted(_FIELDS))}")
    said = {name: str(value).strip() for name, value in wanted.items() if value not in (None, "")}
    kind = said.setdefault("kind", "citizen")
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    number, birth = _number_and_birth(kind, said, place)
    fields = {**KINDS[kind].defaults, "sex": _sex(kind, number), **said, "id_number": number}
    dates = {name: _date(name, fields.pop(name, "")) for name in _DATES}
    valid_from = dates["valid_from"] or date(2020, 1, 1)
    valid_to = dates["valid_to"]
    if "valid_to" not in said:
        valid_to = valid_from.replace(year=valid_from.year + 20, day=min(valid_from.day, 28))
    return id_text.CardText(**fields, birth=birth, valid_from=valid_from, valid_to=valid_to)


def _number_and_birth(kind: str, said: dict[str, str], place: int) -> tuple[str, date]:
    birth = _date("birth", said.get("birth", ""))
    if "id_number" not in said:
        birth = birth or date(1990, 1, 1)
        return KINDS[kind].number(birth, place), birth
    number = said["id_number"].upper()
    if kind == "foreigner-2017":
        if id_number.permit_check_digit(number[:14]) != number[14:]:
            raise ValueError("id_number has a wrong check digit")
        return number, birth or date(1980, 1, 1)
    number = persons.normalized(number)
    inside = persons.birth_of(number)
    if inside is None or birth not in (None, inside):
        raise ValueError("birth is another day than the one in id_number")
    return number, inside


def _sex(kind: str, number: str) -> str:
    """Return 1 (man) or 2 (woman): the 17th digit of a citizen's number is odd for a man."""
    return "1" if kind.startswith("foreigner") or int(number[16]) % 2 else "2"


def _date(name: str, text: str) -> date | None:
    """Take 1990-01-31, 19900131 or 长期 (and nothing, which is the same here)."""
    if text in ("", id_text.FOREVER):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is a date such as 1990-01-31") from None
