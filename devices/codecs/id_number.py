"""Identity numbers: check digits, the date inside, and the masked forms that may be shown.

An 18-character number (citizen, Hong Kong/Macao/Taiwan resident, foreigner of 2023)::

    region 6 | birth YYYYMMDD | serial 3 | check 1      foreigner of 2023: 9 + place 2 + country 3 first

The check character is ISO 7064 MOD 11-2 (GB 11643).  The foreigner's permit of 2017 has 15 characters and
a 7-3-1 check digit.  Source: protocols sections 1.5 and 1.6.
"""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_DIGITS = frozenset("0123456789")


def check_character(first_17: str) -> str:
    """Return the 18th character for 17 digits.  Raises ValueError when they are not 17 digits."""
    if len(first_17) != 17 or not _DIGITS.issuperset(first_17):
        raise ValueError("an identity number needs 17 digits before its check character")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return _CHECKS[total % 11]


def birth_of(number: str) -> date | None:
    """Return the birth date inside an 18-character number, None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def problem(number: str) -> str | None:
    """Say what is wrong with an 18-character number, None when nothing is.

    Answers: `length`, `characters`, `check-character`, `birth-date`.  A lower-case x counts as X.
    """
    upper = number.upper()
    if len(upper) != 18:
        return "length"
    if not _DIGITS.issuperset(upper[:17]) or not (upper[17] in _DIGITS or upper[17] == "X"):
        return "characters"
    if check_character(upper[:17]) != upper[17]:
        return "check-character"
    return None if birth_of(upper) else "birth-date"


def normalized(number: str) -> str:
    """Return the number as it is stored: upper-case X.  Raises ValueError naming what is wrong with it."""
    wrong = problem(number)
    if wrong:
        raise ValueError(f"not an identity number: {wrong}")
    return number.upper()


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


def old_permit_number(country: str, number: str, link: str) -> str:
    """Return the 15-character number that a foreigner's card of 2023 replaces.

    `country` is three letters, `number` the new one, `link` the three characters of the card's link field.
    """
    first_14 = country + number[1:3] + link[:2] + number[8:14] + link[2:3]
    return first_14 + permit_check_digit(first_14)


def masked_number(number: str) -> str:
    """Return a number that names nobody: `990000********1234`; a short one keeps its first three only."""
    if len(number) < 15:
        return number[:3] + "*" * max(0, len(number) - 3)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def masked_name(name: str) -> str:
    """Return a name that names nobody: the first character and one star, `张*`."""
    return f"{name[0]}*" if name else ""


def _permit_value(char: str) -> int:
    if char == "<":
        return 0
    value = int(char, 36) if char.isascii() and char.isalnum() else -1
    if value < 0:
        raise ValueError("a permit number has letters, digits and '<' only")
    return value
