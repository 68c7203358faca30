"""好差评: one evaluation for each ticket, voluntary.  Levels and options of domain.md section 3.2."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field, field_validator, model_validator

from queue_server.contracts.base import Answer, Body, Ident


class Level(StrEnum):
    """A name, not a digit: two official scales count in opposite directions (domain.md section 0)."""

    VERY_SATISFIED = "very-satisfied"
    SATISFIED = "satisfied"
    FAIR = "fair"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very-dissatisfied"


class EvaluationIn(Body):
    """`POST /evaluations`, by a tablet (`ticket_id`) or a citizen's phone (`token`).

    `level` is a name of Level or the national interface's digit as text or number, 5 best … 1 worst.
    """

    ticket_id: Ident | None = None
    token: Ident | None = None
    level: Level | int
    options: list[str] = Field(default=[], max_length=12)
    text: str | None = Field(default=None, max_length=500)

    @field_validator("level", mode="before")
    @classmethod
    def _no_truth(cls, level: object) -> object:
        """Refuse `true`, which counts as 1 and would say 非常不满意."""
        if isinstance(level, bool):
            raise ValueError("level is 1 to 5, 5 being very satisfied")
        return level

    @model_validator(mode="after")
    def _one_of_both(self) -> EvaluationIn:
        if (self.ticket_id is None) == (self.token is None):
            raise ValueError("give either ticket_id or token")
        if not isinstance(self.level, Level) and not 1 <= self.level <= 5:
            raise ValueError("level is 1 to 5, 5 being very satisfied")
        return self


class EvaluationOut(Answer):
    """What was recorded."""

    id: str
    ticket_id: str
    number: str
    window: str | None
    level: Level
    options: list[str]
    at: AwareDatetime
