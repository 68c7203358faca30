"""The order of announcements in one audio zone (domain, section 2.4).  Pure: time is an argument.

* A recall goes to the front, behind earlier recalls; everything else waits its turn.
* A key (ticket and window) waits once: a newer announcement takes the place of the older one.
* What has expired is dropped: calling somebody who left would mislead.
* When more than `max_waiting` wait, the next is said once, not dropped: none is lost unless stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.contracts.speaker import Announce


@dataclass(frozen=True, slots=True)
class _Waiting:
    announce: Announce
    expires_at: datetime | None

    def is_stale(self, now: datetime) -> bool:
        return self.expires_at is not None and now > self.expires_at


class SpeechQueue:
    """What is still to be said."""

    def __init__(self, max_waiting: int = 8) -> None:
        if max_waiting < 1:
            raise ValueError("max_waiting is at least 1")
        self._max_waiting = max_waiting
        self._waiting: list[_Waiting] = []
        self.stale = 0
        self.superseded = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self) -> tuple[tuple[Announce, datetime | None], ...]:
        """Return what waits, in order, with its end."""
        return tuple((one.announce, one.expires_at) for one in self._waiting)

    def add(self, announce: Announce, expires_at: datetime | None, now: datetime) -> bool:
        """Queue `announce`; say whether it waits now.

        False when it is stale, or older (by `seq`) than what waits under its key.
        """
        new = _Waiting(announce, expires_at)
        if new.is_stale(now):
            self.stale += 1
            return False
        place = self._place_of(announce.key)
        if place is None:
            self._put(new)
            return True
        self.superseded += 1
        old = self._waiting[place]
        if announce.seq < old.announce.seq:
            return False
        if announce.recall and not old.announce.recall:
            del self._waiting[place]
            self._put(new)
        else:
            kept = announce.model_copy(update={"recall": announce.recall or old.announce.recall})
            self._waiting[place] = _Waiting(kept, expires_at)
        return True

    def next(self, now: datetime) -> Announce | None:
        """Take the next announcement that is not stale; None when nothing waits."""
        fresh = [one for one in self._waiting if not one.is_stale(now)]
        self.stale += len(self._waiting) - len(fresh)
        self._waiting = fresh
        if not fresh:
            return None
        crowded = len(fresh) > self._max_waiting
        said = self._waiting.pop(0).announce
        return said.model_copy(update={"repeat": 1}) if crowded and said.repeat > 1 else said

    def _place_of(self, key: str) -> int | None:
        return next((place for place, one in enumerate(self._waiting) if one.announce.key == key), None)

    def _put(self, new: _Waiting) -> None:
        if not new.announce.recall:
            self._waiting.append(new)
            return
        recalls = sum(1 for one in self._waiting if one.announce.recall)  # they are all in front
        self._waiting.insert(recalls, new)
