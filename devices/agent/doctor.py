"""Tries every machine and says in plain words how it is and what to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.agent.advice import ADVICE, BAD, CANNOT_BE_ASKED, CARE, PAPER_LOW, WELL, Lang
from devices.agent.app import check_device, open_wire
from devices.agent.printer_probe import examine_printer
from devices.agent.settings import DeviceSettings, MqttSettings
from devices.contracts.health import Paper
from devices.errors import DeviceError, DeviceFault, TransportError
from devices.transports.places import parse_place

LIMIT_S = 20.0  # for one machine: the slowest, a speaker that says a word to itself, takes two
_ASKED = ("printer", "document-printer", "dispenser", "tax-machine")  # these can say how they are


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for the technician; `code` is empty when all is well."""

    device_id: str
    code: str
    text: str
    more: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing needs a look."""
        return not self.code


async def examine_all(
    devices: Sequence[DeviceSettings],
    lang: Lang,
    *,
    test_page: bool = False,
    limit_s: float = LIMIT_S,
    broker: MqttSettings | None = None,
) -> list[Finding]:
    """Try all machines at once; one that hangs does not keep the others from being tried.

    `broker` is the agent's, for machines at `mqtt:site`.
    """
    trials = (
        examine(device, lang, test_page=test_page, limit_s=limit_s, broker=broker) for device in devices
    )
    return list(await asyncio.gather(*trials))


async def examine(
    device: DeviceSettings,
    lang: Lang = "en",
    *,
    test_page: bool = False,
    limit_s: float = LIMIT_S,
    broker: MqttSettings | None = None,
) -> Finding:
    """Open the wire, ask for a sign of life, close."""
    what = f"{device.id} ({device.driver}, {device.wire})"
    try:
        async with asyncio.timeout(limit_s):
            low, more = await _try(device, lang, test_page, broker)
    except TimeoutError:
        return _bad(device, lang, "too-long", f"{limit_s:g}")
    except DeviceError as error:
        return _bad(device, lang, _code(error, device), _detail(error))
    except Exception as error:  # a driver from outside may raise anything; its text may be anybody's data
        return _bad(device, lang, "driver-bug", type(error).__name__)
    if low:
        return Finding(device.id, "", f"{CARE[lang]}  {what}: {PAPER_LOW.say(lang)}", more)
    return Finding(device.id, "", f"{WELL[lang]}  {what}", more)


async def _try(
    device: DeviceSettings, lang: Lang, test_page: bool, broker: MqttSettings | None
) -> tuple[bool, tuple[str, ...]]:
    """Return whether paper runs low, and what else a technician should know.  Raises DeviceError."""
    spec, settings = check_device(device)
    wire = await open_wire(spec, device.wire, broker)
    try:
        driver: Any = spec.build(device.id, wire, settings)
        await driver.probe()
        if spec.kind not in _ASKED:
            return False, () if spec.answers else (CANNOT_BE_ASKED.say(lang),)
        status = await driver.status()
        if status.reason:
            raise DeviceFault(status.reason, status.reason)
        more = await examine_printer(driver, lang, test_page=test_page)
        return getattr(status, "paper", None) is Paper.LOW, tuple(more)
    finally:
        await wire.close()


def _bad(device: DeviceSettings, lang: Lang, code: str, detail: str) -> Finding:
    advice = ADVICE.get(code, ADVICE["device-fault"])
    place = parse_place(device.wire)
    where = place.target if place.kind == "serial" else device.wire
    said = advice.say(lang, place=where, detail=detail or code)
    return Finding(
        device.id, code, f"{BAD[lang]}  {device.id} ({device.driver}, {device.wire}): {said} [{code}]"
    )


def _detail(error: DeviceError) -> str:
    return error.code if isinstance(error, DeviceFault) else str(error)


def _code(error: DeviceError, device: DeviceSettings) -> str:
    """Return an error's code, or a more telling one where the place itself can be looked at."""
    if type(error) is not TransportError:
        return error.code
    place = parse_place(device.wire)
    if place.kind == "tcp":
        return "host-silent"
    if place.kind == "serial":
        port = Path(place.target)
        if not port.exists():
            return "port-missing"
        if not os.access(port, os.R_OK | os.W_OK):
            return "port-denied"
        if "in use" in str(error):
            return "port-busy"
    return error.code
