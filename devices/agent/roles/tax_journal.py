"""Carries a tax machine's journal to the site: every entry once, in order, without a gap.

The machine keeps what was not acknowledged; the agent keeps how far it has told the site.  An entry is told,
then the place is kept, then the machine may forget.  Should the agent die between the first two, the entry
is told again with the same message id: who listens drops it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from devices.agent.kept_file import KeptFile
from devices.contracts.base import Message
from devices.contracts.tax_machine import JournalEntry, JournalGap
from devices.errors import DeviceFault, ProtocolError
from devices.kinds import JournalPage, TaxMachine

_PLACE = "journal"
log = logging.getLogger(__name__)

Publish = Callable[[str, Message, str], Awaitable[None]]
"""Event name, body, message id.  Raises BusClosed when the site did not take it."""


class JournalCarrier:
    """The way of one machine's journal."""

    def __init__(self, device_id: str, kept: KeptFile, publish: Publish) -> None:
        self._id = device_id
        self._kept = kept
        self._publish = publish

    def place(self) -> tuple[str, int]:
        """Return the journal's own id and the number of the last entry that the site has."""
        journal, _, number = (self._kept.get(_PLACE) or " 0").rpartition(" ")
        return journal, int(number)

    async def carry(self, driver: TaxMachine) -> int:
        """Tell the site what is new and return how many entries.  Raises DeviceError, BusClosed, OSError."""
        told = 0
        while True:
            journal, after = self.place()
            page = await driver.read_journal(after)
            if page.journal != journal:
                self._begin(page.journal, journal)
                continue
            if page.newest < after:
                raise DeviceFault(
                    "journal-short", f"{self._id}: the journal is shorter than what was told of it"
                )
            told += await self._tell(page)
            _, upto = self.place()
            if upto >= page.oldest:
                await driver.ack_journal(journal, upto)
            if upto >= page.newest:
                return told

    def _begin(self, journal: str, before: str) -> None:
        """Another journal: a new machine, or new storage in the old one."""
        if before:
            log.warning("%s: the machine has another journal than before", self._id)
        self._kept.put(_PLACE, f"{journal} 0")

    async def _tell(self, page: JournalPage) -> int:
        if page.oldest > page.after + 1:
            gap = JournalGap(device_id=self._id, journal=page.journal, after=page.after, next=page.oldest)
            await self._publish("journal-gap", gap, f"{page.journal}-gap-{page.oldest}")
            self._kept.put(_PLACE, f"{page.journal} {page.oldest - 1}")
        for line in page.lines:
            entry = JournalEntry.model_validate(
                {"device_id": self._id, "journal": page.journal, "seq": line.seq, **line.fields}
            )
            await self._publish("journal", entry, f"{page.journal}-{line.seq}")
            self._kept.put(_PLACE, f"{page.journal} {line.seq}")
        if not page.lines and page.newest > max(page.after, page.oldest - 1):
            raise ProtocolError(f"{self._id}: the machine has entries and does not give them")
        return len(page.lines)
