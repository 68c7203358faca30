"""A wire that writes down what passes: a transcript, without what is personal.

A transcript is JSON lines; the first names the machine, then in order of time, `t` in seconds::

    {"transcript": 1, "device": "id-reader-1", "driver": "idreader-samv", "kind": …, "settings": {…}}
    {"t": 0.0, "call": "probe"}
    {"t": 0.001, "dir": "tx", "hex": "aa aa aa 96 69 00 03 12 ff ee", "text": "…"}
    {"t": 0.042, "dir": "rx", "hex": "aa aa aa 96 69 05 08 00 00 90", "hidden": 1285}
    {"t": 0.05, "result": "ok"}

What may be personal is decided for a whole exchange (all that comes until the other side speaks again), not
chunk by chunk: a card's text may arrive in pieces of any size.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from devices.transports.base import ByteStream

Direction = Literal["tx", "rx"]


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What is hidden in one direction: exchanges longer than `whole` bytes, but for their first `head`.

    What comes unasked, before anything was said in a call, is hidden whatever its length.
    """

    whole: int
    head: int = 0


EVERYTHING = Secrecy(0)
OPEN: dict[Direction, Secrecy] = {}
SECRECY: dict[str, dict[Direction, Secrecy]] = {
    "led-board": OPEN,
    "digit-line": OPEN,
    "light": OPEN,
    "pad-line": OPEN,
    "dispenser": OPEN,
    "id-reader": {"rx": Secrecy(15, 10)},  # byte 15 begins a card's text; 10 are SAM_V's up to the status
    "scanner": {"rx": Secrecy(7)},  # so long are answers to commands
    "printer": {"tx": Secrecy(8)},  # longer is a ticket
}
"""By kind of machine; a kind that is not here is hidden altogether."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Bytes that passed; the last `hidden` of them are not written down."""

    at_s: float
    direction: Direction
    data: bytes
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A call to the driver (`call`), or how it ended (`result`: `ok`, or an error's code)."""

    at_s: float
    what: Literal["call", "result"]
    text: str


Entry = Passed | Step


def line_of(entry: Entry, explain: Callable[[Direction, bytes], str] | None = None) -> str:
    """Return one line of a transcript."""
    at_s = round(entry.at_s, 4)
    if isinstance(entry, Step):
        return json.dumps({"t": at_s, entry.what: entry.text})
    line: dict[str, object] = {"t": at_s, "dir": entry.direction, "hex": entry.data.hex(" ")}
    if entry.hidden:
        line["hidden"] = entry.hidden
    elif explain is not None and (text := explain(entry.direction, entry.data)):
        line["text"] = text
    return json.dumps(line, ensure_ascii=False)


def entry_of(line: str) -> Entry:
    """Return what one line says.  Raises ValueError."""
    try:
        said = json.loads(line)
        at_s = float(said["t"])
        for what in ("call", "result"):
            if what in said:
                return Step(at_s, what, str(said[what]))
        if said["dir"] not in ("tx", "rx"):
            raise ValueError("no direction")
        return Passed(at_s, said["dir"], bytes.fromhex(said["hex"]), int(said.get("hidden", 0)))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a line of a transcript: {line[:60]!r}") from error


class Recorder:
    """Takes what passes and gives it to `keep` when it is clear what must be hidden."""

    def __init__(self, secrecy: dict[Direction, Secrecy] | None, keep: Callable[[Entry], None]) -> None:
        self._secrecy = {"tx": EVERYTHING, "rx": EVERYTHING} if secrecy is None else secrecy
        self._keep = keep
        self._exchange: list[Passed] = []
        self._asked = False

    def passed(self, at_s: float, direction: Direction, data: bytes) -> None:
        """Note bytes."""
        if self._exchange and self._exchange[0].direction != direction:
            self._settle()
        self._asked = self._asked or direction == "tx"
        self._exchange.append(Passed(at_s, direction, data))

    def step(self, step: Step) -> None:
        """Note a call or its end."""
        self._settle()
        self._asked = False
        self._keep(step)

    def close(self) -> None:
        """Give what is left."""
        self._settle()

    def _settle(self) -> None:
        exchange, self._exchange = self._exchange, []
        total = sum(len(one.data) for one in exchange)
        secrecy = self._secrecy.get(exchange[0].direction) if exchange else None
        if secrecy is None:
            shown = total
        elif not self._asked:
            shown = 0
        else:
            shown = total if total <= secrecy.whole else secrecy.head
        for one in exchange:
            seen = one.data[:shown]
            shown -= len(seen)
            self._keep(Passed(one.at_s, one.direction, seen, len(one.data) - len(seen)))


class _Closable(ByteStream, Protocol):
    async def close(self) -> None: ...


class RecordingWire:
    """A ByteStream around another one."""

    def __init__(self, wire: _Closable, recorder: Recorder) -> None:
        self._wire = wire
        self._recorder = recorder
        self._began_s = wire.now_s()

    async def read(self, timeout_s: float | None = None) -> bytes:
        """See ByteStream."""
        data = await self._wire.read(timeout_s)
        self._recorder.passed(self.at_s(), "rx", data)
        return data

    async def write(self, data: bytes) -> None:
        """See ByteStream."""
        self._recorder.passed(self.at_s(), "tx", data)
        await self._wire.write(data)

    def now_s(self) -> float:
        """See ByteStream."""
        return self._wire.now_s()

    def at_s(self) -> float:
        """Return the seconds since the recording began."""
        return self._wire.now_s() - self._began_s

    async def close(self) -> None:
        """Let go of the wire."""
        await self._wire.close()
