"""Moves that several parts of the ticket kiosk's flow make."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flows import intake_words as w
from kiosk.flows.intake_state import (
    ELDER_FACTOR,
    IDLE_S,
    NOTICE_S,
    PRINTED_S,
    UNPRINTED_S,
    Intake,
    Refusal,
    Step,
    in_use,
    is_scan_notice,
)
from kiosk.flows.intake_words import Effect, Paper

Next = tuple[Intake, tuple[Effect, ...]]


def home(state: Intake) -> Next:
    """Forget the citizen."""
    terminal = state.terminal
    ready = terminal.server_up and terminal.hall is not None
    fresh = Intake(
        terminal,
        now_s=state.now_s,
        step=Step.DEPARTMENT if ready else Step.OUT_OF_ORDER,
        language=terminal.default_language,
    )
    return fresh, stop_reading(state)


def home_for_the_same(state: Intake) -> Next:
    """Begin anew for the citizen who is still there: their language and their text size stay."""
    fresh, effects = home(state)
    return awake(replace(fresh, language=state.language, elder=state.elder)), effects


def stop_reading(state: Intake) -> tuple[Effect, ...]:
    """Return what must be done when nobody waits for a card any more."""
    waiting = state.step is Step.CARD and state.card_note != "reader-fault"
    return (w.StopReading(state.request_id),) if waiting else ()


def awake(state: Intake) -> Intake:
    """Start the time anew, as long as the step allows."""
    if not in_use(state):
        return replace(state, deadline_s=None)
    seconds = IDLE_S
    if state.step is Step.TICKET and state.paper is not Paper.PRINTING:
        seconds = PRINTED_S if state.paper is Paper.PRINTED else UNPRINTED_S
    if is_scan_notice(state):
        seconds = NOTICE_S
    return replace(state, deadline_s=state.now_s + seconds * (ELDER_FACTOR if state.elder else 1.0))


def read_first(state: Intake, request_id: str) -> Next:
    """Begin a visit at the card reader."""
    asking = replace(state, step=Step.CARD, request_id=request_id, attempt=1, card_note="", page=0)
    return awake(asking), (w.ReadCard(request_id, 1),)


def read_again(state: Intake, note: str) -> Next:
    """Wait for the card once more."""
    again = replace(state, attempt=state.attempt + 1, card_note=note)
    return again, (w.ReadCard(state.request_id, again.attempt),)


def sorry(state: Intake, refusal: Refusal) -> Next:
    """Say why not, and what can be done."""
    return awake(replace(state, step=Step.SORRY, refusal=refusal)), ()


def print_ticket(state: Intake) -> Next:
    """Print the state's ticket as a new job."""
    if state.ticket is None:
        return state, ()
    printing = awake(replace(state, job=state.job + 1, paper=Paper.PRINTING, paper_reason=""))
    order = w.PrintTicket(state.request_id, state.ticket, printing.job, state.masked_name, state.elder)
    return printing, (order,)
