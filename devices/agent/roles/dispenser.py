"""Lets out cards when told, from the site or from the terminal's own kiosk: one id, one card at most.

Before a card moves, the command's id is kept on the disk; afterwards its result.  The same id is answered
the same again; one that was begun and has no result (the agent died in between) is answered "unknown".
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devices.agent.kept_file import kept_for
from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, Received, envelope_of
from devices.contracts import topics
from devices.contracts.dispenser import (
    CaptureCard,
    CardCommand,
    CardOutcome,
    CardResult,
    DispenseCard,
    ResetDispenser,
)
from devices.contracts.health import Storage
from devices.errors import DeviceError, DeviceFault
from devices.kinds import CardDispenser
from devices.session import Detail

COMMANDS: dict[str, type[CardCommand]] = {
    "dispense-card": DispenseCard,
    "capture-card": CaptureCard,
    "reset-dispenser": ResetDispenser,
}
ANSWER_TRIES = 20  # a site result that cannot be told for this many seconds is given up
_BEGUN = "begun"
log = logging.getLogger(__name__)


class DispenserRole:
    """Commands `dispense-card`, `capture-card`, `reset-dispenser` on both buses."""

    def __init__(self, post: Post, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._id = post.device.id
        self._buses = post.buses
        self._session = post.make_session(check=_look)
        self._now = now
        self._kept = kept_for(post.state_dir, post.device.id)
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Work until cancelled."""
        jobs = [self._session.run()]
        for name, body in COMMANDS.items():
            if self._buses.local is not None:
                jobs.append(self._serve(self._buses.local, topics.local_command(self._id, name), body))
            if self._buses.site is not None:
                topic = topics.device_command(self._buses.site_name, self._id, name)
                jobs.append(self._serve(self._buses.site, topic, body))
        await run_together(*jobs)

    async def _serve(self, bus: Bus, topic: str, body: type[CardCommand]) -> None:
        async for command in await bus.subscribe(topic, body):
            async with self._one_at_a_time:
                result = await self._answer(command)
            await self._tell(bus, command.envelope.id, result)

    async def _tell(self, bus: Bus, correlation: str, result: CardResult) -> None:
        topic = topics.device_result(self._buses.site_name, self._id, correlation)
        if bus is self._buses.local:
            topic = topics.local_result(self._id, correlation)
        for _ in range(ANSWER_TRIES):
            with contextlib.suppress(BusClosed):
                await bus.publish(topic, envelope_of(result, reply_to=correlation))
                return
            await asyncio.sleep(1)

    async def _answer(self, command: Received[Any]) -> CardResult:
        """Return the result of a command, carried out now or long ago."""
        order: CardCommand = command.body
        known = self._kept.get(order.command_id)
        if known == _BEGUN:
            return self._keep(_result(order, CardOutcome.UNKNOWN, "interrupted"))
        if known is not None:
            return CardResult.model_validate_json(known)
        if command.envelope.expires_at is None:
            return _result(order, CardOutcome.FAILED, "no-expiry")
        if command.envelope.is_expired(self._now()):
            return self._keep(_result(order, CardOutcome.FAILED, "expired"))
        try:
            self._kept.put(order.command_id, _BEGUN)
        except OSError as error:  # what cannot be remembered is not begun
            log.error("%s: cannot write state_dir (%s)", self._id, error.strerror)
            return self._keep(_result(order, CardOutcome.FAILED, "state-dir"))
        result = await self._carry_out(order)
        log.info("%s: %s, %s", self._id, result.outcome.value, result.reason or result.proof.value)
        await self._look_again()
        return self._keep(result)

    def _keep(self, result: CardResult) -> CardResult:
        try:
            self._kept.put(result.command_id, result.model_dump_json())
        except OSError as error:  # a repeat is answered "interrupted" then, and moves nothing
            log.error("%s: a result could not be kept (%s)", self._id, error.strerror)
        return result

    async def _carry_out(self, order: CardCommand) -> CardResult:
        try:
            async with self._session.using() as driver:
                result: CardResult = await _method(driver, order)(order.command_id)
        except DeviceError as error:  # a driver raises only while nothing has moved
            return _result(order, CardOutcome.FAILED, error.code)
        return result

    async def _look_again(self) -> None:
        """Tell at once what the command changed, an empty stacker for example."""
        with contextlib.suppress(DeviceError):
            await self._session.check_now()


def _method(driver: CardDispenser, order: CardCommand) -> Any:
    if isinstance(order, DispenseCard):
        return driver.dispense
    return driver.capture if isinstance(order, CaptureCard) else driver.reset


def _result(order: CardCommand, outcome: CardOutcome, reason: str) -> CardResult:
    return CardResult(command_id=order.command_id, outcome=outcome, reason=reason)


async def _look(driver: CardDispenser) -> Detail:
    try:
        status = await driver.status()
    except DeviceFault as fault:
        return Detail(fault.code)
    stacks: dict[str, Storage | None] = {"stacker": status.stacker, "bin": status.bin}
    known = {name: level for name, level in stacks.items() if level is not None}
    reason = "" if status.reason in ("busy", "card-at-exit") else status.reason
    return Detail(reason, storage=known)
