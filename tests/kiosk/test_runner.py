"""Effects interpreted with fakes in place of server and machines; nothing waits for a clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake_state import Intake, Step, start
from kiosk.flows.intake_words import Citizen, Paper, Ticket
from kiosk.ports import CardProblem, Printed, Refused, Unreachable
from kiosk.runner import ASKING_S, KEEP_S, POLL_AGAIN_S, POLL_S, Runner

CITIZEN = Citizen("张三", "resident", "990000199001011234", masked_name="张*")


@dataclass
class FakeQueue:
    """Answers from a script; `None` in `issues` never answers."""

    now: Hall
    up: bool = True
    issues: list[Exception | Ticket] = field(default_factory=list)
    asked: list[tuple[str, str, Citizen | None]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    reported: list[tuple[str, Paper]] = field(default_factory=list)
    deaf: int = 0
    held: tuple[Ticket, ...] | Exception = ()
    checked_in: list[tuple[str, Citizen | None, str]] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    async def hall(self) -> Hall:
        if not self.up:
            raise Unreachable("down")
        return self.now

    async def check_in(self, key: str, citizen: Citizen | None, code: str, language: str) -> Ticket:
        self.checked_in.append((key, citizen, code))
        return self._next_answer()

    async def places(self, citizen: Citizen) -> tuple[Ticket, ...]:
        if isinstance(self.held, Exception):
            raise self.held
        return self.held

    async def place_of(self, token: str) -> Ticket:
        self.looked_up.append(token)
        return self._next_answer()

    async def issue(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str, package: str = ""
    ) -> Ticket:
        self.asked.append((request_id, service_id, citizen))
        self.packages.append(package)
        return self._next_answer()

    def _next_answer(self) -> Ticket:
        answer = self.issues.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel(self, request_id: str, ticket_id: str) -> None:
        self._hear()
        self.cancelled.append(ticket_id)

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        self._hear()
        self.reported.append((ticket_id, printed.outcome))

    def _hear(self) -> None:
        if self.deaf:
            self.deaf -= 1
            raise Unreachable("deaf")


@dataclass
class FakeMachines:
    """A reader that waits for `card`, a printer that says `printed`."""

    card: asyncio.Future[Citizen] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    printed: Printed = field(default_factory=lambda: Printed(Paper.PRINTED, "process-id"))
    stopped: int = 0
    codes: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    jobs: list[tuple[str, str]] = field(default_factory=list)

    async def read_card(self) -> Citizen:
        return await asyncio.shield(self.card)

    async def stop_reading(self) -> None:
        self.stopped += 1

    async def print_ticket(
        self, job_id: str, slip: object, masked_name: str, *, large: bool, again: bool = False
    ) -> Printed:
        self.jobs.append((job_id, masked_name))
        return self.printed

    async def health(self) -> AsyncIterator[tuple[str, str]]:
        yield "printer", "paper-out"

    async def scans(self) -> AsyncIterator[str]:
        while True:
            yield await self.codes.get()


class Kiosk:
    """A runner under test; polls and pauses return when the test lets them."""

    def __init__(self, hall: Hall) -> None:
        self.queue = FakeQueue(hall)
        self.machines = FakeMachines()
        self.states: list[Intake] = []
        self.now = 0.0
        self.pauses: list[float] = []
        self.polls: list[float] = []
        self.gate = asyncio.Semaphore(0)
        self.poll_gate = asyncio.Semaphore(0)
        self.runner = Runner(
            start(), self.queue, self.machines, self._show, now_s=lambda: self.now, sleep=self._sleep
        )

    def _show(self, state: Intake) -> None:
        self.states.append(state)

    async def _sleep(self, seconds: float) -> None:
        polling = seconds in (POLL_S, POLL_AGAIN_S)
        (self.polls if polling else self.pauses).append(seconds)
        await (self.poll_gate if polling else self.gate).acquire()

    async def until(self, true: Callable[[], object]) -> None:
        """Let the loop turn until `true`; a test that waits for what never comes fails by its limit."""
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0)

    @property
    def state(self) -> Intake:
        return self.runner.state


@pytest.fixture
async def kiosk(hall: Hall) -> AsyncIterator[Kiosk]:
    kiosk = Kiosk(hall)
    running = asyncio.create_task(kiosk.runner.run())
    await kiosk.until(lambda: kiosk.state.step is Step.DEPARTMENT)
    yield kiosk
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


TICKET = Ticket("t1", "B001")


async def test_a_card_becomes_a_printed_ticket_and_the_server_hears_of_the_paper(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [TICKET]
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.queue.reported)

    assert kiosk.queue.asked == [("r1", "B", CITIZEN)]
    assert kiosk.machines.jobs == [("r1-1", "张*")]
    assert kiosk.queue.reported == [("t1", Paper.PRINTED)]
    assert kiosk.state.paper is Paper.PRINTED


async def test_leaving_stops_the_reader_and_a_card_that_comes_then_is_nobodys(kiosk: Kiosk) -> None:
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.runner.take(w.WentHome())
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.machines.stopped)

    assert (kiosk.queue.asked, kiosk.state.step) == ([], Step.DEPARTMENT)


async def test_an_unanswered_order_is_asked_again_with_the_same_id_and_given_back(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [Unreachable("slow"), TICKET]
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.runner.take(w.WithoutCard("r1"))
    await kiosk.until(lambda: kiosk.state.step is Step.SORRY)
    kiosk.runner.take(w.WentHome())
    kiosk.gate.release()
    await kiosk.until(lambda: kiosk.queue.cancelled)

    assert [asked[0] for asked in kiosk.queue.asked] == ["r1", "r1"]
    assert kiosk.queue.cancelled == ["t1"]


async def test_an_unanswered_order_and_its_citizen_are_dropped_within_a_minute(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk.queue.issues = [Unreachable("slow")] * 9
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: len(kiosk.pauses) == 1)
    kiosk.now = KEEP_S - ASKING_S - 3.0  # the next pause of 3 s would still do
    kiosk.gate.release()
    await kiosk.until(lambda: len(kiosk.pauses) == 2)
    kiosk.gate.release()
    await kiosk.until(lambda: "never learnt" in caplog.text)

    assert [asked[0] for asked in kiosk.queue.asked] == ["r1"] * 3
    assert CITIZEN.name not in caplog.text


async def test_a_refusal_is_shown_and_not_asked_again(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [Refused("quota-exhausted", "今日号已取完")]
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.runner.take(w.WithoutCard("r1"))
    await kiosk.until(lambda: kiosk.state.step is Step.SORRY)

    assert len(kiosk.queue.asked) == 1


async def test_news_of_a_failed_print_is_repeated_until_the_server_heard_it(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [TICKET]
    kiosk.queue.deaf = 2
    kiosk.machines.printed = Printed(Paper.FAILED, reason="paper-out")
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.runner.take(w.WithoutCard("r1"))
    for _ in range(2):
        kiosk.gate.release()
    await kiosk.until(lambda: kiosk.queue.reported)

    assert kiosk.queue.reported == [("t1", Paper.FAILED)]


async def test_two_lost_polls_close_the_kiosk_and_one_does_not(kiosk: Kiosk) -> None:
    kiosk.queue.up = False
    await kiosk.until(lambda: len(kiosk.polls) == 1)
    kiosk.poll_gate.release()
    await kiosk.until(lambda: len(kiosk.polls) == 2)
    after_one = kiosk.state.step
    kiosk.poll_gate.release()
    await kiosk.until(lambda: len(kiosk.polls) == 3)
    after_two = kiosk.state.step
    kiosk.queue.up = True
    kiosk.poll_gate.release()
    await kiosk.until(lambda: kiosk.state.step is Step.DEPARTMENT)

    assert (after_one, after_two) == (Step.DEPARTMENT, Step.OUT_OF_ORDER)


async def test_a_bad_card_is_read_again_after_a_pause(kiosk: Kiosk) -> None:
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    before = len(kiosk.pauses)
    bad, kiosk.machines.card = kiosk.machines.card, asyncio.get_running_loop().create_future()
    await kiosk.until(lambda: True)
    bad.set_exception(CardProblem("read-failed"))
    kiosk.machines.card.set_exception(CardProblem("read-failed"))
    await kiosk.until(lambda: kiosk.state.card_note == "place-again")
    await kiosk.until(lambda: len(kiosk.pauses) > before)

    assert kiosk.state.attempt == 2


async def test_trouble_of_the_printer_is_known_before_it_is_needed(kiosk: Kiosk) -> None:
    await kiosk.until(lambda: kiosk.state.terminal.printer)

    assert kiosk.state.terminal.printer == "paper-out"


async def test_a_check_in_is_asked_again_under_its_own_key_and_its_ticket_is_not_given_back(
    kiosk: Kiosk,
) -> None:
    kiosk.queue.issues = [Unreachable("slow"), Ticket("t9", "B009", booked=True)]
    kiosk.runner.take(w.ErrandChosen("r1", w.Errand.CHECK_IN))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.state.step is Step.SORRY)
    kiosk.runner.take(w.WentHome())
    kiosk.gate.release()
    await kiosk.until(lambda: len(kiosk.queue.checked_in) == 2)
    kiosk.runner.take(w.DepartmentChosen("r2", "D04"))

    assert kiosk.queue.checked_in == [("r1-in-1", CITIZEN, "")] * 2
    assert kiosk.queue.cancelled == []


async def test_whoever_holds_a_ticket_of_this_service_is_offered_just_that_one(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [Refused("ticket-already-waiting", "已有号")]
    kiosk.queue.held = (Ticket("t5", "J001", service_id="J"), Ticket("t6", "B004", service_id="B"))
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.state.refusal)

    assert kiosk.state.refusal is not None
    assert kiosk.state.refusal.held == kiosk.queue.held[1]


@pytest.mark.parametrize("lost", [Unreachable("away"), Refused("forbidden", "no")])
async def test_a_refusal_is_told_when_the_held_ticket_cannot_be_had(kiosk: Kiosk, lost: Exception) -> None:
    kiosk.queue.issues = [Refused("ticket-already-waiting", "已有号")]
    kiosk.queue.held = lost
    kiosk.runner.take(w.DepartmentChosen("r1", "D04"))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.state.refusal)

    assert kiosk.state.refusal is not None
    assert (kiosk.state.refusal.code, kiosk.state.refusal.held) == ("ticket-already-waiting", None)


async def test_my_place_is_found_by_the_card_and_printed_once_more(kiosk: Kiosk) -> None:
    kiosk.queue.held = (Ticket("t5", "J001", service_id="J"),)
    kiosk.runner.take(w.ErrandChosen("r1", w.Errand.PLACE))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.state.step is Step.PLACE)
    kiosk.runner.take(w.ReprintWanted("r1"))
    await kiosk.until(lambda: kiosk.queue.reported)

    assert (kiosk.machines.jobs, kiosk.queue.reported) == ([("r1-1", "张*")], [("t5", Paper.PRINTED)])


async def test_my_place_without_an_answer_says_so(kiosk: Kiosk) -> None:
    kiosk.queue.held = Unreachable("away")
    kiosk.runner.take(w.ErrandChosen("r1", w.Errand.PLACE))
    kiosk.machines.card.set_result(CITIZEN)
    await kiosk.until(lambda: kiosk.state.step is Step.SORRY)

    assert kiosk.state.refusal is not None
    assert kiosk.state.refusal.code == "no-answer"


async def test_a_package_is_ordered_by_its_id(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [TICKET]
    kiosk.runner.take(w.PackagesOpened())
    kiosk.runner.take(w.PackageChosen("r1", "WORK"))
    kiosk.runner.take(w.WithoutCard("r1"))
    await kiosk.until(lambda: kiosk.state.step is Step.TICKET)

    assert kiosk.queue.packages == ["WORK"]


async def test_an_appointments_code_under_the_scanner_becomes_its_printed_ticket(kiosk: Kiosk) -> None:
    kiosk.queue.issues = [Ticket("t1", "B001", booked=True)]
    kiosk.machines.codes.put_nowait("tingtong:appointment:7K3WPQ9X")
    await kiosk.until(lambda: kiosk.queue.reported)

    assert [(citizen, code) for _, citizen, code in kiosk.queue.checked_in] == [(None, "7K3WPQ9X")]
    assert kiosk.queue.reported == [("t1", Paper.PRINTED)]


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (Ticket("", "J004", looked_up=True), Step.PLACE),
        (Refused("not-found", "none"), Step.SORRY),
        (Unreachable("down"), Step.SORRY),
    ],
)
async def test_a_tickets_code_is_looked_up_once_and_told_in_no_log(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture, answer: Ticket | Exception, step: Step
) -> None:
    caplog.set_level(logging.DEBUG)
    kiosk.queue.issues = [answer]
    kiosk.machines.codes.put_nowait("https://hall.example/t/mV0c3Qm9rZW5leGFt")
    await kiosk.until(lambda: kiosk.state.step is step)

    assert kiosk.queue.looked_up == ["mV0c3Qm9rZW5leGFt"]
    assert "mV0c3Qm9" not in str([one.__dict__ for one in caplog.records])
