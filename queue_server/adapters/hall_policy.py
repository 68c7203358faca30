"""The tables `[policy]` and `[[priority]]` of `hall.toml`; their fields mean what `domain.policy` says."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from queue_server.domain.policy import Order, Policy, PriorityClass


class PriorityTable(BaseModel):
    """`[[priority]]`: a green-channel class, see `PriorityClass`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[A-Z0-9_-]{1,32}$")
    name: str
    en: str = ""
    rule: str = ""
    head_start_min: int = Field(default=120, ge=0, le=600)
    rate: float = Field(default=2.0, ge=1, le=10)
    weight: int = Field(default=2, ge=0, le=100)
    min_age: int | None = Field(default=None, ge=1, le=120)
    accessible: bool = False


class PolicyTable(BaseModel):
    """`[policy]`: see `Policy`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Order = Order.ACCUMULATING
    overdue_min: int = Field(default=90, ge=1, le=600)
    green_burst: int = Field(default=2, ge=1, le=100)
    normals_per_green: int = Field(default=1, ge=1, le=100)
    skill_step_min: int = Field(default=20, ge=0, le=600)
    short_first: float = Field(default=1.0, ge=0, le=1)


def policy_of(table: PolicyTable, classes: Iterable[PriorityTable]) -> Policy:
    """Return the policy of the two tables."""
    made = {one.code: PriorityClass(**one.model_dump()) for one in classes}
    return Policy(classes=made, **table.model_dump())
