"""Reading an identity card.  Everything here stays on the terminal."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from devices.contracts.base import Message, Scope


class CardKind(StrEnum):
    """Which of the four layouts of the SAM_V text block the card has."""

    CITIZEN = "citizen"
    HMT = "hmt"
    FOREIGNER_2017 = "foreigner-2017"
    FOREIGNER_2023 = "foreigner-2023"


class IdCard(Message):
    """The text of one card.  `valid_to` is None for 长期 (no end); `name` is as printed on the card."""

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    kind: CardKind
    name: str
    english_name: str = ""
    sex: Literal["0", "1", "2", "9"] = "0"
    nation: str = ""
    birth: date
    address: str = ""
    id_number: str
    issuer: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def __repr__(self) -> str:
        """Name no person: a card may end in a traceback."""
        return f"IdCard(kind={self.kind.value!r}, …)"

    __str__ = __repr__


class ReadCard(Message):
    """Command `read-card`: wait for a card and read it, for at most `timeout_s`."""

    scope: ClassVar[Scope] = Scope.LOCAL

    timeout_s: float = Field(default=30, gt=0, le=600)


class StopReading(Message):
    """Command `stop-reading`: nobody waits for the card any more."""

    scope: ClassVar[Scope] = Scope.LOCAL


class CardRead(Message):
    """Result of `read-card`: the card, or a stable `error`.

    Errors: `timeout`, `read-failed`, `stopped`, `reader-fault`.
    """

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    card: IdCard | None = None
    error: str | None = None
    advice: str | None = None
    """`place-again` or `call-staff`: what the screen should say."""
