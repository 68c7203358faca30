"""What webhooks need of a store: who is told, and what could not be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from queue_server.contracts.events import EventName


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver.  `events` are name patterns (`ticket-*`); the secret is derived from `salt`, not kept."""

    id: str
    url: str
    events: tuple[str, ...]
    salt: str
    made_at: datetime
    made_by: str

    @property
    def consumer(self) -> str:
        """The name of its cursor over the events."""
        return f"webhook:{self.id}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a receiver did not take; `n` counts all of them, `reason` is a status or a short word."""

    n: int
    hook: str
    seq: int
    name: EventName
    at: datetime
    tries: int
    reason: str


class WebhookTx(Protocol):
    """The writing half; part of `Tx`."""

    def add_hook(self, hook: Hook) -> None:
        """Keep a new receiver; it is told what happens from now on."""
        ...

    def drop_hook(self, hook_id: str) -> bool:
        """Forget a receiver with its cursor and its dead letters; False when it is not known."""
        ...

    def move_hook(self, hook: Hook, seq: int) -> None:
        """Remember how far a receiver was told; nothing happens for one that was dropped meanwhile."""
        ...

    def add_dead(self, letter: DeadLetter, most: int) -> None:
        """Keep a dead letter under the next number (`letter.n` is not used); beyond `most` the oldest go.

        Nothing happens for a receiver that was dropped meanwhile.
        """
        ...

    def drop_dead(self, hook_id: str, n: int) -> bool:
        """Forget a dead letter; False when it is not known."""
        ...


class WebhookView(Protocol):
    """The reading half; part of `View`."""

    def hooks(self) -> Sequence[Hook]:
        """Return every receiver, the oldest first."""
        ...

    def dead_letters(self, hook_id: str) -> Sequence[DeadLetter]:
        """Return what a receiver did not take, the oldest first."""
        ...
