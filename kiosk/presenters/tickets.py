"""A number on the screen: just issued, printed once more, or looked up."""

from __future__ import annotations

from kiosk.flows.intake_state import Intake
from kiosk.flows.intake_words import Paper, Ticket
from kiosk.i18n.catalog import Catalog
from kiosk.presenters.facts import OVER, facts_of, service_of
from kiosk.presenters.views import TicketView, Tone

PAPER_SIGNS = {
    Paper.PRINTING: (Tone.CALM, "printer-outline"),
    Paper.PRINTED: (Tone.GOOD, "check-circle-outline"),
    Paper.FAILED: (Tone.BUSY, "printer-off-outline"),
    Paper.UNKNOWN: (Tone.BUSY, "printer-alert"),
}


def issued(state: Intake, words: Catalog) -> TicketView:
    """Return the screen of a number whose paper comes out.  Raises ValueError without a ticket."""
    ticket = state.ticket
    if ticket is None:
        raise ValueError("step ticket without a ticket")
    notices = {
        Paper.PRINTING: words("ticket.printing"),
        Paper.PRINTED: words("ticket.printed"),
        Paper.FAILED: words("ticket.failed"),
        Paper.UNKNOWN: words("ticket.unknown"),
    }
    unsure = state.paper in (Paper.FAILED, Paper.UNKNOWN)
    tone, icon = PAPER_SIGNS[state.paper]
    return TicketView(
        greeting=_greeting(state, words),
        number=ticket.number,
        service=_service(state, ticket),
        facts=facts_of(state, ticket, words),
        notice=notices[state.paper],
        detail=words("ticket.failed_detail") if unsure else "",
        tone=tone,
        notice_icon=icon,
        reminder=words("ticket.take_card") if state.card_used else "",
        again=words("ticket.again") if unsure else "",
        done=words("ticket.done"),
    )


def place(state: Intake, words: Catalog) -> TicketView:
    """Return the screen of one of the numbers a person holds.  Raises ValueError without any."""
    if not state.places:
        raise ValueError("step place without a ticket")
    pages = len(state.places)
    page = min(state.page, pages - 1)
    ticket = state.places[page]
    notice, tone, icon = _standing(ticket, words)
    return TicketView(
        greeting=_greeting(state, words),
        number=ticket.number,
        service=_service(state, ticket),
        facts=facts_of(state, ticket, words),
        notice=notice,
        detail="",
        tone=tone,
        notice_icon=icon,
        reminder=words("ticket.take_card") if state.card_used else "",
        again="" if ticket.looked_up else words("place.reprint"),
        done=words("place.next") if pages > 1 else words("ticket.done"),
        place=True,
        page=page,
        pages=pages,
    )


def _standing(ticket: Ticket, words: Catalog) -> tuple[str, Tone, str]:
    window = words("place.window", window=ticket.window)
    match ticket.state:
        case "called":
            return words("place.called", window=window), Tone.BUSY, "bullhorn-outline"
        case "serving":
            return words("place.serving", window=window), Tone.GOOD, "account-check-outline"
        case "held":
            return words("place.held"), Tone.CALM, "pause-circle-outline"
        case "passed":
            return words("place.passed"), Tone.BUSY, "alert-circle-outline"
    if ticket.state in OVER:
        return words("place.over"), Tone.OFF, "check-circle-outline"
    return words("place.waiting"), Tone.CALM, "clock-outline"


def _greeting(state: Intake, words: Catalog) -> str:
    name = state.masked_name
    return words("ticket.greeting", name=name) if name else words("ticket.greeting_nobody")


def _service(state: Intake, ticket: Ticket) -> str:
    """Return the service's name in the citizen's language, where it is known."""
    offered = service_of(state, ticket)
    en = offered.en if offered else ticket.service_en
    english = en if state.language == "en" else ""
    return english or ticket.service
