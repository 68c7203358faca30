"""The routes of the pages: each draws one template with its texts and the board as it is now.

A page holds no state of its own.  It is given the board once, so that the first paint is whole, and keeps
itself fresh through `/api/v1` (static/js/live.js).  `mount(app, settings)` is the only thing others call.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from queue_server.contracts.board import BoardOut, BoardWindowOut
from queue_server.web.missing import say_kindly
from queue_server.web.rating import rating_form
from queue_server.web.static_files import HallStaticFiles
from queue_server.web.texts import Language, catalogue, chosen_language

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)

Lang = Annotated[str | None, Query(max_length=16)]
WindowId = Annotated[str, InPath(min_length=1, max_length=64)]


class LabSwitch(Protocol):
    """Whether this hall's machines are simulated."""

    @property
    def enabled(self) -> bool:
        """True when `/lab` may be shown."""
        ...


class WebSettings(Protocol):
    """What the pages need of the server's settings."""

    @property
    def lab(self) -> LabSwitch:
        """The `[lab]` table."""
        ...


class BoardReader(Protocol):
    """What the pages need of `app.state.hall_reader`."""

    async def board(self, zone: str | None = None) -> BoardOut:
        """Return the state of the hall, or of one zone."""
        ...


def mount(app: FastAPI, settings: WebSettings) -> None:
    """Add the pages and `/static` to `app`.  Needs `app.state.hall_reader` when a page is asked for."""
    app.state.web_lab_enabled = settings.lab.enabled
    app.mount("/static", HallStaticFiles(directory=_HERE / "static"), name="static")
    app.include_router(router)
    say_kindly(app, _missing)


router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def index(request: Request, lang: Lang = None) -> HTMLResponse:
    """Where to go."""
    return _page(request, "index", _language_of_person(request, lang), await _board(request))


@router.get("/console")
async def console(request: Request, lang: Lang = None) -> HTMLResponse:
    """The clerk's page."""
    # Without a session's cookie the page need not ask who we are, only to be told 401.
    language, cookie = _language_of_person(request, lang), any("session" in name for name in request.cookies)
    return _page(request, "console", language, await _board(request), cookie=cookie)


@router.get("/wall")
async def wall(
    request: Request,
    lang: Lang = None,
    zone: Annotated[str, Query(max_length=64)] = "",
    view: Annotated[str, Query(pattern="^(calls|cases|notices|all)$")] = "calls",
    layout: Annotated[str, Query(pattern="^(auto|list|focus)$")] = "auto",
) -> HTMLResponse:
    """The LED wall and the TVs."""
    board = await _board(request, zone or None)
    return _page(request, "wall", chosen_language(lang, None), board, zone=zone, view=view, layout=layout)


@router.get("/window/{window_id}")
async def window(request: Request, window_id: WindowId, lang: Lang = None) -> HTMLResponse:
    """A screen above one window."""
    board = await _board(request)
    shown = _window_of(board, window_id)
    return _page(request, "window", chosen_language(lang, None), board, window=shown.id)


@router.get("/tablet/{window_id}")
async def tablet(request: Request, window_id: WindowId, lang: Lang = None) -> HTMLResponse:
    """The tablet on one window's counter."""
    board = await _board(request)
    shown = _window_of(board, window_id)
    language = chosen_language(lang, None)
    form = rating_form().for_page(language)
    return _page(request, "tablet", language, board, window=shown.id, rating=form)


@router.get("/t/{token}")
async def track(
    request: Request, token: Annotated[str, InPath(min_length=1, max_length=64)], lang: Lang = None
) -> HTMLResponse:
    """A citizen's phone; whether the token is known is for the API to say."""
    language = _language_of_person(request, lang)
    form = rating_form().for_page(language)
    return _page(request, "track", language, await _board(request), token=token, rating=form)


@router.get("/appointments")
async def appointments(request: Request, lang: Lang = None) -> HTMLResponse:
    """Booking ahead; what can be booked is for the API to say."""
    return _page(request, "appointments", _language_of_person(request, lang), await _board(request))


@router.get("/lab")
async def lab(request: Request, lang: Lang = None) -> HTMLResponse:
    """The simulated machines of this hall with their knobs; 404 where machines are real."""
    if not request.app.state.web_lab_enabled:
        raise HTTPException(404, "this hall has no simulated machines")
    language = _language_of_person(request, lang)
    return _page(request, "lab", language, await _board(request), rating=rating_form().for_page(language))


async def _missing(request: Request, status: int) -> HTMLResponse:
    language = _language_of_person(request, request.query_params.get("lang"))
    texts = "wrong" if status == 422 else "missing"
    home = "/" if status == 404 else request.url.path
    answer = _page(request, "missing", language, await _board(request), said=texts, home=home)
    answer.status_code = status
    return answer


async def _board(request: Request, zone: str | None = None) -> BoardOut:
    reader: BoardReader = request.app.state.hall_reader
    return await reader.board(zone)


def _window_of(board: BoardOut, window_id: str) -> BoardWindowOut:
    for shown in board.windows:
        if shown.id == window_id:
            return shown
    raise HTTPException(404, f"this hall has no window {window_id}")


def _language_of_person(request: Request, asked: str | None) -> Language:
    """A person's own screen follows the browser; the hall's screens are Chinese unless `?lang=` says else."""
    return chosen_language(asked, request.headers.get("accept-language"))


def _utc_offset_min(request: Request, board: BoardOut) -> int:
    """Return how far the hall's clocks are ahead of UTC now; a screen's own time zone may be anything."""
    context = getattr(request.app.state, "context", None)
    zone: tzinfo | None = context.hall.timezone if context is not None else board.at.tzinfo
    offset = board.at.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds() // 60)


def _page(request: Request, name: str, language: Language, board: BoardOut, **more: object) -> HTMLResponse:
    texts = catalogue(language)
    lab_enabled: bool = request.app.state.web_lab_enabled
    data = {
        "page": name,
        "lang": language,
        "lab": lab_enabled,
        "texts": texts.of("common", "rating", name),
        "board": board.model_dump(mode="json"),
        "utc_offset_min": _utc_offset_min(request, board),
        **more,
    }
    html = _ENVIRONMENT.get_template(f"{name}.html").render(
        t=texts.text, lang=language, page=name, data=data, board=board, lab=lab_enabled, **more
    )
    # Only the lab shows other pages inside itself.
    policy = f"{_POLICY}; frame-src 'self'" if name == "lab" else _POLICY
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",  # the address of /t/{token} is the key to one ticket
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, headers=headers)
