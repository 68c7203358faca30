"""Wires one hall server: the only place that knows every part."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from devices.bus.base import Bus
from devices.bus.mqtt import MqttBus
from devices.runtime.tasks import end
from queue_server.adapters.auto_caller import AutoCaller
from queue_server.adapters.card_listener import CardListener
from queue_server.adapters.clock import DemoClock, SystemClock
from queue_server.adapters.embedded_broker import EmbeddedBroker
from queue_server.adapters.hall_file import load_hall
from queue_server.adapters.identity import Identity, load_identity
from queue_server.adapters.machines import BusMachines
from queue_server.adapters.outbox_relay import EventStream, OutboxRelay
from queue_server.adapters.pad_listener import PadListener
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.audit import AuditFilter
from queue_server.application.expire_day import expire_day
from queue_server.application.retention import Keep
from queue_server.bootstrap import demo_people
from queue_server.bootstrap.account_rules import account_rules
from queue_server.bootstrap.problems import ServeProblem
from queue_server.bootstrap.retention import forget_old
from queue_server.bootstrap.webhooks import webhook_sender
from queue_server.contracts.auth import Role
from queue_server.domain.errors import Busy
from queue_server.domain.hall import CallRules, Hall
from queue_server.http.accounts import Accounts, Principal, digest_of
from queue_server.http.app import attach, create_app
from queue_server.http.context import Context, Lab
from queue_server.http.hall_reader import HallReader
from queue_server.http.hub import HEARTBEAT_S, Hub
from queue_server.settings import ServerSettings

log = logging.getLogger(__name__)
RECENT_EVENTS = 1024


def hall_of(settings: ServerSettings) -> Hall:
    """Return the hall of the settings.  Raises SettingsError."""
    calling = settings.calling
    rules = CallRules(
        calling.call_debounce_s,
        calling.next_while_called,
        calling.next_while_serving,
        calling.next_while_paused,
        calling.takeover,
        calling.card_toggles,
    )
    demo = settings.lab.enabled or settings.demo.always_open or settings.demo.auto_sign_in
    return load_hall(
        settings.hall,
        calling=rules,
        always_open=settings.demo.always_open,
        demo=demo,
        public_url=settings.public_url,
        caps_times=settings.demo.caps_times,
    )


class Server:
    """One hall server's parts, from opening the database to the last goodbye."""

    def __init__(self, settings: ServerSettings, bus: Bus | None = None) -> None:
        """Open what can fail before anything listens.  Raises SettingsError, DatabaseProblem, BrokerProblem.

        `bus` replaces MQTT, for tests.
        """
        self.settings = settings
        settings.mqtt.tls_context()
        self.hall = hall_of(settings)
        self.clock = DemoClock() if self.hall.demo else SystemClock()
        self._identity = _identity(settings.state_dir)
        self._broker: EmbeddedBroker | None = None
        self._bus: Bus | None = bus
        if bus is None and settings.mqtt.enabled and settings.mqtt.embedded:
            self._broker = EmbeddedBroker(settings.mqtt.port, settings.state_dir)
            self._broker.start()
        try:
            self.store = SqliteStore(settings.database_path, self.hall, self.clock, self._identity)
        except BaseException:
            self.stop_broker()
            raise
        self.hub: Hub | None = None
        self._relay: OutboxRelay | None = None
        self._stream: EventStream | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.app = self._make_app()

    def stop_broker(self) -> None:
        """End the broker's process."""
        if self._broker is not None:
            self._broker.stop()

    def _make_app(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            await self._start(app)
            try:
                yield
            finally:
                await self.stop()

        settings = self.settings
        open_tablets = self.hall.demo and settings.http.open_tablets
        app = create_app(
            lifespan=lifespan,
            screen_pass=self._identity.derived("screen-pass"),
            tablet_pass=self._identity.derived("tablet-pass") if open_tablets else None,
            with_lab=settings.lab.enabled,
        )
        if importlib.util.find_spec("queue_server.web.pages") is not None:
            from queue_server.web.pages import mount

            mount(app, settings)
        return app

    async def _start(self, app: FastAPI) -> None:
        """On the event loop: accounts, hub, bus, relay, listeners."""
        store, clock, hall = self.store, self.clock, self.hall
        last = await store.read(lambda view: view.seq)
        recent = await store.read(lambda view: view.events(max(0, last - RECENT_EVENTS), RECENT_EVENTS))
        hub = self.hub = Hub(clock, list(recent))
        store.on_commit(hub.publish)
        accounts = Accounts(
            store,
            clock,
            self._passes(),
            rules=account_rules(self.settings.accounts),
            session_clock=SystemClock(),
            derive=self._identity.derived,
        )
        await store.change(expire_day, "system")
        context = Context(
            store=store,
            hall=hall,
            clock=clock,
            accounts=accounts,
            hub=hub,
            reader=HallReader(store, hall, clock, lambda: hub.seq),
            lab=await self._lab(accounts),
            metrics=self._metrics,
            problems=self._problems,
            digest_key=self._identity.derived("request-digest").encode(),
        )
        if self.settings.demo.auto_sign_in:
            await demo_people.sign_clerks_in(store, hall)
        attach(app, context)
        self._spawn("heartbeat", hub.beat_forever)
        self._spawn("days", self._watch_days)
        if self._broker is not None:
            self._spawn("broker", self._watch_broker)
        caller = AutoCaller(store)
        store.on_commit(caller.wake)
        self._spawn("auto-call", caller.run_forever)
        derive = self._identity.derived
        context.webhooks = sender = webhook_sender(store, clock, derive, self.settings.webhooks)
        store.on_commit(sender.wake)
        self._spawn("webhooks", sender.run_forever)
        await self._start_bus(context)

    async def _start_bus(self, context: Context) -> None:
        mqtt = self.settings.mqtt
        if self._bus is None and mqtt.enabled:
            self._bus = MqttBus(
                mqtt.host,
                mqtt.port,
                f"queue-server-{self.hall.site}",
                mqtt.username,
                mqtt.password.get_secret_value() if mqtt.password else None,
                on_connect=self._on_connect,
                tls=mqtt.tls_context(),
            )
        if self._bus is None:
            return
        relay = self._relay = OutboxRelay(self.store, self.hall, self.clock, self._bus)
        stream = self._stream = EventStream(self.store, self.hall, self.clock, self._bus)
        self.store.on_commit(relay.wake)
        self.store.on_commit(stream.wake)
        machines = BusMachines(self.hall.site, self._bus, self.settings.printers)
        context.machines = machines
        pads = PadListener(self.store, self.hall.site, self._bus)
        await machines.open()
        cards = CardListener(self.store, self.hall.site, self._bus)
        await pads.open()
        await cards.open()
        if isinstance(self._bus, MqttBus):
            self._spawn("mqtt", self._bus.connect)
        self._spawn("relay", relay.run_forever)
        self._spawn("event-stream", stream.run_forever)
        self._spawn("pads", pads.run_forever)
        self._spawn("cards", cards.run_forever)
        self._spawn("machines", machines.run_forever)

    async def _on_connect(self) -> None:
        """Tell the retained state anew: an embedded broker forgets it."""
        for follower in (self._relay, self._stream):
            if follower is not None:
                follower.refresh()

    def _passes(self) -> dict[str, Principal]:
        derived = self._identity.derived
        return {
            digest_of(derived("screen-pass")): Principal(Role.DISPLAY, "screen"),
            digest_of(derived("tablet-pass")): Principal(Role.TABLET, "open-tablet"),
        }

    async def _lab(self, accounts: Accounts) -> Lab | None:
        lab = self.settings.lab
        if not lab.enabled:
            return None
        credentials = await demo_people.make(accounts, self._identity, self.store)
        return Lab(lab.sims_url.rstrip("/"), lab.kiosk_url.rstrip("/"), credentials, self._new_time)

    async def _new_time(self) -> None:
        """The demonstration's clock was moved."""
        await self.store.change(expire_day, "system")
        if self.hub is not None:
            self.hub.heartbeat()
        if self._relay is not None:
            self._relay.refresh()

    async def _forget_and_seal(self) -> None:
        """Forget what is too old; log the audit's head, so that a copy of it lies outside the database."""
        kept = self.settings.retention
        try:
            await forget_old(self.store, Keep(kept.answer_days, kept.identity_days))
        except Busy:
            log.warning("the retention waits for a calmer hour")
        newest = await self.store.read(lambda view: view.audit(AuditFilter(limit=1)))
        if newest:
            log.info("audit head", extra={"head": f"{newest[0].seq}:{newest[0].hash}"})

    async def _watch_days(self) -> None:
        """Expire what is open when a business day ends (closing time and a while) or a new one begins."""
        day = self.hall.expires_before(self.clock.now())
        await self._forget_and_seal()
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            today = self.hall.expires_before(self.clock.now())
            if today != day:
                day = today
                count = await self.store.change(expire_day, "system")
                log.info("a new business day", extra={"day": day, "expired": count})
                await self._forget_and_seal()

    async def _watch_broker(self) -> None:
        """Start the embedded broker again when its process died; the relay then tells everything anew."""
        while self._broker is not None:
            await asyncio.sleep(HEARTBEAT_S)
            if not self._broker.is_running:
                log.error("the embedded broker died; starting it again")
                self._broker.stop()
                await asyncio.to_thread(self._broker.start)

    def _spawn(self, name: str, run: Callable[[], Awaitable[Any]]) -> None:
        async def watched() -> None:
            try:
                await run()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("a background task ended", extra={"task": name})
                raise

        self._tasks.append(asyncio.create_task(watched(), name=name))

    def _problems(self) -> list[str]:
        dead = [f"{task.get_name()} has stopped" for task in self._tasks if _has_failed(task)]
        behind = self._relay is not None and self._relay.is_behind
        if self._broker is not None and not self._broker.is_running:
            dead.append("the embedded MQTT broker has died")
        return dead + (["the MQTT broker does not take events"] if behind else [])

    def _metrics(self) -> dict[str, float]:
        figures = {"tingtong_store_pending": float(self.store.pending)}
        for follower in (self._relay, self._stream):
            if follower is not None and self.hub is not None:
                lag = float(max(0, self.hub.seq - follower.cursor))
                figures[f"tingtong_{follower.name.replace('-', '_')}_lag_events"] = lag
        return figures

    async def stop(self) -> None:
        """Say goodbye in the opposite order; what was accepted is on disk."""
        if self.hub is not None:
            self.hub.close()
        await end(self._tasks)
        for follower in (self._relay, self._stream):
            if follower is not None:
                await follower.save()
        if self._bus is not None:
            await self._bus.close()
        await self.store.close()
        self.stop_broker()


def _has_failed(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _identity(state_dir: Path) -> Identity:
    try:
        return load_identity(state_dir)
    except OSError as error:
        raise ServeProblem(f"{state_dir}: cannot be used as state_dir: {error.strerror}") from error
    except ValueError as error:
        raise ServeProblem(str(error)) from error
