"""Signing in."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from queue_server.contracts.base import Answer, Body


class Role(StrEnum):
    """Machines and people (interfaces, section 2)."""

    KIOSK = "kiosk"
    TABLET = "tablet"
    DISPLAY = "display"
    INTEGRATION = "integration"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"


class LoginIn(Body):
    """A person's name and password."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    totp: str | None = Field(default=None, pattern="^[0-9]{6}$", description="one-time code, if there is one")

    def __repr__(self) -> str:
        """Keep the password out of every log."""
        return f"LoginIn(username={self.username!r}, password=…)"


class PasswordIn(Body):
    """`POST /auth/password`: one's own password, changed."""

    old: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=1, max_length=256)

    def __repr__(self) -> str:
        """Keep both out of every log."""
        return "PasswordIn(old=…, new=…)"

    __str__ = __repr__


class MeOut(Answer):
    """Who is asking."""

    username: str
    role: Role
    display_name: str = ""
    window: str | None = None
