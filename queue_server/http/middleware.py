"""Pure ASGI middleware: a limit on bodies, passes for our own screens.

`@app.middleware("http")` would cost three times as much on every event of every listener.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queue_server.http.deps import SCREEN_COOKIE, TABLET_COOKIE

MAX_BODY = 64 * 1024
TOO_LARGE = (
    b'{"type":"urn:tingtong:problem:validation","title":"validation","status":413,'
    b'"detail":"the body is larger than 64 KiB","code":"validation"}'
)


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Answers 413 to a body above `limit` bytes, whether announced or streamed."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > self._limit:
            await _refuse(send)
            return
        taken, started, refused = 0, False, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started, refused
            # whoever read the body may have turned our exception into an answer of their own
            if taken > self._limit and not started:
                refused = True
                await _refuse(send)
            started = True
            if not refused:
                await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge:
            if not started:
                await _refuse(send)


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(TOO_LARGE)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})


class ScreenPasses:
    """Gives our own pages a pass cookie, so that a wall shows the hall without anybody signing in.

    A screen's pass only lets it follow events, which are public on every wall.  A tablet's pass lets it rate;
    it is given out only where `tablet_pass` is set (demonstrations), else a tablet needs a token.
    """

    def __init__(self, app: ASGIApp, screen_pass: str, tablet_pass: str | None) -> None:
        self._app = app
        self._screen, self._tablet = screen_pass, tablet_pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookies to a page's answer when the browser does not have them."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_page(path):
            await self._app(scope, receive, send)
            return
        # a browser may bring anything; the standard library's parser raises where this one passes over
        has = cookie_parser(Headers(scope=scope).get("cookie", ""))
        missing = [(SCREEN_COOKIE, self._screen)] if _differs(has, SCREEN_COOKIE, self._screen) else []
        if self._tablet and path.startswith("/tablet/") and _differs(has, TABLET_COOKIE, self._tablet):
            missing.append((TABLET_COOKIE, self._tablet))

        async def with_passes(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                for name, value in missing:
                    headers.append(
                        "set-cookie",
                        f"{name}={value}; Path=/api/v1; HttpOnly; SameSite=Strict; Max-Age=31536000",
                    )
            await send(message)

        await self._app(scope, receive, with_passes)


def _is_page(path: str) -> bool:
    return not path.startswith(("/api/", "/static/", "/lab/", "/healthz", "/readyz", "/metrics"))


def _differs(has: dict[str, str], name: str, value: str) -> bool:
    return has.get(name) != value
