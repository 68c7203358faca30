"""Wireless buttons of other makers over the site's broker: zigbee2mqtt, Tasmota, Shelly (both generations).

Only what is said now is a press: a retained message is old.  A press told twice is told once: by the
device's own mark where it gives one, else by the same words within `same_within_s`.
Source: see devices.codecs.mqtt_buttons; page docs/devices/buttons-mqtt.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.mqtt_buttons import Box, Family, Push, is_online, pushes
from devices.contracts.topics import matches
from devices.errors import DeviceFault
from devices.kinds import Button, NoDisplay, PadPress, PadRating
from devices.spec import DriverSpec
from devices.transports.base import TopicMessage, TopicWire

AWAY = "button-away"


class ButtonBox(BaseModel):
    """One device with buttons.  Meanings: `call-next`, `2:recall`, `rate-5`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: Family
    name: str = Field(pattern=r"^[^#+\x00/]+(/[^#+\x00/]+)*$", description="its name in its topics")
    base: str = Field(
        default="",
        pattern=r"^([^#+\x00/]+(/[^#+\x00/]+)*)?$",
        description="zigbee2mqtt and shelly-1: what its topics begin with; empty: as their makers have it",
    )
    presses: dict[str, Button] = Field(
        min_length=1, description="action (`single`, `1/single`, `0/s`, `0/single_push`) -> meaning"
    )


class MqttButtonsSettings(BaseModel):
    """The `[device.settings]` table of buttons on the broker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    boxes: tuple[ButtonBox, ...] = Field(min_length=1, description="the devices with buttons")
    same_within_s: float = Field(
        default=0.1, ge=0, le=5, description="the same message this soon is the same press, if it has no mark"
    )


class MqttButtons(NoDisplay):
    """All button boxes of one agent.  Only `presses` reads."""

    def __init__(self, device_id: str, wire: TopicWire, settings: MqttButtonsSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        """Bytes of messages that told of no press and of no availability."""
        self._wire = wire
        self._same_within_s = settings.same_within_s
        self._boxes = [(Box(box.family, box.name, box.base), box.presses) for box in settings.boxes]
        self._away: set[str] = set()
        self._last: dict[tuple[str, str], tuple[str | bytes, float]] = {}
        self._listens = False

    async def probe(self) -> None:
        """Listen; later, raise DeviceFault when a box is known to be away."""
        if not self._listens:
            for box, _ in self._boxes:
                for pattern in (*box.events, box.availability):
                    await self._wire.subscribe(pattern)
            self._listens = True
        elif self._away:
            raise DeviceFault(AWAY, f"{self.device_id}: {', '.join(sorted(self._away))} cannot be reached")

    async def presses(self) -> AsyncIterator[PadPress | PadRating]:
        """Yield each press once; see devices.kinds.PadLine."""
        while True:
            message = await self._wire.read()
            for press in self._meanings(message):
                yield press

    def _meanings(self, message: TopicMessage) -> list[PadPress | PadRating]:
        found: list[PadPress | PadRating] = []
        understood = False
        for box, presses in self._boxes:
            if message.topic == box.availability:
                understood |= self._note(box, message.payload)
            elif any(matches(pattern, message.topic) for pattern in box.events):
                told = pushes(box.family, message.topic, message.payload)
                understood |= bool(told)
                new = [push for push in told if not self._is_repeat(push, message)]
                found += [presses[push.action] for push in new if push.action in presses]
        if not understood:
            self.discarded_bytes += len(message.payload)
        return found if not message.retained else []

    def _note(self, box: Box, payload: bytes) -> bool:
        online = is_online(payload)
        if online is not None:
            (self._away.discard if online else self._away.add)(box.name)
        return online is not None

    def _is_repeat(self, push: Push, message: TopicMessage) -> bool:
        """Say whether this press was told already; remember it, a retained one too."""
        now_s = self._wire.now_s()
        place = (message.topic, push.action if not push.stamp else push.action.split("/")[0])
        said, said_s = self._last.get(place, (b"", float("-inf")))
        if push.stamp:
            self._last[place] = (push.stamp, now_s)
            return said == push.stamp
        self._last[place] = (message.payload, now_s)
        return said == message.payload and now_s - said_s <= self._same_within_s


SPEC = DriverSpec(
    name="buttons-mqtt",
    kind="pad-line",
    wire="topics",
    settings=MqttButtonsSettings,
    build=MqttButtons,
    doc="docs/devices/buttons-mqtt.md",
    answers=False,
    places=("mqtt",),
    level="silver",
    source="one to two sources by maker; tried against mosquitto; no button seen yet",
)
