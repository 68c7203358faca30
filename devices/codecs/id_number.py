"""Numbers on foreigners' permits and on cards of before 1999.

The foreigner's permit of 2017 has 15 characters and a 7-3-1 check digit.  The rules of the 18-character
number are in devices.contracts.persons.  Source: protocols sections 1.5 and 1.6.
"""

from __future__ import annotations

from devices.contracts.persons import check_character, normalized


def from_15(number: str) -> str:
    """Return the 18-character form of a number of before 1999.  [from memory, protocols 1.6]"""
    first_17 = number[:6] + "19" + number[6:]
    return normalized(first_17 + check_character(first_17))


def permit_check_digit(first_14: str) -> str:
    """Return the last digit of a 15-character foreigner's permit number (weights 7, 3, 1)."""
    if len(first_14) != 14:
        raise ValueError("a permit number needs 14 characters before its check digit")
    total = sum((7, 3, 1)[place % 3] * _permit_value(char) for place, char in enumerate(first_14))
    return str(total % 10)


def permit_problem(number: str) -> str | None:
    """Say what is wrong with a 15-character number (`length`, `characters`, `check-character`), or None."""
    if len(number) != 15:
        return "length"
    try:
        return None if permit_check_digit(number[:14]) == number[14] else "check-character"
    except ValueError:
        return "characters"


def old_permit_number(country: str, number: str, link: str) -> str:
    """Return the 15-character number that a foreigner's card of 2023 replaces.

    `country` is three letters, `number` the new one, `link` the three characters of the card's link field.
    """
    first_14 = country + number[1:3] + link[:2] + number[8:14] + link[2:3]
    return first_14 + permit_check_digit(first_14)


def _permit_value(char: str) -> int:
    if char == "<":
        return 0
    value = int(char, 36) if char.isascii() and char.isalnum() else -1
    if value < 0:
        raise ValueError("a permit number has letters, digits and '<' only")
    return value
