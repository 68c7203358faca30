"""The calling policy as data: who gains how much by waiting, and what bounds it (docs/calling-policy.md).

`assignment.py` turns it into a choice.  Minutes are minutes of waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Order(StrEnum):
    """How lines are weighed against each other.  All but the first are there to be compared with."""

    ACCUMULATING = "accumulating"
    """Head start + rate × wait, bounded by `overdue_min` and the green share."""
    PRIORITY_FIRST = "priority-first"
    """Any priority before anybody else, then the longest wait."""
    FIFO = "fifo"
    """The longest wait, whoever it is."""
    WEIGHTED = "weighted"
    """Wait × (weight + 1), and one normal ticket after `green_burst` priority tickets in a row."""


@dataclass(frozen=True, slots=True)
class PriorityClass:
    """One green-channel class (绿色通道).

    A ticket of it counts as if it had waited `head_start_min` longer and gains `rate` minutes a minute;
    somebody without a class has 0 and 1.  `min_age` grants it by the birth date on the card, in full years.
    `accessible`: whoever has it is told the accessible windows.
    """

    code: str
    name: str = ""
    en: str = ""
    rule: str = ""
    head_start_min: int = 120
    rate: float = 2.0
    weight: int = 2
    min_age: int | None = None
    accessible: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """How a window chooses.

    `overdue_min`: whoever has waited so long is passed by nobody who came later.  A ticket whose
    appointment is due counts as if it had waited so much longer, and as a priority ticket for the share.
    `green_burst`, `normals_per_green`: among the calls of a window for which both a priority and a normal
    ticket waited, G priority and N normal ones, always G ≤ burst + N / normals_per_green.
    `skill_step_min`: a normal ticket of the next rank at a window counts so many minutes less.
    `short_first`: 0-1; a service half as long as another gains 2**short_first times as fast.
    """

    order: Order = Order.ACCUMULATING
    classes: Mapping[str, PriorityClass] = field(default_factory=dict)
    overdue_min: int = 90
    green_burst: int = 2
    normals_per_green: int = 1
    skill_step_min: int = 20
    short_first: float = 1.0

    def class_of(self, code: str | None) -> PriorityClass | None:
        """Return the class of a ticket, None for a normal one; a class no longer configured has defaults."""
        return None if code is None else self.classes.get(code) or PriorityClass(code)

    def class_by_age(self, birth: date | None, today: date) -> str | None:
        """Return the code that a birth date gives a right to: the one for the highest age reached."""
        if birth is None:
            return None
        years = age(birth, today)
        granted = [one for one in self.classes.values() if one.min_age is not None and one.min_age <= years]
        return max(granted, key=lambda one: (one.min_age or 0, one.code)).code if granted else None

    def may_go_green(self, debt: int) -> bool:
        """Say whether a window with `debt` may call a priority ticket while a normal one waits."""
        if self.order is Order.WEIGHTED:
            return debt < self.green_burst
        return debt + self.normals_per_green <= self.green_burst * self.normals_per_green

    def debt_after(self, debt: int, *, green: bool) -> int:
        """Return a window's debt to normal tickets after a contested call."""
        if self.order is Order.WEIGHTED:
            return debt + 1 if green else 0
        return debt + self.normals_per_green if green else max(0, debt - 1)


def age(birth: date, today: date) -> int:
    """Return full years; somebody born on 29 February comes of age on 1 March."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
