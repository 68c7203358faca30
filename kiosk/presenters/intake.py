"""The ticket kiosk's state as a view.  Pure: words come in, sentences go out."""

from __future__ import annotations

import math

from kiosk.flows.intake_state import Intake, Step, is_warning, remaining_s
from kiosk.flows.intake_words import Paper
from kiosk.i18n.catalog import Catalog
from kiosk.presenters import tiles
from kiosk.presenters.views import (
    Body,
    CardView,
    Fact,
    FooterView,
    HeaderView,
    IssuingView,
    NoticeView,
    TicketView,
    Tone,
    View,
    WarningView,
)

STEPS = (Step.DEPARTMENT, Step.SERVICE, Step.CARD, Step.TICKET)
PAPER_SIGNS = {
    Paper.PRINTING: (Tone.CALM, "printer-outline"),
    Paper.PRINTED: (Tone.GOOD, "check-circle-outline"),
    Paper.FAILED: (Tone.BUSY, "printer-off-outline"),
    Paper.UNKNOWN: (Tone.BUSY, "printer-alert"),
}


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
        case Step.CARD:
            return _card(state, words)
        case Step.ISSUING:
            name = state.masked_name
            greeting = words("issuing.greeting", name=name) if name else words("issuing.greeting_nobody")
            return IssuingView(greeting, words("issuing.text"))
        case Step.TICKET:
            return _ticket(state, words)
        case Step.SORRY:
            return _sorry(state, words)
    return _out_of_order(state, words)


def _header(state: Intake, words: Catalog) -> HeaderView:
    hall = state.terminal.hall
    english = state.language == "en"
    title, hint = _title(state, words)
    left = remaining_s(state) if state.step is not Step.ISSUING else None
    shown = Step.TICKET if state.step is Step.ISSUING else state.step
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
        current=STEPS.index(shown) + 1 if shown in STEPS else 0,
        demo=words("app.demo") if hall and hall.demo else "",
        remaining=words("footer.seconds", seconds=left) if left is not None else "",
        elder=words("footer.elder_on") if state.elder else "",
    )


def _title(state: Intake, words: Catalog) -> tuple[str, str]:
    english = state.language == "en"
    hall = state.terminal.hall
    match state.step:
        case Step.DEPARTMENT:
            return words("department.title"), words("department.hint")
        case Step.SERVICE:
            department = hall.department(state.department) if hall else None
            name = (department.en if english else department.name) if department else ""
            count = len(hall.services_of(state.department)) if hall else 0
            return words("service.title"), words("service.hint", department=name, count=count)
        case Step.CARD:
            service = hall.service(state.service_id) if hall else None
            name = (service.en if english else service.name) if service else ""
            title = words("card.fault_title") if reader_fault(state) else words("card.title")
            return title, words("card.hint", service=name)
        case Step.ISSUING:
            return words("issuing.title"), words("issuing.hint")
        case Step.TICKET:
            return words("ticket.title"), words("ticket.hint")
        case Step.SORRY:
            return words("sorry.title"), words("sorry.hint")
    return words("out.title"), words("out.hint")


def _footer(state: Intake, words: Catalog, terminal: str) -> FooterView:
    left = remaining_s(state)
    may_leave = state.step in (Step.SERVICE, Step.CARD, Step.TICKET, Step.SORRY) or (
        state.step is Step.DEPARTMENT and left is not None
    )
    return FooterView(
        back=words("footer.back") if state.step in (Step.SERVICE, Step.CARD) else "",
        home=words("footer.home") if may_leave else "",
        elder=words("footer.standard") if state.elder else words("footer.elder"),
        status="" if state.step is Step.OUT_OF_ORDER else _machines(state, words),
        status_good=not (state.terminal.printer or state.terminal.reader),
        terminal=words("footer.terminal", terminal=terminal) if terminal else "",
        languages=(("zh", words("app.this_language")), ("en", words("app.other_language"))),
    )


def _machines(state: Intake, words: Catalog) -> str:
    """Name every machine that is down."""
    hall = state.terminal.hall
    match bool(state.terminal.reader), bool(state.terminal.printer):
        case True, True:
            return words("footer.both")
        case True, False:
            return words("footer.reader")
        case False, True:
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


def _card(state: Intake, words: Catalog) -> CardView:
    service = state.terminal.hall.service(state.service_id) if state.terminal.hall else None
    required = state.card_note == "id-required" or bool(service and service.id_required)
    if reader_fault(state):
        return _no_reader(state, words, required=required)
    note, detail = "", words("card.required") if required else ""
    if state.card_note == "place-again":
        note = words("card.again_note")
    elif state.card_note == "id-required":
        note = words("card.required_note")
    return CardView(
        place=words("card.place"),
        keep=words("card.keep"),
        why=words("card.why"),
        note=note,
        detail="" if note else detail,
        without="" if required else words("card.without"),
        retry="",
        fault=False,
    )


def reader_fault(state: Intake) -> bool:
    """Say whether asking for a card would be asking in vain."""
    return state.card_note == "reader-fault" or bool(state.terminal.reader)


def _no_reader(state: Intake, words: Catalog, *, required: bool) -> CardView:
    """The fault is the headline, then what the citizen can do; nothing asks for a card."""
    return CardView(
        place=words("card.fault"),
        keep=words("card.fault_required") if required else words("card.fault_without"),
        why="",
        note="",
        detail="",
        without="" if required else words("card.take"),
        retry=words("card.retry") if state.card_note == "reader-fault" else "",
        fault=True,
    )


def _ticket(state: Intake, words: Catalog) -> TicketView:
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
    name = state.masked_name
    hall = state.terminal.hall
    offered = hall.service(state.service_id) if hall else None
    english = offered.en if offered and state.language == "en" else ""
    return TicketView(
        greeting=words("ticket.greeting", name=name) if name else words("ticket.greeting_nobody"),
        number=ticket.number,
        service=english or ticket.service,
        facts=_facts(state, words),
        notice=notices[state.paper],
        detail=words("ticket.failed_detail") if unsure else "",
        tone=tone,
        notice_icon=icon,
        reminder=words("ticket.take_card") if state.card_used else "",
        again=words("ticket.again") if unsure else "",
        done=words("ticket.done"),
    )


def _facts(state: Intake, words: Catalog) -> tuple[Fact, ...]:
    ticket = state.ticket
    hall = state.terminal.hall
    if ticket is None:
        return ()
    ahead = words("fact.people", count=ticket.ahead) if ticket.ahead else words("fact.next")
    line = words("fact.line_ahead", value=ahead) if ticket.ahead else ahead
    facts = [Fact("account-group-outline", words("fact.ahead"), ahead, line)]
    if ticket.ahead < 0:
        line = words("fact.line_unknown")
        facts = [Fact("clock-outline", words("fact.estimate"), words("fact.unknown"), line)]
    if estimate := minutes(ticket.wait_low_s, ticket.wait_high_s, words):
        line = words("fact.line_estimate", value=estimate)
        facts.append(Fact("clock-outline", words("fact.estimate"), estimate, line))
    service = hall.service(state.service_id) if hall else None
    floor, zone = (service.floor, service.zone) if service else (ticket.floor, ticket.zone)
    if service and state.language == "en":
        zone = service.zone_en or zone
    place = words("fact.windows_of", floor=floor, zone=zone).strip()
    if place:
        facts.append(Fact("map-marker-outline", words("fact.place"), place, place))
    if windows := tiles.window_range(ticket.windows):
        value = words("fact.windows", windows=windows)
        line = words("fact.line_window", value=value)
        facts.append(Fact("monitor-account", words("fact.window"), value, line))
    return tuple(facts)


def minutes(low_s: int | None, high_s: int | None, words: Catalog) -> str:
    """Return a wait as people say it, in whole minutes; empty when nothing can be said or nobody waits."""
    if low_s is None or high_s is None or high_s <= 0:
        return ""
    low, high = max(1, round(low_s / 60)), max(1, math.ceil(high_s / 60))
    return words("wait.about", low=high) if low >= high else words("wait.minutes", low=low, high=high)


def _sorry(state: Intake, words: Catalog) -> NoticeView:
    refusal = state.refusal
    title, detail = words("sorry.no_answer"), words("sorry.no_answer_detail")
    if refusal and refusal.title:
        title, detail = words("sorry.refused"), refusal.detail or refusal.title
    lines = tuple(line for line in (detail, words("sorry.ask_staff")) if line and line != title)
    return NoticeView("information-outline", title, lines, words("sorry.home"), Tone.BUSY)


def _out_of_order(state: Intake, words: Catalog) -> NoticeView:
    starting = state.terminal.hall is None
    title = words("out.starting") if starting else words("out.away")
    lines = (words("out.desk"), words("out.kept"), words("out.recover"))
    return NoticeView("lan-disconnect", title, lines, "", Tone.OFF)
