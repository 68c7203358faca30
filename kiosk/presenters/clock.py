"""The date as a hall writes it."""

from __future__ import annotations

from datetime import date

from kiosk.i18n.catalog import Catalog


def date_text(day: date, words: Catalog) -> str:
    """Return `2026年11月23日 星期一` or `Mon, 23 Nov 2026`."""
    return words(
        "date.format",
        year=day.year,
        month=words("date.months").split()[day.month - 1],
        day=day.day,
        weekday=words("date.weekdays").split()[day.weekday()],
    )
