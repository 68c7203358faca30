"""A code under the ticket kiosk's scanner: an appointment is checked in, a ticket's place is told.

A scan always begins a visit of its own, so nothing that was asked for before it can be shown to whoever
holds the code.  It is heard only where nobody's visit could be taken over; at any other step it is ignored.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.flows import intake_words as w
from kiosk.flows.intake_moves import Next, awake, home_for_the_same, sorry
from kiosk.flows.intake_state import SCAN_OFFLINE, SCAN_UNKNOWN, Intake, Refusal, Step, is_scan_notice
from kiosk.flows.intake_words import Errand
from kiosk.flows.scan_words import AppointmentCode, TicketCode, read_code


def scanned(state: Intake, event: w.CodeScanned) -> Next:
    """Return what follows a code that was held under the scanner."""
    hall, code = state.terminal.hall, read_code(event.text)
    if hall is None or not _listens(state, code):
        return state, ()
    fresh, effects = home_for_the_same(state)
    fresh = replace(fresh, request_id=event.request_id)
    match code:
        case None:
            told, _ = sorry(fresh, Refusal(SCAN_UNKNOWN))
            return told, effects
        case _ if hall.offline or not state.terminal.server_up:  # the lease knows neither of them
            told, _ = sorry(fresh, Refusal(SCAN_OFFLINE))
            return told, effects
        case AppointmentCode(text):
            asking = replace(fresh, step=Step.ISSUING, errand=Errand.CHECK_IN, code=text, attempt=1)
            order = w.OrderCheckIn(asking.request_id, asking.attempt, None, text, asking.language)
            return awake(asking), (*effects, order)
        case TicketCode(token):
            asking = replace(fresh, step=Step.ISSUING, errand=Errand.PLACE)
            return awake(asking), (*effects, w.FindTicket(asking.request_id, token))


def _listens(state: Intake, code: AppointmentCode | TicketCode | None) -> bool:
    """Say whether a code is meant by whoever stands here: at home, or where one was asked for."""
    match state.step, state.errand:
        case Step.DEPARTMENT, _:
            return True
        case ((Step.CARD | Step.CODE), Errand.CHECK_IN):
            return True
        case Step.CARD, Errand.PLACE:
            return not isinstance(code, AppointmentCode)
    return is_scan_notice(state)
