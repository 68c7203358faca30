"""A whole day of the hall with invented people; afterwards nothing of them is found where it must not be.

Looked through: every log line, every topic and payload, every byte of the state folder (tables, events,
audit, write-ahead log), every answer of the API and every page.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from devices.bus.memory import MemoryBus
from devices.contracts.persons import check_character
from devices.runtime.logs import JsonLines
from queue_server.simulation.demand import Visit, load_demand, visits_of
from tests.queue_server.serving import ROOT, Running, running

SURNAMES = "赵钱孙李周吴郑王冯陈"
RARE = "彧翀霙朏昉旸晞暾曈朓"
"""Letters that no page and no name of the hall has, so that whoever is found was let out."""
MORNING = datetime.fromisoformat("2026-11-23T08:55:00+08:00")
PAGES = ("/", "/console", "/wall?view=all", "/window/1", "/tablet/1", "/appointments", "/manage", "/nowhere")
EVERY = 10
"""Of the visits of a Monday."""


@dataclass(frozen=True)
class Person:
    """Somebody invented."""

    name: str
    id_number: str
    phone: str

    @property
    def citizen(self) -> dict[str, str]:
        return {"name": self.name, "id_type": "resident", "id_number": self.id_number}


def invented(n: int) -> Person:
    random = Random(n)
    birth = f"{random.randint(1940, 2004)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
    first_17 = f"110105{birth}{n % 1000:03d}"
    name = random.choice(SURNAMES) + random.choice(RARE) + RARE[n % 10]
    return Person(name, first_17 + check_character(first_17), f"139{n:04d}{random.randint(1000, 9999)}")


class Listening(logging.Handler):
    """Keeps every line as journald would get it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("httpx", "httpcore")):  # the test's own client, not the hall
            self.lines.append(self.format(record))


class OpenBus(MemoryBus):
    """A bus that somebody listens in on."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    async def publish(self, topic: str, envelope: Any, *, retain: bool = False) -> None:
        self.heard.append(f"{topic} {envelope.model_dump_json()}")
        await super().publish(topic, envelope, retain=retain)


@dataclass
class Evidence:
    """Everything a day left behind, by where it was found."""

    folder: Path
    logs: Listening
    bus: OpenBus
    answers: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def places(self) -> dict[str, bytes]:
        files = {f"file {path.name}": path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        told = {"log": self.logs.lines, "bus": self.bus.heard, "answers": self.answers, "pages": self.pages}
        return files | {name: "\n".join(lines).encode() for name, lines in told.items()}

    def found(self, people: list[Person]) -> dict[str, list[str]]:
        """Place -> what of whom is in it; as text, as JSON writes it, and without its last letter."""
        needles: dict[bytes, str] = {}
        for one in people:
            escaped = one.name.encode("unicode_escape")
            forms = (one.name.encode(), escaped, one.id_number.encode(), one.id_number[:17].encode())
            needles |= dict.fromkeys((*forms, one.phone.encode()), one.name)
        hits = {
            place: [who for needle, who in needles.items() if needle in content]
            for place, content in self.places().items()
        }
        return {place: who for place, who in hits.items() if who}


@asynccontextmanager
async def a_day(folder: Path) -> AsyncIterator[tuple[Evidence, Running]]:
    """Run a server whose logs and bus are listened to."""
    logs, bus, root = Listening(), OpenBus(), logging.getLogger()
    before = root.level
    root.addHandler(logs)
    root.setLevel(logging.DEBUG)
    try:
        async with running(folder, bus) as run:
            yield Evidence(folder, logs, bus), run
    finally:
        root.removeHandler(logs)
        root.setLevel(before)


class Hall:
    """Citizens and staff of one day, over HTTP."""

    def __init__(self, run: Running, evidence: Evidence, staff: httpx.AsyncClient) -> None:
        self.run, self.evidence, self.staff = run, evidence, staff
        self.kiosk, self.public = run.client("kiosk"), run.client()

    async def ask(self, client: httpx.AsyncClient, path: str, body: object = None) -> Any:
        """Send (`body` None: read; empty: write without one); keep the answer's headers and body."""
        method = "GET" if body is None else "POST"
        answer = await client.request(method, path, json=body or None)
        kept = self.evidence.answers if path.startswith(("/api", "/lab")) else self.evidence.pages
        kept.append(f"{answer.headers} {answer.text}")
        self.evidence.statuses[answer.status_code] += 1
        return answer.json() if answer.content and answer.headers["content-type"].endswith("json") else None

    async def visit(self, n: int, visit: Visit, person: Person) -> None:
        """Take a ticket, make the mistakes that people make, be called and served."""
        await self.ask(self.public, "/lab/api/clock", {"now": _at(visit.at_s).isoformat()})
        wanted = {"service_id": visit.service_id, "channel": "kiosk", "citizen": person.citizen}
        made = await self.ask(self.kiosk, "/api/v1/tickets", wanted)
        await self.mistakes(n, wanted, person)
        windows = self.run.server.hall.windows_of[visit.service_id]
        window = windows[n % len(windows)].id
        acts = (
            ["start", "finish"],
            ["recall", "start", "finish"],
            ["no-show"],
            ["hold", "resume-held", "start", "finish"],
        )
        for act in ("call-next", *acts[n % len(acts)]):
            await self.ask(self.staff, f"/api/v1/windows/{window}/{act}", {} if act == "finish" else "")
        if "id" in made:
            await self.ask(self.staff, f"/api/v1/tickets/{made['id']}")
            await self.ask(self.public, "/api/v1/track/" + made["track_url"].rsplit("/", 1)[-1])
            if n % 7 == 0:
                await self.ask(self.kiosk, f"/api/v1/tickets/{made['id']}/cancel", "")

    async def mistakes(self, n: int, wanted: dict[str, Any], person: Person) -> None:
        """Do something wrong with a person in it."""
        tail = {"name": person.name, "id_number": person.id_number[:-1] + "?"}
        wrong: list[tuple[str, object]] = [
            ("/api/v1/tickets", wanted),
            ("/api/v1/tickets", wanted | {"citizen": tail}),
            ("/api/v1/tickets", wanted | {"service_id": person.id_number}),
            ("/api/v1/tickets", wanted | {"priority": person.name}),
            ("/api/v1/tickets", wanted | {"terminal": person.phone * 9}),
            (f"/api/v1/tickets/{person.id_number}/cancel", ""),
            (f"/api/v1/nothing/{person.id_number}", ""),
            ("/api/v1/auth/login", {"username": person.name, "password": person.id_number}),
        ]
        path, body = wrong[n % len(wrong)]
        await self.ask(self.kiosk if "login" not in path else self.public, path, body)

    async def book(self, person: Person) -> None:
        """Book ahead with a telephone number, and give it up."""
        slots = await self.ask(self.public, "/api/v1/appointments/slots?service=A")
        free = [one for day in slots["days"] for one in day["slots"] if one["left"]]
        body = {
            "service_id": "A",
            "start": free[0]["start"],
            "citizen": person.citizen,
            "phone": person.phone,
        }
        made = await self.ask(self.kiosk, "/api/v1/appointments", body)
        await self.ask(self.kiosk, f"/api/v1/appointments/{made['code']}/cancel", {})

    async def look_everywhere(self) -> None:
        """Open every page, and read what staff, supervisors and auditors may read."""
        for page in PAGES:
            await self.ask(self.public, page)
        auditor = await self.run.person("auditor")
        for path in ("tickets?limit=200", "windows", "board", "services", "statistics/day", "devices"):
            await self.ask(self.staff, f"/api/v1/{path}")
        await self.ask(auditor, "/api/v1/audit?limit=1000")
        await self.ask(self.public, "/metrics")


def _at(at_s: float) -> datetime:
    return MORNING.replace(hour=0, minute=0) + timedelta(seconds=at_s)


@pytest.mark.process
async def test_nothing_of_a_days_people_is_left_where_it_must_not_be(tmp_path: Path) -> None:
    visits = visits_of(load_demand(ROOT / "config/demo/demand.toml"), "monday", 7)[::EVERY]
    people = [invented(n) for n in range(len(visits) + 3)]
    async with a_day(tmp_path) as (evidence, run):
        hall = Hall(run, evidence, await run.person("supervisor"))
        await hall.ask(hall.public, "/lab/api/clock", {"now": MORNING.isoformat()})
        for person in people[-3:]:
            await hall.book(person)
        for n, visit in enumerate(visits):
            await hall.visit(n, visit, people[n])
            if n % 60 == 59:
                await hall.look_everywhere()
        await hall.look_everywhere()
        found_while_open = evidence.found(people)

    assert evidence.statuses[201] > len(visits) * 0.8
    assert min(evidence.statuses[one] for one in (401, 404, 409, 422)) > 0
    assert len(evidence.bus.heard) > len(visits)
    assert found_while_open == {}
    assert evidence.found(people) == {}


@pytest.mark.parametrize("place", ["log", "bus", "answers", "pages", "file"])
async def test_the_search_finds_a_person_planted_anywhere(tmp_path: Path, place: str) -> None:
    someone = invented(1)
    async with a_day(tmp_path) as (evidence, run):
        plant = {
            "log": lambda: logging.getLogger("queue_server").info("served %s", someone.name),
            "bus": lambda: evidence.bus.heard.append(f"queue/event/x {someone.id_number}"),
            "answers": lambda: evidence.answers.append(f'{{"phone":"{someone.phone}"}}'),
            "pages": lambda: evidence.pages.append(someone.name.encode("unicode_escape").decode()),
            "file": lambda: None,
        }
        plant[place]()
        if place == "file":  # as a careless use case would: in an event's reason
            reason = {"reason": f"等 {someone.name}"}
            staff = await run.person("supervisor")
            assert (await staff.post("/api/v1/windows/1/pause", json=reason)).status_code == 200
        found = evidence.found([invented(2), someone])

    assert {one.partition(" ")[0] for one in found} == {place}
    assert {who for names in found.values() for who in names} == {someone.name}
