"""Simulated machines of the fake hall, with the shapes of interfaces section 5."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image, ImageDraw

from tests.web.fake_hall import FakeHall, Refused

WINDOWS = ("1", "2", "3", "4", "5", "6")
SCREENS = {
    "departments": [("department:D01", 0.3), ("page:next", 0.9)],
    "more-departments": [("department:D32", 0.3), ("page:next", 0.9)],
    "services": [("service:Y", 0.3), ("service:Z", 0.6)],
    "ticket": [("ticket:done", 0.9)],
}
NEXT = {"page:next": "more-departments", "department:D32": "services", "ticket:done": "departments"}
FAULTS = {"kind": "unplug|silent|noise|slow|bad-checksum|half-frame", "for_s": "seconds"}


def picture(text: str, size: tuple[int, int], ink: str = "black", paper: str = "white") -> bytes:
    """Return a PNG with a line of ASCII in it."""
    image = Image.new("RGB", size, paper)
    ImageDraw.Draw(image).text((10, size[1] // 2 - 6), text, fill=ink)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def as_data(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


class FakeLab:
    """Machines whose knobs move the fake hall."""

    def __init__(self, hall: FakeHall) -> None:
        self.hall = hall
        self.card: dict[str, Any] | None = None
        self.smart_card: dict[str, Any] | None = None
        self.dark: set[int] = set()
        self.paper, self.cover = "full", False
        self.slips: list[dict[str, Any]] = []
        self.step, self.language, self.broken = "departments", "zh", ""
        self.broken_device = ""
        self.beeps: dict[str, int] = {}
        self.spoken: list[str] = []
        self.frames: dict[str, list[dict[str, str]]] = {}

    def devices(self) -> list[dict[str, Any]]:
        items = [self._card_reader(), self._reader(), self._printer(), self._kiosk(), self._speaker()]
        items += [self._picture_board(), self._digits(), self._light()]
        for number in WINDOWS:
            items += [self._pad(number), self._evaluator(number), self._led(number)]
        return items

    def _device(
        self, name: str, kind: str, state: dict[str, Any], *actions: str, **params: str
    ) -> dict[str, Any]:
        knobs = [{"name": a, "title": f"{a}-zh / {a}-en", "params": params} for a in actions]
        state = state | {"fault": self.broken if name == self.broken_device else ""}
        faults = [{"name": "fault", "title": "fault", "params": FAULTS}]
        faults += [{"name": "heal", "title": "heal", "params": {}}]
        wire = f"pty:var/{name}"
        return {
            "id": name,
            "kind": kind,
            "driver": kind,
            "wire": wire,
            "state": state,
            "actions": knobs + faults,
        }

    def _reader(self) -> dict[str, Any]:
        return self._device("id-reader-1", "id-reader", {"card": self.card}, "place-card", "lift-card")

    def _card_reader(self) -> dict[str, Any]:
        state = {"state": "present" if self.smart_card else "empty", "card": self.smart_card}
        return self._device("card-1", "card-reader", state, "insert", "remove")

    def _picture_board(self) -> dict[str, Any]:
        pages = [as_data(picture("A001", (256, 64), "#ff3b30", "#1a0605"))]
        return self._device(
            "board-1", "led-board", {"text": "", "lit": True, "png": pages[0], "pages": pages}, "power"
        )

    def _digits(self) -> dict[str, Any]:
        png = as_data(picture("0012", (64, 16), "#ff3b30", "#1a0605"))
        shown = {
            str(unit): {"text": "" if unit in self.dark else f"00{unit}2", "png": png} for unit in (1, 2)
        }
        return self._device("digits-1", "digit-line", {"displays": shown, "lit": True}, "power")

    def _light(self) -> dict[str, Any]:
        png = as_data(picture("", (30, 4), "#00ff00", "#00ff00"))
        return self._device("light-1", "light", {"colour": "#00ff00", "lit": True, "png": png}, "power")

    def _printer(self) -> dict[str, Any]:
        state = {"paper": self.paper, "cover_open": self.cover, "tickets": self.slips}
        return self._device("printer-1", "ticket-printer", state, "paper", "cover", "jam", "take")

    def _kiosk(self) -> dict[str, Any]:
        targets = [{"key": key, "text": key, "x": 0.5, "y": y} for key, y in SCREENS[self.step]]
        state = {"screen": self.step, "language": self.language, "buttons": targets}
        return self._device("QK01", "kiosk", state, "touch", "home", "language")

    def _speaker(self) -> dict[str, Any]:
        return self._device("speaker-az1", "speaker", {"said": self.spoken, "speaking": False})

    def _pad(self, number: str) -> dict[str, Any]:
        waiting = self.hall.waiting_for(self.hall.desks[number].skills)
        state = {"window": number, "waiting": waiting, "beeps": self.beeps.get(number, 0)}
        return self._device(f"pad-{number}", "call-pad", state, "press", key="call-next|recall")

    def _evaluator(self, number: str) -> dict[str, Any]:
        state = {"window": number, "awake": self.hall.desks[number].rate is not None}
        return self._device(f"eval-{number}", "evaluator", state, "press", level="5|4|3|2")

    def _led(self, number: str) -> dict[str, Any]:
        desk = self.hall.desks[number]
        ticket = self.hall.tickets[desk.ticket].number if desk.ticket else ""
        text = f"请{ticket}到{number}号窗口" if ticket else "欢迎光临!" if desk.operator else "未登录!"
        png = as_data(picture(ticket or "WELCOME", (256, 32), "#ff3b30", "#1a0605"))
        return self._device(
            f"led-{number}", "led-board", {"window": number, "text": text, "lit": True, "png": png}
        )

    async def do(self, device_id: str, body: dict[str, Any]) -> None:
        action = body["action"]
        line = {"at": self.hall.now().isoformat(), "dir": "rx", "hex": "aa aa aa 96", "text": action}
        self.frames.setdefault(device_id, []).append(line)
        handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "place-card": lambda b: setattr(self, "card", b["card"]),
            "lift-card": lambda b: setattr(self, "card", None),
            "insert": lambda b: setattr(self, "smart_card", b["card"]),
            "remove": lambda b: setattr(self, "smart_card", None),
            "power": lambda b: (self.dark.discard if b["on"] else self.dark.add)(int(b.get("addr", 0))),
            "paper": lambda b: setattr(self, "paper", b["state"]),
            "cover": lambda b: setattr(self, "cover", b["open"]),
            "home": lambda b: setattr(self, "step", "departments"),
            "language": lambda b: setattr(self, "language", b["language"]),
            "fault": lambda b: self._break(device_id, b["kind"]),
            "heal": lambda b: self._break("", ""),
            "take": lambda b: self._take(),
        }
        if action in handlers:
            handlers[action](body)
        elif action == "touch":
            await self._touch(body["y"])
        elif device_id.startswith("pad-"):
            await self._press(device_id.removeprefix("pad-"), body["key"])
        elif device_id.startswith("eval-"):
            await self._give(device_id.removeprefix("eval-"), body["level"])
        elif action != "jam":
            raise Refused(409, "not-possible", f"{device_id} 不能 {action}")

    def _take(self) -> None:
        for slip in self.slips:
            slip["taken"] = True

    def _break(self, device_id: str, fault: str) -> None:
        self.broken_device, self.broken = device_id, fault

    async def _touch(self, y: float) -> None:
        key, _ = min(SCREENS[self.step], key=lambda button: abs(button[1] - y))
        if key.startswith("service:"):
            if self.card is None:
                raise Refused(409, "not-possible", "读卡器上没有证件")
            await self.print_ticket(key.removeprefix("service:"))
            self.step = "ticket"
        else:
            self.step = NEXT.get(key, self.step)

    async def print_ticket(self, service: str) -> None:
        """Issue a ticket and draw its paper."""
        ticket = await self.hall.issue(service)
        png = as_data(picture(ticket.number, (384, 300)))
        self.slips.append({"text": f"您的号码\n{ticket.number}\n", "png": png, "taken": False})

    async def _press(self, number: str, key: str) -> None:
        desk = self.hall.desks[number]
        if key == "ask-rating" and desk.ticket:
            if self.hall.tickets[desk.ticket].state == "called":
                await self.hall.act(number, "start", {})
            await self.hall.act(number, "finish", {})
        if key == "call-next":
            if desk.operator is None:
                desk.operator = "pad"
            ticket = await self.hall.call_next(number)
            if ticket is None:
                self.beeps[number] = self.beeps.get(number, 0) + 1
            else:
                self.spoken.append(f"请{ticket.number}号到{number}号窗口办理")

    async def _give(self, number: str, level: int) -> None:
        rated = self.hall.desks[number].rate
        if rated is None:
            raise Refused(409, "not-possible", "评价器没有在等待评价")
        await self.hall.rate(self.hall.tickets[rated], {"level": level})


def mount_lab(app: FastAPI, lab: FakeLab, tablet_token: str, people: dict[str, str]) -> None:
    """Add `/lab/api`."""

    @app.get("/lab/api/devices")
    async def devices() -> Any:
        return {"items": lab.devices()}

    @app.get("/lab/api/devices/{device_id}")
    async def device(device_id: str) -> Any:
        found = next(d for d in lab.devices() if d["id"] == device_id)
        return found | {"frames": lab.frames.get(device_id, [])[-200:]}

    @app.get("/lab/api/devices/{device_id}/files/{name}")
    async def file(device_id: str, name: str) -> Response:
        png = picture(f"{device_id} {name} {lab.step}", (540, 960), "white", "#0f56d2")
        return Response(png, media_type="image/png", headers={"ETag": f'"{lab.step}"'})

    @app.post("/lab/api/devices/{device_id}/do")
    async def do(device_id: str, request: Request) -> Any:
        try:
            await lab.do(device_id, await request.json())
        except Refused as refused:
            return JSONResponse({"reason": refused.detail}, 409)
        return {}

    @app.get("/lab/api/credentials")
    async def credentials() -> Any:
        users = [{"username": n, "password": p, "role": "operator"} for n, p in people.items()]
        return {"tokens": {"tablet": tablet_token, "kiosk": "k"}, "users": users}

    @app.post("/lab/api/clock")
    async def clock() -> Any:
        return {"now": lab.hall.now().isoformat()}
