"""What a refusal repeats of a request, without what may name a person.

A confused client puts an ID number where a service belongs, or a name into an address: the answer says what
is wrong, not who it was about.
"""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d{10,}[Xx]?")
"""ID numbers, telephone numbers; no number of ours is as long."""
_QUOTED = re.compile(r"'[^']*[^ -~][^']*'")
_FOREIGN = re.compile(r"[^ -~]+")
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
