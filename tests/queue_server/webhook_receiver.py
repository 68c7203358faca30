"""A real receiver of webhooks on a port of its own, and one without a wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from queue_server.adapters.webhook_http import Answer


@dataclass
class Receiver:
    """Answers `status`, or hangs until `released`; remembers what it was sent."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        self.arrived.set()
        if self.hangs:
            await self.released.wait()
        location = {"Location": "/elsewhere"} if 300 <= self.status < 400 else None
        return web.Response(status=self.status, headers=location)

    @property
    def deliveries(self) -> list[str]:
        return [one["Tingtong-Delivery"] for one in self.headers]

    async def got(self, count: int) -> None:
        """Return when `count` deliveries came."""
        async with asyncio.timeout(10):
            while len(self.bodies) < count:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        receiver.released.set()
        await runner.cleanup()


@dataclass
class Wireless:
    """A way to a receiver that answers what `answer` says to the body."""

    answer: Callable[[bytes], Answer]
    taken: list[bytes] = field(default_factory=list)
    tried: list[bytes] = field(default_factory=list)

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.tried.append(body)
        answer = self.answer(body)
        if not answer.reason:
            self.taken.append(body)
        return answer

    async def close(self) -> None:
        """Nothing is open."""
