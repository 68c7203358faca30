"""A hall served on a real port, in a thread of its own, that a test can stop and start again."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

from tests.web.fake_app import create_fake_app
from tests.web.fake_hall import FakeHall
from tests.web.fake_lab import FakeLab

T = TypeVar("T")


class ServedApp:
    """An application behind HTTP at `url`; `make` builds it anew, on its own thread, for each start."""

    def __init__(self, make: Callable[[], FastAPI]) -> None:
        self._make = make
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Listen; returns when requests are answered."""
        listening = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            app = self._make()
            config = uvicorn.Config(app, port=self.port, log_level="error", timeout_graceful_shutdown=1)
            server = self._server = uvicorn.Server(config)
            startup = server.startup

            async def started(sockets: list[socket.socket] | None = None) -> None:
                await startup(sockets=sockets)
                listening.set()

            server.startup = started  # type: ignore[method-assign]
            await server.serve()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert listening.wait(20)

    def stop(self) -> None:
        """End every connection and stop listening."""
        assert self._server
        assert self._thread
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def do(self, change: Coroutine[Any, Any, T]) -> T:
        """Run a change of the hall on the server's own loop."""
        assert self._loop
        return asyncio.run_coroutine_threadsafe(change, self._loop).result(20)


class Served(ServedApp):
    """The fake hall: what a test changes in `hall` is seen by the pages."""

    def __init__(self, hall: FakeHall, *, lab: bool = True) -> None:
        self.hall, self._lab = hall, lab
        self.lab = FakeLab(hall)
        super().__init__(self._app)

    def _app(self) -> FastAPI:
        self.hall.changed = asyncio.Condition()
        return create_fake_app(self.hall, lab=self._lab, machines=self.lab)
