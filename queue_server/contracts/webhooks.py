"""Webhooks over the API, for administrators (docs/webhooks.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from queue_server.contracts.base import Answer, Body

Pattern = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z*?\-]+$")]


class HookIn(Body):
    """`POST /webhooks`: an address, and which events it is told (`ticket-*`)."""

    url: str = Field(min_length=1, max_length=500)
    events: list[Pattern] = Field(default=["*"], min_length=1, max_length=20)


class HookOut(Answer):
    """A receiver.  `behind` is how many events it has not been passed yet, wanted or not."""

    id: str
    url: str
    events: list[str]
    made_at: AwareDatetime
    made_by: str
    behind: int = 0
    failed_tries: int = 0
    """How often the event it is at was tried in vain."""
    last_reason: str = ""
    """Why the newest try failed; empty when it did not."""
    dead: int = 0


class HookMadeOut(HookOut):
    """The answer to `POST /webhooks`: the only time that `secret` is shown."""

    secret: str


class DeliveryOut(Answer):
    """One try.  `status` is the receiver's answer, None when there was none."""

    id: str
    seq: int
    name: str
    at: AwareDatetime
    tries: int
    taken: bool
    status: int | None
    reason: str = ""


class DeadLetterOut(Answer):
    """An event that the receiver did not take."""

    n: int
    seq: int
    name: str
    at: AwareDatetime
    tries: int
    reason: str
