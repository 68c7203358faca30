"""Every receiver's line and its task: one that hangs or is dead delays nobody else.

The hall only ever wakes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from queue_server.adapters.webhook_http import WebhookPost
from queue_server.adapters.webhook_line import Post, WebhookLine
from queue_server.application.ports import Clock, Event, Store, Tx
from queue_server.application.webhook_ports import DeadLetter, Hook
from queue_server.application.webhooks import Delivery, LineState, WebhookRules, purpose_of
from queue_server.domain.errors import Busy, NotFound

log = logging.getLogger(__name__)
TROUBLE_S = 1.0


class WebhookSender:
    """Every receiver's line and its task."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        derive: Callable[[str], str],
        rules: WebhookRules | None = None,
        *,
        post: Callable[[WebhookRules], Post] = WebhookPost,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`derive` makes a receiver's secret from the server's key."""
        self.rules = rules or WebhookRules()
        self._store, self._clock, self._derive, self._post, self._sleep = store, clock, derive, post, sleep
        self._lines: dict[str, WebhookLine] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def wake(self, _events: list[Event] | None = None) -> None:
        """There is something to tell."""
        for line in self._lines.values():
            line.woken.set()

    def changed(self) -> None:
        """Receivers came or went."""
        self._changed.set()

    def secret_of(self, hook: Hook) -> str:
        """Return a receiver's secret."""
        return self._derive(purpose_of(hook))

    def state(self, hook_id: str) -> LineState:
        """Return how a receiver does."""
        line = self._lines.get(hook_id)
        return line.state if line else LineState()

    async def test(self, hook: Hook, token: str, by: str = "") -> Delivery:
        """Send a test now, beside what the line is at; recorded as done by `by`."""
        told = await self._join(hook).tell_test(token)
        await self._store.change(lambda tx: tx.note(_note(hook, told), action="webhook-tested"), by)
        return told

    async def retry(self, hook: Hook, letter: DeadLetter, by: str = "") -> Delivery:
        """Send a dead letter once more, now; taken, it is no longer one.  Raises NotFound."""
        events = await self._store.read(lambda view: view.events(letter.seq - 1, 1))
        if not events or events[0].seq != letter.seq:
            raise NotFound(what="event")
        told = await self._join(hook).tell(events[0], letter.tries + 1)

        def keep(tx: Tx) -> None:
            if told.is_taken:
                tx.drop_dead(hook.id, letter.n)
            tx.note(f"{_note(hook, told)} n={letter.n}", action="webhook-retried")

        await self._store.change(keep, by)
        return told

    async def run_forever(self) -> None:
        """Tell everybody, for ever."""
        try:
            while True:
                self._changed.clear()
                self._follow(await self._store.read(lambda view: view.hooks()))
                await self._changed.wait()
        finally:
            for hook_id in list(self._tasks):
                self._leave(hook_id)

    def _follow(self, hooks: Sequence[Hook]) -> None:
        wanted = {hook.id: hook for hook in hooks}
        for hook_id in set(self._tasks) - set(wanted):
            self._leave(hook_id)
        for hook_id in wanted.keys() - self._tasks.keys():
            self._join(wanted[hook_id])

    def _join(self, hook: Hook) -> WebhookLine:
        """Return a receiver's line, begun if it is new."""
        line = self._lines.get(hook.id)
        if line is None:
            secret, post = self.secret_of(hook), self._post(self.rules)
            line = WebhookLine(self._store, self._clock, hook, secret, post, self.rules)
            self._lines[hook.id] = line
            self._tasks[hook.id] = asyncio.create_task(self._run(line), name=f"webhook {hook.id}")
        return line

    def _leave(self, hook_id: str) -> None:
        self._tasks.pop(hook_id).cancel()
        self._lines.pop(hook_id, None)

    async def _run(self, line: WebhookLine) -> None:
        try:
            loaded = False
            while True:
                line.woken.clear()
                try:
                    if not loaded:
                        await line.load()
                        loaded = True
                    pause_s = await line.step()
                except Busy:
                    pause_s = TROUBLE_S
                except Exception:
                    log.exception("a webhook's line stumbled", extra={"webhook": line.hook.id})
                    pause_s = TROUBLE_S
                if pause_s is None:
                    await line.woken.wait()
                elif pause_s > 0:
                    await self._sleep(pause_s)
        finally:
            await line.close()


def _note(hook: Hook, told: Delivery) -> str:
    return f"webhook={hook.id} {told.reason or 'taken'}"
