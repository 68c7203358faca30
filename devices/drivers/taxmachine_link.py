"""The tax machine (自动办税机) over the hall's supervisor link.

What changes something carries the command's `id`, which the machine remembers over power cuts and repeats in
its answer: so a command can be sent again after a lost answer.  Answers that do not repeat what was asked are
not taken.  The machine's journal is read from the number after the last one and acknowledged by the caller.
Source: docs/devices/taxmachine-link.md (the link is the hall's own, its words are XFS4IoT's).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from devices.codecs.tax_link import Cmd, Frame, Payload, explain
from devices.contracts.health import Paper
from devices.contracts.tax_machine import Reconciliation, Refill, StorageUnit
from devices.errors import ProtocolError, WireTimeout
from devices.kinds import JournalLine, JournalPage, TaxEvent, TaxMachineStatus
from devices.spec import DriverSpec
from devices.transports.base import ByteStream
from devices.transports.tax_link import LinkTimes, TaxLink

_PAPERS = (Paper.JAMMED, Paper.OUT, Paper.LOW, Paper.UNKNOWN, Paper.FULL)  # the worst first
EVENT_NAMES = {
    Cmd.EVT_STATUS_CHANGED: "Common.StatusChanged",
    Cmd.EVT_ERROR: "Common.Error",
    Cmd.EVT_PAPER_THRESHOLD: "Printer.PaperThreshold",
    Cmd.EVT_TONER_THRESHOLD: "Printer.TonerThreshold",
    Cmd.EVT_MEDIA_PRESENTED: "Printer.MediaPresented",
    Cmd.EVT_MEDIA_TAKEN: "Printer.MediaTaken",
    Cmd.EVT_MEDIA_AUTO_RETRACTED: "Printer.MediaAutoRetracted",
    Cmd.EVT_RETRACT_BIN_THRESHOLD: "Printer.RetractBinThreshold",
    Cmd.EVT_AUXILIARIES: "Auxiliaries",
    Cmd.EVT_STORAGE_THRESHOLD: "Storage.StorageThreshold",
    Cmd.EVT_COUNTS_CHANGED: "Storage.CountsChanged",
    Cmd.EVT_STORAGE_ERROR: "Storage.StorageError",
    Cmd.EVT_JOURNAL_ENTRY: "Journal.Entry",
}


class TaxLinkSettings(BaseModel):
    """The `[device.settings]` table of a tax machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: int = Field(default=1, ge=1, le=254, description="the machine's address on the line")
    ack_s: float = Field(default=0.3, gt=0, le=5, description="for ACK")
    answer_s: float = Field(
        default=3.0, gt=0, le=60, description="for the answer after ACK; a count takes long"
    )
    tries: int = Field(default=3, ge=1, le=10, description="how often a command is sent in all, with one seq")
    missed_beats: int = Field(
        default=3, ge=1, le=20, description="so many heartbeats in a row missed: offline"
    )


class _Answer(BaseModel):
    """What all answers share: more keys than these are a newer machine's."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Status(_Answer):
    device: str = Field(max_length=20)
    paper: dict[str, Paper] = {}
    toner: str = "full"
    media: str = "notPresent"
    door: str = "closed"
    ups: str = "powering"
    switch: str = "run"
    exchange: str = "inactive"
    txn: str = "inactive"


class _Storage(_Answer):
    start: int = Field(ge=0)
    of: int = Field(ge=0, le=64)
    units: tuple[StorageUnit, ...]


class _Done(_Answer):
    id: str


class _Counted(_Done):
    reconciliation: Reconciliation


class _Entry(_Answer):
    """The taxpayer is not among the fields: it is dropped here."""

    seq: int = Field(ge=1)
    ts: AwareDatetime
    type: str = Field(max_length=20)
    txn: str = Field(default="", max_length=40)
    unit: str = Field(default="", max_length=20)
    code: str = Field(default="", max_length=20)
    first: int = 0
    last: int = 0
    count: int = 0
    amount_fen: int = 0
    pay_method: str = Field(default="", max_length=20)
    result: str = Field(default="", max_length=40)
    error: str = Field(default="", max_length=40)


class _Page(_Answer):
    journal: str = Field(min_length=1, max_length=20)
    after: int = Field(ge=0)
    oldest: int = Field(ge=1)
    newest: int = Field(ge=0)
    entries: tuple[_Entry, ...]


class _Acked(_Answer):
    journal: str
    upto: int


_Kind = TypeVar("_Kind", bound=_Answer)


class TaxMachineLink:
    """A tax machine on a wire; see devices.kinds.TaxMachine."""

    def __init__(self, device_id: str, wire: ByteStream, settings: TaxLinkSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._most_missed = settings.missed_beats
        self._missed = 0
        times = LinkTimes(settings.ack_s, settings.answer_s, settings.tries)
        self._wire, self._addr, self._times = wire, settings.address, times
        self._opened: TaxLink | None = None

    @property
    def _link(self) -> TaxLink:
        if self._opened is None:
            self._opened = TaxLink(self._wire, self._addr, self._times)
        return self._opened

    async def probe(self) -> None:
        """Ask the status once.  Raises WireTimeout, ProtocolError, DeviceFault."""
        await self._link.clear()
        await self._ask(Cmd.STATUS, _Status)

    async def heartbeat(self) -> TaxMachineStatus | None:
        """Ask the status; see devices.kinds.TaxMachine."""
        try:
            status = await self.status()
        except WireTimeout:
            self._missed += 1
            if self._missed >= self._most_missed:
                raise
            return None
        self._missed = 0
        return status

    async def status(self) -> TaxMachineStatus:
        """Common.Status."""
        said = await self._ask(Cmd.STATUS, _Status)
        paper = next((word for word in _PAPERS if word in said.paper.values()), Paper.UNKNOWN)
        return TaxMachineStatus(said.device, _why_not(said), paper, exchange=said.exchange == "active")

    async def storage(self) -> tuple[StorageUnit, ...]:
        """Ask for all units, page by page."""
        units: list[StorageUnit] = []
        while True:
            page = await self._ask(Cmd.GET_STORAGE, _Storage, {"start": len(units)})
            if page.start != len(units):
                raise ProtocolError(f"{self.device_id}: storage from {page.start} was not asked for")
            units += page.units
            if len(units) >= page.of or not page.units:
                return tuple(units)

    async def listen(self, wait_s: float) -> list[TaxEvent]:
        """Return what was said unasked."""
        try:
            await self._link.listen(wait_s)
        finally:
            self.discarded_bytes = self._link.discarded_bytes
        return [event for frame in self._link.heard() for event in _events(frame)]

    async def set_clock(self, at: datetime) -> None:
        """Common.SynchronizeClock."""
        await self._ask(Cmd.SYNCHRONIZE_CLOCK, _Answer, {"iso8601": at.isoformat(timespec="seconds")})

    async def lock(self, unit: str, command_id: str) -> None:
        """Invoice.Lock."""
        await self._do(Cmd.INVOICE_LOCK, command_id, {"unit": unit})

    async def unlock(self, unit: str, command_id: str) -> None:
        """Invoice.Unlock."""
        await self._do(Cmd.INVOICE_UNLOCK, command_id, {"unit": unit})

    async def set_low_mark(self, unit: str, low: int, command_id: str) -> None:
        """Storage.SetStorage."""
        await self._do(Cmd.SET_STORAGE, command_id, {"unit": unit, "low": low})

    async def reconcile(self, unit: str, command_id: str) -> Reconciliation:
        """Invoice.Reconcile."""
        answer = await self._do(Cmd.INVOICE_RECONCILE, command_id, {"unit": unit}, _Counted)
        found: Reconciliation = answer.reconciliation
        if found.unit != unit or found.difference != found.expected - found.counted:
            raise ProtocolError(f"{self.device_id}: a count of {unit} that does not add up in itself")
        return found

    async def start_exchange(self, operators: tuple[str, str], command_id: str) -> None:
        """Storage.StartExchange."""
        await self._do(Cmd.START_EXCHANGE, command_id, {"operators": list(operators)})

    async def end_exchange(
        self, operators: tuple[str, str], units: tuple[Refill, ...], command_id: str
    ) -> None:
        """Storage.EndExchange."""
        refills: list[Any] = [unit.model_dump() for unit in units]
        await self._do(Cmd.END_EXCHANGE, command_id, {"operators": list(operators), "units": refills})

    async def read_journal(self, after: int) -> JournalPage:
        """Journal.Read.  Raises ProtocolError for entries that are not the ones that follow each other."""
        page = await self._ask(Cmd.JOURNAL_READ, _Page, {"after": after, "max": 16})
        numbers = [entry.seq for entry in page.entries]
        start = max(after + 1, page.oldest)
        if page.after != after or numbers != list(range(start, start + len(numbers))):
            raise ProtocolError(f"{self.device_id}: journal entries out of order")
        lines = tuple(
            JournalLine(entry.seq, {**entry.model_dump(exclude={"seq", "ts"}), "at": entry.ts.isoformat()})
            for entry in page.entries
        )
        return JournalPage(page.journal, after, page.oldest, page.newest, lines)

    async def ack_journal(self, journal: str, upto: int) -> None:
        """Journal.Ack."""
        said = await self._ask(Cmd.JOURNAL_ACK, _Acked, {"journal": journal, "upto": upto})
        if (said.journal, said.upto) != (journal, upto):
            raise ProtocolError(f"{self.device_id}: another acknowledgement was answered")

    async def _do(self, cmd: Cmd, command_id: str, payload: Payload, answer: type[Any] = _Done) -> Any:
        said = await self._ask(cmd, answer, {"id": command_id, **payload})
        if said.id != command_id:
            raise ProtocolError(f"{self.device_id}: the answer to another {cmd.name}")
        return said

    async def _ask(self, cmd: Cmd, answer: type[_Kind], payload: Payload | None = None) -> _Kind:
        try:
            said = await self._link.call(cmd, payload)
        finally:
            self.discarded_bytes = self._link.discarded_bytes
        try:
            return answer.model_validate(said)
        except ValidationError as error:  # its own text would hold what the machine said
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise ProtocolError(f"{self.device_id}: the answer to {cmd.name} has a bad {place}") from None


def _why_not(said: _Status) -> str:
    """Return the first thing that staff should see to, or nothing."""
    if said.door in ("open", "tampered"):
        return f"door-{said.door}"
    if said.media == "jammed" or Paper.JAMMED in said.paper.values():
        return "media-jammed"
    if said.ups in ("low", "engaged"):
        return f"ups-{said.ups}"
    if Paper.OUT in said.paper.values():
        return "paper-out"
    if said.toner == "out":
        return "toner-out"
    if said.exchange == "active":
        return "exchange"
    if said.switch != "run":
        return "maintenance"
    return "" if said.device in ("online", "deviceBusy") else "machine-fault"


def _events(frame: Frame) -> Iterator[TaxEvent]:
    """Return what an event says; one of a newer machine says nothing here."""
    try:
        name = EVENT_NAMES[Cmd(frame.cmd)]
    except (ValueError, KeyError):
        return
    said = {key: text for key, text in frame.payload.items() if isinstance(text, str)}
    suffix = f".{said['part']}" if name == "Auxiliaries" and said.get("part") else ""
    yield TaxEvent(name + suffix[:30], said.get("unit", "")[:20], said.get("value", "")[:40])


SPEC = DriverSpec(
    name="taxmachine-link",
    kind="tax-machine",
    wire="bytes",
    settings=TaxLinkSettings,
    build=TaxMachineLink,
    doc="docs/devices/taxmachine-link.md",
    baud=115200,
    level="silver",
    source="the hall's own link with XFS4IoT's words; tried against its simulator; no machine has it yet",
    explain=lambda _direction, data: explain(data),
)
