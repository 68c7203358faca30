"""The terminal's machines by its local bus; personal data stay on it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from devices.bus.base import Bus, BusClosed, envelope_of, request
from devices.contracts import topics
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.contracts.health import Paper as PaperLevel
from devices.contracts.id_reader import CardKind, CardRead, ReadCard, StopReading
from devices.contracts.persons import masked_name
from devices.contracts.printer import PrintNamedTicket, PrintResult, TicketSlip
from devices.contracts.scanner import CodeScanned
from kiosk.flows.intake_words import Citizen, Paper
from kiosk.ports import CardProblem, Printed

CARD_S = 300.0  # longer than any visit may idle; the flow stops the reader
PRINT_S = 30.0
ID_TYPES = {
    CardKind.CITIZEN: "resident",
    CardKind.HMT: "hmt",
    CardKind.FOREIGNER_2017: "foreigner",
    CardKind.FOREIGNER_2023: "foreigner",
}
SCANS_KNOWN = 64  # scans that are told again are not heard again; each expires after 10 s
WORKING = (DeviceStatus.ONLINE, DeviceStatus.DEVICE_BUSY)
log = logging.getLogger(__name__)


class DevicesOnBus:
    """A DeviceGateway.  `scanner` empty: there is none.  `now` is this machine's clock, for tests."""

    def __init__(
        self,
        bus: Bus,
        id_reader: str,
        printer: str,
        scanner: str = "",
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bus = bus
        self._reader = id_reader
        self._printer = printer
        self._scanner = scanner
        self._now = now

    async def read_card(self) -> Citizen:
        """Wait for a card and read it.  Raises CardProblem."""
        try:
            order = ReadCard(timeout_s=CARD_S)
            said = await request(self._bus, self._reader, "read-card", order, CardRead, timeout_s=CARD_S + 5)
        except TimeoutError:
            raise CardProblem("timeout") from None
        except BusClosed:
            raise CardProblem("reader-fault") from None
        if said.card is None:
            raise CardProblem(said.error or "read-failed")
        card = said.card
        return Citizen(card.name, ID_TYPES[card.kind], card.id_number, card.birth, masked_name(card.name))

    async def stop_reading(self) -> None:
        """Nobody waits for the card any more."""
        try:
            topic = topics.local_command(self._reader, "stop-reading")
            await self._bus.publish(topic, envelope_of(StopReading(), expires_in_s=5))
        except BusClosed:
            log.warning("the device agent is away", extra={"device": self._reader})

    async def print_ticket(
        self, job_id: str, slip: object, masked_name: str, *, large: bool, again: bool = False
    ) -> Printed:
        """Print; what goes wrong is in the answer."""
        if not isinstance(slip, TicketSlip):
            return Printed(Paper.FAILED, reason="no-slip")
        reprint = "补打" if slip.language == "zh" else "Reprint"
        again_label = (reprint,) if again and reprint not in slip.labels else ()
        changes = {"large": large, "labels": (*slip.labels, *again_label)}  # two papers must not look alike
        order = PrintNamedTicket(job_id=job_id, slip=slip.model_copy(update=changes), masked_name=masked_name)
        try:
            said = await request(
                self._bus, self._printer, "print-ticket", order, PrintResult, timeout_s=PRINT_S
            )
        except TimeoutError:
            return Printed(Paper.UNKNOWN, reason="no-answer")  # it may have printed
        except BusClosed:
            return Printed(Paper.FAILED, reason="offline")
        return Printed(Paper(said.outcome.value), said.proof.value, said.reason)

    async def health(self) -> AsyncIterator[tuple[str, str]]:
        """Yield how the machines are, whenever their agent says so."""
        names = {self._reader: "reader", self._printer: "printer"}
        if self._scanner:
            names[self._scanner] = "scanner"
        news: asyncio.Queue[DeviceHealth] = asyncio.Queue()

        async def listen(device_id: str) -> None:
            told = await self._bus.subscribe(topics.local_state(device_id), DeviceHealth)
            async for one in told:
                news.put_nowait(one.body)

        listeners = [asyncio.create_task(listen(device_id)) for device_id in names]
        try:
            while True:
                said = await news.get()
                yield names[said.device_id], trouble(said)
        finally:
            for task in listeners:
                task.cancel()

    async def scans(self) -> AsyncIterator[str]:
        """Yield each code that is held under the scanner now.

        One that was told before, was kept from before we listened, or comes too late is dropped.
        """
        if not self._scanner:
            return
        known: deque[tuple[str, int]] = deque(maxlen=SCANS_KNOWN)
        told = await self._bus.subscribe(topics.local_event(self._scanner, "code-scanned"), CodeScanned)
        async for one in told:
            scan, expires_at = one.body, one.envelope.expires_at
            late = expires_at is not None and expires_at <= self._now()
            if one.retained or late or (scan.boot, scan.seq) in known:
                continue
            known.append((scan.boot, scan.seq))
            yield scan.text


def trouble(health: DeviceHealth) -> str:
    """Return why a machine cannot work, or nothing."""
    if health.status not in WORKING:
        return health.reason or health.status.value
    if health.paper in (PaperLevel.OUT, PaperLevel.JAMMED):
        return health.reason or f"paper-{health.paper.value}"
    return ""
