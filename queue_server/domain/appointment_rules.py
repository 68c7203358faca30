"""The rules of booking ahead (网上预约) as data: `[hall.appointment]` of `hall.toml`.

docs/appointments.md says what they mean to people.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AppointmentRules:
    """Days ahead are days on which the service works, today being 0; minutes count from a slot's start.

    `share_of_cap`: the part that may be booked of a cap, or of what the windows get done where there is none.
    `per_person_day`: bookings of one person for one day, of all services.  `per_person_day`, `no_show_limit`
    and `blacklist_days` 0: no limit, nobody is barred.
    """

    days_ahead_min: int = 1
    days_ahead_max: int = 7
    slot_minutes: int = 30
    share_of_cap: float = 0.4
    checkin_early_min: int = 30
    checkin_late_min: int = 15
    cancel_before_min: int = 120
    per_person_day: int = 1
    no_show_limit: int = 2
    no_show_window_days: int = 30
    blacklist_days: int = 90
