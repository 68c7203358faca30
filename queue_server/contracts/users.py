"""People and machines as administrators see them; secrets are shown once, when they are made."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from queue_server.contracts.auth import Role
from queue_server.contracts.base import Answer, Body, Ident

NAME = r"^[A-Za-z0-9_.-]{1,64}$"


class UserIn(Body):
    """`POST /users`: add a person, or replace one of the same name."""

    username: str = Field(pattern=NAME)
    password: str = Field(min_length=1, max_length=256)
    role: Literal["operator", "supervisor", "admin", "auditor"]
    display_name: str = Field(default="", max_length=64)
    window: str | None = Field(default=None, max_length=64)

    def __repr__(self) -> str:
        """Keep the password out of every log."""
        return f"UserIn(username={self.username!r}, role={self.role!r})"


class UserOut(Answer):
    """One person who may sign in."""

    username: str
    role: Role
    display_name: str = ""
    window: str | None = None
    locked_until: AwareDatetime | None = None
    card: bool = False
    """Has a staff card."""


class CardIn(Body):
    """`POST /users/{username}/card`: the `card` itself, or the next one shown at window `next_at`."""

    card: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """As the card reader's agent tells it (StaffCardShown)."""
    next_at: Ident | None = None

    def __repr__(self) -> str:
        """Keep the card out of every log."""
        return f"CardIn(next_at={self.next_at!r})"


class CardWishOut(Answer):
    """`until` when the next card shown at `window` becomes the person's; None: it was given at once."""

    window: str | None = None
    until: AwareDatetime | None = None


class TotpOut(Answer):
    """A new second factor, shown this once; `uri` is what a QR code must hold."""

    secret: str
    uri: str


class MachineIn(Body):
    """`POST /tokens`: a token for a machine, replacing one of the same name."""

    name: str = Field(pattern=NAME)
    role: Literal["kiosk", "tablet", "display", "integration"]
    window: str | None = Field(default=None, max_length=64)


class MachineOut(Answer):
    """One machine that may come with a token."""

    name: str
    role: Role
    window: str | None = None


class SecretOut(Answer):
    """A machine's new token, shown this once."""

    name: str
    token: str
