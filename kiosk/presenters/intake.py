"""The ticket kiosk's state as a view.  Pure: words come in, sentences go out."""

from __future__ import annotations

from kiosk.flows.errand_words import CODE_ALPHABET, CODE_LETTERS
from kiosk.flows.intake_errands import needs_card
from kiosk.flows.intake_state import Intake, Step, is_warning, remaining_s
from kiosk.flows.intake_words import Errand
from kiosk.i18n.catalog import Catalog
from kiosk.presenters import tiles
from kiosk.presenters.heading import can_scan, heading, reader_fault
from kiosk.presenters.notices import out_of_order, sorry
from kiosk.presenters.tickets import issued, place
from kiosk.presenters.views import (
    Body,
    CardView,
    CodeView,
    FooterView,
    HeaderView,
    IssuingView,
    View,
    WarningView,
)

STEPS = (Step.DEPARTMENT, Step.SERVICE, Step.CARD, Step.TICKET)
SHOWN_AS = {Step.ISSUING: Step.TICKET, Step.PACKAGE: Step.SERVICE}
BACK_FROM = (Step.SERVICE, Step.PACKAGE, Step.CARD, Step.CODE)


def present(state: Intake, words: Catalog, terminal: str = "") -> View:
    """Return what the terminal called `terminal` must show."""
    return View(
        screen=state.step.value,
        visit=state.request_id,
        language=state.language,
        elder=state.elder,
        header=_header(state, words),
        footer=_footer(state, words, terminal),
        body=_body(state, words),
        warning=_warning(state, words),
    )


def _body(state: Intake, words: Catalog) -> Body:
    match state.step:
        case Step.DEPARTMENT:
            return tiles.departments(state, words)
        case Step.SERVICE:
            return tiles.services(state, words)
        case Step.PACKAGE:
            return tiles.packages(state, words)
        case Step.CARD:
            return _card(state, words)
        case Step.CODE:
            return _code(state, words)
        case Step.ISSUING:
            return _issuing(state, words)
        case Step.TICKET:
            return issued(state, words)
        case Step.PLACE:
            return place(state, words)
        case Step.SORRY:
            return sorry(state, words)
    return out_of_order(state, words)


def _header(state: Intake, words: Catalog) -> HeaderView:
    hall = state.terminal.hall
    english = state.language == "en"
    title, hint = heading(state, words)
    left = remaining_s(state) if state.step is not Step.ISSUING else None
    shown = SHOWN_AS.get(state.step, state.step)
    new = state.errand is Errand.TICKET and not state.reprint  # other errands have no way of four steps
    return HeaderView(
        hall=(hall.en if english else hall.name) if hall else words("app.tagline"),
        tagline=words("app.tagline") if hall else "",
        title=title,
        hint=hint,
        steps=(
            words("step.department"),
            words("step.service"),
            words("step.card"),
            words("step.ticket"),
        ),
        current=STEPS.index(shown) + 1 if new and shown in STEPS else 0,
        demo=words("app.demo") if hall and hall.demo else "",
        remaining=words("footer.seconds", seconds=left) if left is not None else "",
        elder=words("footer.elder_on") if state.elder else "",
    )


def _footer(state: Intake, words: Catalog, terminal: str) -> FooterView:
    left = remaining_s(state)
    may_leave = state.step in (*BACK_FROM, Step.TICKET, Step.PLACE, Step.SORRY) or (
        state.step is Step.DEPARTMENT and left is not None
    )
    return FooterView(
        back=words("footer.back") if state.step in BACK_FROM else "",
        home=words("footer.home") if may_leave else "",
        elder=words("footer.standard") if state.elder else words("footer.elder"),
        status="" if state.step is Step.OUT_OF_ORDER else _machines(state, words),
        status_good=not (state.terminal.printer or state.terminal.reader or state.terminal.scanner),
        terminal=words("footer.terminal", terminal=terminal) if terminal else "",
        languages=(("zh", words("app.this_language")), ("en", words("app.other_language"))),
    )


def _machines(state: Intake, words: Catalog) -> str:
    """Name every machine that is down."""
    hall = state.terminal.hall
    down = bool(state.terminal.reader), bool(state.terminal.printer), bool(state.terminal.scanner)
    match down:
        case True, True, True:
            return words("footer.all")
        case True, True, False:
            return words("footer.both")
        case True, False, True:
            return words("footer.reader_scanner")
        case False, True, True:
            return words("footer.printer_scanner")
        case False, False, True:
            return words("footer.scanner")
        case True, False, False:
            return words("footer.reader")
        case False, True, False:
            return words("footer.printer")
    return words("footer.offline") if hall and hall.offline else words("footer.ok")


def _warning(state: Intake, words: Catalog) -> WarningView | None:
    if not is_warning(state):
        return None
    return WarningView(
        words("warning.title"),
        words("warning.text", seconds=remaining_s(state)),
        words("warning.continue"),
        words("warning.leave"),
    )


def _issuing(state: Intake, words: Catalog) -> IssuingView:
    name = state.masked_name
    greeting = words("issuing.greeting", name=name) if name else words("issuing.greeting_nobody")
    texts = {
        Errand.TICKET: words("issuing.text"),
        Errand.CHECK_IN: words("issuing.check_in_text"),
        Errand.PLACE: words("issuing.place_text"),
    }
    return IssuingView(greeting, texts[state.errand])


def _code(state: Intake, words: Catalog) -> CodeView:
    missing = CODE_LETTERS - len(state.code)
    return CodeView(
        prompt=words("code.prompt"),
        letters=tuple(state.code.ljust(CODE_LETTERS)),
        keys=CODE_ALPHABET,
        erase=words("code.erase"),
        enter=words("code.missing", count=missing) if missing else words("code.enter"),
        ready=not missing,
    )


def _card(state: Intake, words: Catalog) -> CardView:
    required = state.errand is Errand.TICKET and (state.card_note == "id-required" or needs_card(state))
    if reader_fault(state):
        return _no_reader(state, words, required=required)
    note, detail = "", words("card.required") if required else ""
    if state.card_note == "place-again":
        note = words("card.again_note")
    elif state.card_note == "id-required":
        note = words("card.required_note")
    plain = state.errand is Errand.TICKET
    scan = _scan(state, words)
    return CardView(
        place=words("card.place"),
        keep=words("card.keep"),
        why=words("card.why") if plain else words("card.why_errand"),
        note=note,
        detail="" if note else detail or scan,
        without=_without(state, words, required=required),
        retry="",
        fault=False,
        code=state.errand is Errand.CHECK_IN,
        scan=bool(scan) and not note,
    )


def _without(state: Intake, words: Catalog, *, required: bool) -> str:
    """Return the button for those who have no card."""
    match state.errand:
        case Errand.CHECK_IN:
            return words("card.code")
        case Errand.PLACE:
            return ""
    if required:
        return ""
    return words("card.take") if reader_fault(state) else words("card.without")


def _scan(state: Intake, words: Catalog) -> str:
    """Say what may be held under the scanner instead of a card."""
    if not can_scan(state):
        return ""
    texts = {
        Errand.TICKET: "",
        Errand.CHECK_IN: words("card.scan_code"),
        Errand.PLACE: words("card.scan_ticket"),
    }
    return texts[state.errand]


def _no_reader(state: Intake, words: Catalog, *, required: bool) -> CardView:
    """The fault is the headline, then what the citizen can do; nothing asks for a card."""
    instead = {
        Errand.TICKET: words("card.fault_required") if required else words("card.fault_without"),
        Errand.CHECK_IN: words("card.fault_code"),
        Errand.PLACE: words("card.fault_place"),
    }
    scan = _scan(state, words)
    return CardView(
        place=words("card.fault"),
        keep=instead[state.errand],
        why="",
        note="",
        detail=scan,
        without=_without(state, words, required=required),
        retry=words("card.retry") if state.card_note == "reader-fault" else "",
        fault=True,
        code=state.errand is Errand.CHECK_IN,
        scan=bool(scan),
    )
