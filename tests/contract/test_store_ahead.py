"""Who waits before a ticket, asked again and again inside one job; each store is a parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.cancel import cancel
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Tx
from queue_server.contracts.tickets import Channel, TicketIn
from tests.queue_server.halls import MONDAY, small_hall


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_job_that_changes_the_line_counts_it_anew(kind: str, tmp_path: Path) -> None:
    hall, clock, identity = small_hall(), FixedClock(MONDAY), Identity(b"k" * 32)
    store: MemoryStore | SqliteStore
    if kind == "memory":
        store = MemoryStore(hall, clock, identity)
    else:
        store = SqliteStore(tmp_path / "hall.db", hall, clock, identity)
    plain = TicketIn(service_id="A", channel=Channel.API)
    urgent = TicketIn(service_id="A", channel=Channel.API, priority="ELDER")

    def job(tx: Tx) -> list[int]:
        mine = issue_ticket(tx, plain)
        counts = [tx.ahead_of(mine), tx.ahead_of(mine)]
        other = issue_ticket(tx, urgent)
        counts.append(tx.ahead_of(mine))
        cancel(tx, other.id)
        return [*counts, tx.ahead_of(mine)]

    assert await store.change(job) == [0, 0, 1, 0]
    await store.close()
