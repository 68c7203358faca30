"""The title of every screen, and the line below it."""

from __future__ import annotations

from kiosk.flows.intake_state import Intake, Step, is_scan_notice
from kiosk.flows.intake_words import Errand
from kiosk.i18n.catalog import Catalog


def reader_fault(state: Intake) -> bool:
    """Say whether asking for a card would be asking in vain."""
    return state.card_note == "reader-fault" or bool(state.terminal.reader)


def can_scan(state: Intake) -> bool:
    """Say whether a code may be held under a scanner that works."""
    return state.terminal.scanner == ""


def heading(state: Intake, words: Catalog) -> tuple[str, str]:
    """Return title and hint of the present screen."""
    match state.step:
        case Step.DEPARTMENT:
            return words("department.title"), words("department.hint")
        case Step.SERVICE:
            return words("service.title"), _department(state, words)
        case Step.PACKAGE:
            return words("package.title"), words("package.hint")
        case Step.CARD:
            return _card(state, words)
        case Step.CODE:
            return words("code.title"), words("code.scan_hint") if can_scan(state) else words("code.hint")
        case Step.ISSUING:
            return _issuing(state, words)
        case Step.TICKET:
            return _ticket(state, words)
        case Step.PLACE:
            return words("place.title"), _place(state, words)
        case Step.SORRY:
            return _sorry(state, words)
    return words("out.title"), words("out.hint")


def _department(state: Intake, words: Catalog) -> str:
    hall, english = state.terminal.hall, state.language == "en"
    department = hall.department(state.department) if hall else None
    name = (department.en if english else department.name) if department else ""
    count = len(hall.services_of(state.department)) if hall else 0
    return words("service.hint", department=name, count=count)


def _place(state: Intake, words: Catalog) -> str:
    pages = len(state.places)
    if pages < 2:
        return words("place.hint")
    return words("place.several", page=min(state.page, pages - 1) + 1, pages=pages)


def _card(state: Intake, words: Catalog) -> tuple[str, str]:
    fault = words("card.fault_title") if reader_fault(state) else ""
    match state.errand:
        case Errand.CHECK_IN:
            return fault or words("card.check_in_title"), words("card.check_in_hint")
        case Errand.PLACE:
            return fault or words("card.place_title"), words("card.place_hint")
    hall, english = state.terminal.hall, state.language == "en"
    wanted = (hall.package(state.package_id) or hall.service(state.service_id)) if hall else None
    name = (wanted.en if english else wanted.name) if wanted else ""
    return fault or words("card.title"), words("card.hint", service=name)


def _issuing(state: Intake, words: Catalog) -> tuple[str, str]:
    titles = {
        Errand.TICKET: words("issuing.title"),
        Errand.CHECK_IN: words("issuing.check_in_title"),
        Errand.PLACE: words("issuing.place_title"),
    }
    return titles[state.errand], words("issuing.hint")


def _ticket(state: Intake, words: Catalog) -> tuple[str, str]:
    if state.reprint:
        return words("ticket.reprint_title"), words("ticket.hint")
    if state.ticket is not None and state.ticket.booked:
        return words("ticket.booked_title"), words("ticket.booked_hint")
    return words("ticket.title"), words("ticket.hint")


def _sorry(state: Intake, words: Catalog) -> tuple[str, str]:
    if is_scan_notice(state):
        return words("scan.title"), words("sorry.hint")
    titles = {
        Errand.TICKET: words("sorry.title"),
        Errand.CHECK_IN: words("sorry.check_in_title"),
        Errand.PLACE: words("sorry.place_title"),
    }
    held = state.refusal is not None and state.refusal.held is not None
    return words("sorry.held_title") if held else titles[state.errand], words("sorry.hint")
