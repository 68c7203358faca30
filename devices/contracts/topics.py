"""The only place that builds or parses a topic (interfaces, section 3)."""

from __future__ import annotations

ROOT = "tingtong/v1"
LOCAL_ROOT = f"{ROOT}/local"


def device_state(site: str, device_id: str) -> str:
    """Retained: the health of one machine; the last will sets it to offline."""
    return f"{ROOT}/{site}/device/{device_id}/state"


def device_event(site: str, device_id: str, name: str) -> str:
    """Return where one machine tells that something happened, for example a key press."""
    return f"{ROOT}/{site}/device/{device_id}/event/{name}"


def device_command(site: str, device_id: str, name: str) -> str:
    """Return where one machine takes commands."""
    return f"{ROOT}/{site}/device/{device_id}/cmd/{name}"


def device_result(site: str, device_id: str, correlation: str) -> str:
    """Return where the answer to the command with id `correlation` goes."""
    return f"{ROOT}/{site}/device/{device_id}/res/{correlation}"


def agent_state(site: str, agent_id: str) -> str:
    """Retained: an agent process is there; its last will says that it is gone."""
    return f"{ROOT}/{site}/agent/{agent_id}/state"


def window_display(site: str, window: str) -> str:
    """Retained: what the bar of a window must show now."""
    return f"{ROOT}/{site}/window/{window}/display"


def zone_calls(site: str, zone: str) -> str:
    """Retained: the latest calls of a zone, newest first."""
    return f"{ROOT}/{site}/zone/{zone}/calls"


def audio_say(site: str, audio_zone: str) -> str:
    """Not retained, expires: say this."""
    return f"{ROOT}/{site}/audio/{audio_zone}/say"


def queue_event(site: str, name: str) -> str:
    """Return where the queue tells one kind of event."""
    return f"{ROOT}/{site}/queue/event/{name}"


def service_waiting(site: str, service_id: str) -> str:
    """Retained: how many wait for a service."""
    return f"{ROOT}/{site}/service/{service_id}/waiting"


def local_command(device_id: str, name: str) -> str:
    """Return a command topic that never leaves the terminal."""
    return f"{LOCAL_ROOT}/device/{device_id}/cmd/{name}"


def local_result(device_id: str, correlation: str) -> str:
    """Return where the answer to a local command goes."""
    return f"{LOCAL_ROOT}/device/{device_id}/res/{correlation}"


def local_event(device_id: str, name: str) -> str:
    """Return where a machine tells the terminal's own programs that something happened."""
    return f"{LOCAL_ROOT}/device/{device_id}/event/{name}"


def local_state(device_id: str) -> str:
    """Retained: a machine's health, told to the terminal's own programs."""
    return f"{LOCAL_ROOT}/device/{device_id}/state"


def is_local(topic: str) -> bool:
    """Say whether a topic must stay on its terminal."""
    return topic == LOCAL_ROOT or topic.startswith(LOCAL_ROOT + "/")


def is_command(topic: str) -> bool:
    """Say whether a machine must do something because of a message on `topic`."""
    parts = topic.split("/")
    return (parts[-3:-2] == ["audio"] and parts[-1] == "say") or (len(parts) == 7 and parts[5] == "cmd")


def matches(pattern: str, topic: str) -> bool:
    """Say whether `topic` falls under an MQTT filter with `+` (one level) and a final `#`."""
    wanted, given = pattern.split("/"), topic.split("/")
    for place, word in enumerate(wanted):
        if word == "#":
            return True
        if place >= len(given) or (word not in ("+", given[place])):
            return False
    return len(wanted) == len(given)


def device_of(topic: str) -> str | None:
    """Return the machine inside `…/device/{id}/…`; None for any other topic.

    A broker's access list binds topics to users, not what stands in the body: who reads it compares both.
    """
    parts = topic.split("/")
    return parts[4] if len(parts) > 5 and parts[3] == "device" else None


def window_of(topic: str) -> str | None:
    """Return the window number inside `…/window/{n}/display`; None for any other topic."""
    parts = topic.split("/")
    return parts[-2] if len(parts) >= 3 and parts[-3] == "window" and parts[-1] == "display" else None
