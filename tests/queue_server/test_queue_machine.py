"""A hall at random: whatever clerks and citizens do, the promises of the queue hold."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.cancel import cancel
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.hold import hold
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import TicketFilter, Tx
from queue_server.application.recall import recall
from queue_server.application.requeue import requeue
from queue_server.application.resume_held import resume_held
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import CallRules
from queue_server.domain.ticket import AT_WINDOW, State, Ticket
from tests.queue_server.halls import MONDAY, small_hall

T = TypeVar("T")
OVER = {State.DONE, State.CANCELLED, State.EXPIRED}
WINDOWS = st.sampled_from(["1", "2", "3"])
SERVICES = st.sampled_from(["A", "C"])
WINDOW_ACTS: list[Callable[[Tx, str], object]] = [
    recall,
    start_service,
    finish_service,
    no_show,
    hold,
    resume_held,
    sign.sign_out,
    sign.toggle_pause,
]


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what the reference store does, which never waits: no event loop is needed."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("the reference store waited")


class HallAtRandom(RuleBasedStateMachine):
    @initialize(called=st.sampled_from(["refuse", "no-show"]), serving=st.sampled_from(["finish", "refuse"]))
    def open_hall(self, called: str, serving: str) -> None:
        self.clock = FixedClock(MONDAY)
        hall = small_hall(calling=CallRules(2, called, serving))
        self.store = MemoryStore(hall, self.clock, Identity(b"k" * 32))
        self.over: dict[str, State] = {}
        self.waits_since: dict[str, int] = {}

    def do(self, job: Callable[[Tx], T]) -> T | None:
        try:
            return at_once(self.store.change(job))
        except QueueError:
            return None

    def tickets(self) -> list[Ticket]:
        rows = at_once(self.store.read(lambda view: view.tickets(TicketFilter(limit=500))))
        return [one for _, one in rows]

    @rule(service=SERVICES, priority=st.sampled_from([None, "ELDER"]))
    def take(self, service: str, priority: str | None) -> None:
        wanted = TicketIn(service_id=service, channel=Channel.KIOSK, priority=priority)
        assert self.do(lambda tx: issue_ticket(tx, wanted)) is not None

    @rule(window=WINDOWS)
    def sign_in(self, window: str) -> None:
        self.do(lambda tx: sign.sign_in(tx, window, f"clerk{window}"))

    @rule(window=WINDOWS)
    def press_next(self, window: str) -> None:
        before = {one.id: one for one in self.tickets()}
        called = self.do(lambda tx: call_next(tx, window))
        if called is not None and before[called.id].state is State.WAITING:
            line = [
                one
                for one in before.values()
                if one.state is State.WAITING
                and one.service_id == called.service_id
                and one.priority == called.priority
                and one.reserved_for is None
                and one.day == called.day
            ]
            sent_here = before[called.id].reserved_for == window
            assert sent_here or all(before[called.id].ahead_key <= one.ahead_key for one in line)

    @rule(window=WINDOWS, act=st.sampled_from(WINDOW_ACTS))
    def act_at_window(self, window: str, act: Callable[[Tx, str], object]) -> None:
        self.do(lambda tx: act(tx, window))

    @rule(window=WINDOWS, service=SERVICES, position=st.sampled_from(["front", "back", "keep"]))
    def send_on(self, window: str, service: str, position: str) -> None:
        self.do(lambda tx: transfer(tx, window, service, None, position))

    @rule(window=WINDOWS, to=WINDOWS)
    def send_to_window(self, window: str, to: str) -> None:
        self.do(lambda tx: transfer(tx, window, None, to, "keep"))

    @rule(data=st.data(), window=WINDOWS)
    def act_on_ticket(self, data: st.DataObject, window: str) -> None:
        if tickets := self.tickets():
            one = data.draw(st.sampled_from([ticket.id for ticket in tickets]))
            act = data.draw(st.sampled_from(["cancel", "requeue", "call"]))
            jobs: dict[str, Callable[[Tx], object]] = {
                "cancel": lambda tx: cancel(tx, one),
                "requeue": lambda tx: requeue(tx, one),
                "call": lambda tx: call_this(tx, window, one),
            }
            self.do(jobs[act])

    @rule(seconds=st.sampled_from([1, 3, 600]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def night_falls(self) -> None:
        self.clock.advance(86400)
        self.do(expire_day)

    @invariant()
    def a_window_has_one_ticket_at_most(self) -> None:
        at = [one.window for one in self.tickets() if one.state in AT_WINDOW]
        assert len(at) == len(set(at))
        assert None not in at

    @invariant()
    def no_number_is_given_twice_on_a_day(self) -> None:
        numbers = [(one.day, one.number) for one in self.tickets()]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def what_is_over_stays_over(self) -> None:
        now = {one.id: one.state for one in self.tickets()}
        assert all(now[ticket_id] is state for ticket_id, state in self.over.items())
        self.over = {ticket_id: state for ticket_id, state in now.items() if state in OVER}

    @invariant()
    def whoever_waits_is_at_no_window(self) -> None:
        assert all(one.window is None for one in self.tickets() if one.state is State.WAITING)

    @invariant()
    def a_ticket_at_a_window_means_somebody_sits_there(self) -> None:
        desks = at_once(self.store.read(lambda view: view.desks()))
        assert all(desks[one.window or ""].is_open for one in self.tickets() if one.state in AT_WINDOW)


HallAtRandom.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
test_hall_at_random = HallAtRandom.TestCase
