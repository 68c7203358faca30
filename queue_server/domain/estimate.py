"""How long it may take, as a range: few believe a single figure, and a single figure is wrong."""

from __future__ import annotations

from dataclasses import dataclass

LOW, HIGH = 0.6, 1.6
"""Bounds around the likely wait: about one cv of the service times (domain dossier, section 7.2)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds; all None when no window takes this service now."""

    low_s: int | None = None
    likely_s: int | None = None
    high_s: int | None = None


def wait_for(ahead: int, mean_service_s: int, windows_open: int) -> Estimate:
    """Estimate the wait of somebody with `ahead` people in front and `windows_open` windows at work.

    A window is taken to be half through its present service.  Whole minutes, rounded up.
    """
    if windows_open <= 0:
        return Estimate()
    likely = (ahead + 0.5) * mean_service_s / windows_open
    return Estimate(_minutes_up(likely * LOW), _minutes_up(likely), _minutes_up(likely * HIGH))


def _minutes_up(seconds: float) -> int:
    return max(1, -(-int(seconds) // 60)) * 60
