"""What a speaker still has to say, on disk: an agent that is killed says it when it is back, if it is fresh.

One small file, replaced whole at each change.  Ticket numbers and windows are in it, no persons.  It is not
forced onto the disk: it guards against the end of the process; after a power cut every call is stale anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from devices.contracts.speaker import Announce

log = logging.getLogger(__name__)
Owed = tuple[Announce, datetime]


class _Line(BaseModel):
    expires_at: datetime
    announce: Announce


class SpeechJournal:
    """Keeps announcements of one speaker.  Without a path nothing outlives the agent."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told = False

    def load(self) -> list[Owed]:
        """Return what was owed when the agent ended, in order; a damaged file owes nothing."""
        if self._path is None:
            return []
        try:
            lines = self._path.read_text("utf-8").splitlines()
            kept = [_Line.model_validate_json(line) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError, ValidationError):
            log.warning("%s cannot be read; what was to be said before the restart is lost", self._path)
            return []
        return [(one.announce, one.expires_at) for one in kept]

    def save(self, owed: Iterable[Owed]) -> None:
        """Replace what is kept.  A disk that refuses is logged once: a call must not fail for it."""
        if self._path is None:
            return
        text = "".join(_Line(expires_at=end, announce=one).model_dump_json() + "\n" for one, end in owed)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            fresh.replace(self._path)
            self._told = False
        except OSError as error:
            if not self._told:
                log.warning(
                    "%s cannot be written (%s): a restart would lose calls", self._path, error.strerror
                )
            self._told = True


def journal_for(state_dir: str | None, device_id: str) -> SpeechJournal:
    """Return the journal of one speaker."""
    return SpeechJournal(None if state_dir is None else Path(state_dir) / f"{device_id}.speech")
