"""The two promises of the flow, over random orders of events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.flows import intake_words as w
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, Step, start
from kiosk.flows.intake_words import Effect, Event, Paper
from tests.kiosk.small_hall import small_hall

HALL = small_hall()
CHOICES = (
    "department",
    "service",
    "card",
    "bad-card",
    "no-card",
    "issued",
    "refused",
    "failed",
    "print",
    "print-again",
    "back",
    "home",
    "touch",
    "tick",
    "long-tick",
    "lost",
    "loaded",
    "language",
    "elder",
)

# What moves a visit on is drawn more often, or hardly any order would reach a ticket.
DRAWN = CHOICES + ("department", "card", "no-card", "issued", "home") * 4
ORDERS = st.lists(st.tuples(st.sampled_from(DRAWN), st.integers(0, 5)), min_size=30, max_size=60)


@dataclass
class World:
    """Plays citizens, machines and the server; answers only what was really asked."""

    state: Intake = field(default_factory=lambda: advance(start(), w.HallLoaded(HALL))[0])
    visits: int = 0
    reading: list[str] = field(default_factory=list)
    ordered: dict[str, w.Citizen | None] = field(default_factory=dict)
    printing: list[w.PrintTicket] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    issued: dict[str, str] = field(default_factory=dict)
    seen_by: dict[str, str] = field(default_factory=dict)

    def event(self, choice: str, pick: int) -> Event | None:
        def one(options: list[str]) -> str | None:
            return options[pick % len(options)] if options else None

        self.visits += 1
        request_id, now = f"r{self.visits}", self.state.now_s
        open_orders = [r for r in self.ordered if r not in self.issued]
        reader, order = one(self.reading), one(open_orders)
        simple: dict[str, Event] = {
            "department": w.DepartmentChosen(request_id, ("D04", "D06", "D28")[pick % 3]),
            "service": w.ServiceChosen(request_id, ("J", "M")[pick % 2]),
            "no-card": w.WithoutCard(self.state.request_id),
            "print-again": w.PrintAgain(self.state.request_id),
            "back": w.WentBack(),
            "home": w.WentHome(),
            "touch": w.Touched(),
            "tick": w.Tick(now + 1),
            "long-tick": w.Tick(now + 61),
            "lost": w.ServerLost(),
            "loaded": w.HallLoaded(HALL),
            "language": w.LanguageChosen("en"),
            "elder": w.ElderToggled(),
        }
        if choice in simple:
            return simple[choice]
        if choice == "card" and reader:
            return w.CardSeen(reader, w.Citizen(f"姓{reader}", "resident", f"ID-{reader}"))
        if choice == "bad-card" and reader:
            return w.CardFailed(reader, ("timeout", "read-failed", "reader-fault")[pick % 3])
        if choice == "issued" and order:
            self.issued[order] = f"t-{order}"
            return w.TicketIssued(order, w.Ticket(f"t-{order}", "A001"))
        if choice == "refused" and order:
            return w.IssueRefused(order, ("id-required", "quota-exhausted")[pick % 2], "不行")
        if choice == "failed" and order:
            return w.IssueFailed(order)
        if choice == "print" and self.printing:
            job = self.printing[pick % len(self.printing)]
            outcome = (Paper.PRINTED, Paper.FAILED, Paper.UNKNOWN)[pick % 3]
            return w.PrintDone(job.request_id, job.ticket.id, job.job, outcome)
        return None

    def note(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case w.ReadCard(request_id):
                    self.reading.append(request_id)
                case w.IssueTicket(request_id, _, citizen):
                    assert citizen is None or citizen.id_number == f"ID-{request_id}"
                    self.ordered[request_id] = citizen
                case w.CancelTicket(_, ticket_id):
                    assert ticket_id not in self.cancelled
                    self.cancelled.add(ticket_id)
                case w.PrintTicket():
                    self.printing.append(effect)
        if self.state.ticket is not None:
            self.seen_by[self.state.ticket.id] = self.state.request_id


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_every_issued_ticket_is_shown_to_its_own_citizen_or_given_back(steps: list[tuple[str, int]]) -> None:
    world = World()
    for choice, pick in steps:
        event = world.event(choice, pick)
        if event is not None:
            world.state, effects = advance(world.state, event)
            world.note(effects)

    for request_id, ticket_id in world.issued.items():
        shown = world.seen_by.get(ticket_id)
        assert shown in (None, request_id)
        assert (shown is not None) != (ticket_id in world.cancelled)


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_no_personal_data_is_in_any_state_and_no_name_at_home(steps: list[tuple[str, int]]) -> None:
    world = World()
    for choice, pick in steps:
        event = world.event(choice, pick)
        if event is None:
            continue
        world.state, effects = advance(world.state, event)
        world.note(effects)
        everything = repr(_values(world.state))
        assert "ID-" not in everything
        assert "姓r" not in everything
        if world.state.step in (Step.DEPARTMENT, Step.OUT_OF_ORDER):
            assert (world.state.masked_name, world.state.ticket, world.state.request_id) == ("", None, "")


def _values(state: Intake) -> list[object]:
    """Every field, also those that repr leaves out."""
    return [getattr(state, name) for name in Intake.__dataclass_fields__]
