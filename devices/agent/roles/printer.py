"""Prints tickets for the terminal's kiosk (local) and reprints for staff (site)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, Received, envelope_of
from devices.contracts import topics
from devices.contracts.printer import PrintNamedTicket, PrintOutcome, PrintResult, PrintTicket
from devices.errors import DeviceError
from devices.kinds import TicketPrinter
from devices.session import Detail, NotThere

JOBS_REMEMBERED = 200
ANSWER_TRIES = 20  # a site result that cannot be told for this many seconds is given up


class PrinterRole:
    """Command `print-ticket` on both buses.  Each job is printed at most once (the driver remembers)."""

    def __init__(self, post: Post, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._id = post.device.id
        self._buses = post.buses
        self._session = post.make_session(check=_look)
        self._now = now
        self._leftover = False
        self._settled: dict[str, PrintResult] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        jobs = [self._session.run()]
        if self._buses.local is not None:
            jobs.append(self._serve_kiosk(self._buses.local))
        if self._buses.site is not None:
            jobs.append(self._serve_staff(self._buses.site))
        await run_together(*jobs)

    async def _serve_kiosk(self, bus: Bus) -> None:
        commands = await bus.subscribe(topics.local_command(self._id, "print-ticket"), PrintNamedTicket)
        async for command in commands:
            result = await self._print(command, command.body.masked_name)
            topic = topics.local_result(self._id, command.envelope.id)
            await bus.publish(topic, envelope_of(result, reply_to=command.envelope.id))

    async def _serve_staff(self, bus: Bus) -> None:
        name = topics.device_command(self._buses.site_name, self._id, "print-ticket")
        async for command in await bus.subscribe(name, PrintTicket):
            result = await self._print(command, "")
            topic = topics.device_result(self._buses.site_name, self._id, command.envelope.id)
            await self._tell(bus, topic, command.envelope.id, result)

    async def _tell(self, bus: Bus, topic: str, command_id: str, result: PrintResult) -> None:
        for _ in range(ANSWER_TRIES):
            try:
                await bus.publish(topic, envelope_of(result, reply_to=command_id))
            except BusClosed:
                await asyncio.sleep(1)
            else:
                return

    async def _print(self, command: Received[Any], masked_name: str) -> PrintResult:
        """Print unless this job has left, or may have left, paper: the driver forgets on reconnection."""
        job: PrintTicket = command.body
        if job.job_id not in self._settled:
            result = await self._try_to_print(command, job, masked_name)
            if result.outcome is PrintOutcome.FAILED:
                return result
            self._settled[job.job_id] = result
            while len(self._settled) > JOBS_REMEMBERED:
                del self._settled[next(iter(self._settled))]
        return self._settled[job.job_id]

    async def _try_to_print(self, command: Received[Any], job: PrintTicket, masked_name: str) -> PrintResult:
        if command.envelope.is_expired(self._now()):
            return PrintResult(job_id=job.job_id, outcome=PrintOutcome.FAILED, reason="expired")
        try:
            async with self._session.using() as driver:
                result: PrintResult = await driver.print_ticket(
                    job.job_id, job.slip, masked_name, eject_first=self._leftover
                )
        except NotThere:
            return PrintResult(job_id=job.job_id, outcome=PrintOutcome.FAILED, reason="no-answer")
        except DeviceError as error:
            self._leftover = True  # the wire broke at a moment nobody knows
            return PrintResult(job_id=job.job_id, outcome=PrintOutcome.FAILED, reason=error.code)
        if result.started:
            self._session.used("paper")
            self._leftover = result.outcome is not PrintOutcome.PRINTED
        return result


async def _look(driver: TicketPrinter) -> Detail:
    status = await driver.status()
    return Detail("" if status.ready else status.reason, status.paper)
