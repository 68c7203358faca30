"""What is repeated or kept of what somebody typed, without what may name a person.

A confused client puts an ID number where a service belongs, or a name into an address: the answer says what
is wrong, not who it was about.
"""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d{10,}[Xx]?")
"""ID numbers, telephone numbers; no number of ours is as long."""
_QUOTED = re.compile(r"'[^']*[^ -~][^']*'")
_FOREIGN = re.compile(r"[^ -~]+")
_NUMBER = re.compile(r"\d(?:[\s.-]{0,2}\d){5,}[Xx]?")
"""Six digits or more, also in groups: part of an ID number, a telephone number, a date of birth."""
HIDDEN = "…"


def without_people(code: str, key: str, value: object) -> object:
    """Return an error's value as its sentence may show it."""
    if not isinstance(value, str):
        return value
    shown = _DIGITS.sub(HIDDEN, value)
    if (code, key) == ("validation", "reason"):
        shown = _QUOTED.sub(f"'{HIDDEN}'", shown)
    if (code, key) in (("service-unknown", "service"), ("not-found", "what")):  # ids and addresses: ASCII
        shown = _FOREIGN.sub(HIDDEN, shown)
    return value if shown == value else shown


def kept_words(text: str, most: int = 80) -> str:
    """Return what a clerk typed as it is kept: one line, at most `most` letters, long numbers hidden.

    A name cannot be told from other words: the console asks that none be written.
    """
    return _NUMBER.sub(HIDDEN, " ".join(text.split()))[:most]
