"""Whether an ID number can be real; what may be shown of a person is in devices.contracts.persons."""

from __future__ import annotations

from devices.contracts.persons import problem


def clean_id(number: str) -> str:
    """Return the number as it is compared: no blanks, capital letters."""
    return "".join(number.split()).upper()


def is_valid_id(id_type: str, number: str) -> bool:
    """Say whether a clean number can be real: for residents the date and the check digit, else its form."""
    if id_type == "resident":
        return problem(number) is None
    return 4 <= len(number) <= 40 and number.isascii() and number.replace("-", "").isalnum()
