"""What an agent's account may do on the hall's broker, as lines for Mosquitto's access list."""

from __future__ import annotations

from typing import Any

from devices import registry
from devices.agent.home_assistant import config_topic
from devices.agent.settings import AgentSettings, DeviceSettings
from devices.codecs.mqtt_buttons import Box
from devices.contracts import topics

ON_THE_SITES_BROKER = "mqtt:site"


def acl_block(settings: AgentSettings) -> str:
    """Return the agent's block for `tingtong.acl`: each of its machines, and no other.

    What every account may read and say of itself stands in the file already, as patterns.
    """
    lines = [f"user {(settings.mqtt and settings.mqtt.username) or settings.id}"]
    lines.append(f"topic write {topics.agent_state(settings.site, settings.id)}")
    for device in settings.device:
        lines += [
            f"topic write {topics.device_state(settings.site, device.id)}",
            f"topic write {topics.device_event(settings.site, device.id, '#')}",
            f"topic write {topics.device_result(settings.site, device.id, '#')}",
            f"topic read {topics.device_command(settings.site, device.id, '#')}",
        ]
        if settings.home_assistant is not None:
            topic = config_topic(settings.home_assistant.prefix, settings.site, device.id)
            lines.append(f"topic write {topic}")
        if device.wire == ON_THE_SITES_BROKER:
            lines += _its_makers_topics(device)
    return "\n".join(lines) + "\n"


def _its_makers_topics(device: DeviceSettings) -> list[str]:
    """Return the lines for a machine that speaks on the site's broker in its maker's own topics."""
    settings: Any = registry.find(device.driver).settings.model_validate(device.settings)
    if device.driver == "buttons-mqtt":
        boxes = [Box(box.family, box.name, box.base) for box in settings.boxes]
        return [f"topic read {heard}" for box in boxes for heard in (*box.events, box.availability)]
    if device.driver == "light-wled-mqtt":
        return [f"topic read {settings.topic}/status", f"topic write {settings.topic}/#"]
    return [f"# {device.id}: add the topics of {device.driver} here, see its page"]
