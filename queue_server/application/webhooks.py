"""Webhooks: who is told which events, and what a delivery looks like (docs/webhooks.md).

The body is the event as on `GET /events`.  `Tingtong-Signature: t=SECONDS,v1=HEX` with the HMAC-SHA256 of
`SECONDS.BODY` under the receiver's secret, so that a receiver knows the sender and refuses what is old.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from queue_server.application.announce import public_event
from queue_server.application.ports import Tx
from queue_server.application.records import Event
from queue_server.application.webhook_ports import Hook
from queue_server.contracts.events import EventName
from queue_server.domain.errors import NotFound, QueueError

TEST_EVENT = "webhook-test"


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """`tries` of each event, pausing `first_s`, twice that … `most_s`; each try ends within `timeout_s`."""

    tries: int = 8
    timeout_s: float = 5.0
    first_s: float = 1.0
    most_s: float = 300.0
    allow_private: bool = True
    allow_loopback: bool = False
    most_hooks: int = 20
    most_dead: int = 1000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try: `status` is the receiver's answer, None when there was none; `reason` is empty when taken."""

    id: str
    seq: int
    name: str
    at: datetime
    tries: int
    status: int | None
    reason: str

    @property
    def is_taken(self) -> bool:
        """Say whether the receiver has it."""
        return self.reason == ""


@dataclass(frozen=True, slots=True)
class LineState:
    """How one receiver does: told up to `cursor`; `tries` of the next event failed; newest tries first."""

    cursor: int = 0
    tries: int = 0
    deliveries: tuple[Delivery, ...] = ()


def check_url(url: str) -> str:
    """Return the host of a receiver's address.  Raises QueueError `validation`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise QueueError("validation", reason="url: not an address") from None
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable():
        raise QueueError("validation", reason="url: http://HOST/ or https://HOST/")
    if parts.username is not None or parts.password is not None or parts.fragment or " " in url:
        raise QueueError("validation", reason="url: no user name, password, blank or fragment")
    return host


def check_patterns(patterns: tuple[str, ...]) -> None:
    """Refuse a pattern that no event's name fits.  Raises QueueError `validation`."""
    for pattern in patterns:
        if not any(fnmatchcase(name.value, pattern) for name in EventName):
            raise QueueError("validation", reason=f"events: no event is called {pattern[:40]}")


def add_hook(tx: Tx, url: str, patterns: tuple[str, ...], by: str, known: int, most: int) -> Hook:
    """Keep a new receiver, told from now on.  Raises QueueError: validation, not-possible."""
    host = check_url(url)
    check_patterns(patterns)
    if known >= most:
        raise QueueError("not-possible", reason=f"at most {most} webhooks")
    hook = Hook(tx.new_id("wh"), url, patterns, tx.new_token(), tx.now, by)
    tx.add_hook(hook)
    tx.note(f"webhook={hook.id} host={host}", action="webhook-added")  # a path may hold the receiver's secret
    return hook


def drop_hook(tx: Tx, hook_id: str) -> None:
    """Forget a receiver.  Raises NotFound."""
    if not tx.drop_hook(hook_id):
        raise NotFound(what="webhook")
    tx.note(f"webhook={hook_id}", action="webhook-removed")


def purpose_of(hook: Hook) -> str:
    """Return for what a receiver's secret is derived from the server's key."""
    return f"webhook\0{hook.id}\0{hook.salt}"


def wants(hook: Hook, event: Event) -> bool:
    """Say whether a receiver is told an event."""
    return any(fnmatchcase(event.name.value, pattern) for pattern in hook.events)


def delivery_id(hook: Hook, seq: int) -> str:
    """Return the id of an event's delivery to a receiver: the same whenever it is told again."""
    return f"{hook.id}-{seq}"


def body_of(event: Event) -> bytes:
    """Return an event as `GET /events` says it."""
    return public_event(event).model_dump_json(exclude_none=True).encode()


def headers_of(secret: str, name: str, delivery: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery that is sent at `at`."""
    seconds = int(at.timestamp())
    told = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Tingtong-Webhook/1",
        "Tingtong-Event": name,
        "Tingtong-Delivery": delivery,
        "Tingtong-Signature": f"t={seconds},v1={told}",
    }
