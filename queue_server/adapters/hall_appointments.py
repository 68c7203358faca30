"""`[hall.appointment]` of `hall.toml`; its fields mean what `domain.appointment_rules` says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from queue_server.adapters.hall_hours import Strict
from queue_server.domain.appointment_rules import AppointmentRules


class AppointmentTable(Strict):
    """`[hall.appointment]`: see `AppointmentRules`."""

    days_ahead_min: int = Field(default=1, ge=0, le=30)
    days_ahead_max: int = Field(default=7, ge=0, le=30)
    slot_minutes: Literal[5, 10, 15, 20, 30, 60, 120] = 30
    share_of_cap: float = Field(default=0.4, ge=0, le=1)
    checkin_early_min: int = Field(default=30, ge=0, le=240)
    checkin_late_min: int = Field(default=15, ge=0, le=240)
    cancel_before_min: int = Field(default=120, ge=0, le=7 * 24 * 60)
    per_person_day: int = Field(default=1, ge=0, le=20)
    no_show_limit: int = Field(default=2, ge=0, le=20)
    no_show_window_days: int = Field(default=30, ge=1, le=365)
    blacklist_days: int = Field(default=90, ge=0, le=3650)

    @model_validator(mode="after")
    def _in_order(self) -> AppointmentTable:
        if self.days_ahead_max < self.days_ahead_min:
            raise ValueError("days_ahead_max is smaller than days_ahead_min")
        return self


def appointment_rules_of(table: AppointmentTable) -> AppointmentRules:
    """Return the rules of the table."""
    return AppointmentRules(**table.model_dump())
