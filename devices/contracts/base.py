"""What every message shares: its scope, whether it is personal, and the envelope it travels in.

A message is the body; the envelope (`id`, `at`, `expires_at`, `reply_to`) is around it on the wire::

    {"id": "…", "at": "2026-11-23T09:41:00+00:00", "expires_at": null, "reply_to": null, "body": {…}}
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Generic, TypeVar
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


class Scope(StrEnum):
    """Where a message may travel: LOCAL never leaves the terminal it was made on."""

    LOCAL = "local"
    SITE = "site"


class Message(BaseModel):
    """A body.  Subclasses declare `scope` and, when a person can be told from it, `personal_data`."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # tolerant of a newer minor version

    scope: ClassVar[Scope] = Scope.SITE
    personal_data: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a personal message that could leave its terminal."""
        super().__init_subclass__()
        if cls.personal_data and cls.scope is not Scope.LOCAL:
            raise TypeError(f"{cls.__name__} carries personal data, so its scope must be LOCAL")


Body = TypeVar("Body", bound=Message)


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # in the first or last hours of the calendar: no message of ours
        raise ValueError("a time that UTC has no date for") from None


Utc = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Envelope(BaseModel, Generic[Body]):
    """One message under way.  `reply_to` is the id of the message that this one answers."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(default_factory=lambda: uuid4().hex)
    at: Utc
    expires_at: Utc | None = None
    reply_to: str | None = None
    body: Body

    def is_expired(self, now: datetime) -> bool:
        """Say whether acting on it at `now` would be worse than not acting."""
        return self.expires_at is not None and now > self.expires_at
