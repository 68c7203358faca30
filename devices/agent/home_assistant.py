"""Home Assistant's MQTT discovery: a maintenance screen for every machine, without any work there.

One retained message for each machine at `homeassistant/device/<id>/config` (device discovery: `dev`, `o`
for origin, `cmps` for its entities).  The entities read the machine's own retained state: nothing else is
sent.  It holds a machine's name, kind and driver, nothing of a person.
Source: protocols section 7 (two sources); not yet seen with a running Home Assistant.
"""

from __future__ import annotations

import json
from typing import Any

from devices.contracts import topics
from devices.contracts.health import DeviceStatus, Paper
from devices.runtime.cli import version_text
from devices.spec import DriverSpec

_BODY = "value_json.body"


def config_topic(prefix: str, site: str, device_id: str) -> str:
    """Return where one machine is announced."""
    return f"{prefix}/device/{_unique(site, device_id)}/config"


def announcement(site: str, device_id: str, spec: DriverSpec) -> bytes:
    """Return what is told of one machine, JSON."""
    unique = _unique(site, device_id)
    state = topics.device_state(site, device_id)

    def entity(platform: str, name: str, template: str, **more: Any) -> dict[str, Any]:
        return {
            "p": platform,
            "unique_id": f"{unique}-{name}",
            "name": name,
            "state_topic": state,
            "value_template": "{{ " + template + " }}",
            "entity_category": "diagnostic",
            **more,
        }

    entities = {
        "status": entity(
            "sensor",
            "status",
            f"{_BODY}.status",
            device_class="enum",
            options=[one.value for one in DeviceStatus],
        ),
        "problem": entity(
            "binary_sensor",
            "problem",
            f"'OFF' if {_BODY}.status == '{DeviceStatus.ONLINE.value}' else 'ON'",
            device_class="problem",
        ),
        "reason": entity("sensor", "reason", f"{_BODY}.reason or '-'"),
        "errors": entity("sensor", "errors", f"{_BODY}.errors", state_class="total_increasing"),
    }
    if spec.kind in ("printer", "document-printer"):
        words = [one.value for one in Paper]
        template = f"{_BODY}.paper or '{Paper.UNKNOWN.value}'"
        entities["paper"] = entity("sensor", "paper", template, device_class="enum", options=words)
    about = {"ids": [unique], "name": device_id, "mf": "Tingtong", "mdl": spec.name, "sa": site}
    origin = {"name": "tingtong", "sw": version_text("tingtong").split()[-1].strip("()")}
    return json.dumps({"dev": about, "o": origin, "cmps": entities, "qos": 1}).encode()


def _unique(site: str, device_id: str) -> str:
    return f"tingtong-{site}-{device_id}"
