"""Figures: exact from the stored edges, grouped rightly, and harmless as files."""

from __future__ import annotations

import csv
import io
import statistics
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.cancel import cancel
from queue_server.application.evaluate import Rating, evaluate
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Tx
from queue_server.application.requeue import requeue
from queue_server.application.start_service import start_service
from queue_server.application.statistics import spread_of
from queue_server.application.statistics_report import report, span_of
from queue_server.application.transfer import transfer
from queue_server.contracts.statistics import EstimateFigures, StatisticsKind, StatisticsRow
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.ticket import Ticket
from queue_server.http.statistics_files import csv_of, xlsx_of
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.serving import Running, fresh_key, running, ticket_body

DAY = date(2026, 11, 23)


class Morning:
    """A store on a clock that the test moves."""

    def __init__(self, store: MemoryStore | SqliteStore, clock: FixedClock) -> None:
        self.store, self.clock = store, clock

    async def issue(self, service: str = "A") -> Ticket:
        wanted = TicketIn(service_id=service, channel=Channel.KIOSK)
        return await self.store.change(lambda tx: issue_ticket(tx, wanted))

    async def do(self, act: Any, *arguments: Any, after_s: float = 0) -> Any:
        self.clock.advance(after_s)
        return await self.store.change(lambda tx: act(tx, *arguments))

    async def rows(self, kind: str, until: date = DAY) -> dict[str, StatisticsRow]:
        hall, now = small_hall(), self.clock.now()
        span = span_of(hall, DAY, until)
        made = await self.store.read(lambda view: report(hall, StatisticsKind(kind), view.facts(*span), now))
        return {row.key: row for row in made}


@pytest.fixture(params=["memory", "sqlite"])
async def morning(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Morning]:
    clock, identity = FixedClock(MONDAY), Identity(b"k" * 32)
    store: MemoryStore | SqliteStore = (
        MemoryStore(small_hall(), clock, identity)
        if request.param == "memory"
        else SqliteStore(tmp_path / "hall.db", small_hall(), clock, identity)
    )
    yield Morning(store, clock)
    await store.close()


def rate(tx: Tx, ticket_id: str, level: int) -> None:
    evaluate(tx, tx.ticket(ticket_id), Rating(level))


async def served(hall: Morning, wait_s: float, service_s: float, window: str = "1") -> Ticket:
    """Let one citizen wait, come at once and be served."""
    ticket = await hall.issue()
    await hall.do(call_next, window, after_s=wait_s)
    await hall.do(start_service, window)
    await hall.do(finish_service, window, None, None, after_s=service_s)
    return ticket


async def test_waits_and_services_are_the_times_between_the_edges(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    for wait_s, service_s in ((60, 300), (120, 600), (240, 100)):
        await served(morning, wait_s, service_s)

    row = (await morning.rows("day"))["2026-11-23"]
    assert (row.issued, row.served) == (3, 3)
    assert row.wait is not None
    assert row.service is not None
    assert (row.wait.mean_s, row.wait.median_s, row.wait.p90_s) == (140, 120, 240)
    assert (row.service.count, row.service.median_s) == (3, 300)


async def test_each_way_a_ticket_ends_is_counted_once(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    await served(morning, 10, 10)
    await morning.issue()
    await morning.do(call_next, "1", after_s=10)
    await morning.do(no_show, "1", after_s=10)
    given_up = await morning.issue()
    await morning.do(cancel, given_up.id)
    await morning.issue("C")
    morning.clock.advance(24 * 3600)
    await morning.do(expire_day)

    row = (await morning.rows("day"))["2026-11-23"]
    counted = (row.issued, row.served, row.passed, row.cancelled)
    assert counted == (4, 1, 1, 1)
    # of the day they were issued, not of the morning that found them: the one who waits, the one passed
    assert row.expired == 2


async def test_a_transfer_makes_a_second_wait_at_the_service_it_goes_to(morning: Morning) -> None:
    for window in ("1", "3"):
        await morning.do(sign.sign_in, window, f"clerk{window}")
    await morning.issue()
    await morning.do(call_next, "1", after_s=30)
    await morning.do(transfer, "1", "B", None, "back", after_s=5)
    await morning.do(call_next, "3", after_s=45)

    rows = await morning.rows("services")
    assert [rows[key].wait.mean_s for key in ("A", "B")] == [30, 45]  # type: ignore[union-attr]
    assert (await morning.rows("windows"))["3"].wait.count == 1  # type: ignore[union-attr]


async def test_hours_are_those_of_the_halls_own_clock(morning: Morning) -> None:
    await morning.issue()
    morning.clock.advance(3600)
    await morning.issue()
    await morning.issue()

    rows = await morning.rows("hours")
    assert {key: row.issued for key, row in rows.items()} == {"2026-11-23T10": 1, "2026-11-23T11": 2}


async def test_utilisation_is_busy_time_of_open_time_and_pauses_are_told_by_reason(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    await served(morning, 100, 300)
    await morning.do(sign.pause, "1", "午餐", after_s=100)
    await morning.do(sign.resume, "1", after_s=600)
    await morning.do(sign.pause, "1", "培训")
    await morning.do(sign.sign_out, "1", after_s=60)
    morning.clock.advance(999)

    row = (await morning.rows("windows"))["1"]
    assert (row.open_s, row.busy_s, row.paused_s, row.utilisation) == (500, 300, 660, 0.6)
    assert [(pause.reason, pause.seconds) for pause in row.pauses or []] == [("午餐", 600), ("培训", 60)]


async def test_a_window_open_since_the_day_before_counts_from_midnight(morning: Morning) -> None:
    morning.clock.move_to(datetime(2026, 11, 22, 10, tzinfo=UTC))
    await morning.do(sign.sign_in, "1", "wang")
    morning.clock.move_to(MONDAY)  # ten o'clock

    assert (await morning.rows("windows"))["1"].open_s == 10 * 3600


async def test_ratings_are_split_by_level_for_the_hall_and_each_window(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    for level in (5, 5, 3, 1):
        ticket = await served(morning, 1, 1)
        await morning.do(rate, ticket.id, level)

    rows = await morning.rows("evaluations")
    assert set(rows) == {"all", "1"}
    assert rows["all"].rated == 4
    assert (rows["1"].levels or {})["very-satisfied"] == 2
    assert rows["1"].satisfied_share == 0.75


async def test_what_tickets_told_is_compared_with_the_first_call_of_those_who_had_to_wait(
    morning: Morning,
) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    at_once, waits = await morning.issue(), await morning.issue()
    await morning.do(call_next, "1")
    await morning.do(no_show, "1", after_s=5)
    await morning.do(call_next, "1", after_s=55)
    await morning.do(no_show, "1", after_s=5)
    await morning.do(requeue, waits.id)
    await morning.do(call_next, "1", after_s=6000)

    low_s, likely_s, high_s = (one or 0 for one in (waits.est_low_s, waits.est_likely_s, waits.est_high_s))
    found = (await morning.rows("day"))["2026-11-23"].estimate
    assert at_once.est_low_s == 0
    assert low_s > 60
    assert found == EstimateFigures(
        count=2,
        waited=1,
        inside_share=float(low_s <= 60 <= high_s),
        error_median=round((likely_s - 60) / 300, 4),
        error_median_s=likely_s - 60,
        bias_s=likely_s - 60,
    )
    assert (await morning.rows("services"))["A"].estimate == found
    assert (await morning.rows("services"))["C"].estimate is None


async def test_a_clerk_has_the_figures_of_every_window_while_sitting_there(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    await served(morning, 60, 300)
    await morning.do(sign.sign_in, "1", "li", after_s=10)
    await served(morning, 30, 100)
    await morning.do(sign.sign_in, "2", "wang")
    await served(morning, 20, 200, "2")
    await morning.do(sign.pause, "2", "午餐", after_s=5)
    morning.clock.advance(95)

    rows = await morning.rows("clerks")
    assert {key: (row.served, row.busy_s, row.open_s) for key, row in rows.items()} == {
        "wang": (2, 500, 360 + 10 + 225),
        "li": (1, 100, 130 + 225 + 95),
    }
    assert [(pause.reason, pause.seconds) for pause in rows["wang"].pauses or []] == [("午餐", 95)]


async def test_the_newest_told_waits_come_first_and_no_more_than_asked(morning: Morning) -> None:
    await morning.do(sign.sign_in, "1", "wang")
    for wait_s in (10, 20, 30):
        await served(morning, wait_s, 100)

    start, _ = span_of(small_hall(), DAY, DAY)
    lately = await morning.store.read(lambda view: view.lately_told(start, 2))
    assert [one.waited_s for one in lately] == [30, 20]


async def test_other_days_are_not_counted(morning: Morning) -> None:
    await morning.issue()
    morning.clock.advance(24 * 3600)
    await morning.issue()

    assert {key: row.issued for key, row in (await morning.rows("day")).items()} == {"2026-11-23": 1}
    assert len(await morning.rows("day", DAY + timedelta(days=1))) == 2


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=40))
def test_the_spread_is_the_exact_mean_median_and_rank(seconds: list[float]) -> None:
    spread = spread_of(seconds)

    assert spread.mean_s == pytest.approx(statistics.fmean(seconds), abs=0.001)
    assert spread.median_s == pytest.approx(statistics.median(seconds), abs=0.001)
    below = sum(value <= (spread.p90_s or 0) + 0.0005 for value in seconds)
    above = sum(value >= (spread.p90_s or 0) - 0.0005 for value in seconds)
    assert below >= 0.9 * len(seconds)
    assert above >= 0.1 * len(seconds)


# ---- files ---------------------------------------------------------------------------------------

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A0"]


@pytest.mark.parametrize("name", EVIL)
def test_no_cell_of_a_csv_begins_like_a_formula(name: str) -> None:
    text = csv_of([StatisticsRow(key="1", name=name)]).decode("utf-8-sig")

    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert f"'{name}" in cells


@pytest.mark.parametrize("name", EVIL)
def test_a_workbook_has_no_formula_and_keeps_the_text(name: str) -> None:
    book = zipfile.ZipFile(io.BytesIO(xlsx_of([StatisticsRow(key="1", name=name, issued=3)], "day")))

    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<v>3</v>" in sheet
    assert name.strip() in book.read("xl/sharedStrings.xml").decode().replace("&apos;", "'")


# ---- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


async def test_every_kind_is_answered_in_every_format(run: Running) -> None:
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
    supervisor = await run.person("supervisor")
    starts = {"json": b'{"kind"', "csv": b"\xef\xbb\xbfkey,name", "xlsx": b"PK"}
    wrong = [
        (kind.value, form)
        for kind in StatisticsKind
        for form, start in starts.items()
        if not (
            await supervisor.get(f"/api/v1/statistics/{kind.value}", params={"format": form})
        ).content.startswith(start)
    ]

    assert wrong == []


async def test_metrics_say_how_true_the_told_waits_were(run: Running) -> None:
    before = (await run.client().get("/metrics")).text
    console = await run.any_role("operator")
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("Q"))
    called = await console.post("/api/v1/windows/51/call-next", headers=fresh_key())
    after = (await run.client().get("/metrics")).text

    assert called.status_code == 200
    assert "tingtong_estimate_told" not in before
    assert "\ntingtong_estimate_told 1\n" in after


async def test_today_is_told_when_no_day_is_asked_for(run: Running) -> None:
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
    answer = (await (await run.person("supervisor")).get("/api/v1/statistics/services")).json()

    issued = {row["key"]: row["issued"] for row in answer["items"]}
    assert issued["A"] == 1
    assert sum(issued.values()) == 1


@pytest.mark.parametrize(
    "query",
    ["day=2026-13-01", "format=pdf", "day=2026-11-23&until=2026-11-22", "day=2026-01-01&until=2026-12-31"],
)
async def test_a_span_or_format_that_makes_no_sense_is_refused(run: Running, query: str) -> None:
    answer = await (await run.person("supervisor")).get(f"/api/v1/statistics/day?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
