"""The manner of all HTTP bodies: strict when we take, open to more when we read a newer server's answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=500)]
Ident = Annotated[str, Field(min_length=1, max_length=64)]


def _in_our_time(at: datetime) -> datetime:
    if not 2000 <= at.year <= 9998:
        raise ValueError("a time from 2000 to 9998")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""A moment that a client names; at the ends of the calendar no time zone could be applied to it."""


class Body(BaseModel):
    """Something a client sends.  An unknown key is a mistake and is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """Something the server says.  Clients must tolerate more keys."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Item = TypeVar("Item")


class Listing(Answer, Generic[Item]):
    """A list; `next` is a cursor for the following page or None."""

    items: list[Item]
    next: str | None = None


class Problem(BaseModel):
    """RFC 9457, `application/problem+json`.

    `code` is stable; `title` and `detail` are sentences for the screen, in the language the client asked for
    with `Accept-Language` (zh unless it says en).
    """

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str
