"""The fake hall behind the API's paths, with the real pages mounted.  `python -m tests.web.fake_app PORT`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from queue_server.web.pages import mount
from tests.web.fake_hall import FakeHall, FakeTicket, Refused
from tests.web.fake_lab import FakeLab, mount_lab

TABLET_TOKEN = "tablet-token-of-this-run"
PEOPLE = {"clerk3": "clerk-pass", "boss": "boss-pass"}


def create_fake_app(hall: FakeHall, *, lab: bool = True, machines: FakeLab | None = None) -> FastAPI:
    """Return an app that serves `hall` as queue_server.http does."""
    app = FastAPI()
    app.state.hall_reader = hall
    mount(app, SimpleNamespace(lab=SimpleNamespace(enabled=lab)))
    _queue(app, hall)
    _people(app)
    if lab:
        mount_lab(app, machines or FakeLab(hall), TABLET_TOKEN, PEOPLE)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        body = {"type": "about:blank", "title": error.detail, "status": error.status, "code": error.code}
        return JSONResponse(
            body | {"detail": error.detail}, error.status, media_type="application/problem+json"
        )

    return app


def _who(request: Request) -> str:
    name = request.cookies.get("session")
    if name not in PEOPLE:
        raise Refused(401, "unauthenticated", "请先登录")
    return name


def _people(app: FastAPI) -> None:
    @app.get("/api/v1/auth/me")
    async def me(request: Request) -> dict[str, Any]:
        return {"username": _who(request), "role": "operator", "display_name": "王小美", "window": None}

    @app.post("/api/v1/auth/login")
    async def login(body: dict[str, str]) -> Response:
        if PEOPLE.get(body["username"]) != body["password"]:
            raise Refused(401, "unauthenticated", "用户名或密码不对")
        answer = JSONResponse({"username": body["username"], "role": "operator", "display_name": "王小美"})
        answer.set_cookie("session", body["username"], httponly=True, samesite="strict")
        return answer

    @app.post("/api/v1/auth/logout")
    async def logout() -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie("session")
        return answer


def _queue(app: FastAPI, hall: FakeHall) -> None:
    @app.get("/api/v1/board")
    async def board(zone: str = "") -> Any:
        return await hall.board(zone or None)

    @app.get("/api/v1/track/{token}")
    async def track(token: str) -> Any:
        return hall.track(token)

    @app.get("/api/v1/services")
    async def services() -> Any:
        items = [s.model_dump(mode="json") for s in (await hall.board()).services]
        for item in items:
            item["departments"] = [{"code": code} for code in hall.services[item["id"]]["departments"]]
        return {"items": items, "next": None}

    @app.get("/api/v1/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(_stream(hall), media_type="text/event-stream")

    @app.get("/api/v1/windows")
    async def windows(request: Request) -> Any:
        _who(request)
        return {"items": [hall.window_out(w) for w in hall.desks.values()], "next": None}

    @app.get("/api/v1/windows/{window_id}")
    async def window(window_id: str, request: Request) -> Any:
        _who(request)
        return hall.window_out(hall.desks[window_id])

    @app.get("/api/v1/tickets")
    async def tickets(request: Request, state: str = "", window: str = "", service: str = "") -> Any:
        _who(request)
        chosen = [t for t in hall.tickets.values() if state in ("", t.state)]
        chosen = [t for t in chosen if service in ("", t.service_id)]
        items = [hall.ticket_out(t) for t in chosen if window in ("", t.window)]
        return {"items": items, "next": None}

    @app.post("/api/v1/tickets/{ticket_id}/{action}")
    async def ticket_action(ticket_id: str, action: str, request: Request) -> Any:
        _who(request)
        ticket = hall.tickets[ticket_id]
        if action == "reprint":
            paper = hall.paper_left
            ticket.print_state, ticket.print_reason = ("printed", "") if paper else ("failed", "paper-out")
            await hall.tell("ticket-print", ticket)
        if action == "requeue":
            ticket.state, ticket.window = "waiting", None
            await hall.tell("ticket-requeued", ticket)
        return hall.ticket_out(ticket)

    @app.post("/api/v1/windows/{window_id}/{action}")
    async def window_action(window_id: str, action: str, request: Request) -> Any:
        return await _window_action(hall, window_id, action, _who(request), await request.json())

    @app.post("/api/v1/evaluations", status_code=201)
    async def evaluations(request: Request, body: dict[str, Any]) -> Any:
        allowed = request.headers.get("authorization") == f"Bearer {TABLET_TOKEN}"
        if not (allowed or "token" in body):
            raise Refused(401, "unauthenticated", "平板未登记")
        ticket = hall.tickets[body.get("ticket_id") or body["token"]]
        await hall.rate(ticket, body)
        return {"id": "e1", "ticket_id": ticket.id, "number": ticket.number}


async def _window_action(hall: FakeHall, window_id: str, action: str, who: str, body: dict[str, Any]) -> Any:
    desk = hall.desks[window_id]
    if action in {"sign-in", "sign-out", "pause", "resume"}:
        if action == "sign-in":
            desk.operator, desk.paused = who, ""
        elif action == "sign-out":
            desk.operator = None
        else:
            desk.paused = body.get("reason", "") if action == "pause" else ""
        await hall.tell("window-changed", window=window_id)
        return hall.window_out(desk)
    ticket: FakeTicket | None
    if action == "call-next":
        ticket = await hall.call_next(window_id)
        if ticket is None:
            return Response(status_code=204)
    elif action in {"call", "resume-held"}:
        ticket = await hall.call(window_id, hall.tickets[body["ticket_id"]])
    else:
        ticket = await hall.act(window_id, action, body)
    return hall.ticket_out(ticket)


async def _stream(hall: FakeHall) -> AsyncIterator[bytes]:
    sent = len(hall.events)
    yield b"retry: 1000\n\n"
    while True:
        for event in hall.events[sent:]:
            sent += 1
            text = f"id: {event['seq']}\nevent: {event['name']}\ndata: {json.dumps(event)}\n\n"
            yield text.encode()
        async with hall.changed:
            try:
                await asyncio.wait_for(hall.changed.wait(), 3)
            except TimeoutError:
                yield b"event: heartbeat\ndata: {}\n\n"


async def busy_hall() -> FakeHall:
    """Return a hall in the middle of a morning."""
    hall = FakeHall()
    for window_id in ("1", "2", "3", "4", "5", "8", "9", "15", "20", "24"):
        hall.desks[window_id].operator = "clerk"
    for service, count in (("A", 6), ("B", 9), ("C", 3), ("D", 26), ("E", 2), ("Z", 4), ("Y", 2), ("G", 5)):
        for place in range(count):
            await hall.issue(service, minutes_ago=2 * (count - place))
    hall.tickets["t-A006"].print_state, hall.tickets["t-A006"].print_reason = "failed", "paper-out"
    for window_id in ("4", "8", "9", "15", "20", "1"):
        await hall.call_next(window_id)
    await hall.act("4", "start", {})
    return hall


def main() -> None:
    """Serve a busy fake hall."""
    app = create_fake_app(asyncio.run(busy_hall()))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
