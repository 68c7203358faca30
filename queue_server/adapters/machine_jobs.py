"""What a machine of the hall asks for is done once, whatever its line repeats, and never ends a listener."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from devices.bus.base import Received, Subscription
from devices.contracts import topics
from devices.contracts.base import Message
from queue_server.application.audit import TRACE, Told
from queue_server.application.ports import Outcome, RequestKey, Store, Tx
from queue_server.domain.errors import Busy, QueueError

Body = TypeVar("Body", bound=Message)
log = logging.getLogger(__name__)
BUSY_RETRY_S = 0.05
DONE, NOBODY, REFUSED = 200, 204, 409


def request_of(device_id: str, boot: str, seq: int, digest: str) -> RequestKey:
    """Return the name for ever of what a machine told."""
    return RequestKey(f"{boot}:{seq}", f"device:{device_id}", digest)


async def done_once(store: Store, request: RequestKey, job: Callable[[Tx], Outcome], told: Told) -> int:
    """Run a job once; return its status, REFUSED for any refusal."""
    while True:
        trace = TRACE.set(lambda: told)
        try:
            return (await store.run(request, job)).status
        except Busy:
            await asyncio.sleep(BUSY_RETRY_S)
        except QueueError as error:
            log.info("refused", extra={"actor": request.actor, "code": error.error_code})
            return REFUSED
        except Exception:
            log.exception("a machine's message failed", extra={"actor": request.actor})
            return REFUSED
        finally:
            TRACE.reset(trace)


async def each(subscription: Subscription[Body], handle: Callable[[Body], Awaitable[object]]) -> None:
    """Handle what comes, one message after the other; what a machine says in another's name is dropped."""
    async for message in subscription:
        if is_honest(message):
            await handle(message.body)


def is_honest(message: Received[Body]) -> bool:
    """Say whether the machine that a body names is the one in whose topic it came."""
    named = getattr(message.body, "device_id", None)
    if named is None or named == topics.device_of(message.topic):
        return True
    log.warning("a message in another machine's name was dropped; look who may publish to %s", message.topic)
    return False
