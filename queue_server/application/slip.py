"""The answer to `POST /tickets`: what stands on the paper and on the screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from devices.contracts.printer import TicketSlip
from queue_server.application.ports import Tx
from queue_server.contracts.tickets import EstimateOut, IssuedTicketOut, StopOut
from queue_server.domain.chain import stops_of
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import Hall, Service, Window
from queue_server.domain.ticket import Ticket

# A slip is in one language throughout; a Chinese one has a single line of English at its foot.
NOTICE = "请在休息区等候,注意呼叫及大屏显示信息。过号请到导服台。"
NOTICE_EN = "Please wait in the rest area and watch the screens. If you miss your call, ask at the desk."
STOPS_COLUMNS = 40
"""So much room have the stops after the first one that is still to come."""
PRIORITY, REPRINT = ("绿色通道", "Priority"), ("补打", "Reprint")
BOOKED = ("网上预约", "Appointment")


def issued_answer(tx: Tx, ticket: Ticket, *, reprint: bool = False) -> IssuedTicketOut:
    """Return what the taker of a ticket learns, in the transaction that issued it; `reprint`: once more."""
    hall = tx.hall
    service = hall.services[ticket.service_id]
    ahead = tx.ahead_of(ticket)
    windows = windows_for(hall, ticket)
    estimate = Estimate(ticket.est_low_s, ticket.est_likely_s, ticket.est_high_s)
    slip = make_slip(hall, ticket, ahead, estimate, reprint=reprint)
    return IssuedTicketOut.model_construct(
        id=ticket.id,
        number=ticket.number,
        service_id=service.id,
        service=service.name,
        service_en=service.en,
        zone=service.zone,
        zone_en=hall.zones[service.zone].en,
        windows=[window.id for window in windows],
        ahead=ahead,
        estimate=estimate_out(estimate),
        issued_at=ticket.issued_at,
        track_url=slip.track_url,
        ticket_text=slip_text(slip),
        slip=slip,
        stops=stops_out(hall, ticket),
        booked=ticket.appointment is not None,
    )


def estimate_out(estimate: Estimate) -> EstimateOut:
    """Return the range as the API says it."""
    return EstimateOut.model_construct(
        low_s=estimate.low_s, likely_s=estimate.likely_s, high_s=estimate.high_s
    )


def make_slip(
    hall: Hall, ticket: Ticket, ahead: int, estimate: Estimate, *, reprint: bool = False
) -> TicketSlip:
    """Return the paper of a ticket in the ticket's own language.  It names nobody."""
    service = hall.services[ticket.service_id]
    zone = hall.zones[service.zone]
    in_english = ticket.language == "en"
    marks = [PRIORITY] * bool(ticket.priority) + [BOOKED] * (ticket.appointment is not None)
    marks += [REPRINT] * reprint
    notice = NOTICE_EN if in_english else NOTICE
    return TicketSlip.model_construct(
        hall=(in_english and hall.en) or hall.name,
        number=ticket.number,
        service=(service.en or service.id) if in_english else service.name,
        zone=zone.en if in_english else zone.name,
        floor=zone.floor,
        windows=windows_phrase(windows_for(hall, ticket), in_english=in_english),
        ahead=ahead,
        estimate=estimate_phrase(estimate, in_english=in_english),
        issued_at=f"{ticket.issued_at.astimezone(hall.timezone):%Y-%m-%d %H:%M}",
        track_url=f"{hall.public_url}/t/{ticket.token}" if hall.public_url else "",
        notice=stops_phrase(hall, ticket, in_english=in_english) + notice,
        labels=tuple(mark[in_english] for mark in marks),
        english="" if in_english else _english(service, ahead),
        language=ticket.language,
        large=False,
    )


def stops_out(hall: Hall, ticket: Ticket) -> list[StopOut]:
    """Return the services still to come, in order."""
    known = ((stop, hall.services.get(stop)) for stop in stops_of(ticket.stops))
    return [
        StopOut.model_construct(
            service_id=stop,
            name=service.name if service else stop,
            en=service.en if service else stop,
            zone=service.zone if service else "",
        )
        for stop, service in known
    ]


def stops_phrase(hall: Hall, ticket: Ticket, *, in_english: bool = False) -> str:
    """Return `本号接着办:发票→社保。`, or nothing when no stop is left; long chains end in `等5项`.

    It stands before the notice, which must not be pushed off narrow paper.
    """
    stops = stops_of(ticket.stops)
    services = [hall.services[one] for one in stops if one in hall.services]
    names = [(one.en or one.id) if in_english else one.name for one in services]
    room, shown = STOPS_COLUMNS, names[:1]
    for name in names[1:]:
        room -= 2 * len(name) if not in_english else len(name)
        if room < 0:
            break
        shown.append(name)
    if not shown:
        return ""
    more = len(names) - len(shown)
    if in_english:
        return f"Then, on this number: {' > '.join(shown)}{f' and {more} more' if more else ''}. "
    return f"本号接着办:{'→'.join(shown)}{f'等{len(names)}项' if more else ''}。"


def needs_accessible(hall: Hall, ticket: Ticket) -> bool:
    """Say whether a ticket's class is marked `accessible` in the hall's file."""
    cls = hall.policy.class_of(ticket.priority)
    return cls is not None and cls.accessible


def windows_for(hall: Hall, ticket: Ticket) -> Sequence[Window]:
    """Return the windows that a ticket's holder is told: the accessible ones where they are needed."""
    windows = hall.windows_of[ticket.service_id]
    accessible = [one for one in windows if one.accessible] if needs_accessible(hall, ticket) else []
    return accessible or windows


def _english(service: Service, ahead: int) -> str:
    return f"{service.en or service.id}: {ahead} ahead of you"


def windows_phrase(windows: Sequence[Window], *, in_english: bool = False) -> str:
    """Return `4-9、21号窗口` or `Windows 4-9, 21`; empty when there are none.

    Runs of neighbouring numbers are drawn together; names that are no numbers stay as they are.
    """
    if not windows:
        return ""
    ids = [window.id for window in windows]
    parts = _runs([int(name) for name in ids]) if all(name.isdecimal() for name in ids) else ids
    if in_english:
        return f"{'Window' if len(ids) == 1 else 'Windows'} {', '.join(parts)}"
    return "、".join(parts) + "号窗口"


def _runs(numbers: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]


def estimate_phrase(estimate: Estimate, *, in_english: bool) -> str:
    """Return `约10-26分钟`, or nothing when nothing can be said or nobody waits.

    Whole minutes, never 0, as the kiosk's screen says them.
    """
    if estimate.low_s is None or estimate.high_s is None or estimate.high_s <= 0:
        return ""
    low, high = max(1, round(estimate.low_s / 60)), max(1, math.ceil(estimate.high_s / 60))
    span = f"{low}-{high}" if low < high else f"{high}"
    return f"about {span} min" if in_english else f"约{span}分钟"


def slip_text(slip: TicketSlip) -> str:
    """Return the paper as plain lines, for screens without a printer."""
    lines = [
        slip.hall,
        f"{slip.service} {slip.number}",
        f"{slip.floor} {slip.zone} {slip.windows}".strip(),
        _waiting(slip),
        slip.notice,
        slip.issued_at,
        *slip.labels,
    ]
    return "\n".join(line for line in lines if line)


def _waiting(slip: TicketSlip) -> str:
    if slip.language == "en":
        people = "1 person" if slip.ahead == 1 else f"{slip.ahead} people"
        return f"{people} ahead of you." + (f" Estimated wait: {slip.estimate}." if slip.estimate else "")
    return f"前面还有 {slip.ahead} 人在等待。" + (f"预计等候{slip.estimate}。" if slip.estimate else "")
