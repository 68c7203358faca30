"""The two promises of the flow, over random orders of events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.flows import intake_words as w
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, Step, start
from kiosk.flows.intake_words import Effect, Event, Paper
from kiosk.flows.scan_words import APPOINTMENT_PREFIX
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
    "check-in",
    "place",
    "package",
    "type-code",
    "own-code",
    "checked-in",
    "unknown-code",
    "places",
    "already",
    "reprint",
    "ordinary",
    "scan-code",
    "scan-ticket",
    "scan-foreign",
    "looked-up",
)

# What moves a visit on is drawn more often, or hardly any order would reach a ticket.
DRAWN = CHOICES + ("department", "card", "no-card", "issued", "home") * 5
DRAWN += ("scan-code", "scan-ticket", "looked-up", "checked-in") * 2
DRAWN += ("check-in", "place", "type-code", "checked-in", "places", "reprint") * 2
ORDERS = st.lists(st.tuples(st.sampled_from(DRAWN), st.integers(0, 5)), min_size=30, max_size=60)


@dataclass
class World:
    """Plays citizens, machines and the server; answers only what was really asked."""

    state: Intake = field(default_factory=lambda: advance(start(), w.HallLoaded(HALL))[0])
    visits: int = 0
    reading: list[str] = field(default_factory=list)
    ordered: dict[str, w.Citizen | None] = field(default_factory=dict)
    checking: list[w.OrderCheckIn] = field(default_factory=list)
    searching: list[w.FindPlaces] = field(default_factory=list)
    looking: list[w.FindTicket] = field(default_factory=list)
    scanned: dict[str, str] = field(default_factory=dict)
    """Visit -> the text of the code it began with, perhaps unheard."""
    asked_by: dict[str, set[str]] = field(default_factory=dict)
    """Ticket of an appointment -> the visits that asked for it."""
    printing: list[w.PrintTicket] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    issued: dict[str, str] = field(default_factory=dict)
    seen_by: dict[str, set[str]] = field(default_factory=dict)

    def events(self, choice: str, pick: int) -> list[Event]:
        if choice == "type-code":
            visit, code = self.state.request_id, ("ABCDEFGH", "22222222", "ABC")[pick % 3]
            typed = [w.LetterTyped(visit, letter) for letter in code]
            return [w.CodeWanted(visit), *typed, w.LetterErased(visit), *typed[-1:], w.CodeEntered(visit)]
        if choice == "package":
            self.visits += 1
            return [w.PackagesOpened(), w.PackageChosen(f"r{self.visits}", ("WORK", "SHOP")[pick % 2])]
        if choice.startswith("scan-"):
            return [self.scan(choice)]
        one = self.errand_event(choice, pick) or self.event(choice, pick)
        return [one] if one is not None else []

    def scan(self, choice: str) -> Event:
        """Everybody has a code of their own."""
        self.visits += 1
        own = f"{self.visits:04}".translate(str.maketrans("01", "AB"))
        texts = {
            "scan-code": f"{APPOINTMENT_PREFIX}SCAN{own}",
            "scan-ticket": f"https://x/t/secret-ticket-{own}",
        }
        self.scanned[f"r{self.visits}"] = texts.get(choice, f"https://pay.example/secret-{own}")
        return w.CodeScanned(f"r{self.visits}", self.scanned[f"r{self.visits}"])

    def errand_event(self, choice: str, pick: int) -> Event | None:
        visit = self.state.request_id
        self.visits += 1
        match choice:
            case "check-in" | "place":
                return w.ErrandChosen(f"r{self.visits}", w.Errand(choice))
            case "own-code":
                return w.CodeWanted(visit)
            case "ordinary":
                return w.OrdinaryWanted(visit)
            case "reprint":
                return w.ReprintWanted(visit)
            case "checked-in" if self.checking:
                order = self.checking[pick % len(self.checking)]
                return w.TicketIssued(order.request_id, w.Ticket(appointment_of(order), "B001", booked=True))
            case "unknown-code" if self.checking:
                order = self.checking[pick % len(self.checking)]
                return w.IssueRefused(order.request_id, "appointment-not-found", "没有")
            case "places" if self.searching:
                asked = self.searching[pick % len(self.searching)].request_id
                return w.PlacesTold(asked, (held_by(asked),) * (pick % 3))
            case "looked-up" if self.looking:
                look = self.looking[pick % len(self.looking)]
                return w.PlacesTold(
                    look.request_id, (w.Ticket(f"q-{look.request_id}", "D004", looked_up=True),)
                )
            case "already" if self.ordered:
                asked = list(self.ordered)[pick % len(self.ordered)]
                has_card = self.ordered[asked] is not None and asked not in self.issued
                return w.IssueRefused(asked, "already", "有", held=held_by(asked)) if has_card else None
        return None

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
                case w.OrderCheckIn(request_id, _, citizen, code):
                    assert citizen is None or (citizen.id_number, code) == (f"ID-{request_id}", "")
                    assert "SCAN" not in code or self.scanned[request_id].endswith(code)
                    self.checking.append(effect)
                    self.asked_by.setdefault(appointment_of(effect), set()).add(request_id)
                case w.FindPlaces(request_id, citizen):
                    assert citizen.id_number == f"ID-{request_id}"
                    self.searching.append(effect)
                case w.FindTicket(request_id, token):
                    assert self.scanned[request_id].endswith(token)
                    self.looking.append(effect)
                case w.CancelTicket(_, ticket_id):
                    assert ticket_id not in self.cancelled
                    self.cancelled.add(ticket_id)
                case w.PrintTicket():
                    self.printing.append(effect)
        refusal = self.state.refusal
        shown = (self.state.ticket, *self.state.places, refusal.held if refusal else None)
        for ticket in shown:
            if ticket is not None:
                self.seen_by.setdefault(ticket.id, set()).add(self.state.request_id)


def appointment_of(order: w.OrderCheckIn) -> str:
    """The server gives one ticket for one appointment, whoever asks how often."""
    return f"a-{order.code or order.request_id}"


def held_by(request_id: str) -> w.Ticket:
    """The ticket that whoever came in this visit holds from before."""
    return w.Ticket(f"h-{request_id}", "C003")


def played(steps: list[tuple[str, int]]) -> World:
    world = World()
    for choice, pick in steps:
        for event in world.events(choice, pick):
            world.state, effects = advance(world.state, event)
            world.note(effects)
    return world


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_every_issued_ticket_is_shown_to_its_own_citizen_or_given_back(steps: list[tuple[str, int]]) -> None:
    world = played(steps)

    for request_id, ticket_id in world.issued.items():
        shown = world.seen_by.get(ticket_id, set())
        assert shown <= {request_id}
        assert bool(shown) != (ticket_id in world.cancelled)


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_an_appointment_and_a_held_ticket_are_shown_to_those_who_asked_and_never_given_back(
    steps: list[tuple[str, int]],
) -> None:
    world = played(steps)

    for ticket_id, visits in world.seen_by.items():
        if ticket_id.startswith("a-"):
            assert visits <= world.asked_by[ticket_id]
        if ticket_id.startswith("h-"):
            assert visits == {ticket_id.removeprefix("h-")}
        if ticket_id.startswith("q-"):
            assert visits == {ticket_id.removeprefix("q-")}
    assert not [one for one in world.cancelled if not one.startswith("t-")]


@settings(max_examples=150, deadline=None)
@given(ORDERS)
def test_no_personal_data_is_in_any_state_and_no_name_at_home(steps: list[tuple[str, int]]) -> None:
    world = World()
    for choice, pick in steps:
        for event in world.events(choice, pick):
            world.state, effects = advance(world.state, event)
            world.note(effects)
            _require_no_person(world.state)


@settings(max_examples=100, deadline=None)
@given(ORDERS)
def test_a_scan_begins_a_visit_of_its_own_or_changes_nothing(steps: list[tuple[str, int]]) -> None:
    world = World()
    for choice, pick in steps:
        for event in world.events(choice, pick):
            before = world.state
            world.state, effects = advance(before, event)
            world.note(effects)
            if isinstance(event, w.CodeScanned):
                _require_own_visit(before, event, world.state, effects)


def _require_own_visit(
    before: Intake, event: w.CodeScanned, after: Intake, effects: tuple[Effect, ...]
) -> None:
    if after.request_id != event.request_id:
        assert (after, effects) == (before, ())
        return
    busy = (Step.SERVICE, Step.PACKAGE, Step.ISSUING, Step.TICKET, Step.PLACE, Step.OUT_OF_ORDER)
    assert before.step not in busy
    assert before.errand is not w.Errand.TICKET or before.step in (Step.DEPARTMENT, Step.SORRY)
    assert (after.masked_name, after.card_used, after.ticket, after.places) == ("", False, None, ())


def _require_no_person(state: Intake) -> None:
    everything = repr(_values(state))
    assert "ID-" not in everything
    assert "姓r" not in everything
    assert "secret" not in everything
    if state.step in (Step.DEPARTMENT, Step.OUT_OF_ORDER):
        assert (state.masked_name, state.ticket, state.request_id) == ("", None, "")
        assert (state.code, state.places, state.refusal) == ("", (), None)


def _values(state: Intake) -> list[object]:
    """Every field, also those that repr leaves out."""
    return [getattr(state, name) for name in Intake.__dataclass_fields__]
