"""What stands under a number: the line, the wait, the place, and what comes after."""

from __future__ import annotations

import math

from kiosk.flows.hall import Service
from kiosk.flows.intake_state import Intake
from kiosk.flows.intake_words import Ticket
from kiosk.i18n.catalog import Catalog
from kiosk.presenters.tiles import brief, window_range
from kiosk.presenters.views import Fact

OVER = ("done", "cancelled", "expired")
"""Nobody goes anywhere with such a number."""


def facts_of(state: Intake, ticket: Ticket, words: Catalog) -> tuple[Fact, ...]:
    """Return what stands under a number: the line and the wait while it waits, and where to go."""
    service = service_of(state, ticket)
    facts = _line(ticket, words) if ticket.state == "waiting" else []
    if ticket.state in OVER:
        return ()
    floor, zone = (service.floor, service.zone) if service else (ticket.floor, ticket.zone)
    if service and state.language == "en":
        zone = service.zone_en or zone
    place = words("fact.windows_of", floor=floor, zone=zone).strip()
    if place:
        facts.append(Fact("map-marker-outline", words("fact.place"), place, place))
    if windows := window_range(ticket.windows):
        value = words("fact.windows", windows=windows)
        line = words("fact.line_window", value=value)
        facts.append(Fact("monitor-account", words("fact.window"), value, line))
    return (*facts, *_stops(ticket, words))


def service_of(state: Intake, ticket: Ticket) -> Service | None:
    """Return the service of a ticket as it is offered now; of a looked up one the name alone is known."""
    hall = state.terminal.hall
    if hall is None:
        return None
    if ticket.looked_up:
        return next((one for one in hall.services if one.name == ticket.service), None)
    return hall.service(ticket.service_id or state.service_id)


def _stops(ticket: Ticket, words: Catalog) -> list[Fact]:
    names = [one.en if words.language == "en" and one.en else brief(one.name) for one in ticket.stops]
    if not names:
        return []
    value = " → ".join(names)
    line = words("fact.line_then", value=value)
    return [Fact("map-marker-path", words("fact.then"), value, line, rows=2)]


def _line(ticket: Ticket, words: Catalog) -> list[Fact]:
    """How many wait before it, and how long that may take."""
    ahead = words("fact.people", count=ticket.ahead) if ticket.ahead else words("fact.next")
    line = words("fact.line_ahead", value=ahead) if ticket.ahead else ahead
    facts = [Fact("account-group-outline", words("fact.ahead"), ahead, line)]
    if ticket.ahead < 0:
        line = words("fact.line_unknown")
        facts = [Fact("clock-outline", words("fact.estimate"), words("fact.unknown"), line)]
    if estimate := minutes(ticket.wait_low_s, ticket.wait_high_s, words):
        line = words("fact.line_estimate", value=estimate)
        facts.append(Fact("clock-outline", words("fact.estimate"), estimate, line))
    return facts


def minutes(low_s: int | None, high_s: int | None, words: Catalog) -> str:
    """Return a wait as people say it, in whole minutes; empty when nothing can be said or nobody waits."""
    if low_s is None or high_s is None or high_s <= 0:
        return ""
    low, high = max(1, round(low_s / 60)), max(1, math.ceil(high_s / 60))
    return words("wait.about", low=high) if low >= high else words("wait.minutes", low=low, high=high)
