"""Supervises a tax machine: its journal to the site, its stock checked, its commands carried out once.

Events: `journal`, `journal-gap`, `storage`, `cassette-mismatch`, `tax-machine`.  Everything here is for the
site; what names a taxpayer was dropped by the driver.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

from devices.agent.kept_file import kept_for
from devices.agent.roles.base import Post
from devices.agent.roles.tax_journal import JournalCarrier
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, Received, envelope_of
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.health import Storage
from devices.contracts.tax_machine import (
    CassetteMismatch,
    EndExchange,
    LockCassette,
    MachineEvent,
    ReconcileCassette,
    Reconciliation,
    SetLowMark,
    StartExchange,
    StorageReport,
    StorageUnit,
    TaxCommand,
    TaxOutcome,
    TaxResult,
    UnitType,
    UnlockCassette,
)
from devices.errors import DeviceError, DeviceFault, TransportError, WireTimeout
from devices.kinds import TaxMachine
from devices.session import Detail, NotThere

COMMANDS: dict[str, type[TaxCommand]] = {
    "lock-cassette": LockCassette,
    "unlock-cassette": UnlockCassette,
    "reconcile-cassette": ReconcileCassette,
    "set-low-mark": SetLowMark,
    "start-exchange": StartExchange,
    "end-exchange": EndExchange,
}
LISTEN_S = 0.25  # how long one look waits for events; a command waits at most that long for its turn
RETRY_S = 1.0
ANSWER_TRIES = 20  # a result that cannot be told for this many seconds is given up
log = logging.getLogger(__name__)


class TaxMachineRole:
    """One tax machine at work."""

    def __init__(
        self,
        post: Post,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._id = post.device.id
        self._buses = post.buses
        self._session = post.make_session(check=self._look, arrived=self._arrived)
        self._sleep = sleep
        self._now = now
        self._kept = kept_for(post.state_dir, post.device.id)
        self._place = kept_for(post.state_dir, f"{post.device.id}.journal")
        self._carrier = JournalCarrier(self._id, self._place, self._publish)
        self._trouble = ""
        """Why the journal does not come, for the machine's state."""
        self._told: Detail | None = None
        self._mismatches: set[tuple[str, int, int]] = set()
        self._units: tuple[StorageUnit, ...] = ()
        self._clock_set: date | None = None
        self._news = True
        """Whether the journal may hold entries that the site has not."""

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None:
            log.warning("%s: needs [mqtt], or nobody hears of its journal", self._id)
            await self._session.run()
            return
        serving = [self._serve(self._buses.site, name, body) for name, body in COMMANDS.items()]
        await run_together(self._session.run(), self._watch(), *serving)

    async def _publish(self, name: str, body: Message, message_id: str = "") -> None:
        """Tell the site.  Raises BusClosed."""
        if self._buses.site is None:
            raise BusClosed("there is no site bus")
        envelope = envelope_of(body)
        if message_id:
            envelope = envelope.model_copy(update={"id": message_id})
        topic = topics.device_event(self._buses.site_name, self._id, name)
        await self._buses.site.publish(topic, envelope)

    # --- what the machine says ------------------------------------------------------------------------

    async def _arrived(self, driver: TaxMachine) -> None:
        self._clock_set = None
        self._news = True

    async def _watch(self) -> None:
        """Hear events and carry the journal, for ever; a break of the wire or of the bus only delays."""
        while True:
            try:
                async with self._session.using() as driver:
                    await self._hear(driver)
                    if self._news:
                        await self._carrier.carry(driver)
                        self._news = False
                        self._trouble = ""
            except (DeviceError, BusClosed, OSError) as error:
                self._news = True
                self._troubled(error)
                await self._sleep(RETRY_S)
            await asyncio.sleep(0)  # who waits for the machine has his turn

    def _troubled(self, error: Exception) -> None:
        """Remember why the journal waits; that the machine or the broker is away is said elsewhere."""
        before = self._trouble
        if isinstance(error, OSError):
            log.error("%s: state_dir cannot be written (%s)", self._id, error.strerror)
        elif isinstance(error, DeviceFault):
            self._trouble = error.code
        if self._trouble != before:
            log.error("%s: the journal waits (%s)", self._id, self._trouble)

    async def _hear(self, driver: TaxMachine) -> None:
        for event in await driver.listen(LISTEN_S):
            if event.name == "Journal.Entry":
                self._news = True
                continue
            said = MachineEvent(device_id=self._id, name=event.name, unit=event.unit, value=event.value)
            with contextlib.suppress(BusClosed):
                await self._publish("tax-machine", said)

    async def _look(self, driver: TaxMachine) -> Detail | None:
        """The heartbeat: how it is, its stock, whether the numbers add up."""
        status = await driver.heartbeat()
        if status is None:
            return self._told
        self._news = True
        await self._set_clock_daily(driver)
        units = await driver.storage()
        with contextlib.suppress(BusClosed):
            if units != self._units:
                await self._publish("storage", StorageReport(device_id=self._id, units=units))
                self._units = units
        for unit in units:
            if unit.difference and not unit.locked:
                await self._lock(driver, unit.id, unit.code, unit.count + unit.difference, unit.count)
        locked = any(unit.locked or unit.difference for unit in units)
        self._place.try_again()
        disk = "state-dir" if self._place.failing else ""
        reason = status.reason or self._trouble or disk or ("cassette-locked" if locked else "")
        self._told = Detail(reason, status.paper, _levels(units))
        return self._told

    async def _set_clock_daily(self, driver: TaxMachine) -> None:
        now = self._now()
        if self._clock_set != now.date():
            self._clock_set = now.date()
            try:
                await driver.set_clock(now)
            except DeviceFault as fault:  # its clock is its own affair then; the journal says what it thinks
                log.warning("%s: the clock cannot be set (%s)", self._id, fault.code)

    async def _lock(self, driver: TaxMachine, unit: str, code: str, expected: int, counted: int) -> None:
        """Lock a cassette whose numbers do not add up, and say so once."""
        locked = True
        try:
            await driver.lock(unit, f"mismatch-{unit}-{self._now():%m%d%H%M%S}")
        except DeviceFault:
            locked = False
        if (unit, expected, counted) in self._mismatches:
            return
        log.error("%s: %s is off by %d, locked: %s", self._id, unit, expected - counted, locked)
        told = CassetteMismatch(
            device_id=self._id,
            unit=unit,
            code=code,
            expected=expected,
            counted=counted,
            difference=expected - counted,
            locked=locked,
        )
        with contextlib.suppress(BusClosed):
            await self._publish("cassette-mismatch", told)
            self._mismatches.add((unit, expected, counted))

    # --- commands -------------------------------------------------------------------------------------

    async def _serve(self, bus: Bus, name: str, body: type[TaxCommand]) -> None:
        topic = topics.device_command(self._buses.site_name, self._id, name)
        async for command in await bus.subscribe(topic, body):
            result = await self._answer(command)
            answer = topics.device_result(self._buses.site_name, self._id, command.envelope.id)
            for _ in range(ANSWER_TRIES):
                with contextlib.suppress(BusClosed):
                    await bus.publish(answer, envelope_of(result, reply_to=command.envelope.id))
                    break
                await self._sleep(RETRY_S)

    async def _answer(self, command: Received[Any]) -> TaxResult:
        """Carry a command out, or repeat the answer that its id had."""
        order: TaxCommand = command.body
        known = self._kept.get(order.command_id)
        if known is not None:
            return TaxResult.model_validate_json(known)
        if command.envelope.expires_at is None:
            return _result(order, TaxOutcome.REFUSED, "no-expiry")
        if command.envelope.is_expired(self._now()):
            return self._keep(_result(order, TaxOutcome.REFUSED, "expired"))
        try:
            async with self._session.using() as driver:
                result = await _carry_out(driver, order)
                found = result.reconciliation
                if found is not None and found.difference:
                    await self._lock(driver, found.unit, "", found.expected, found.counted)
        except NotThere:
            return _result(order, TaxOutcome.REFUSED, "no-answer")
        except DeviceFault as fault:
            return self._keep(_result(order, TaxOutcome.REFUSED, fault.code))
        except (WireTimeout, TransportError, DeviceError) as error:
            # Not kept: sent again with the same id it is carried out once, by the machine's own memory.
            return _result(order, TaxOutcome.UNKNOWN, error.code)
        with contextlib.suppress(DeviceError):
            await self._session.check_now()  # tells what changed, and locks what does not add up
        return self._keep(result)

    def _keep(self, result: TaxResult) -> TaxResult:
        try:
            self._kept.put(result.command_id, result.model_dump_json())
        except OSError as error:  # the machine remembers the id too
            log.error("%s: a result could not be kept (%s)", self._id, error.strerror)
        return result


async def _carry_out(driver: TaxMachine, order: TaxCommand) -> TaxResult:
    """Do it.  Raises DeviceError."""
    found: Reconciliation | None = None
    match order:
        case LockCassette():
            await driver.lock(order.unit, order.command_id)
        case UnlockCassette():
            await driver.unlock(order.unit, order.command_id)
        case ReconcileCassette():
            found = await driver.reconcile(order.unit, order.command_id)
        case SetLowMark():
            await driver.set_low_mark(order.unit, order.low, order.command_id)
        case StartExchange() | EndExchange() if len(set(order.operators)) < 2:
            return _result(order, TaxOutcome.REFUSED, "two-operators")
        case StartExchange():
            await driver.start_exchange(order.operators, order.command_id)
        case EndExchange():
            await driver.end_exchange(order.operators, order.units, order.command_id)
    return _result(order, TaxOutcome.DONE, "", found)


def _result(
    order: TaxCommand, outcome: TaxOutcome, reason: str, found: Reconciliation | None = None
) -> TaxResult:
    return TaxResult(command_id=order.command_id, outcome=outcome, reason=reason, reconciliation=found)


def _levels(units: tuple[StorageUnit, ...]) -> dict[str, Storage]:
    """Return how full each unit is, in XFS4IoT's words."""
    return {unit.id: unit.replenishment for unit in units if unit.type in UnitType}
