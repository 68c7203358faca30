"""Buttons of other makers on an MQTT broker: which topics they speak on, and what a message says.

::

    zigbee2mqtt  {base}/{name}                      {"action": "single", …}
                 {base}/{name}/availability         {"state": "online"} or online
    tasmota      stat/{name}/RESULT                 {"Button1": {"Action": "SINGLE"}}
                 stat/{name}/BUTTON1                {"ACTION": "SINGLE"}, in older firmware
                 tele/{name}/LWT                    Online
    shelly-1     {base}/{name}/input_event/0        {"event": "S", "event_cnt": 7}
                 {base}/{name}/online               true
    shelly-2     {name}/events/rpc                  {"params": {"events": [{"id": 0, "event": "…", …}]}}
                 {name}/online                      true

Source: protocols section 5.2 (zigbee2mqtt and shelly-1: two sources; shelly-2 and the older form of tasmota:
one; its newer form and `online` of both Shellys: from memory).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

Family = Literal["zigbee2mqtt", "tasmota", "shelly-1", "shelly-2"]
BASES: dict[Family, str] = {"zigbee2mqtt": "zigbee2mqtt", "shelly-1": "shellies"}
MOST_BYTES = 16_384
_BUTTON = re.compile(r"button(\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Box:
    """One device with buttons; `base` only where its topics have one."""

    family: Family
    name: str
    base: str = ""

    @property
    def events(self) -> tuple[str, ...]:
        """The MQTT filters under which it tells of presses."""
        base = self.base or BASES.get(self.family, "")
        return {
            "zigbee2mqtt": (f"{base}/{self.name}",),
            "tasmota": (f"stat/{self.name}/+",),
            "shelly-1": (f"{base}/{self.name}/input_event/+",),
            "shelly-2": (f"{self.name}/events/rpc",),
        }[self.family]

    @property
    def availability(self) -> str:
        """The topic on which it, or the broker for it, tells whether it is there."""
        base = self.base or BASES.get(self.family, "")
        return {
            "zigbee2mqtt": f"{base}/{self.name}/availability",
            "tasmota": f"tele/{self.name}/LWT",
            "shelly-1": f"{base}/{self.name}/online",
            "shelly-2": f"{self.name}/online",
        }[self.family]


@dataclass(frozen=True, slots=True)
class Push:
    """One press as the device calls it, in small letters: `single`, or `0/single_push` where it has a number.

    `stamp` is the device's own mark of this press, empty when it gives none.
    """

    action: str
    stamp: str = ""


def pushes(family: Family, topic: str, payload: bytes) -> list[Push]:
    """Return the presses that a message tells of; none when it tells of something else or of nonsense."""
    content = _json(payload)
    if not isinstance(content, dict):
        return []
    if family == "zigbee2mqtt":
        return _named(content.get("action"))
    last = topic.rsplit("/", 1)[-1]
    if family == "tasmota":
        return _tasmota(last, content)
    if family == "shelly-1":
        count = content.get("event_cnt")
        stamp = str(count) if isinstance(count, int) else ""
        return [Push(f"{last}/{push.action}", stamp) for push in _named(content.get("event"))]
    return _shelly_2(content)


def _json(payload: bytes) -> Any:
    if len(payload) > MOST_BYTES:
        return None
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _named(action: object) -> list[Push]:
    return [Push(action.lower())] if isinstance(action, str) and action else []


def _tasmota(last: str, content: dict[Any, Any]) -> list[Push]:
    if (alone := _BUTTON.fullmatch(last)) is not None:
        return [Push(f"{alone[1]}/{push.action}") for push in _named(content.get("ACTION"))]
    if last != "RESULT":
        return []
    return [
        Push(f"{button[1]}/{push.action}")
        for key, told in content.items()
        if (button := _BUTTON.fullmatch(key)) is not None and isinstance(told, dict)
        for push in _named(told.get("Action"))
    ]


def _shelly_2(content: dict[Any, Any]) -> list[Push]:
    params = content.get("params")
    events = params.get("events") if isinstance(params, dict) else None
    found: list[Push] = []
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, dict) or not str(event.get("component", "")).startswith("input:"):
            continue
        number, stamp = event.get("id"), event.get("ts")
        if isinstance(number, int) and not isinstance(number, bool):
            mark = str(stamp) if isinstance(stamp, int | float) else ""
            found += [Push(f"{number}/{push.action}", mark) for push in _named(event.get("event"))]
    return found


def is_online(payload: bytes) -> bool | None:
    """Return what an availability message says; None when it is none."""
    words = {"online": True, "true": True, "offline": False, "false": False}
    content = _json(payload)
    if isinstance(content, dict):
        content = content.get("state")
    text = content if isinstance(content, str) else payload[:16].decode("ascii", errors="replace")
    return words.get(text.strip().lower())
