"""Tries one machine and says in plain words how it is and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from devices.agent.app import check_device, open_wire
from devices.agent.settings import DeviceSettings
from devices.errors import DeviceError, DeviceFault, ProtocolError, TransportError, WireTimeout


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for the technician."""

    well: bool
    text: str


async def examine(device: DeviceSettings) -> Finding:
    """Open the wire, ask for a sign of life, close."""
    spec, settings = check_device(device)
    what = f"{device.id} ({spec.name} at {device.wire})"
    try:
        wire = await open_wire(spec, device.wire)
        try:
            await spec.build(device.id, wire, settings).probe()
        finally:
            await wire.close()
    except DeviceError as error:
        return Finding(False, f"BAD   {what}: {error}. {_remedy(error)}")
    return Finding(True, f"well  {what}")


def _remedy(error: DeviceError) -> str:
    match error:
        case TransportError() if "in use" in str(error):
            return "If the agent runs, this is as it should be; to test the machine, stop the agent first."
        case TransportError():
            return "Check the cable and the address in the settings."
        case WireTimeout():
            return "The wire is open but nothing answers: check power, baud rate and bus address."
        case ProtocolError():
            return "Something answers in another language: check driver and baud rate."
        case DeviceFault():
            return "The machine itself reports this; see its manual or call its maker."
    return ""
