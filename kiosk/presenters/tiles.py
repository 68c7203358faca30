"""Departments and services as pages of big tiles: every page fits the screen, nothing scrolls."""

from __future__ import annotations

import re
from dataclasses import replace

from kiosk.flows.hall import Department, Hall, Package, Service
from kiosk.flows.intake_state import Intake
from kiosk.i18n.catalog import Catalog
from kiosk.presenters.views import Entry, Tile, TilesView, Tone

BUSY_FROM = 10  # waiting people from which a badge turns orange
_IN_BRACKETS = re.compile(r"[(\uff08].*?[)\uff09]")

# (portrait, elder) -> columns, rows
DEPARTMENT_GRID = {(True, False): (3, 4), (True, True): (2, 4), (False, False): (6, 2), (False, True): (4, 2)}
SERVICE_GRID = {(True, False): (1, 6), (True, True): (1, 4), (False, False): (2, 3), (False, True): (2, 2)}
FEW = 3  # so few services get the whole width of a landscape screen


def departments(state: Intake, words: Catalog) -> TilesView:
    """Return the page of departments."""
    hall = state.terminal.hall
    shown = [_department(hall, d, index, words) for index, d in enumerate(hall.departments)] if hall else []
    page = _page(shown, DEPARTMENT_GRID[state.terminal.portrait, state.elder], state.page, words)
    return replace(page, entries=_entries(hall, words) if hall else ())


def _entries(hall: Hall, words: Catalog) -> tuple[Entry, ...]:
    """Return the ways to everything but a new number; without the server there are none."""
    if hall.offline:
        return ()
    check_in = Entry("entry:check-in", words("entry.check_in"), "calendar-check-outline")
    place = Entry("entry:place", words("entry.place"), "ticket-account")
    package = Entry("entry:package", words("entry.package"), "format-list-checks")
    return (check_in, place, package) if hall.packages else (check_in, place)


def packages(state: Intake, words: Catalog) -> TilesView:
    """Return the page of packages (多窗联办), each with its services in order."""
    hall = state.terminal.hall
    shown = [_package(hall, one, i, words) for i, one in enumerate(hall.packages)] if hall else []
    return _page(shown, _rows_for(state, len(shown)), state.page, words)


def _rows_for(state: Intake, count: int) -> tuple[int, int]:
    """Return columns and rows for so many services: few get more room each."""
    columns, rows = SERVICE_GRID[state.terminal.portrait, state.elder]
    if state.terminal.portrait:
        return columns, min(rows, max(4, count))
    return (1, FEW) if count <= FEW else (columns, rows)


def _package(hall: Hall, package: Package, index: int, words: Catalog) -> Tile:
    english = words.language == "en"
    services = hall.services_in(package)
    is_open = bool(services) and all(one.open for one in services)
    names = [one.en if english else brief(one.name) for one in services]
    count = words("package.count", count=len(package.services))
    return Tile(
        key=package.id,
        title=package.en if english else package.name,
        subtitle=" → ".join(names),
        badge=count if is_open else words("wait.closed"),
        tone=Tone.GOOD if is_open else Tone.OFF,
        accent=index,
        tag=words("package.tag"),
        subtitle_rows=2,
        enabled=is_open,
    )


def services(state: Intake, words: Catalog) -> TilesView:
    """Return the page of the chosen department's services."""
    hall = state.terminal.hall
    shown = (
        [_service(s, state.department, i, words) for i, s in enumerate(hall.services_of(state.department))]
        if hall
        else []
    )
    return _page(shown, _rows_for(state, len(shown)), state.page, words)


def _page(shown: list[Tile], grid: tuple[int, int], page: int, words: Catalog) -> TilesView:
    columns, rows = grid
    size = columns * rows
    pages = max(1, -(-len(shown) // size))
    page = min(page, pages - 1)
    return TilesView(
        tiles=tuple(shown[page * size : (page + 1) * size]),
        columns=columns,
        rows=rows,
        page=page,
        pages=pages,
        previous=words("pager.previous"),
        next=words("pager.next"),
        label=words("pager.label", page=page + 1, pages=pages),
    )


def _department(hall: Hall, department: Department, index: int, words: Catalog) -> Tile:
    offered = hall.services_of(department.code)
    english = words.language == "en"
    is_open = any(s.open for s in offered)
    badge, tone = _badge(sum(s.waiting for s in offered if s.open), is_open, words)
    if len(offered) > 1 or english:
        names = [s.en if english else brief(s.name) for s in offered]
    else:
        names = [brief(m) for s in offered for m in s.matters_for(department.code)[:3]]
    return Tile(
        key=department.code,
        title=department.en if english else department.short or department.name,
        subtitle=listed([n for n in names if n != department.en], 25 if english else 11, 2),
        badge=badge,
        tone=tone,
        icon=department.icon,
        accent=index,
        enabled=is_open,
    )


def _service(service: Service, department: str, index: int, words: Catalog) -> Tile:
    english = words.language == "en"
    badge, tone = _badge(service.waiting, service.open, words)
    place = service.zone_en if english else service.zone
    about = "" if english else listed([brief(m) for m in service.matters_for(department)], 20, 1)
    where = f"{service.floor} {place}".strip()
    closed = service.closed_reason_en if english else service.closed_reason
    subtitle = (about if service.open else closed) or where
    return Tile(
        key=service.id,
        title=service.en if english else service.name,
        subtitle=subtitle,
        badge=badge,
        tone=tone,
        accent=index,
        tag=service.id,
        enabled=service.open,
    )


def _badge(waiting: int, is_open: bool, words: Catalog) -> tuple[str, Tone]:
    if not is_open:
        return words("wait.closed"), Tone.OFF
    if waiting < 0:
        return words("wait.unknown"), Tone.CALM
    if not waiting:
        return words("wait.none"), Tone.GOOD
    return words("wait.many", count=waiting), Tone.BUSY if waiting >= BUSY_FROM else Tone.CALM


def brief(matter: str) -> str:
    """Return a matter's name without what stands in brackets: a tile has little room."""
    return _IN_BRACKETS.sub("", matter).strip() or matter


def listed(names: list[str], row: int, rows: int) -> str:
    """Return as many names as fit into `rows` rows of about `row` characters, at least the first.

    Rows are parted here, at a name's end: a tile would break them anywhere.
    """
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + 3 + len(name) <= row:
            lines[-1] = f"{lines[-1]} · {name}"
        elif not lines or (len(lines) < rows and max(len(name), len(lines[-1])) <= row):
            lines.append(name)
        else:
            break
    return "\n".join(lines)


def window_range(windows: tuple[str, ...]) -> str:
    """Return `1–3, 7` for 1, 2, 3, 7; names that are no numbers stay as they are, at the end."""
    numbers = sorted({int(name) for name in windows if name.isdecimal()})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(parts + [name for name in windows if not name.isdecimal()])
