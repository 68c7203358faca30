"""What `queue-server simulate` prints: plain tables, minutes with one decimal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from queue_server.domain.hall import Hall
from queue_server.simulation.contest import BOUND, OURS
from queue_server.simulation.measures import Waits, accuracy_of, mean_with_error, utilisation, waits_of
from queue_server.simulation.virtual_day import DayLog

HEAD = f"{'':<26}{'people':>8}{'mean':>8}{'p50':>8}{'p90':>8}{'p95':>8}"
KINDS = {"normal": False, "priority": True}
MEASURES = ("mean", "p50", "p90", "p95")


def day_report(hall: Hall, log: DayLog) -> str:
    """Return one day: waits by class and service, use of windows, reasons of calls, how it ended."""
    called = sum(one.called_s is not None for one in log.journeys)
    lines = [
        f"{len(log.journeys)} came, {sum(log.finals.values())} tickets, {called} called, "
        f"last service ended {_clock(log.ended_s)}",
        _counts("turned away", log.turned_away),
        _counts("tickets ended as", log.finals),
        _counts("called because of", log.whys),
        "",
        "Waits by class (minutes)",
        HEAD,
        *(_row(kind, waits_of(log, green=green)) for kind, green in KINDS.items()),
        "",
        "Waits by service (minutes)",
        HEAD,
        *(_row(f"{one.id} {one.en}"[:25], waits_of(log, service=one.id)) for one in hall.services.values()),
        "",
        *accuracy_rows([log]),
        "",
        "Utilisation of windows (%)",
        *_in_columns([f"{window:>4}{share * 100:5.0f}" for window, share in utilisation(log).items()], 10),
    ]
    return "\n".join(line for line in lines if line is not None)


def accuracy_rows(logs: Sequence[DayLog]) -> list[str]:
    """Return how what tickets said of the wait came true, of all told and of those who had to wait."""
    lines = [
        "The wait told on tickets (docs/estimates.md)",
        f"{'':<26}{'tickets':>8}{'inside%':>8}{'below%':>8}{'above%':>8}{'error%':>8}{'strict%':>8}{'bias':>8}",
    ]
    for kind, green in KINDS.items():
        for label, queued in ((f"{kind}, all", False), (f"{kind}, had to wait", True)):
            one = accuracy_of(logs, green=green, queued=queued)
            shares = (one.inside, one.below, one.above, one.error, one.strict)
            cells = "".join(f"{share * 100:>8.1f}" for share in shares)
            lines.append(f"{label:<26}{one.people:>8}{cells}{one.bias_min:>+8.2f}")
    return lines


def comparison(days: Mapping[str, DayLog]) -> str:
    """Return one day's waits under several policies, the same people coming."""
    lines = ["The same arrivals under each policy (minutes)", HEAD]
    for kind, green in KINDS.items():
        lines += [
            _row(f"{kind} {_label(policy)}", waits_of(log, green=green)) for policy, log in days.items()
        ]
    return "\n".join(lines)


def seeds_report(days: Mapping[str, Sequence[DayLog]]) -> str:
    """Return means over days with their 95 % intervals, and the difference of ours to each other policy."""
    lines = []
    for kind, green in KINDS.items():
        waits = {policy: [waits_of(log, green=green) for log in logs] for policy, logs in days.items()}
        lines.append(
            f"{kind} tickets: minutes, mean of {len(next(iter(waits.values())))} days ± 95 % interval"
        )
        lines.append(f"{'':<26}" + "".join(f"{name:>16}" for name in MEASURES))
        lines += [_interval_row(_label(policy), found) for policy, found in waits.items()]
        for policy in waits:
            if OURS in waits and policy not in (OURS, BOUND):
                lines.append(_interval_row(f"ours - {policy}", waits[OURS], waits[policy]))
        lines.append("")
    if OURS in days:
        lines += accuracy_rows(days[OURS])
    return "\n".join(lines).rstrip()


def _interval_row(label: str, mine: Sequence[Waits], other: Sequence[Waits] | None = None) -> str:
    cells = []
    for name in MEASURES:
        values = [getattr(one, name) for one in mine]
        if other is not None:
            values = [a - getattr(b, name) for a, b in zip(values, other, strict=True)]
        mean, error = mean_with_error(values)
        cells.append(f"{f'{mean:.2f} ± {error:.2f}':>16}")
    return f"{label:<26}" + "".join(cells)


def _row(label: str, one: Waits) -> str:
    return f"{label:<26}{one.people:>8}{one.mean:>8.1f}{one.p50:>8.1f}{one.p90:>8.1f}{one.p95:>8.1f}"


def _label(policy: str) -> str:
    return "all skills pooled" if policy == BOUND else policy


def _counts(label: str, counts: Mapping[str, int]) -> str:
    found = ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: -item[1]))
    return f"{label}: {found or 'none'}"


def _clock(at_s: float) -> str:
    return f"{int(at_s) // 3600:02d}:{int(at_s) % 3600 // 60:02d}"


def _in_columns(cells: Sequence[str], columns: int) -> list[str]:
    return ["".join(cells[start : start + columns]) for start in range(0, len(cells), columns)]
