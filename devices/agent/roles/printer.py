"""Prints tickets for the terminal's kiosk (local) and reprints for staff (site).

Before a byte of a ticket is sent, its job is kept on the disk as begun; afterwards its result.  What was
begun when the power went is never printed again: nobody knows whether paper came out, and that is said.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devices.agent.kept_file import kept_for
from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, Received, envelope_of
from devices.contracts import topics
from devices.contracts.printer import PrintNamedTicket, PrintOutcome, PrintResult, PrintTicket
from devices.errors import DeviceError
from devices.kinds import TicketPrinter
from devices.session import Detail, NotThere

ANSWER_TRIES = 20  # a site result that cannot be told for this many seconds is given up
_BEGUN, _FAILED, _TORN = "begun", "failed", "torn"  # torn: failed, with a part of it in the printer's mouth
log = logging.getLogger(__name__)


class PrinterRole:
    """Command `print-ticket` on both buses.  Each job is printed at most once, whatever restarts."""

    def __init__(self, post: Post, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._id = post.device.id
        self._buses = post.buses
        self._session = post.make_session(check=_look)
        self._now = now
        self._kept = kept_for(post.state_dir, post.device.id)
        self._leftover = any(_leaves_something(fact) for _, fact in self._kept.items()[-1:])
        self._one_at_a_time = asyncio.Lock()

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
        """Print unless this job has left, or may have left, paper: also in an earlier life of the agent."""
        job: PrintTicket = command.body
        async with self._one_at_a_time:
            known = self._kept.get(job.job_id)
            if known == _BEGUN:
                return PrintResult(
                    job_id=job.job_id, outcome=PrintOutcome.UNKNOWN, reason="interrupted", started=True
                )
            if known is not None and known not in (_FAILED, _TORN):
                return PrintResult.model_validate_json(known)
            await self._keep(job.job_id, _BEGUN)
            result = await self._try_to_print(command, job, masked_name)
            await self._keep(job.job_id, _fact_of(result))
            return result

    async def _keep(self, job_id: str, fact: str) -> None:
        """Keep it on the disk; a full disk must not keep citizens from their tickets."""
        try:
            await asyncio.to_thread(self._kept.put, job_id, fact)
        except OSError as error:
            log.warning(
                "%s: the print journal cannot be written (%s); make room on the disk",
                self._id,
                error.strerror,
            )

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


def _fact_of(result: PrintResult) -> str:
    if result.outcome is not PrintOutcome.FAILED:
        return result.model_dump_json()
    return _TORN if result.started else _FAILED


def _leaves_something(fact: str) -> bool:
    """Say whether the job may have left a part of a ticket in the printer."""
    if fact in (_BEGUN, _FAILED, _TORN):
        return fact != _FAILED
    return PrintResult.model_validate_json(fact).outcome is not PrintOutcome.PRINTED


async def _look(driver: TicketPrinter) -> Detail:
    status = await driver.status()
    return Detail("" if status.ready else status.reason, status.paper)
