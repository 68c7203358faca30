"""A hall at random on both stores: whatever clerks, citizens and clocks do, the promises hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.cancel import cancel
from queue_server.application.evaluate import Rating, evaluate
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.hold import hold
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Tx
from queue_server.application.recall import recall
from queue_server.application.requeue import requeue
from queue_server.application.resume_held import resume_held
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.hall import CallRules
from queue_server.domain.ticket import AT_WINDOW, State, Ticket
from tests.queue_server.halls import MONDAY, OTHER_RESIDENT, RESIDENT, small_hall
from tests.queue_server.two_stores import TwoStores

OVER = {State.DONE, State.CANCELLED, State.EXPIRED}
WINDOWS = st.sampled_from(["1", "2", "3"])
SERVICES = st.sampled_from(["A", "A", "C", "B"])
PEOPLE = st.sampled_from([None, None, RESIDENT, OTHER_RESIDENT])
WINDOW_ACTS: list[Callable[[Tx, str], object]] = [
    recall,
    start_service,
    start_service,
    finish_service,
    finish_service,
    no_show,
    hold,
    resume_held,
    sign.sign_out,
    sign.toggle_pause,
]
BACK_S = st.sampled_from([1, 30, 3600, 86_400])


class HallAtRandom(RuleBasedStateMachine):
    @initialize(called=st.sampled_from(["refuse", "no-show"]), serving=st.sampled_from(["finish", "refuse"]))
    def open_hall(self, called: str, serving: str) -> None:
        self.hall = small_hall(calling=CallRules(2, called, serving))
        self.stores = TwoStores(self.hall, MONDAY)
        self.clock = self.stores.clock
        self.over: dict[str, State] = {}
        self.rated: set[str] = set()
        for window in ("1", "2"):
            self.sign_in(window)
        self.look()

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            self.stores.close()

    def do(self, job: Callable[[Tx], object]) -> object:
        done = self.stores.do(job)
        self.look()
        return done

    def look(self) -> None:
        self.tickets = self.stores.tickets()

    def state_of(self, ticket_id: str) -> Ticket:
        return next(one for one in self.tickets if one.id == ticket_id)

    # ---- citizens ------------------------------------------------------------------------------

    @rule(
        service=SERVICES,
        person=PEOPLE,
        priority=st.sampled_from([None, None, "ELDER", "KING"]),
        channel=st.sampled_from(Channel),
    )
    def take(
        self, service: str, person: str | None, priority: str | None, channel: Channel = Channel.KIOSK
    ) -> None:
        citizen = CitizenIn(name="张三", id_number=person) if person else None
        wanted = TicketIn(service_id=service, channel=channel, citizen=citizen, priority=priority)
        today = self.hall.business_day(self.clock.now())
        mine = [one for one in self.tickets if one.person and one.day == today and one.service_id == service]
        given = self.do(lambda tx: issue_ticket(tx, wanted))
        if given is None:
            assert priority == "KING" or person is not None or service == "B"
        elif isinstance(given, Ticket) and given.person:
            assert not [one for one in mine if one.person == given.person and one.state not in OVER]

    @precondition(lambda self: self.tickets)
    @rule(data=st.data(), window=WINDOWS)
    def act_on_ticket(self, data: st.DataObject, window: str) -> None:
        one = data.draw(st.sampled_from([ticket.id for ticket in self.tickets]))
        jobs: dict[str, Callable[[Tx], object]] = {
            "cancel": lambda tx: cancel(tx, one),
            "requeue": lambda tx: requeue(tx, one),
            "call": lambda tx: call_this(tx, window, one),
        }
        self.do(jobs[data.draw(st.sampled_from(sorted(jobs)))])

    @precondition(lambda self: any(one.state is State.DONE for one in self.tickets))
    @rule(data=st.data())
    def rate(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([ticket.id for ticket in self.tickets if ticket.state is State.DONE]))
        kept = self.do(lambda tx: evaluate(tx, tx.ticket(one), Rating(5)))
        assert (kept is None) == (one in self.rated)
        self.rated.add(one)

    # ---- clerks --------------------------------------------------------------------------------

    @rule(window=WINDOWS)
    def sign_in(self, window: str) -> None:
        self.do(lambda tx: sign.sign_in(tx, window, f"clerk{window}"))

    @rule(window=WINDOWS)
    def press_next(self, window: str) -> None:
        self.call_at(window)

    def call_at(self, window: str) -> Ticket | None:
        before = {one.id: one for one in self.tickets}
        called = self.do(lambda tx: call_next(tx, window))
        if not isinstance(called, Ticket):
            return None
        was = before[called.id]
        if was.state is State.WAITING and was.reserved_for is None:
            line = [
                one
                for one in before.values()
                if (one.state, one.service_id, one.priority, one.reserved_for, one.day)
                == (State.WAITING, was.service_id, was.priority, None, was.day)
            ]
            assert all(was.ahead_key <= one.ahead_key for one in line)
        return called

    @rule(window=WINDOWS, act=st.sampled_from(WINDOW_ACTS))
    def act_at_window(self, window: str, act: Callable[[Tx, str], object]) -> None:
        self.do(lambda tx: act(tx, window))

    @rule(window=WINDOWS, service=SERVICES, position=st.sampled_from(["front", "back", "keep"]))
    def send_on(self, window: str, service: str, position: str) -> None:
        self.do(lambda tx: transfer(tx, window, service, None, position))

    @rule(window=WINDOWS, to=WINDOWS, position=st.sampled_from(["front", "back", "keep"]))
    def send_to_window(self, window: str, to: str, position: str) -> None:
        self.do(lambda tx: transfer(tx, window, None, to, position))

    # ---- time and machines ---------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 3, 600, 5400]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(seconds=BACK_S)
    def the_clock_is_put_back(self, seconds: int) -> None:
        self.clock.advance(-seconds)

    @rule()
    def night_falls(self) -> None:
        self.clock.advance(86_400)
        self.do(expire_day)
        today = self.hall.business_day(self.clock.now())
        assert all(one.state in OVER for one in self.tickets if one.day < today)

    @rule()
    def the_server_restarts(self) -> None:
        before = self.tickets
        self.stores.reopen()
        self.look()
        assert self.tickets == before

    @precondition(lambda self: self.stores.kept)
    @rule(data=st.data())
    def a_terminal_asks_again(self, data: st.DataObject) -> None:
        self.stores.repeat(data.draw(st.sampled_from(list(self.stores.kept))))

    # ---- nobody starves ------------------------------------------------------------------------

    @rule(data=st.data())
    def whoever_waits_is_called_within_the_bound(self, data: st.DataObject) -> None:
        """docs/calling-policy.md: once overdue, within K calls of the windows that handle the service."""
        today = self.hall.business_day(self.clock.now())
        waiting = [
            one
            for one in self.tickets
            if one.state is State.WAITING and one.day == today and one.reserved_for is None
        ]
        if not waiting:
            return
        chosen = data.draw(st.sampled_from(waiting))
        overdue_at = chosen.issued_at.fromtimestamp(chosen.place / 1e6, tz=MONDAY.tzinfo) + timedelta(
            minutes=self.hall.policy.overdue_min
        )
        if self.hall.business_day(overdue_at) != today:
            return
        self.clock.move_to(max(self.clock.now(), overdue_at + timedelta(seconds=1)))
        windows = [one.id for one in self.hall.windows_of[chosen.service_id]]
        for window in windows:
            self.sign_in(window)
            self.clear(window)
        lines = sorted({one for window in windows for one in self.hall.windows[window].skills} - {"B"})
        for _ in range(self.calls_bound(chosen, windows)):
            self.clock.advance(3)
            if lines:  # somebody who would go first by class comes all the time
                service, priority = (
                    data.draw(st.sampled_from(lines)),
                    data.draw(st.sampled_from(["ELDER", None])),
                )
                self.take(service, None, priority, Channel.KIOSK)
            window = data.draw(st.sampled_from(windows))
            called = self.call_at(window)
            assert called is not None
            if called.id == chosen.id:
                return
            self.clear(window)
        raise AssertionError(f"{chosen.number} starves")

    def clear(self, window: str) -> None:
        """Serve whoever is at the window to the end."""
        at = [one for one in self.tickets if one.window == window and one.state in AT_WINDOW]
        if at and at[0].state is State.CALLED:
            self.do(lambda tx: start_service(tx, window))
        if at:
            self.do(lambda tx: finish_service(tx, window))

    def calls_bound(self, chosen: Ticket, windows: list[str]) -> int:
        """K: itself, those sent to these windows, those who wait longer in the lines these windows call."""
        lines = {service for window in windows for service in self.hall.windows[window].skills}
        return sum(
            one.reserved_for in windows
            or (one.reserved_for is None and one.service_id in lines and one.place <= chosen.place)
            for one in self.tickets
            if one.state is State.WAITING and one.day == chosen.day
        )

    # ---- what always holds ---------------------------------------------------------------------

    @invariant()
    def a_window_has_one_ticket_at_most(self) -> None:
        at = [one.window for one in self.tickets if one.state in AT_WINDOW]
        assert len(at) == len(set(at))
        assert None not in at

    @invariant()
    def no_number_is_given_twice_on_a_day(self) -> None:
        numbers = [(one.day, one.number) for one in self.tickets]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def what_is_over_stays_over(self) -> None:
        now = {one.id: one.state for one in self.tickets}
        assert all(now[ticket_id] is state for ticket_id, state in self.over.items())
        self.over = {ticket_id: state for ticket_id, state in now.items() if state in OVER}

    @invariant()
    def whoever_waits_is_at_no_window(self) -> None:
        assert all(one.window is None for one in self.tickets if one.state is State.WAITING)

    @invariant()
    def a_ticket_at_a_window_means_somebody_sits_there(self) -> None:
        desks = self.stores.run(self.stores.sqlite.read(lambda view: view.desks()))
        assert all(desks[one.window or ""].is_open for one in self.tickets if one.state in AT_WINDOW)

    @invariant()
    def nobody_waits_for_less_than_nothing(self) -> None:
        assert all(one.calls >= 0 and one.recalls >= 0 for one in self.tickets)


QUICK = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(QUICK, max_examples=1500, stateful_step_count=60)


class TestHallAtRandom(HallAtRandom.TestCase):  # type: ignore[name-defined,misc]
    settings = QUICK


@pytest.mark.long
class TestHallAtRandomForLong(HallAtRandom.TestCase):  # type: ignore[name-defined,misc]
    settings = LONG
