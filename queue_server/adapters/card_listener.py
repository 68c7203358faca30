"""Staff cards shown at windows: each showing is done once, whatever the line repeats.

`(device, boot, seq)` names a showing for ever.  The broker drops what is older than 10 s (the message's own
expiry); clocks of other machines are not asked.
"""

from __future__ import annotations

import hashlib

from devices.bus.base import Bus
from devices.contracts import topics
from devices.contracts.id_reader import StaffCardShown
from queue_server.adapters.machine_jobs import DONE, NOBODY, done_once, each, request_of
from queue_server.application.audit import Told
from queue_server.application.ports import Outcome, Store, Tx
from queue_server.application.staff_card import card_shown


class CardListener:
    """Signs clerks in at the windows where they show their cards."""

    def __init__(self, store: Store, site: str, bus: Bus) -> None:
        self._store, self._site, self._bus = store, site, bus

    async def open(self) -> None:
        """Begin to listen; what comes from now on is handled once `run_forever` runs."""
        topic = topics.device_event(self._site, "+", "staff-card-shown")
        self._cards = await self._bus.subscribe(topic, StaffCardShown)

    async def run_forever(self) -> None:
        """Handle what comes, until cancelled."""
        await each(self._cards, self.on_card)

    async def on_card(self, shown: StaffCardShown) -> int:
        """Do what a card at a window means; return DONE, NOBODY for one that was given, or REFUSED."""

        def job(tx: Tx) -> Outcome:
            return Outcome(DONE if card_shown(tx, shown.window, shown.card) is not None else NOBODY)

        # the answer is kept with the digest for days: it must not hold the card
        digest = hashlib.sha256(f"{shown.window} {shown.card}".encode()).hexdigest()
        request = request_of(shown.device_id, shown.boot, shown.seq, digest)
        return await done_once(
            self._store, request, job, Told("staff-card", shown.device_id, window=shown.window)
        )
