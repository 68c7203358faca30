"""Wires the ticket kiosk: Kivy on the main thread, everything else on one asyncio thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from devices.bus.local import LocalBusClient
from kiosk.adapters.devices_bus import DevicesOnBus
from kiosk.adapters.journal import Journal
from kiosk.adapters.journal_seal import JournalProblem
from kiosk.adapters.lab_http import LabHttp
from kiosk.adapters.queue_http import QueueHttp
from kiosk.adapters.queue_offline import QueueOffline
from kiosk.flows.intake_state import Intake, start
from kiosk.i18n.catalog import load
from kiosk.presenters.intake import present
from kiosk.runner import Runner
from kiosk.settings import KioskSettings
from kiosk.ui import window

if TYPE_CHECKING:
    from kiosk.ui.app import TicketApp
    from kiosk.ui.bridge import Bridge

log = logging.getLogger(__name__)


class StartFailed(Exception):
    """The kiosk cannot start; the text is one line for a person."""


def run_ticket(settings: KioskSettings) -> None:
    """Run the ticket kiosk until it is stopped.  Raises StartFailed, SettingsError."""
    token = settings.server.read_token()
    try:
        window.prepare(
            settings.window.width,
            settings.window.height,
            fullscreen=settings.window.fullscreen,
            title=f"Tingtong {settings.terminal}",
            state_dir=settings.state_dir,
        )
        app, backstage = _build(settings, token)
    except (OSError, RuntimeError) as error:
        raise StartFailed(str(error)) from error
    backstage.start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: app.stop())
    try:
        app.run()
    finally:
        backstage.stop()
    if backstage.trouble is not None:
        raise StartFailed(backstage.trouble)


def _build(settings: KioskSettings, token: str) -> tuple[TicketApp, Backstage]:
    from kiosk.ui.app import TicketApp
    from kiosk.ui.bridge import Bridge
    from kiosk.ui.lab_screen import WindowOfLab
    from kiosk.ui.theme import FontsMissing

    bridge = Bridge()
    backstage = Backstage(settings, token, bridge)
    try:
        app = TicketApp(bridge.post, backstage.hall_now)
    except FontsMissing as error:
        raise StartFailed(str(error)) from error
    bridge.on_view(app.show)
    backstage.on_trouble = app.stop
    if settings.lab.port is not None:
        backstage.lab = LabHttp(settings.terminal, WindowOfLab(app, bridge), bridge.post)
    return app, backstage


def queue_of(settings: KioskSettings, token: str) -> QueueHttp | QueueOffline:
    """Return the queue server as this terminal uses it: with a journal where there is a place for one."""
    server = settings.server
    if settings.journal is None:
        return QueueHttp(server.url, token, settings.terminal, zone=settings.zone)
    try:
        journal = Journal(settings.journal)
    except JournalProblem as problem:
        log.error("this terminal cannot work offline: %s", problem)
        return QueueHttp(server.url, token, settings.terminal, zone=settings.zone)
    online = QueueHttp(
        server.url, token, settings.terminal, issue_tries=settings.offline.tries, zone=settings.zone
    )
    return QueueOffline(online, journal, settings.terminal)


class Backstage:
    """The asyncio thread: runner, server, machines, lab."""

    def __init__(self, settings: KioskSettings, token: str, bridge: Bridge) -> None:
        self._settings = settings
        self._token = token
        self._bridge = bridge
        self._loop = asyncio.new_event_loop()
        self._queue: QueueHttp | QueueOffline | None = None
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="backstage", daemon=True)
        self.lab: LabHttp | None = None
        self.trouble: str | None = None
        self.on_trouble: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until all is put away."""
        if self._main is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(timeout=5)

    def hall_now(self) -> datetime:
        """Return the hall's local time, by the server's clock where it is known."""
        queue = self._queue
        now = datetime.now(UTC) + (queue.clock_offset if queue is not None else timedelta())
        return now.astimezone(self._settings.zone)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._work())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            log.debug("backstage ends")
        except OSError as error:
            self.trouble = f"lab.port {self._settings.lab.port}: {error.strerror or error}"
            if self.on_trouble is not None:
                self.on_trouble()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _work(self) -> None:
        settings = self._settings
        queue = self._queue = queue_of(settings, self._token)
        bus = LocalBusClient(settings.devices.socket)
        machines = settings.devices
        devices = DevicesOnBus(bus, machines.id_reader, machines.printer, machines.scanner)
        portrait = settings.window.height > settings.window.width
        runner = Runner(
            start(settings.language, portrait=portrait), queue, devices, self._draw, now_s=self._loop.time
        )
        self._bridge.attach(self._loop, runner.take)
        connecting = asyncio.create_task(bus.connect())
        try:
            if self.lab is not None and settings.lab.port is not None:
                port = await self.lab.start(settings.lab.port)
                log.warning("lab interface is open", extra={"port": port})
            await runner.run()
        finally:
            connecting.cancel()
            if self.lab is not None:
                await self.lab.close()
            await bus.close()
            await queue.close()

    def _draw(self, state: Intake) -> None:
        self._bridge.draw(present(state, load(state.language), self._settings.terminal))
