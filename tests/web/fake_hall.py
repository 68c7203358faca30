"""A small hall in memory with the real names and the real JSON shapes: what the pages are developed against.

It is not the queue's rules: those live in queue_server.domain and are tested there.  It answers as the API
does, keeps every refusal's shape, and sends the same events.
"""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from queue_server.contracts.board import BoardOut, BoardServiceOut, BoardWindowOut, CallOut, HallOut
from queue_server.contracts.tickets import Channel, EstimateOut, PrintState, TicketOut, TicketState, TrackOut
from queue_server.contracts.windows import SkillOut, WindowOut

HALL_FILE = Path(__file__).parents[2] / "config/demo/hall.toml"
CHINA = timezone(timedelta(hours=8))


class Refused(Exception):
    """A problem answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


@dataclass
class FakeTicket:
    id: str
    number: str
    service_id: str
    zone: str
    issued_at: datetime
    state: str = "waiting"
    window: str | None = None
    calls: int = 0
    called_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rated: bool = False
    print_state: str = "printed"
    print_reason: str = ""


@dataclass
class FakeWindow:
    id: str
    name: str
    zone: str
    skills: dict[str, int]
    operator: str | None = None
    paused: str = ""
    ticket: str | None = None
    rate: str | None = None
    served: int = 0


@dataclass
class FakeHall:
    """The hall; every change appends an event and wakes the streams."""

    data: dict[str, Any] = field(default_factory=lambda: tomllib.loads(HALL_FILE.read_text("utf-8")))
    tickets: dict[str, FakeTicket] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    paper_left: bool = True
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.services = {s["id"]: s for s in self.data["service"]}
        self.zones = {z["id"]: z for z in self.data["zone"]}
        self.desks = {
            w["id"]: FakeWindow(w["id"], w["name"], w["zone"], w["skills"]) for w in self.data["window"]
        }
        self._counters: dict[str, int] = {}

    # --- changes -----------------------------------------------------------------------------------

    async def tell(self, name: str, ticket: FakeTicket | None = None, window: str | None = None) -> None:
        event = {"seq": len(self.events) + 1, "name": name, "at": self.now().isoformat(), "window": window}
        if ticket:
            event |= {"ticket_id": ticket.id, "number": ticket.number, "zone": ticket.zone}
            event |= {"print_state": ticket.print_state, "reason": ticket.print_reason or None}
            event |= {"state": ticket.state, "service_id": ticket.service_id, "calls": ticket.calls}
        self.events.append(event)
        async with self.changed:
            self.changed.notify_all()

    async def issue(self, service_id: str, minutes_ago: int = 0) -> FakeTicket:
        service = self.services[service_id]
        count = self._counters[service_id] = self._counters.get(service_id, 0) + 1
        number = f"{service['prefix']}{count:03d}"
        issued = self.now() - timedelta(minutes=minutes_ago)
        ticket = FakeTicket(f"t-{number}", number, service_id, service["zone"], issued)
        self.tickets[ticket.id] = ticket
        await self.tell("ticket-issued", ticket)
        return ticket

    async def call_next(self, window_id: str) -> FakeTicket | None:
        desk = self.desk_ready(window_id)
        if desk.ticket:
            raise Refused(409, "window-busy", f"{desk.name}正在办理 {self.tickets[desk.ticket].number}")
        waiting = [t for t in self.tickets.values() if t.state == "waiting" and t.service_id in desk.skills]
        if not waiting:
            return None
        chosen = min(waiting, key=lambda t: (desk.skills[t.service_id], t.issued_at))
        return await self.call(window_id, chosen)

    async def call(self, window_id: str, ticket: FakeTicket) -> FakeTicket:
        desk = self.desk_ready(window_id)
        ticket.state, ticket.window, ticket.called_at = "called", window_id, self.now()
        ticket.calls += 1
        desk.ticket, desk.rate, desk.paused = ticket.id, None, ""
        await self.tell("ticket-called", ticket, window_id)
        return ticket

    async def act(self, window_id: str, action: str, body: dict[str, Any]) -> FakeTicket:
        desk = self.desk_ready(window_id)
        if desk.ticket is None:
            raise Refused(409, "not-allowed", f"{desk.name}没有正在办理的号")
        ticket = self.tickets[desk.ticket]
        allowed = {"called": {"recall", "start", "no-show"}, "serving": {"finish", "hold", "transfer"}}
        if action not in allowed[ticket.state]:
            raise Refused(409, "not-allowed", f"{ticket.number} 处于 {ticket.state},不能 {action}")
        after = {
            "recall": "called",
            "start": "serving",
            "no-show": "passed",
            "finish": "done",
            "hold": "held",
            "transfer": "waiting",
        }
        ticket.state = after[action]
        if action == "recall":
            ticket.calls += 1
        elif action == "start":
            ticket.started_at = self.now()
        else:
            desk.ticket = None
        if action == "finish":
            ticket.finished_at, desk.rate = self.now(), ticket.id
            desk.served += 1
        if action == "transfer" and body.get("service_id"):
            ticket.service_id = body["service_id"]
        told = {"no-show": "no-show", "recall": "recalled", "start": "started", "finish": "finished"}
        name = told.get(action, {"hold": "held", "transfer": "transferred"}.get(action, action))
        await self.tell(f"ticket-{name}", ticket, window_id)
        return ticket

    def desk_ready(self, window_id: str) -> FakeWindow:
        desk = self.desks[window_id]
        if desk.operator is None:
            raise Refused(409, "window-not-signed-in", f"{desk.name}还没有人登录")
        return desk

    async def rate(self, ticket: FakeTicket, body: dict[str, Any]) -> None:
        if ticket.rated:
            raise Refused(409, "already-rated", "该排队号已评价,请勿重复评价!")
        ticket.rated = True
        self.evaluations.append(body | {"number": ticket.number})
        for desk in self.desks.values():
            if desk.rate == ticket.id:
                desk.rate = None
        await self.tell("ticket-rated", ticket, ticket.window)

    # --- views -------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.now(UTC).astimezone(CHINA)

    def waiting_for(self, services: Any) -> int:
        return sum(1 for t in self.tickets.values() if t.state == "waiting" and t.service_id in services)

    async def board(self, zone: str | None = None) -> BoardOut:
        called = [t for t in self.tickets.values() if t.state in {"called", "serving"} and t.called_at]
        called.sort(key=lambda t: t.called_at or self.now(), reverse=True)
        hall = self.data["hall"]
        return BoardOut(
            seq=len(self.events),
            at=self.now(),
            hall=HallOut(
                site="demo", name=hall["name"], en=hall["en"], slogan=hall["slogan"], demo=True, notice=""
            ),
            zones=[{k: z[k] for k in ("id", "floor", "name", "en")} for z in self.data["zone"]],
            calls=[self._call(t) for t in called if zone in (None, t.zone)],
            windows=[self._window(w) for w in self.desks.values() if zone in (None, w.zone)],
            services=[self._service(s) for s in self.services.values() if zone in (None, s["zone"])],
        )

    def _call(self, t: FakeTicket) -> CallOut:
        service = self.services[t.service_id]
        assert t.called_at
        assert t.window
        return CallOut(
            ticket_id=t.id,
            number=t.number,
            window=t.window,
            zone=t.zone,
            service=service["name"],
            service_en=service["en"],
            called_at=t.called_at,
            calls=t.calls,
            serving=t.state == "serving",
        )

    def _window(self, w: FakeWindow) -> BoardWindowOut:
        ticket = self.tickets[w.ticket] if w.ticket else None
        state = "closed" if w.operator is None else "paused" if w.paused else "free"
        text = {"closed": "未登录!", "paused": "暂停服务", "free": "欢迎光临!"}[state]
        if ticket:
            state = "serving" if ticket.state == "serving" else "calling"
            text = f"请{ticket.number}到{w.id}号窗口"
        rated = self.tickets[w.rate] if w.rate else None
        return BoardWindowOut(
            id=w.id,
            name=w.name,
            zone=w.zone,
            floor=self.zones[w.zone]["floor"],
            state=state,
            text=text,
            number=ticket.number if ticket else "",
            ticket_id=ticket.id if ticket else None,
            service=self.services[ticket.service_id]["name"] if ticket else "",
            services=[self.services[s]["name"] for s in w.skills],
            rate_ticket=rated.id if rated else None,
            rate_number=rated.number if rated else "",
            waiting=self.waiting_for(w.skills),
        )

    def _service(self, s: dict[str, Any]) -> BoardServiceOut:
        waiting = self.waiting_for({s["id"]})
        open_desks = sum(1 for w in self.desks.values() if w.operator and s["id"] in w.skills)
        return BoardServiceOut(
            id=s["id"],
            prefix=s["prefix"],
            name=s["name"],
            en=s["en"],
            zone=s["zone"],
            floor=self.zones[s["zone"]]["floor"],
            open=True,
            waiting=waiting,
            windows_open=open_desks,
            wait_likely_s=waiting * s["mean_service_s"] // max(1, open_desks) if waiting else 0,
        )

    def ticket_out(self, t: FakeTicket) -> TicketOut:
        return TicketOut(
            id=t.id,
            number=t.number,
            state=TicketState(t.state),
            service_id=t.service_id,
            service=self.services[t.service_id]["name"],
            zone=t.zone,
            citizen="张*",
            channel=Channel.KIOSK,
            issued_at=t.issued_at,
            called_at=t.called_at,
            started_at=t.started_at,
            finished_at=t.finished_at,
            window=t.window,
            calls=t.calls,
            print_state=PrintState(t.print_state),
            print_reason=t.print_reason,
            rated=t.rated,
        )

    def window_out(self, w: FakeWindow) -> WindowOut:
        ticket = self.tickets[w.ticket] if w.ticket else None
        skills = [
            SkillOut(service_id=s, name=self.services[s]["name"], priority=p) for s, p in w.skills.items()
        ]
        return WindowOut(
            id=w.id,
            name=w.name,
            zone=w.zone,
            floor=self.zones[w.zone]["floor"],
            state=self._window(w).state,
            operator=w.operator,
            pause_reason=w.paused,
            skills=skills,
            ticket=self.ticket_out(ticket) if ticket else None,
            waiting=self.waiting_for(w.skills),
            served_today=w.served,
        )

    def track(self, token: str) -> TrackOut:
        ticket = self.tickets.get(token)
        if ticket is None:
            raise Refused(404, "not-found", "没有这张号票")
        ahead = sum(
            1
            for t in self.tickets.values()
            if t.state == "waiting" and t.service_id == ticket.service_id and t.issued_at < ticket.issued_at
        )
        waiting = ticket.state == "waiting"
        mean = self.services[ticket.service_id]["mean_service_s"]
        low, high = mean * ahead // 2, mean * (ahead + 1)
        return TrackOut(
            number=ticket.number,
            state=TicketState(ticket.state),
            service=self.services[ticket.service_id]["name"],
            service_en=self.services[ticket.service_id]["en"],
            zone=ticket.zone,
            window=ticket.window,
            ahead=ahead if waiting else 0,
            estimate=EstimateOut(low_s=low, likely_s=mean * ahead, high_s=high),
            issued_at=ticket.issued_at,
            may_rate=ticket.state == "done" and not ticket.rated,
        )
