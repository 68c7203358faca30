"""Webhooks as the settings have them."""

from __future__ import annotations

from collections.abc import Callable

from queue_server.adapters.webhook_sender import WebhookSender
from queue_server.application.ports import Clock, Store
from queue_server.application.webhooks import WebhookRules
from queue_server.settings import WebhookSettings


def webhook_sender(
    store: Store, clock: Clock, derive: Callable[[str], str], settings: WebhookSettings
) -> WebhookSender:
    """Return what tells the hall's receivers."""
    rules = WebhookRules(
        tries=settings.tries,
        timeout_s=settings.timeout_s,
        first_s=settings.first_retry_s,
        most_s=settings.most_retry_s,
        allow_private=settings.allow_private,
        allow_loopback=settings.allow_loopback,
        most_hooks=settings.most,
        most_dead=settings.most_dead,
    )
    return WebhookSender(store, clock, derive, rules)
