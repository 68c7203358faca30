"""Builds an agent from its settings: buses, sessions, roles; then runs until told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from devices import registry
from devices.agent.buses import Buses
from devices.agent.home_assistant import announcement, config_topic
from devices.agent.roles.base import Post, Role
from devices.agent.roles.board import BoardRole
from devices.agent.roles.card_reader import CardReaderRole
from devices.agent.roles.digit_line import DigitLineRole
from devices.agent.roles.dispenser import DispenserRole
from devices.agent.roles.document_printer import DocumentPrinterRole
from devices.agent.roles.id_reader import IdReaderRole
from devices.agent.roles.light import LightRole
from devices.agent.roles.pads import PadLineRole
from devices.agent.roles.printer import PrinterRole
from devices.agent.roles.scanner import ScannerRole
from devices.agent.roles.speaker import SpeakerRole
from devices.agent.roles.tax_machine import TaxMachineRole
from devices.agent.settings import AgentSettings, DeviceSettings, MqttSettings
from devices.agent.tasks import run_together
from devices.bus.base import envelope_of
from devices.bus.guard import GuardedBus
from devices.bus.local import LocalBusServer
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.health import AgentState, DeviceStatus
from devices.errors import TransportError
from devices.runtime.toml_settings import nearest, plainly
from devices.session import Parts, Session
from devices.spec import DriverSpec
from devices.transports.audio import AlsaAudio, NetworkAudio
from devices.transports.cups import open_cups
from devices.transports.datagram import open_udp
from devices.transports.input_device import open_input
from devices.transports.mqtt_topics import MqttTopics, open_topics
from devices.transports.pcsc import open_pcsc
from devices.transports.places import Place, parse_place
from devices.transports.stream import open_serial, open_tcp
from devices.transports.usb_printer import open_usb_printer

ROLES = {
    "id-reader": IdReaderRole,
    "card-reader": CardReaderRole,
    "printer": PrinterRole,
    "document-printer": DocumentPrinterRole,
    "led-board": BoardRole,
    "digit-line": DigitLineRole,
    "light": LightRole,
    "pad-line": PadLineRole,
    "scanner": ScannerRole,
    "speaker": SpeakerRole,
    "dispenser": DispenserRole,
    "tax-machine": TaxMachineRole,
}
log = logging.getLogger(__name__)


WIRE_FORMS = (
    ("apdu", "pcsc", "pcsc:READER"),
    ("spool", "cups", "cups:QUEUE"),
    ("topics", "mqtt", "mqtt:site"),
)
"""Wires that have one kind of place each, and how it is written."""


DUTIES = {
    "led-board": ("window", 'window = "3"'),
    "light": ("window", 'window = "3"'),
    "pad-line": ("windows", 'windows = { 1 = "3" } (address = window)'),
    "digit-line": ("windows", 'windows = { 1 = "3" } (unit = window)'),
    "speaker": ("audio_zone", 'audio_zone = "AZ1"'),
}
"""Kind -> the key without which a machine serves nobody, and how it is written."""
ALONE = ("serial", "usblp", "input")
"""Kinds of place that one machine has to itself: they are opened exclusively."""


class BadDevice(Exception):
    """A configured machine cannot be built; the text names it and the remedy."""


def check_device(device: DeviceSettings) -> tuple[DriverSpec, BaseModel]:
    """Return the machine's driver and its validated settings.  Raises BadDevice."""
    try:
        spec = registry.find(device.driver)
    except registry.UnknownDriver as error:
        raise BadDevice(f"device {device.id}: {error}") from error
    try:
        settings = spec.settings.model_validate(device.settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadDevice(f"device {device.id}: {_explain(first, spec)} (see {spec.doc})") from error
    place = parse_place(device.wire)
    for wire, kind, form in WIRE_FORMS:
        if (spec.wire == wire) != (place.kind == kind):
            needs = form if spec.wire == wire else "another wire"
            raise BadDevice(
                f"device {device.id}: {device.driver} needs {needs}, not {device.wire} (see {spec.doc})"
            )
    if spec.wire == "bytes" and place.kind not in spec.places:
        forms = {
            "serial": "serial:…",
            "tcp": "tcp://…",
            "udp": "udp://…",
            "usblp": "usblp:/dev/…",
            "input": "input:…",
        }
        needs = " or ".join(forms.get(kind, kind) for kind in spec.places)
        raise BadDevice(f"device {device.id}: {device.driver} needs {needs}, not {device.wire}")
    return spec, settings


def check_duty(devices: Sequence[DeviceSettings]) -> None:
    """Say of machines that could be built why they would have nothing to do.  Raises BadDevice."""
    owners: dict[str, str] = {}
    for device in devices:
        spec, _ = check_device(device)
        key, example = DUTIES.get(spec.kind, ("", ""))
        if key and not getattr(device, key):
            raise BadDevice(f"device {device.id}: a {spec.kind} needs to know whom it serves; add {example}")
        place = parse_place(device.wire)
        if place.kind in ALONE and (owner := owners.setdefault(place.target, device.id)) != device.id:
            raise BadDevice(
                f"device {device.id}: {place.target} is the wire of {owner} already; give each its own port, "
                "or use one machine for the whole line"
            )


def _explain(mistake: Mapping[str, Any], spec: DriverSpec) -> str:
    """Return one mistake in a driver's settings in one line."""
    place = [str(part) for part in mistake["loc"]]
    key = ".".join(("settings", *place))
    if mistake["type"] == "extra_forbidden" and len(place) == 1:
        return f"unknown key {key!r}; {nearest(place[0], list(spec.settings.model_fields))}"
    if mistake["type"] == "missing":
        return f"key {key!r} is missing"
    return f"{key}: {plainly(mistake['type'], mistake['msg'])}"


async def open_wire(spec: DriverSpec, wire: str, broker: MqttSettings | None = None) -> Any:
    """Open the wire that a driver needs; `mqtt:site` is on `broker`.  Raises TransportError."""
    place = parse_place(wire)
    if place.kind == "mqtt":
        return await _open_topics(place, broker)
    if spec.wire == "audio":
        return AlsaAudio(place.target) if place.kind == "alsa" else NetworkAudio(place.target, place.number)
    if place.kind == "pcsc":
        return await open_pcsc(place.target)
    if place.kind == "cups":
        return await open_cups(place.target)
    if place.kind == "usblp":
        return await open_usb_printer(place.target)
    if place.kind == "input":
        return await open_input(place.target)
    if place.kind == "udp":
        return await open_udp(place.target, place.number)
    if place.kind == "tcp":
        return await open_tcp(place.target, place.number)
    return await open_serial(place.target, place.number or spec.baud)


async def _open_topics(place: Place, broker: MqttSettings | None) -> MqttTopics:
    if place.target:
        return await open_topics(place.target, place.number)
    if broker is None:
        raise TransportError("mqtt:site needs the table [mqtt] of the agent")
    return await open_topics(broker.host, broker.port, broker.username, broker.password, broker.tls_context())


class Agent:
    """One process's machines.  `run` returns only when cancelled or when the local socket is taken."""

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._mqtt: MqttBus | None = None
        self._local: LocalBusServer | None = None
        if settings.mqtt is not None:
            self._mqtt = self._make_mqtt()
        if settings.local_socket is not None:
            self._local = LocalBusServer(Path(settings.local_socket))
        broker = settings.mqtt
        guarded = GuardedBus(self._mqtt, broker.clock_skew_s) if self._mqtt and broker else None
        self._buses = Buses(settings.site, guarded, self._local, broker)

    async def run(self) -> None:
        """Start all machines and keep them.  Raises BadDevice, FileExistsError."""
        roles = [self._make_role(device) for device in self._settings.device]
        if self._local is not None:
            await self._local.start()
        connecting = asyncio.create_task(self._mqtt.connect()) if self._mqtt is not None else None
        log.info("agent %s: %d machines", self._settings.id, len(roles))
        try:
            if roles:
                await run_together(*(role.run() for role in roles))
            else:
                await asyncio.Event().wait()
        finally:
            await self._stop(connecting)

    async def _stop(self, connecting: asyncio.Task[None] | None) -> None:
        if connecting is not None:
            connecting.cancel()
        if self._mqtt is not None:
            await self._say_goodbye(self._mqtt)
            await self._mqtt.close()
        await self._buses.close()
        if self._local is not None:
            await self._local.close()

    async def _say_goodbye(self, bus: MqttBus) -> None:
        if bus.connected.is_set():
            topic = topics.agent_state(self._settings.site, self._settings.id)
            state = AgentState(agent_id=self._settings.id, status=DeviceStatus.OFFLINE)
            await bus.publish(topic, envelope_of(state), retain=True)

    def _make_mqtt(self) -> MqttBus:
        mine, broker = self._settings, self._settings.mqtt
        if broker is None:
            raise ValueError("no [mqtt] table")
        topic = topics.agent_state(mine.site, mine.id)
        gone = envelope_of(AgentState(agent_id=mine.id, status=DeviceStatus.OFFLINE), now=datetime.now(UTC))
        return MqttBus(
            broker.host,
            broker.port,
            f"agent-{mine.id}",
            broker.username,
            broker.password,
            will=(topic, gone),
            on_connect=self._greet,
            tls=broker.tls_context(),
            session_s=broker.session_s,
        )

    async def _greet(self) -> None:
        if self._mqtt is None:
            return
        here = AgentState(agent_id=self._settings.id, status=DeviceStatus.ONLINE)
        topic = topics.agent_state(self._settings.site, self._settings.id)
        await self._mqtt.publish(topic, envelope_of(here), retain=True)
        await self._announce(self._mqtt)

    async def _announce(self, bus: MqttBus) -> None:
        """Tell Home Assistant of the machines, or take back what was told.  Raises BusClosed."""
        mine = self._settings
        if mine.home_assistant is None:
            return
        for device in mine.device:
            topic = config_topic(mine.home_assistant.prefix, mine.site, device.id)
            about = announcement(mine.site, device.id, registry.find(device.driver))
            await bus.retain(topic, about if mine.home_assistant.enabled else b"")

    def _make_role(self, device: DeviceSettings) -> Role:
        spec, settings = check_device(device)

        def make_session(**hooks: Any) -> Session:
            return Session(
                Parts(
                    device_id=device.id,
                    kind=spec.kind,
                    driver=spec.name,
                    open_wire=lambda: open_wire(spec, device.wire, self._settings.mqtt),
                    build=lambda wire: spec.build(device.id, wire, settings),
                    tell=self._buses.tell_health,
                    check_s=device.check_s,
                    supplies=dict(device.supplies),
                    **hooks,
                )
            )

        mine = self._settings
        post = Post(device, self._buses, make_session, mine.staff_card_salt, mine.state_dir)
        role: Role = ROLES[spec.kind](post)
        return role
