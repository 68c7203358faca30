"""What the reference store keeps of webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field

from queue_server.application.webhook_ports import DeadLetter, Hook


@dataclass
class WebhookTables:
    """What the reference store keeps of webhooks."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    last_dead: int = 0

    def __copy__(self) -> WebhookTables:
        """Return a copy; the values themselves never change."""
        return WebhookTables(dict(self.hooks), list(self.dead), self.last_dead)
