"""The ticket kiosk: department → service → card → number → paper, as a pure function.

`advance(state, event)` returns the next state and what must be done.  An event out of place changes
nothing.  Time comes in by `Tick`.

Two promises, tested over random orders of events: an issued ticket is shown to the citizen who asked for
it or given back; and no state holds personal data but the masked name, and that only until home.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Service
from kiosk.flows.intake_errands import ErrandEvent, advance_errand, back_to_card, needs_card, order_of
from kiosk.flows.intake_moves import (
    Next,
    awake,
    home,
    home_for_the_same,
    print_ticket,
    read_again,
    read_first,
    sorry,
    stop_reading,
)
from kiosk.flows.intake_scan import scanned
from kiosk.flows.intake_state import REMEMBERED, Intake, Refusal, Step
from kiosk.flows.intake_words import Errand, Event, Paper


def advance(state: Intake, event: Event) -> Next:
    """Return what follows `event`, and what must be done about it."""
    match event:
        case w.Tick(now_s):
            return _tick(replace(state, now_s=now_s))
        case w.ShapeChanged() | w.HallLoaded() | w.ServerLost() | w.MachineChanged():
            return _world(state, event)
        case w.CardSeen() | w.CardFailed():
            return _card(state, event)
        case w.TicketIssued() | w.IssueRefused() | w.IssueFailed():
            return _issue(state, event)
        case w.PrintDone():
            return _printed(state, event)
        case w.CodeScanned():
            return scanned(state, event)
    return advance_errand(state, event) if isinstance(event, ErrandEvent) else _finger(state, event)


# -- time and the world ------------------------------------------------------------------------------------


def _tick(state: Intake) -> Next:
    if state.deadline_s is not None and state.now_s >= state.deadline_s:
        return home(state)
    return state, ()


def _world(state: Intake, event: w.ShapeChanged | w.HallLoaded | w.ServerLost | w.MachineChanged) -> Next:
    terminal = state.terminal
    match event:
        case w.ShapeChanged(portrait):
            return replace(state, terminal=replace(terminal, portrait=portrait), page=0), ()
        case w.MachineChanged("reader", reason):
            state = replace(state, terminal=replace(terminal, reader=reason))
            if not reason and state.step is Step.CARD and state.card_note == "reader-fault":
                return read_again(state, "")  # it works again: nobody need touch "try again"
            return state, ()
        case w.MachineChanged("printer", reason):
            return replace(state, terminal=replace(terminal, printer=reason)), ()
        case w.MachineChanged("scanner", reason):
            return replace(state, terminal=replace(terminal, scanner=reason)), ()
        case w.HallLoaded(hall):
            state = replace(state, terminal=replace(terminal, hall=hall, server_up=True))
            return home(state) if state.step is Step.OUT_OF_ORDER else (state, ())
        case w.ServerLost():
            state = replace(state, terminal=replace(terminal, server_up=False))
            # A number on the screen, or one under way, is more useful than the news.
            keep = state.step in (Step.ISSUING, Step.TICKET, Step.PLACE, Step.SORRY, Step.OUT_OF_ORDER)
            return (state, ()) if keep else home(state)
    return state, ()


# -- fingers ---------------------------------------------------------------------------------------------


def _finger(state: Intake, event: Event) -> Next:
    match event:
        case w.LanguageChosen(language):
            return awake(replace(state, language=language)), ()
        case w.ElderToggled():
            return awake(replace(state, elder=not state.elder, page=0)), ()
        case w.PageTurned(page):
            return awake(replace(state, page=max(0, page))), ()
        case w.Touched():
            return awake(state), ()
        case w.WentHome():
            return (state, ()) if state.step is Step.ISSUING else home(state)
        case w.WentBack():
            return _back(state)
        case w.DepartmentChosen() | w.ServiceChosen():
            return _choose(state, event)
        case w.WithoutCard() | w.TryCardAgain() | w.PrintAgain() if event.request_id == state.request_id:
            return _within_visit(state, event)
    return state, ()


def _choose(state: Intake, event: w.DepartmentChosen | w.ServiceChosen) -> Next:
    hall = state.terminal.hall
    if hall is None or state.step not in (Step.DEPARTMENT, Step.SERVICE):
        return state, ()
    if isinstance(event, w.ServiceChosen):
        service = hall.service(event.service_id)
        return (state, ()) if service is None else _ask_card(state, event.request_id, service)
    services = hall.services_of(event.code)
    if not services or state.step is not Step.DEPARTMENT:
        return state, ()
    state = replace(state, department=event.code)
    if len(services) == 1:  # a page with one tile would be a touch for nothing
        return _ask_card(state, event.request_id, services[0])
    return awake(replace(state, step=Step.SERVICE, page=0)), ()


def _ask_card(state: Intake, request_id: str, service: Service) -> Next:
    if not service.open:
        return state, ()
    return read_first(replace(state, service_id=service.id), request_id)


def _back(state: Intake) -> Next:
    hall = state.terminal.hall
    if state.step is Step.CODE:
        return back_to_card(state)
    several = hall is not None and len(hall.services_of(state.department)) > 1
    if state.step is Step.CARD and (several or state.package_id):
        back = replace(
            state,
            step=Step.PACKAGE if state.package_id else Step.SERVICE,
            page=0,
            request_id="",
            service_id="",
            package_id="",
            attempt=0,
            card_note="",
        )
        return awake(back), stop_reading(state)
    if state.step in (Step.SERVICE, Step.PACKAGE, Step.CARD):
        return home_for_the_same(state)
    return state, ()


def _within_visit(state: Intake, event: w.WithoutCard | w.TryCardAgain | w.PrintAgain) -> Next:
    match state.step, event:
        case Step.CARD, w.WithoutCard():
            if state.errand is not Errand.TICKET or needs_card(state) or state.card_note == "id-required":
                return state, ()
            issuing = awake(replace(state, step=Step.ISSUING))
            return issuing, (*stop_reading(state), order_of(state, None))
        case Step.CARD, w.TryCardAgain() if state.card_note == "reader-fault":
            return read_again(state, "")
        case Step.TICKET, w.PrintAgain() if state.ticket and state.paper in (Paper.FAILED, Paper.UNKNOWN):
            return print_ticket(state)
    return state, ()


# -- the card, the number, the paper ---------------------------------------------------------------------


def _card(state: Intake, event: w.CardSeen | w.CardFailed) -> Next:
    if state.step is not Step.CARD or event.request_id != state.request_id:
        return state, ()  # a card of a visit that is over is nobody's
    if isinstance(event, w.CardSeen):
        issuing = replace(state, step=Step.ISSUING, card_used=True, masked_name=event.citizen.masked_name)
        return awake(issuing), (order_of(state, event.citizen),)
    if event.error in ("timeout", "stopped"):  # somebody else stopped it: we still wait
        return read_again(state, state.card_note)
    if event.error == "read-failed":
        reading, effects = read_again(state, "place-again")
        return awake(reading), effects
    return replace(state, card_note="reader-fault"), ()


def _issue(state: Intake, event: w.TicketIssued | w.IssueRefused | w.IssueFailed) -> Next:
    mine = event.request_id == state.request_id and state.step in (Step.ISSUING, Step.SORRY)
    match event:
        case w.TicketIssued(request_id, ticket):
            if ticket.id in state.terminal.shown:
                return state, ()
            if not mine:  # its citizen has gone; an appointment's they get again by checking in again
                return state, () if ticket.booked else (w.CancelTicket(request_id, ticket.id),)
            shown = (*state.terminal.shown, ticket.id)[-REMEMBERED:]
            terminal = replace(state.terminal, shown=shown)
            return print_ticket(
                replace(state, terminal=terminal, step=Step.TICKET, ticket=ticket, refusal=None)
            )
        case w.IssueRefused(_, "id-required") if mine and not state.card_used:
            asking = replace(state, step=Step.CARD, attempt=0)
            reading, effects = read_again(asking, "id-required")
            return awake(reading), effects
        case w.IssueRefused(_, code, title, detail, moment, held) if mine:
            return sorry(state, Refusal(code, title, detail, moment, held))
        case w.IssueFailed() if mine:
            return sorry(state, Refusal("no-answer"))
    return state, ()


def _printed(state: Intake, event: w.PrintDone) -> Next:
    """Whatever the screen does now, the server learns what became of the paper."""
    told = w.ReportPrint(
        event.request_id, event.ticket_id, event.job, event.outcome, event.proof, event.reason
    )
    mine = state.step is Step.TICKET and (event.request_id, event.job) == (state.request_id, state.job)
    if not mine:
        return state, (told,)
    return awake(replace(state, paper=event.outcome, paper_reason=event.reason)), (told,)
