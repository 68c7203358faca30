"""One terminal without its server: what it gives out, what it refuses, what its journal keeps."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.printer import TicketSlip
from kiosk.adapters.journal import Journal
from kiosk.adapters.journal_seal import JournalProblem, Seal
from kiosk.flows.intake_words import Citizen, Paper
from kiosk.ports import Printed, Refused, Unreachable
from queue_server.domain.caps import Caps
from queue_server.domain.lease import LeaseRules
from tests.kiosk.offline_hall import DOWN, NO_ANSWER, UP, Server, Terminal, at
from tests.queue_server.halls import small_hall

CITIZEN = Citizen("张三", "resident", "11010519491231002X", date(1949, 12, 31), "张*")


@pytest.fixture
def server() -> Server:
    hall = small_hall()
    capped = replace(hall.services["C"], caps=Caps(morning=8, afternoon=8))
    return Server(replace(hall, services={**hall.services, "C": capped}, leases=LeaseRules(size=4)))


@pytest.fixture
def kiosk(server: Server, tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(server, "QK01", tmp_path)
    yield made
    made.journal.close()


async def outage(kiosk: Terminal) -> None:
    """Take a lease, then lose the server and notice it."""
    await kiosk.queue.hall()
    kiosk.wire.state = DOWN
    await kiosk.queue.hall()


async def test_numbers_go_on_in_the_leases_order_until_the_block_is_spent(kiosk: Terminal) -> None:
    await outage(kiosk)
    numbers = [(await kiosk.queue.issue(f"r{n}", "A", None, "zh")).number for n in range(4)]

    assert numbers == ["A601", "A602", "A603", "A604"]
    with pytest.raises(Unreachable):
        await kiosk.queue.issue("r4", "A", None, "zh")


async def test_a_clock_that_is_a_little_late_does_not_close_the_service(
    kiosk: Terminal, server: Server
) -> None:
    await outage(kiosk)
    server.clock.advance(-3)

    assert (await kiosk.queue.issue("r1", "A", None, "zh")).number == "A601"


async def test_the_same_request_gets_the_same_ticket(kiosk: Terminal) -> None:
    await outage(kiosk)
    first = await kiosk.queue.issue("r1", "A", None, "zh")
    kiosk.restart()

    assert await kiosk.queue.issue("r1", "A", None, "zh") == first


async def test_a_share_of_a_cap_is_kept_to(kiosk: Terminal) -> None:
    await outage(kiosk)
    given_out = [await kiosk.queue.issue(f"r{n}", "C", None, "zh") for n in range(2)]

    assert len(given_out) == 8 * 25 // 100
    with pytest.raises(Unreachable):
        await kiosk.queue.issue("r9", "C", None, "zh")


async def test_a_clear_refusal_is_shown_and_never_worked_around(kiosk: Terminal) -> None:
    await kiosk.queue.hall()

    with pytest.raises(Refused) as refused:
        await kiosk.queue.issue("r1", "B", None, "zh")
    assert refused.value.code == "id-required"
    assert kiosk.journal.to_hand_in() == []


async def test_without_the_server_a_card_is_still_required(kiosk: Terminal) -> None:
    await outage(kiosk)

    with pytest.raises(Refused) as refused:
        await kiosk.queue.issue("r1", "B", None, "en")
    assert refused.value.code == "id-required"


async def test_a_person_gets_one_ticket_of_a_service_without_the_server_too(kiosk: Terminal) -> None:
    await outage(kiosk)
    first = await kiosk.queue.issue("r1", "B", CITIZEN, "zh")

    with pytest.raises(Refused) as refused:
        await kiosk.queue.issue("r2", "B", CITIZEN, "zh")
    assert (refused.value.code, first.number in refused.value.detail) == ("ticket-already-waiting", True)


async def test_outside_the_hours_of_the_lease_nothing_is_given_out(tmp_path: Path) -> None:
    server = Server(small_hall(always_open=False))
    kiosk = Terminal(server, "QK01", tmp_path)
    await outage(kiosk)
    server.clock.move_to(at(106))  # 11:46, and the last ticket is given out at 11:45
    hall = await kiosk.queue.hall()

    with pytest.raises(Refused) as refused:
        await kiosk.queue.issue("r1", "A", None, "zh")
    assert refused.value.code == "service-closed"
    assert [one.open for one in hall.services] == [False] * 3
    kiosk.journal.close()


async def test_on_the_next_day_the_old_lease_gives_nothing_out(kiosk: Terminal, server: Server) -> None:
    await outage(kiosk)
    server.clock.advance(86400)

    with pytest.raises(Unreachable):
        await kiosk.queue.issue("r1", "A", None, "zh")
    with pytest.raises(Unreachable):
        await kiosk.queue.hall()


async def test_what_is_on_offer_is_the_last_known_without_any_queue_length(kiosk: Terminal) -> None:
    await outage(kiosk)
    kiosk.restart()
    hall = await kiosk.queue.hall()

    assert hall.offline
    assert [(one.id, one.open, one.waiting) for one in hall.services] == [
        ("A", True, -1),
        ("B", True, -1),
        ("C", True, -1),
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_paper_says_nothing_that_nobody_knows(kiosk: Terminal, language: str) -> None:
    await outage(kiosk)
    slip = (await kiosk.queue.issue("r1", "A", None, language)).slip

    assert isinstance(slip, TicketSlip)
    assert (slip.ahead, slip.track_url, slip.language) == (-1, "", language)
    assert slip.issued_at == "2026-11-23 10:00"
    assert slip.hall == ("测试大厅" if language == "zh" else "Test hall")


async def test_everything_is_handed_in_before_the_next_number_is_asked_for(
    kiosk: Terminal, server: Server
) -> None:
    await outage(kiosk)
    await kiosk.queue.issue("r1", "A", None, "zh")
    kiosk.restart()
    kiosk.wire.state = UP
    server.clock.advance(60)
    online = await kiosk.queue.issue("r2", "A", None, "zh")

    assert [one.number for one in await server.tickets()] == ["A601", online.number]


async def test_an_order_that_was_done_without_an_answer_leaves_one_ticket_in_the_line(
    kiosk: Terminal, server: Server
) -> None:
    await kiosk.queue.hall()
    kiosk.wire.fates = [NO_ANSWER]
    ticket = await kiosk.queue.issue("r1", "A", None, "zh")
    await kiosk.queue.hall()

    found = {one.number: one.state.value for one in await server.tickets()}
    assert found == {"A001": "cancelled", ticket.number: "waiting"}


async def test_a_ticket_that_nobody_saw_is_not_handed_in(kiosk: Terminal, server: Server) -> None:
    await outage(kiosk)
    ticket = await kiosk.queue.issue("r1", "A", None, "zh")
    await kiosk.queue.cancel("r1", ticket.id)
    kiosk.wire.state = UP
    await kiosk.queue.hall()

    assert await server.tickets() == []


async def test_the_server_learns_of_a_paper_that_came_out_after_the_handing_in(
    kiosk: Terminal, server: Server
) -> None:
    await outage(kiosk)
    ticket = await kiosk.queue.issue("r1", "A", None, "zh")
    kiosk.wire.state = UP
    await kiosk.queue.hall()
    before = (await server.tickets())[0].print_state
    await kiosk.queue.report_print("r1", ticket.id, 1, Printed(Paper.PRINTED))

    assert (before, (await server.tickets())[0].print_state) == ("requested", "printed")


async def test_a_lease_whose_block_runs_low_is_changed_for_a_new_one(kiosk: Terminal) -> None:
    await outage(kiosk)
    first = kiosk.journal.leases()[0].lease.id
    await kiosk.queue.issue("r1", "A", None, "zh")
    kiosk.wire.state = UP
    await kiosk.queue.hall()
    leases = [one.lease.id for one in kiosk.journal.leases()]

    assert len(leases) == 1
    assert leases != [first]


async def test_the_journal_tells_nobody_who_took_a_ticket_and_forgets_it_when_handed_in(
    kiosk: Terminal,
) -> None:
    await outage(kiosk)
    await kiosk.queue.issue("r1", "B", CITIZEN, "zh")
    files = [kiosk.path, kiosk.path.with_name(kiosk.path.name + "-wal")]
    written = b"".join(one.read_bytes() for one in files if one.exists())
    kept = kiosk.journal.to_hand_in()
    kiosk.wire.state = UP
    await kiosk.queue.hall()
    handed_in = kiosk.journal.ticket("r1")

    assert CITIZEN.id_number.encode() not in written
    assert CITIZEN.name.encode() not in written
    assert kept[0].citizen == CITIZEN
    assert handed_in is not None
    assert handed_in.citizen is None
    assert CITIZEN.id_number not in repr(kept)


def test_journal_and_key_are_for_this_user_alone(kiosk: Terminal) -> None:
    for path in (kiosk.path, kiosk.path.with_suffix(".key")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_process_on_the_same_journal_is_refused(kiosk: Terminal) -> None:
    with pytest.raises(JournalProblem):
        Journal(kiosk.path)


def test_a_damaged_journal_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "kiosk-QK01.db"
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(JournalProblem, match="cannot be used"):
        Journal(path)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=30), st.text("0123456789X", min_size=1, max_size=20), st.dates())
def test_what_was_sealed_opens_with_its_key_alone(name: str, number: str, birth: date) -> None:
    citizen = Citizen(name, "resident", number, birth, name[:1])
    sealed = Seal(b"a" * 32).close(citizen)

    assert Seal(b"a" * 32).open(sealed) == citizen
    assert Seal(b"b" * 32).open(sealed) is None
