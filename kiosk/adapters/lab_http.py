"""The kiosk in the lab: a small HTTP server on loopback, only where the settings ask for it.

::

    GET  /devices                          {"items": [the kiosk]}
    GET  /devices/{id}                     {id, kind, driver, wire, state, actions}
    POST /devices/{id}/do                  {"action": "touch", "x": 0…1, "y": 0…1 from the top left}
                                           {"action": "language", "language": "zh" | "en"}, {"action": "home"}
    GET  /devices/{id}/files/screen.png    the present frame; ETag

One request a connection.  No personal data: the state names screens and buttons only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from kiosk.flows.intake_words import Event, LanguageChosen, WentHome
from kiosk.ports import LabScreen, Shown

HEAD_LIMIT = 16_384
BODY_LIMIT = 65_536
PATIENCE_S = 10.0
ACTIONS = [
    {
        "name": "touch",
        "title": "Touch the screen",
        "params": {"x": "0…1 from the left", "y": "0…1 from the top"},
    },
    {"name": "language", "title": "Switch the language", "params": {"language": "zh | en"}},
    {"name": "home", "title": "Back to the start", "params": {}},
]
REASONS = {200: "OK", 304: "Not Modified", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}

Answer = tuple[int, str, bytes, dict[str, str]]


class LabHttp:
    """Serves `screen` of the terminal called `terminal`; `say` takes events for the flow."""

    def __init__(self, terminal: str, screen: LabScreen, say: Callable[[Event], None]) -> None:
        self._terminal = terminal
        self._screen = screen
        self._say = say
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on loopback; returns the port, also when 0 was asked for.  Raises OSError when in use."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=HEAD_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                method, path, headers, body = await _read(reader)
                status, kind, content, more = await self._answer(method, path, headers, body)
                writer.write(_head(status, kind, len(content), more) + content)
                await writer.drain()
        except (ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # half a request or a caller who went away: there is nobody to answer
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        own = f"/devices/{self._terminal}"
        match method, path:
            case "GET", "/devices":
                return _json(200, {"items": [self._device(await self._screen.shown())]})
            case "GET", _ if path == own:
                return _json(200, self._device(await self._screen.shown()))
            case "GET", _ if path == f"{own}/files/screen.png":
                return await self._picture(headers)
            case "POST", _ if path == f"{own}/do":
                return await self._do(body)
        return _json(404, {"code": "not-found", "title": f"nothing at {path}"})

    async def _picture(self, headers: dict[str, str]) -> Answer:
        tag, png = await self._screen.picture()
        more = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
        if headers.get("if-none-match") == f'"{tag}"':
            return 304, "image/png", b"", more
        return 200, "image/png", png, more

    async def _do(self, body: bytes) -> Answer:
        try:
            wish = json.loads(body)
            match wish:
                case {"action": "touch", "x": int() | float() as x, "y": int() | float() as y}:
                    if not (0 <= x <= 1 and 0 <= y <= 1):
                        return _json(400, {"code": "validation", "title": "x and y are 0 to 1"})
                    await self._screen.touch(float(x), float(y))
                case {"action": "language", "language": "zh" | "en" as language}:
                    self._say(LanguageChosen(language))
                case {"action": "home"}:
                    self._say(WentHome())
                case _:
                    return _json(400, {"code": "validation", "title": "unknown action or missing values"})
        except ValueError:
            return _json(400, {"code": "validation", "title": "the body is no JSON"})
        return _json(200, self._device(await self._screen.shown()))

    def _device(self, shown: Shown) -> dict[str, Any]:
        where = "offscreen" if shown.offscreen else "window"
        state = asdict(shown)
        return {
            "id": self._terminal,
            "kind": "kiosk",
            "driver": "kivy",
            "wire": f"{shown.width}x{shown.height} {where}",
            "state": state,
            "actions": ACTIONS,
        }


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
    }
    length = int(headers.get("content-length") or 0)
    if not 0 <= length <= BODY_LIMIT:
        raise ValueError("body too long")
    return method, target.partition("?")[0], headers, await reader.readexactly(length)


def _json(status: int, content: object) -> Answer:
    return status, "application/json", json.dumps(content, ensure_ascii=False).encode(), {}


def _head(status: int, kind: str, length: int, more: dict[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in more.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
