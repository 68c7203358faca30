"""Webhooks of the reference store; a part of MemoryTx."""

from __future__ import annotations

from dataclasses import replace

from queue_server.adapters.memory_tables import Tables
from queue_server.application.webhook_ports import DeadLetter, Hook


class MemoryWebhooks:
    """Reading and writing."""

    _tables: Tables

    def add_hook(self, hook: Hook) -> None:
        """Keep a new receiver, its cursor at the newest event."""
        self._tables.webhooks.hooks[hook.id] = hook
        events = self._tables.events
        self._tables.cursors[hook.consumer] = events[-1].seq if events else 0

    def drop_hook(self, hook_id: str) -> bool:
        """Forget a receiver and what is kept of it."""
        kept = self._tables.webhooks
        gone = kept.hooks.pop(hook_id, None)
        kept.dead = [letter for letter in kept.dead if letter.hook != hook_id]
        self._tables.cursors.pop(f"webhook:{hook_id}", None)
        return gone is not None

    def move_hook(self, hook: Hook, seq: int) -> None:
        """Remember how far a receiver was told."""
        if hook.id in self._tables.webhooks.hooks:
            self._tables.cursors[hook.consumer] = seq

    def add_dead(self, letter: DeadLetter, most: int) -> None:
        """Keep a dead letter; beyond `most` the oldest go."""
        kept = self._tables.webhooks
        if letter.hook not in kept.hooks:
            return
        kept.last_dead += 1
        kept.dead.append(replace(letter, n=kept.last_dead))
        mine = self.dead_letters(letter.hook)
        for old in mine[: max(0, len(mine) - most)]:
            kept.dead.remove(old)

    def drop_dead(self, hook_id: str, n: int) -> bool:
        """Forget a dead letter."""
        kept = self._tables.webhooks
        before = len(kept.dead)
        kept.dead = [letter for letter in kept.dead if (letter.hook, letter.n) != (hook_id, n)]
        return len(kept.dead) < before

    def hooks(self) -> list[Hook]:
        """Return every receiver."""
        return list(self._tables.webhooks.hooks.values())

    def dead_letters(self, hook_id: str) -> list[DeadLetter]:
        """Return what a receiver did not take."""
        return [letter for letter in self._tables.webhooks.dead if letter.hook == hook_id]
