"""Prints documents on A4 for the terminal's own programs; never from the site, documents are personal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, Received, envelope_of
from devices.contracts import topics
from devices.contracts.printer import DocumentResult, PrintDocument, PrintOutcome
from devices.errors import DeviceError
from devices.kinds import DocumentPrinter
from devices.session import Detail, NotThere


class DocumentPrinterRole:
    """Command `print-document` on the local bus.  The driver sees to it that none is handed in twice."""

    def __init__(self, post: Post, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._id = post.device.id
        self._local = post.buses.local
        self._session = post.make_session(check=_look)
        self._now = now

    async def run(self) -> None:
        """Work until cancelled."""
        jobs = [self._session.run()]
        if self._local is not None:
            jobs.append(self._serve(self._local))
        await run_together(*jobs)

    async def _serve(self, bus: Bus) -> None:
        commands = await bus.subscribe(topics.local_command(self._id, "print-document"), PrintDocument)
        async for command in commands:
            result = await self._print(command)
            topic = topics.local_result(self._id, command.envelope.id)
            await bus.publish(topic, envelope_of(result, reply_to=command.envelope.id))

    async def _print(self, command: Received[PrintDocument]) -> DocumentResult:
        order = command.body
        failed = DocumentResult(job_id=order.job_id, outcome=PrintOutcome.FAILED)
        if command.envelope.is_expired(self._now()):
            return failed.model_copy(update={"reason": "expired"})
        try:
            async with self._session.using() as driver:
                result: DocumentResult = await driver.print_document(order)
                path: str | None = driver.document_path(order)
        except NotThere:
            return failed.model_copy(update={"reason": "no-answer"})
        except DeviceError as error:
            return failed.model_copy(update={"reason": error.code})
        if result.outcome is PrintOutcome.PRINTED and path is not None:
            await asyncio.to_thread(_remove, path)
        return result


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):  # an order told twice
        Path(path).unlink()


async def _look(driver: DocumentPrinter) -> Detail:
    status = await driver.status()
    return Detail("" if status.ready else status.reason, status.paper)
