"""Why there is no number, or no kiosk: what is, and what a citizen can do now."""

from __future__ import annotations

from kiosk.flows.intake_state import SCAN_OFFLINE, SCAN_UNKNOWN, Intake, Refusal
from kiosk.flows.intake_words import Errand
from kiosk.i18n.catalog import Catalog
from kiosk.presenters.views import NoticeView, Tone

INFO = "information-outline"
NO_CODE = "qrcode-remove"


def sorry(state: Intake, words: Catalog) -> NoticeView:
    """Return the screen of a visit without a number: the reason and the best ways out."""
    refusal = state.refusal or Refusal("no-answer")
    if refusal.held is not None:
        return _held(refusal, words)
    match refusal.code:
        case c if c == SCAN_UNKNOWN:
            lines = (words("scan.known"), words("scan.again"))
            return NoticeView(NO_CODE, words("scan.unknown"), lines, words("sorry.home"), Tone.BUSY)
        case c if c == SCAN_OFFLINE:
            lines = (words("scan.later"), words("sorry.ask_staff"))
            return NoticeView(NO_CODE, words("scan.offline"), lines, words("sorry.home"), Tone.BUSY)
        case "not-found" if state.errand is Errand.PLACE:
            lines = (words("scan.old_ticket"), words("sorry.ask_staff"))
            return NoticeView(INFO, words("scan.no_ticket"), lines, words("sorry.home"), Tone.BUSY)
        case "appointment-early":
            return _early(refusal, words)
        case "appointment-late" | "appointment-over":
            late = refusal.code == "appointment-late"
            title = words("late.title") if late else words("late.over")
            return _or_ordinary(title, (refusal.detail or refusal.title, words("late.advice")), words)
        case "appointment-not-found" if state.errand is Errand.CHECK_IN:
            return _unknown(state, words)
        case "no-tickets":
            lines = (words("place.none_new"), words("place.none_card"))
            return _or_ordinary(words("place.none"), lines, words, words("place.take"))
    return _plain(state, refusal, words)


def _held(refusal: Refusal, words: Catalog) -> NoticeView:
    """They have a number already: its paper may be lost."""
    number = refusal.held.number if refusal.held else ""
    return NoticeView(
        "ticket-confirmation-outline",
        words("held.title", number=number),
        (words("held.valid"), words("held.lost")),
        words("held.reprint"),
        Tone.CALM,
        key="notice:reprint",
        second=words("sorry.home"),
    )


def _early(refusal: Refusal, words: Catalog) -> NoticeView:
    moment = refusal.moment
    title = words("early.title", time=moment) if moment else words("early.title_other_day")
    lines = () if moment else (refusal.detail or refusal.title,)
    advice = (words("early.valid"), words("early.again"))
    return NoticeView("clock-outline", title, (*lines, *advice), words("sorry.home"), Tone.CALM)


def _unknown(state: Intake, words: Catalog) -> NoticeView:
    """By card: perhaps booked with other papers.  By code: perhaps mistyped."""
    typed = bool(state.code)
    first = words("unknown.typed") if typed else words("unknown.card")
    return NoticeView(
        INFO,
        words("unknown.title_code") if typed else words("unknown.title_card"),
        (first, words("unknown.ordinary")),
        words("unknown.again") if typed else words("unknown.type"),
        Tone.BUSY,
        key="notice:code",
        second=words("late.ordinary"),
        second_key="notice:ordinary",
    )


def _or_ordinary(title: str, lines: tuple[str, ...], words: Catalog, take: str = "") -> NoticeView:
    return NoticeView(
        INFO,
        title,
        lines,
        take or words("late.ordinary"),
        Tone.BUSY,
        key="notice:ordinary",
        second=words("sorry.home"),
    )


def _plain(state: Intake, refusal: Refusal, words: Catalog) -> NoticeView:
    new = state.errand is Errand.TICKET
    title = words("sorry.no_answer")
    detail = words("sorry.no_answer_detail") if new else words("sorry.no_answer_errand")
    if refusal.title:
        title = words("sorry.refused") if new else words("sorry.refused_errand")
        detail = refusal.detail or refusal.title
    lines = tuple(line for line in (detail, words("sorry.ask_staff")) if line and line != title)
    return NoticeView(INFO, title, lines, words("sorry.home"), Tone.BUSY)


def out_of_order(state: Intake, words: Catalog) -> NoticeView:
    """Return the screen of a kiosk that cannot give out numbers."""
    starting = state.terminal.hall is None
    title = words("out.starting") if starting else words("out.away")
    lines = (words("out.desk"), words("out.kept"), words("out.recover"))
    return NoticeView("lan-disconnect", title, lines, "", Tone.OFF)
