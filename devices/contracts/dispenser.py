"""Letting a card out of a dispenser and knowing whether it really came."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from devices.contracts.base import Message
from devices.contracts.health import Storage


class CardCommand(Message):
    """What the commands share.  One id moves one card at most: the same id is answered the same again."""

    command_id: str = Field(min_length=1, max_length=64)


class DispenseCard(CardCommand):
    """Command `dispense-card`: one card out of the stacker, to the citizen."""


class CaptureCard(CardCommand):
    """Command `capture-card`: a card that nobody took goes into the bin."""


class ResetDispenser(CardCommand):
    """Command `reset-dispenser`: initialise, after somebody has cleared a jam."""


class CardOutcome(StrEnum):
    """What became of one command."""

    DONE = "done"
    FAILED = "failed"
    """No card was moved."""
    UNKNOWN = "unknown"
    """A card may have moved: somebody looks before another is let out."""


class CardProof(StrEnum):
    """What DONE rests on."""

    EXIT_SENSOR = "exit-sensor"
    TAKEN = "taken"
    """The machine noticed that the card was taken."""
    WORK_STATE = "work-state"
    """The machine says of itself that its last dispensing succeeded."""
    CAPTURED = "captured"
    NONE = "none"


class CardResult(Message):
    """Result of each command.

    Reasons: `cards-out, card-jam, card-at-exit, bin-full, busy, dispense-error, capture-error, no-card,
    overlap, refused, not-ready, not-supported, no-proof, no-answer, interrupted, expired, no-expiry,
    state-dir`; empty
    when done.
    """

    command_id: str
    outcome: CardOutcome
    proof: CardProof = CardProof.NONE
    reason: str = ""
    stacker: Storage | None = None
    bin: Storage | None = None
