"""Simulated machines of other makers on a broker: a button box, and a WLED strip.

Between them and devices.sim.mqtt_host a message is `r` (retained) or `-`, topic, line feed, payload.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from devices.codecs.mqtt_buttons import Box, Family
from devices.sim.base import Action


def pack(topic: str, payload: bytes, *, retain: bool = False) -> bytes:
    """Return a message as one chunk."""
    return (b"r" if retain else b"-") + topic.encode() + b"\n" + payload


def unpack(data: bytes) -> tuple[str, bytes, bool]:
    """Return topic, payload and whether it is retained."""
    head, _, payload = data.partition(b"\n")
    return head[1:].decode(errors="replace"), payload, head[:1] == b"r"


@dataclass
class SimOnBroker:
    """What both share.  Sans-I/O; see devices.sim.base.  `listens` are the filters that it subscribes to."""

    def __post_init__(self) -> None:
        self._due: deque[bytes] = deque()
        self.listens: tuple[str, ...] = ()

    def receive(self, data: bytes, now_s: float) -> None:
        """Take one message."""

    def poll(self, now_s: float) -> bytes:
        """Return the next message."""
        return self._due.popleft() if self._due else b""

    def next_due_s(self) -> float | None:
        """Return None: what is due is sent at once."""
        return None

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one message."""
        topic, payload, retained = unpack(data)
        return f"{topic} {payload.decode(errors='replace')}" + (" (retained)" if retained else "")

    def damage(self, data: bytes) -> bytes:
        """Return the message with its payload cut."""
        return data[: -max(1, len(data) // 4)]


@dataclass
class SimButtonBox(SimOnBroker):
    """One device with buttons; `press {key}` takes an action as devices.codecs.mqtt_buttons writes it."""

    family: Family = "zigbee2mqtt"
    name: str = "button"
    base: str = ""
    kind: str = field(default="call-pad", init=False)
    driver: str = field(default="buttons-mqtt", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._box = Box(self.family, self.name, self.base)
        self.presses = 0
        self.away = False
        self._tell_away()

    def actions(self) -> list[Action]:
        """Return the knobs."""
        example = "single" if self.family == "zigbee2mqtt" else "0/single_push, 0/s, 1/single"
        return [
            Action("press", "按键 / press", {"key": example}),
            Action("away", "离线/在线 / away or back", {"is": "true|false"}),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "away":
            self.away = str(params.get("is", "true")).lower() == "true"
            self._tell_away()
        elif action == "press":
            number, slash, name = str(params.get("key", "")).rpartition("/")
            if not name or (not number.isdecimal() if self.family != "zigbee2mqtt" else slash):
                raise ValueError(
                    f"key is an action of {self.family}, such as {self.actions()[0].params['key']}"
                )
            self.presses += 1
            topic, content = self._message(number, name, now_s)
            self._due.append(pack(topic, json.dumps(content).encode()))
        else:
            raise ValueError(f"a button box cannot {action!r}")

    def _message(self, number: str, name: str, now_s: float) -> tuple[str, dict[str, Any]]:
        if self.family == "zigbee2mqtt":
            return self._box.events[0], {"action": name, "battery": 97, "linkquality": 120}
        if self.family == "tasmota":
            return f"stat/{self.name}/RESULT", {f"Button{number}": {"Action": name.upper()}}
        if self.family == "shelly-1":
            topic = self._box.events[0].replace("+", number)
            return topic, {"event": name.upper(), "event_cnt": self.presses}
        event = {"component": f"input:{number}", "id": int(number), "event": name, "ts": now_s}
        return self._box.events[0], {"method": "NotifyEvent", "params": {"ts": now_s, "events": [event]}}

    def _tell_away(self) -> None:
        words = {"zigbee2mqtt": '{"state": "%s"}', "tasmota": "%s"}.get(self.family, "")
        state = "offline" if self.away else "online"
        text = words % state if words else str(not self.away).lower()
        self._due.append(pack(self._box.availability, text.encode(), retain=True))

    def state(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {"presses": self.presses, "away": self.away}


@dataclass
class SimWledOnBroker(SimOnBroker):
    """A strip that is told its colour by messages."""

    topic: str = "wled/strip"
    kind: str = field(default="light", init=False)
    driver: str = field(default="light-wled-mqtt", init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.listens = (self.topic, f"{self.topic}/col", f"{self.topic}/api")
        self.colour, self.brightness, self.on = "#FFA000", 128, False
        self._due.append(pack(f"{self.topic}/status", b"online", retain=True))

    def receive(self, data: bytes, now_s: float) -> None:
        """Take one message; what makes no sense is passed over."""
        topic, payload, _ = unpack(data)
        text = payload.decode(errors="replace").strip()
        if topic == f"{self.topic}/col":
            self._take_colour(text)
        elif topic == f"{self.topic}/api":
            self._take_json(text)
        elif text in ("ON", "OFF"):
            self.on = text == "ON"
        elif text.isdecimal() and int(text) <= 255:
            self.brightness, self.on = int(text) or self.brightness, int(text) > 0

    def _take_colour(self, text: str) -> None:
        digits = text.removeprefix("#").upper()
        if len(digits) == 6 and set(digits) <= set("0123456789ABCDEF"):
            self.colour = f"#{digits}"

    def _take_json(self, text: str) -> None:
        try:
            wanted = json.loads(text)
            self.on, self.brightness = bool(wanted["on"]), int(wanted.get("bri", self.brightness))
            if "seg" in wanted:
                self._take_colour(bytes(wanted["seg"][0]["col"][0]).hex())
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return

    def actions(self) -> list[Action]:
        """Return the knobs: none of its own."""
        return []

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; there is none."""
        raise ValueError(f"a strip cannot {action!r}")

    def state(self) -> dict[str, Any]:
        """Return what is seen."""
        return {
            "colour": self.colour if self.on else "#000000",
            "brightness": self.brightness,
            "lit": self.on,
        }
