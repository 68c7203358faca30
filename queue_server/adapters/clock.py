"""The hall's time: the machine's, or a demonstration's that can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        return datetime.now(UTC)


class DemoClock:
    """The machine's clock, moved by some time; it goes on from there."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the hall's present moment, UTC."""
        return datetime.now(UTC) + self._offset

    def move_to(self, at: datetime) -> None:
        """Make it `at` now."""
        self._offset = at - datetime.now(UTC)

    def advance(self, by_s: float) -> None:
        """Move on (or back) by seconds."""
        self._offset += timedelta(seconds=by_s)


class FixedClock:
    """A clock that stands until it is moved: for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the moment it stands at."""
        return self.at

    def move_to(self, at: datetime) -> None:
        """Stand at `at`."""
        self.at = at

    def advance(self, by_s: float) -> None:
        """Stand later by seconds."""
        self.at += timedelta(seconds=by_s)
