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


class CardMedium(StrEnum):
    """What kind of thing was put on a reader; only the first two say who somebody is."""

    ID_CARD = "id-card"
    SOCIAL_SECURITY = "social-security"
    STAFF_CARD = "staff-card"
    T_UNION = "t-union"
    UNKNOWN = "unknown"


class Validity(StrEnum):
    """Whether a card's dates cover a day.  An expired card is told, not hidden: the hall decides."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


class IdCard(Message):
    """The text of one card.  `valid_to` is None for 长期 (no end); `name` is as printed on the card.

    `kind` says what sort of number it is, `medium` what it was read from.  `newest_address` is the one added
    to the chip after the card was made.  `photo` is base64 of `photo_format` (`wlt` as the card has it, or
    what a decoder made of it); both are empty unless the reader is set to keep the photo.
    """

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
    medium: CardMedium = CardMedium.ID_CARD
    newest_address: str = ""
    photo: str = ""
    photo_format: str = ""

    def validity(self, today: date) -> Validity:
        """Say whether the card's dates cover `today`; both its first and its last day count."""
        if self.valid_to is not None and today > self.valid_to:
            return Validity.EXPIRED
        if self.valid_from is not None and today < self.valid_from:
            return Validity.NOT_YET_VALID
        return Validity.VALID

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
    """`place-again`, `other-card`, `renew-card` or `call-staff`; sentences: devices.contracts.card_advice."""
    validity: Validity = Validity.VALID
    """On the day of reading; an expired card comes with advice `renew-card` and is read all the same."""

    def __repr__(self) -> str:
        """Name no person."""
        return f"CardRead(error={self.error!r}, card={self.card!r})"

    __str__ = __repr__


class CardInserted(Message):
    """Event `card-inserted` of a smart-card reader, told to the terminal's own programs only.

    `number` is a T-Union card's number and empty for all others: a person's data come by `read-card` only.
    """

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    device_id: str
    medium: CardMedium
    number: str = ""

    def __repr__(self) -> str:
        """Show no number."""
        return f"CardInserted(device_id={self.device_id!r}, medium={self.medium.value!r})"

    __str__ = __repr__


class CardRemoved(Message):
    """Event `card-removed` of a smart-card reader, told to the terminal's own programs only."""

    scope: ClassVar[Scope] = Scope.LOCAL

    device_id: str


class StaffCardShown(Message):
    """Event `staff-card-shown` at a window.  `(device_id, boot, seq)` names one showing for ever.

    `card` is HMAC-SHA256 of the card's serial number under the site's salt, as 64 hex digits: the same card
    always has the same one, and whoever lacks the salt cannot tell which card it is.
    """

    device_id: str
    window: str
    card: str = Field(pattern=r"^[0-9a-f]{64}$")
    boot: str
    seq: int
