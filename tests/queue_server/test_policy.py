"""The order of calling: total, first come first served within a line, bounded for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_server.domain.assignment import Choice, next_for
from queue_server.domain.hall import Hall
from queue_server.domain.policy import Order, Policy, PriorityClass
from queue_server.domain.privilege import granted_class
from queue_server.domain.ticket import Ticket
from queue_server.domain.why import REASONS, Why, why_of
from tests.queue_server.halls import MONDAY, small_hall

CLASSES = {
    "ELDER": PriorityClass("ELDER", "老年人", "senior citizen", "age>=70", head_start_min=30, min_age=70),
    "URGENT": PriorityClass("URGENT", "加急", "urgent", "staff", head_start_min=10, rate=4.0),
}
ACCUMULATING = Policy(classes=CLASSES, overdue_min=60, green_burst=2, normals_per_green=3, skill_step_min=10)


def hall_of(policy: Policy) -> Hall:
    return replace(small_hall(), policy=policy, priorities=frozenset(policy.classes))


def waiting(service: str, n: int, minutes: float, priority: str | None = None, **more: object) -> Ticket:
    since = MONDAY - timedelta(minutes=minutes)
    made = Ticket(
        id=f"t{service}{n}",
        number=f"{service}{n:03d}",
        n=n,
        service_id=service,
        day="2026-11-23",
        place=round(since.timestamp() * 1_000_000),
        issued_at=since,
        token=f"k{service}{n}",
        priority=priority,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def choose(
    tickets: list[Ticket],
    policy: Policy = ACCUMULATING,
    window: str = "1",
    now: datetime = MONDAY,
    debt: int = 0,
) -> Choice:
    hall = hall_of(policy)
    choice = next_for(hall, hall.windows[window], tickets, now, debt)
    assert choice is not None
    return choice


DUES = st.sampled_from([None, None, *(MONDAY + timedelta(minutes=by) for by in (-40, 0, 1, 20))])


@st.composite
def lines(draw: st.DrawFn) -> list[Ticket]:
    one = st.tuples(
        st.sampled_from(["A", "C"]), st.integers(0, 90), st.sampled_from([None, None, "ELDER", "URGENT"])
    )
    given_out = draw(st.lists(st.tuples(one, DUES), min_size=1, max_size=14))
    return [
        waiting(service, n, minutes, priority, due_at=due_at)
        for n, ((service, minutes, priority), due_at) in enumerate(given_out)
    ]


def line_of(one: Ticket) -> tuple[str, str | None, bool]:
    """Return what a window compares a ticket as: its service, class, and whether its appointment is due."""
    due = one.priority is None and one.due_at is not None and one.due_at <= MONDAY
    return one.service_id, one.priority, due


POLICIES = st.builds(
    Policy,
    order=st.sampled_from(list(Order)),
    classes=st.just(CLASSES),
    overdue_min=st.integers(1, 100),
    green_burst=st.integers(1, 3),
    normals_per_green=st.integers(1, 4),
    skill_step_min=st.integers(0, 30),
    short_first=st.sampled_from([0.0, 0.5, 1.0]),
)


@given(tickets=lines(), policy=POLICIES, data=st.data())
def test_the_choice_does_not_depend_on_the_order_tickets_come_in(
    tickets: list[Ticket], policy: Policy, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(tickets))

    assert choose(tickets, policy) == choose(shuffled, policy)


@given(tickets=lines(), policy=POLICIES)
def test_within_a_service_and_class_the_longest_wait_comes_first(
    tickets: list[Ticket], policy: Policy
) -> None:
    chosen = choose(tickets, policy).ticket
    line = [one for one in tickets if line_of(one) == line_of(chosen)]

    assert min((one.place, one.n) for one in line) == (chosen.place, chosen.n)


@given(tickets=lines(), policy=POLICIES, debt=st.integers(0, 6))
def test_the_heads_of_the_lines_are_enough(tickets: list[Ticket], policy: Policy, debt: int) -> None:
    heads: dict[tuple[str, str | None, bool], Ticket] = {}
    for one in sorted(tickets, key=lambda one: (one.place, one.n), reverse=True):
        heads[line_of(one)] = one

    assert choose(list(heads.values()), policy, debt=debt) == choose(tickets, policy, debt=debt)


@given(
    tickets=lines(), overdue=st.integers(1, 100), window=st.sampled_from(["1", "2"]), debt=st.integers(0, 6)
)
def test_whoever_is_overdue_is_passed_by_nobody_who_came_later(
    tickets: list[Ticket], overdue: int, window: str, debt: int
) -> None:
    chosen = choose(tickets, replace(ACCUMULATING, overdue_min=overdue), window, debt=debt).ticket
    limit = MONDAY - timedelta(minutes=overdue)

    late = [one for one in tickets if one.issued_at <= limit]
    assert all(chosen.place <= one.place for one in late)


@given(tickets=lines(), window=st.sampled_from(["1", "2"]), short=st.sampled_from([0.0, 1.0]))
def test_a_due_appointment_goes_before_every_normal_ticket_of_its_service_that_is_not_overdue(
    tickets: list[Ticket], window: str, short: float
) -> None:
    chosen = choose(tickets, replace(ACCUMULATING, short_first=short), window).ticket
    due = [one for one in tickets if line_of(one)[2] and one.service_id == chosen.service_id]
    limit = MONDAY - timedelta(minutes=ACCUMULATING.overdue_min)

    normal_went_first = line_of(chosen) == (chosen.service_id, None, False) and chosen.issued_at > limit
    assert not (due and normal_went_first)


@given(tickets=lines(), policy=POLICIES, debt=st.integers(0, 6))
def test_before_its_slot_an_appointment_changes_nothing(
    tickets: list[Ticket], policy: Policy, debt: int
) -> None:
    early = [replace(one, due_at=one.due_at and MONDAY + timedelta(seconds=1)) for one in tickets]
    without = [replace(one, due_at=None) for one in tickets]

    assert choose(early, policy, debt=debt).ticket.id == choose(without, policy, debt=debt).ticket.id


@given(arrivals=st.lists(st.booleans(), min_size=1, max_size=60), burst=st.integers(1, 3))
def test_due_appointments_keep_to_the_share_of_priority_calls(arrivals: list[bool], burst: int) -> None:
    policy = replace(ACCUMULATING, overdue_min=600, green_burst=burst, normals_per_green=2)
    line = [waiting("A", 900, 1), waiting("A", 901, 1, due_at=MONDAY)]
    green = normal = debt = 0
    for n, booked in enumerate(arrivals):
        line.append(waiting("A", n, 0, due_at=MONDAY if booked else None))
        contested = len({line_of(one) for one in line}) > 1
        choice = choose(line, policy, debt=debt)
        line.remove(choice.ticket)
        debt = choice.green_debt
        if contested:
            green += line_of(choice.ticket)[2]
            normal += not line_of(choice.ticket)[2]
        assert green * 2 <= burst * 2 + normal


def test_a_due_appointment_says_so_in_both_languages() -> None:
    line = [waiting("A", 1, 30), waiting("A", 2, 5, due_at=MONDAY - timedelta(minutes=2))]
    why = choose(line).why

    assert why.kept() == "appointment due=09:58 waited=5 instead=A001 instead_waited=30"
    assert "网上预约" in why.sentence("zh", {})
    assert "Booked for 09:58" in why.sentence("en", {})


@given(
    arrivals=st.lists(st.sampled_from(["ELDER", None, "both"]), min_size=1, max_size=60),
    burst=st.integers(1, 3),
    per_green=st.integers(1, 4),
)
def test_priority_calls_keep_to_their_share_while_normal_tickets_wait(
    arrivals: list[str | None], burst: int, per_green: int
) -> None:
    policy = replace(ACCUMULATING, overdue_min=600, green_burst=burst, normals_per_green=per_green)
    line = [waiting("A", 900, 1), waiting("A", 901, 1, "ELDER")]
    green = normal = debt = 0
    for n, who in enumerate(arrivals):
        line += [waiting("A", n, 0, code) for code in (["ELDER", None] if who == "both" else [who])]
        contested = len({one.priority for one in line}) > 1
        choice = choose(line, policy, debt=debt)
        line.remove(choice.ticket)
        debt = choice.green_debt
        if contested:
            green, normal = (
                green + (choice.ticket.priority is not None),
                normal + (choice.ticket.priority is None),
            )
        assert green * per_green <= burst * per_green + normal


@pytest.mark.parametrize("order", [Order.ACCUMULATING, Order.WEIGHTED])
def test_a_normal_ticket_has_its_turn_after_a_burst_of_priority_calls(order: Order) -> None:
    policy = replace(ACCUMULATING, order=order, normals_per_green=1)
    line = [waiting("A", 1, 2), *(waiting("A", n, 5, "ELDER") for n in (2, 3, 4))]
    called, debt = [], 0
    for _ in range(4):
        choice = choose(line, policy, debt=debt)
        line.remove(choice.ticket)
        called.append(choice.ticket.number)
        debt = choice.green_debt

    assert called == ["A002", "A003", "A001", "A004"]


@pytest.mark.parametrize(
    "order, number",
    [("accumulating", "A002"), ("priority-first", "A003"), ("fifo", "A001"), ("weighted", "A002")],
)
def test_each_order_means_what_it_says(order: str, number: str) -> None:
    normal, urgent = waiting("A", 1, 40), waiting("A", 2, 20, "URGENT")
    fresh = waiting("C", 3, 1, "ELDER") if order != "priority-first" else waiting("A", 3, 21, "ELDER")

    assert choose([normal, urgent, fresh], replace(ACCUMULATING, order=Order(order))).ticket.number == number


def test_a_window_keeps_to_its_own_service_until_the_other_waited_so_much_longer() -> None:
    own, near, far = waiting("A", 1, 1), waiting("C", 2, 10), waiting("C", 2, 12)

    assert choose([own, near]).why.code == "own-service"
    assert choose([own, far]).ticket == far


def test_what_was_sent_to_a_window_is_called_there_first_and_nowhere_else() -> None:
    sent = waiting("B", 7, 0, reserved_for="1")
    hall = hall_of(ACCUMULATING)

    assert choose([waiting("A", 1, 99), sent]).ticket == sent
    assert next_for(hall, hall.windows["3"], [sent], MONDAY) is None


@given(tickets=lines(), policy=POLICIES, debt=st.integers(0, 6))
def test_the_reason_is_kept_and_read_back_as_a_sentence_without_gaps(
    tickets: list[Ticket], policy: Policy, debt: int
) -> None:
    why = choose(tickets, policy, debt=debt).why
    names = {code: (one.name, one.en) for code, one in CLASSES.items()}

    assert why_of(why.kept()) == why
    for language in ("zh", "en"):
        sentence = why.sentence(language, names)
        assert not {"{", "-"} & set(sentence)
    assert why.sentence("en", names).isascii()


def test_every_reason_speaks_both_languages() -> None:
    assert all(en.isascii() and not zh.isascii() for zh, en in REASONS.values())
    assert Why("from-another-version").sentence("en", {}) == Why("rule").sentence("en", {})


@pytest.mark.parametrize(
    "birth, granted",
    [(date(1956, 11, 23), "ELDER"), (date(1956, 11, 24), None), (date(1936, 2, 29), "ELDER"), (None, None)],
)
def test_the_birth_date_grants_the_class_from_the_birthday_on(
    birth: date | None, granted: str | None
) -> None:
    code, reason = granted_class(ACCUMULATING, None, "", birth, date(2026, 11, 23))

    assert code == granted
    assert (reason is None) == (granted is None)
    assert birth is None or str(birth.year) not in (reason or "")


def test_an_asked_class_wins_over_age_and_keeps_what_the_clerk_saw() -> None:
    got = granted_class(ACCUMULATING, "URGENT", "letter of the bureau", date(1930, 1, 1), date(2026, 11, 23))

    assert got == ("URGENT", "priority URGENT: letter of the bureau")
