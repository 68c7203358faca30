"""Everything a public screen needs, in one answer with its sequence number; no personal data."""

from __future__ import annotations

from pydantic import AwareDatetime

from devices.contracts.window_display import WindowState
from queue_server.contracts.base import Answer


class HallOut(Answer):
    """The hall's name and whether what runs here is a demonstration."""

    site: str
    name: str
    en: str
    slogan: str = ""
    demo: bool = False
    open: bool = True
    notice: str = ""


class CallOut(Answer):
    """One ticket that was called and still is, newest first in a board."""

    ticket_id: str
    number: str
    window: str
    zone: str
    service: str
    service_en: str
    called_at: AwareDatetime
    calls: int
    serving: bool = False


class BoardWindowOut(Answer):
    """One window as the hall sees it; `text` is what its bar says.

    `rate_ticket` is the id of the finished ticket that may be rated on this window's tablet now, or None.
    """

    id: str
    name: str
    zone: str
    floor: str
    state: WindowState
    text: str
    number: str = ""
    ticket_id: str | None = None
    service: str = ""
    services: list[str] = []
    rate_ticket: str | None = None
    rate_number: str = ""
    waiting: int = 0


class BoardServiceOut(Answer):
    """One line of the waiting table."""

    id: str
    prefix: str
    name: str
    en: str
    zone: str
    floor: str
    open: bool
    waiting: int
    windows_open: int
    wait_likely_s: int | None = None


class BoardOut(Answer):
    """`GET /board`: state as of event `seq` at `at` (the hall's clock)."""

    seq: int
    at: AwareDatetime
    hall: HallOut
    zones: list[dict[str, str]]
    calls: list[CallOut]
    windows: list[BoardWindowOut]
    services: list[BoardServiceOut]
    cases: list[dict[str, str]] = []
    notices: list[dict[str, str]] = []
