"""Records a machine at work into a transcript, and plays a transcript against its driver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from devices import registry
from devices.agent.app import check_device, open_wire
from devices.agent.settings import DeviceSettings
from devices.errors import DeviceError
from devices.spec import DriverSpec
from devices.transports.recording import (
    SECRECY,
    Entry,
    Passed,
    Recorder,
    RecordingWire,
    Step,
    entry_of,
    line_of,
)
from devices.transports.replay import ReplayWire

LOOK_S = 1.0
PAUSE_S = 0.3
OK = "ok"


class NoTranscript(Exception):
    """The file or the machine cannot be used; the text says why and what to do."""


async def _presses(driver: Any) -> None:
    async with aclosing(driver.presses()) as presses:
        async for _ in presses:
            return


CALLS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "probe": lambda driver: driver.probe(),
    "poll_card": lambda driver: driver.poll_card(),
    "status": lambda driver: driver.status(),
    "look": lambda driver: driver.look(LOOK_S),
    "presses": _presses,
}
_BY_KIND = {
    "id-reader": "poll_card",
    "printer": "status",
    "dispenser": "status",
    "tax-machine": "status",
    "scanner": "look",
    "pad-line": "presses",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a transcript went: one line for each call, and whether all was as it was recorded."""

    same: bool
    lines: tuple[str, ...]


async def record(device: DeviceSettings, for_s: float, out: TextIO) -> int:
    """Ask a machine for `for_s` seconds, writing all that passes; return the number of entries.

    Nothing is printed, shown or let out: only questions are asked, and keys, codes and cards are waited for.
    Raises NoTranscript, DeviceError when the wire cannot be opened.
    """
    spec, settings = check_device(device)
    if spec.wire != "bytes":
        raise NoTranscript(f"{device.id} has no byte wire; trace is for serial, TCP and UDP machines")
    entries = 0

    def keep(entry: Entry) -> None:
        nonlocal entries
        entries += 1
        out.write(line_of(entry, spec.explain) + "\n")

    hidden = {name for name, field in spec.settings.model_fields.items() if not field.repr}
    head = {
        "transcript": 1,
        "device": device.id,
        "driver": spec.name,
        "kind": spec.kind,
        "settings": settings.model_dump(mode="json", exclude=hidden),
    }
    out.write(json.dumps(head, ensure_ascii=False) + "\n")
    recorder = Recorder(SECRECY.get(spec.kind), keep)
    wire = RecordingWire(await open_wire(spec, device.wire), recorder)
    try:
        driver = spec.build(device.id, wire, settings)
        await _ask_for(driver, spec, wire, recorder, for_s)
    finally:
        recorder.close()
        await wire.close()
    return entries


async def _ask_for(
    driver: Any, spec: DriverSpec, wire: RecordingWire, recorder: Recorder, for_s: float
) -> None:
    names = ["probe", _BY_KIND[spec.kind]] if spec.kind in _BY_KIND else ["probe"]
    name = names.pop(0)
    while wire.at_s() < for_s:
        recorder.step(Step(wire.at_s(), "call", name))
        try:
            async with asyncio.timeout(max(0.1, for_s - wire.at_s())):
                result = await _result(driver, name)
        except TimeoutError:
            result = "stopped"
        recorder.step(Step(wire.at_s(), "result", result))
        await asyncio.sleep(PAUSE_S)
        name = names.pop(0) if names else name


async def _result(driver: Any, name: str) -> str:
    try:
        await CALLS[name](driver)
    except DeviceError as error:
        return error.code
    return OK


async def replay(path: Path) -> Replayed:
    """Make the recorded calls again, the recorded machine answering.  Raises NoTranscript."""
    spec, settings, entries = _read(path)
    wire = ReplayWire(entries)
    driver = spec.build("replay", wire, settings)
    called, hidden, same, lines = "", False, True, []
    for entry in entries:
        if isinstance(entry, Passed):
            hidden = hidden or entry.hidden > 0
        elif entry.what == "call":
            called, hidden = entry.text, False
        elif entry.text == "stopped":  # the end of the recording's time
            break
        elif called in CALLS:
            now = await _result(driver, called)
            good = now == entry.text or hidden
            note = "personal data was hidden, so the end may differ" if hidden else ""
            lines.append(
                f"{'same ' if good else 'OTHER'}  {called}: then {entry.text}, now {now}  {note}".rstrip()
            )
            same = same and good
            if hidden:  # what follows in the recording follows from an answer that is not there
                break
    if wire.differs and not hidden:
        lines.append(f"OTHER  the driver says something else {wire.differs}")
        same = False
    return Replayed(same, tuple(lines))


def _read(path: Path) -> tuple[DriverSpec, Any, list[Entry]]:
    try:
        first, *rest = path.read_text("utf-8").splitlines()
        head = json.loads(first)
        spec = registry.find(head["driver"])
        return spec, spec.settings.model_validate(head["settings"]), [entry_of(line) for line in rest]
    except OSError as error:
        raise NoTranscript(f"{path}: cannot be read: {error.strerror}") from error
    except registry.UnknownDriver as error:
        raise NoTranscript(f"{path}: {error}") from error
    except ValidationError as error:
        raise NoTranscript(
            f"{path}: the driver's settings have changed since: {error.error_count()}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoTranscript(
            f"{path}: not a whole transcript; make one with `device-agent trace DEVICE`"
        ) from error
