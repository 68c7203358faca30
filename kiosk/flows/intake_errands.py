"""The ticket kiosk's other errands: an appointment's check-in, one's own place in the line, packages.

As in `intake`, an event out of place changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flows import intake_words as w
from kiosk.flows.errand_words import CODE_ALPHABET, CODE_LETTERS
from kiosk.flows.intake_moves import (
    Next,
    awake,
    home_for_the_same,
    print_ticket,
    read_again,
    read_first,
    sorry,
    stop_reading,
)
from kiosk.flows.intake_state import Intake, Refusal, Step
from kiosk.flows.intake_words import Errand

ErrandEvent = (
    w.ErrandChosen
    | w.PackagesOpened
    | w.PackageChosen
    | w.CodeWanted
    | w.LetterTyped
    | w.LetterErased
    | w.CodeEntered
    | w.OrdinaryWanted
    | w.ReprintWanted
    | w.PlacesTold
)


def advance_errand(state: Intake, event: ErrandEvent) -> Next:
    """Return what follows an event of an errand."""
    match event:
        case w.ErrandChosen() | w.PackagesOpened() | w.PackageChosen():
            return _begin(state, event)
        case _ if event.request_id != state.request_id:
            return state, ()  # of a visit that is over
        case w.LetterTyped() | w.LetterErased() | w.CodeEntered():
            return _type(state, event)
        case w.PlacesTold(_, tickets):
            return _places(state, tickets)
        case w.CodeWanted():
            return _ask_code(state)
        case w.OrdinaryWanted():
            return home_for_the_same(state) if state.step is Step.SORRY else (state, ())
    return _reprint(state)


def order_of(state: Intake, citizen: w.Citizen | None) -> w.Effect:
    """Return what the server is asked for, with the citizen's card."""
    match state.errand:
        case Errand.CHECK_IN:
            return w.OrderCheckIn(state.request_id, state.attempt, citizen, "", state.language)
        case Errand.PLACE if citizen is not None:
            return w.FindPlaces(state.request_id, citizen)
    return w.IssueTicket(state.request_id, state.service_id, citizen, state.language, state.package_id)


def needs_card(state: Intake) -> bool:
    """Say whether one of the wanted services is by name only."""
    hall = state.terminal.hall
    package = hall.package(state.package_id) if hall else None
    if hall is None:
        return True
    service = hall.service(state.service_id)
    wanted = hall.services_in(package) if package else (service,) if service else ()
    return not wanted or any(one.id_required for one in wanted)


def _begin(state: Intake, event: w.ErrandChosen | w.PackagesOpened | w.PackageChosen) -> Next:
    hall = state.terminal.hall
    if hall is None or hall.offline:  # the lease knows neither appointments nor other people's numbers
        return state, ()
    match state.step, event:
        case Step.DEPARTMENT, w.ErrandChosen(request_id, errand) if errand is not Errand.TICKET:
            return read_first(replace(state, errand=errand), request_id)
        case Step.DEPARTMENT, w.PackagesOpened() if hall.packages:
            return awake(replace(state, step=Step.PACKAGE, page=0)), ()
        case Step.PACKAGE, w.PackageChosen(request_id, package_id):
            package = hall.package(package_id)
            services = hall.services_in(package) if package else ()
            if services and all(one.open for one in services):
                chosen = replace(state, package_id=package_id, service_id=services[0].id)
                return read_first(chosen, request_id)
    return state, ()


def _ask_code(state: Intake) -> Next:
    """A card that was read before the code is somebody's, but the code may be another person's."""
    if state.errand is not Errand.CHECK_IN or state.step not in (Step.CARD, Step.SORRY):
        return state, ()
    typing = replace(state, step=Step.CODE, code="", refusal=None, masked_name="", card_note="")
    return awake(typing), stop_reading(state)


def _type(state: Intake, event: w.LetterTyped | w.LetterErased | w.CodeEntered) -> Next:
    if state.step is not Step.CODE:
        return state, ()
    match event:
        case w.LetterTyped(_, letter):
            full = len(state.code) >= CODE_LETTERS
            wrong = len(letter) != 1 or letter not in CODE_ALPHABET
            return awake(state if full or wrong else replace(state, code=state.code + letter)), ()
        case w.LetterErased():
            return awake(replace(state, code=state.code[:-1])), ()
    if len(state.code) < CODE_LETTERS:
        return awake(state), ()
    asking = awake(replace(state, step=Step.ISSUING, attempt=state.attempt + 1))
    order = w.OrderCheckIn(state.request_id, asking.attempt, None, state.code, state.language)
    return asking, (order,)


def back_to_card(state: Intake) -> Next:
    """From typing a code to laying a card."""
    reading, effects = read_again(replace(state, step=Step.CARD, code=""), "")
    return awake(reading), effects


def _places(state: Intake, tickets: tuple[w.Ticket, ...]) -> Next:
    if state.errand is not Errand.PLACE or state.step not in (Step.ISSUING, Step.SORRY):
        return state, ()
    if not tickets:
        return sorry(state, Refusal("no-tickets"))
    return awake(replace(state, step=Step.PLACE, places=tickets, page=0, refusal=None)), ()


def _reprint(state: Intake) -> Next:
    held: w.Ticket | None = None
    if state.step is Step.PLACE:
        held = state.places[min(state.page, len(state.places) - 1)]
    elif state.step is Step.SORRY and state.refusal is not None:
        held = state.refusal.held
    if held is None or held.looked_up:
        return state, ()
    return print_ticket(replace(state, step=Step.TICKET, ticket=held, reprint=True, refusal=None))
