"""What an agent's account may do on the hall's broker, as lines for Mosquitto's access list."""

from __future__ import annotations

from devices.agent.settings import AgentSettings
from devices.contracts import topics


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
    return "\n".join(lines) + "\n"
