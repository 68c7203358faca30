"""Public holidays and make-up days of China, from the package `chinese_calendar` (MIT).

Its 1.11.0 knows 2004-2026 and raises NotImplementedError beyond; those dates are provisional here until a
newer package or the hall's override table says more.  The package searches its whole table on every call, so
the opening rules remember each day they asked for.
"""

from __future__ import annotations

from datetime import date

import chinese_calendar

from queue_server.domain.calendar import Day, DayKind

NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
"""The package's names (chinese_calendar.constants.Holiday) and how the State Council's notices say them."""


class ChineseHolidays:
    """What the State Council announced."""

    def announced(self, day: date) -> Day | None:
        """Return what was announced for `day`; None beyond the package's years."""
        try:
            off, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            return None
        english = str(name or "")
        chinese = NAMES.get(english, english)
        if not off:
            return Day(DayKind.WORKDAY, chinese, english)
        return Day(DayKind.HOLIDAY if name else DayKind.WEEKEND, chinese, english)
