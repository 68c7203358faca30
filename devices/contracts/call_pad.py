"""Keys that clerks press and stars that citizens give, on the pad line of protocols section 5.1."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from devices.contracts.base import Message


class PadKey(StrEnum):
    """What a key means; the bytes stay in the driver."""

    CALL_NEXT = "call-next"
    RECALL = "recall"
    ASK_RATING = "ask-rating"
    CANCEL = "cancel"
    PAUSE = "pause"
    TRANSFER = "transfer"
    NO_SHOW = "no-show"
    HOLD = "hold"
    RESUME_HELD = "resume-held"


class KeyPressed(Message):
    """Event `key-pressed`.  `(device_id, boot, seq)` names one press for ever: a repeat is the same press."""

    device_id: str
    window: str
    key: PadKey
    boot: str
    seq: int


class RatingGiven(Message):
    """Event `rating-given`: `level` 5 (very satisfied) … 1 (very dissatisfied)."""

    device_id: str
    window: str
    level: int = Field(ge=1, le=5)
    boot: str
    seq: int


class Beep(Message):
    """Command `beep`: tell the clerk that nobody waits or that the key was refused."""

    window: str
