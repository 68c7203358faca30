"""Which ticket a window calls next, and why: pure, total, the same wherever it is computed.

Only the first of each (service, class) line matters, a due appointment being a class of its own, so a store
need hand over no more than those; handing over more changes nothing.  Scores are whole numbers: no two
machines round differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from queue_server.domain.hall import Hall, Window
from queue_server.domain.policy import Order
from queue_server.domain.ticket import Action, Ticket
from queue_server.domain.why import Why

MINUTE_US = 60_000_000
Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A ticket to call, why, and the window's debt to normal tickets after it."""

    ticket: Ticket
    why: Why
    green_debt: int


@dataclass(frozen=True, slots=True)
class _Asking:
    """One window's question."""

    hall: Hall
    window: Window
    now_us: int

    def waited_us(self, ticket: Ticket) -> int:
        return max(0, self.now_us - ticket.place)

    def is_due(self, ticket: Ticket) -> bool:
        """Say whether the ticket goes first because of its appointment alone."""
        return is_due(ticket, self.now_us)

    def goes_first(self, ticket: Ticket) -> bool:
        """Say whether a call of the ticket counts for the share of those that go before normal ones."""
        return ticket.priority is not None or self.is_due(ticket)

    def is_overdue(self, ticket: Ticket) -> bool:
        policy = self.hall.policy
        return policy.order is Order.ACCUMULATING and self.waited_us(ticket) >= policy.overdue_min * MINUTE_US

    def score(self, ticket: Ticket) -> int:
        """Return a ticket's claim in thousandths of microseconds."""
        policy = self.hall.policy
        wait = self.waited_us(ticket)
        cls = policy.class_of(ticket.priority)
        if policy.order is Order.WEIGHTED:
            return wait * ((cls.weight if cls else int(self.is_due(ticket))) + 1)
        head_start = (cls.head_start_min if cls else 0) * MINUTE_US
        gain = round((cls.rate if cls else 1.0) * self.hall.gains.get(ticket.service_id, 1000))
        if self.is_due(ticket):  # as if it were overdue by its wait: before every normal one of its service
            wait += policy.overdue_min * MINUTE_US
        steps = 0 if cls else self.window.skills.get(ticket.service_id, 1) - 1
        return 1000 * (head_start - steps * policy.skill_step_min * MINUTE_US) + gain * wait

    def key(self, ticket: Ticket) -> Key:
        """Return the ticket's place among the heads, the smallest first."""
        order = self.hall.policy.order
        if order is Order.FIFO:
            return (ticket.place,)
        if order is Order.PRIORITY_FIRST:
            return (not self.goes_first(ticket), ticket.place)
        if self.is_overdue(ticket):
            return (0, ticket.place)
        return (1, -self.score(ticket), ticket.place)


def next_for(
    hall: Hall, window: Window, tickets: Iterable[Ticket], now: datetime, green_debt: int = 0
) -> Choice | None:
    """Return what `window` should call, or None when nobody waits for it.

    First whoever was sent to this very window.  Then, by the hall's policy, one of the heads; ties go to the
    longest wait, then the number, so the choice is total.  `green_debt` comes from the window's last choice.
    """
    asking = _Asking(hall, window, round(now.timestamp() * 1_000_000))
    heads = _heads(asking, tickets)
    sent = [one for one in heads if one.reserved_for is not None]
    if sent:
        chosen = min(sent, key=lambda one: (*one.ahead_key, one.number))
        return Choice(chosen, Why("sent-here"), green_debt)
    if not heads:
        return None
    best = _best(heads, asking.key)
    normals = [one for one in heads if not asking.goes_first(one)]
    contested = 0 < len(normals) < len(heads)
    if not contested or asking.is_overdue(best):
        return Choice(best, _why(asking, best, heads), green_debt)
    why = None
    if asking.goes_first(best) and _limits_share(hall) and not hall.policy.may_go_green(green_debt):
        green, best = best, _best(normals, asking.key)
        why = Why("share", {"waited": _minutes(asking, best), "instead": green.number})
    debt = hall.policy.debt_after(green_debt, green=asking.goes_first(best)) if _limits_share(hall) else 0
    return Choice(best, why or _why(asking, best, heads), debt)


def waited_min(ticket: Ticket, now: datetime) -> int:
    """Return how many whole minutes a ticket has waited."""
    return max(0, round(now.timestamp() * 1_000_000) - ticket.place) // MINUTE_US


def is_due(ticket: Ticket, now_us: int) -> bool:
    """Say whether the slot of a normal ticket's appointment has begun; a priority ticket keeps its class.

    `now_us`: microseconds since 1970.
    """
    if ticket.due_at is None or ticket.priority is not None:
        return False
    return now_us >= round(ticket.due_at.timestamp() * 1_000_000)


def _heads(asking: _Asking, tickets: Iterable[Ticket]) -> list[Ticket]:
    """Return the first of each line that the window may call from."""
    first: dict[tuple[str, str | None, bool, bool], Ticket] = {}
    for one in tickets:
        if not _is_for(asking.window, one):
            continue
        sent = one.reserved_for is not None
        line = ("", None, True, False) if sent else (one.service_id, one.priority, False, asking.is_due(one))
        known = first.get(line)
        if known is None or (*one.ahead_key, one.number) < (*known.ahead_key, known.number):
            first[line] = one
    return list(first.values())


def _is_for(window: Window, ticket: Ticket) -> bool:
    if ticket.reserved_for is not None:
        mine = ticket.reserved_for == window.id
    else:
        mine = ticket.service_id in window.skills
    return mine and ticket.may(Action.CALL)


def _best(heads: list[Ticket], key: Callable[[Ticket], Key]) -> Ticket:
    return min(heads, key=lambda one: (*key(one), one.n, one.number))


def _limits_share(hall: Hall) -> bool:
    return hall.policy.order in (Order.ACCUMULATING, Order.WEIGHTED)


def _why(asking: _Asking, best: Ticket, heads: list[Ticket]) -> Why:
    """Say why `best` goes before whoever waits longest here."""
    values = {"waited": _minutes(asking, best)}
    if asking.is_overdue(best):
        return Why("overdue", {**values, "limit": str(asking.hall.policy.overdue_min)})
    longest = min(heads, key=lambda one: (one.place, one.n, one.number))
    if longest is best:
        return Why("longest-wait", values)
    values |= {"instead": longest.number, "instead_waited": _minutes(asking, longest)}
    if best.priority is not None:
        return Why("head-start", {"class": best.priority, **values})
    if best.due_at is not None and asking.is_due(best):
        return Why("appointment", {"due": f"{best.due_at.astimezone(asking.hall.timezone):%H:%M}", **values})
    skills = asking.window.skills
    if skills[best.service_id] < skills[longest.service_id]:
        return Why("own-service", values)
    gains = asking.hall.gains
    is_shorter = gains[best.service_id] > gains[longest.service_id]
    return Why("short-service" if is_shorter else "rule", values)


def _minutes(asking: _Asking, ticket: Ticket) -> str:
    return str(asking.waited_us(ticket) // MINUTE_US)
