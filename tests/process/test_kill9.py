"""The server is killed under mixed load: what it answered before is still true afterwards, and only once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from queue_server.adapters import audit_sqlite
from tests.process.hall_server import HallServer
from tests.process.killed_load import EVENT_OF, Journal, Said, Write, ask, citizens, clerk, do, until_it_dies

CITIZENS = 3
WINDOWS = ("1", "2", "3", "4", "5")


@pytest.mark.process
@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.long)])
async def test_what_was_acknowledged_survives_being_killed_under_mixed_load(
    tmp_path: Path, rounds: int, record_property: pytest.RecordProperty
) -> None:
    server, journal, random = HallServer(tmp_path), Journal(), Random(9)
    try:
        await server.start()
        journal.cookie = await server.staff_cookie()
        for _ in range(rounds):
            seen = set(journal.answers)
            work = [
                *(citizens(server, journal, Random(random.random())) for _ in range(CITIZENS)),
                *(clerk(server, journal, window, Random(random.random())) for window in WINDOWS),
            ]
            await until_it_dies(work, server, journal, random.randint(20, 80))
            await server.start()
            fresh = {write: said for write, said in journal.answers.items() if write not in seen}
            await retry(server, journal, fresh)
            check(tmp_path / "hall.db", journal)
        everything = dict(journal.answers)
        await retry(server, journal, everything)
    finally:
        server.kill()

    check(tmp_path / "hall.db", journal)
    done = Counter(write.act for write in journal.answers)
    record_property("acknowledged", len(journal.answers))
    print(
        f"{rounds} kills, {len(journal.answers)} acknowledged {dict(done)}, refused {dict(journal.refused)}"
    )
    assert done["issue"] > 0
    assert done["call-next"] > 0
    assert rounds < 100 or set(done) == set(EVENT_OF)


async def retry(server: HallServer, journal: Journal, acknowledged: dict[Write, Said]) -> None:
    """Ask everything again: what was answered is answered the same, what was not is done now, and once."""
    connection = await server.connect()
    pending, journal.unanswered = journal.unanswered, []
    for write in pending:
        said = await do(server, connection, journal, write)
        if said.status < 300:
            acknowledged[write] = said
    for write, first in acknowledged.items():
        again = await ask(server, connection, journal, write)
        assert again == Said(first.status, first.body, True), write
    connection.writer.close()


def check(path: Path, journal: Journal) -> None:
    """Look into the file: sound, every acknowledged write in it once, no number twice, audit whole."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        numbers = [row[0] for row in db.execute("SELECT number FROM ticket")]
        events = db.execute("SELECT seq, name, ticket_id FROM event ORDER BY seq").fetchall()
    broken, _ = audit_sqlite.verify(path)

    assert sound == "ok"
    assert broken is None
    assert len(numbers) == len(set(numbers))
    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    written = Counter((name, ticket) for _, name, ticket in events if ticket is not None)
    assert written == journal.effects
