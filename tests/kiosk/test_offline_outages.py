"""Random outages: terminals that lose the server, answers and power, with the real use cases and journals."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kiosk.adapters.lease_use import OFFLINE_ID
from kiosk.flows.intake_words import Paper
from kiosk.ports import Printed, Refused, Unreachable
from queue_server.application.expire_day import expire_day
from queue_server.domain.caps import Caps
from queue_server.domain.errors import Refused as ServerRefused
from queue_server.domain.lease import LeaseRules
from queue_server.domain.ticket import State, Ticket
from tests.kiosk.offline_hall import BUSY, DOWN, NO_ANSWER, UP, PowerCut, Server, Terminal
from tests.queue_server.halls import small_hall

TERMINALS = 2
CAP = 3
SERVICES = st.sampled_from(["A", "C"])
WHICH = st.integers(0, TERMINALS - 1)
PAPERS = st.sampled_from(["printed", "printed", "failed", "power-cut"])
MEMORY = "/dev/shm"  # a disk's fsync is not what is tested here
T = TypeVar("T")


@dataclass
class Given:
    """A number that a citizen holds; `told`: its terminal said that the paper came out."""

    ticket_id: str
    number: str
    at: datetime
    told: bool = False


class Outages(RuleBasedStateMachine):
    """Two terminals and a server, and everything that goes wrong between them."""

    @initialize(size=st.integers(2, 5))
    def open(self, size: int) -> None:
        hall = small_hall()
        capped = replace(hall.services["C"], caps=Caps(morning=CAP, afternoon=CAP))
        rules = LeaseRules(size=size, renew_below=1, max_open=2, cap_share_percent=50)
        self.server = Server(replace(hall, services={**hall.services, "C": capped}, leases=rules))
        self.room = tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None)
        self.loop = asyncio.new_event_loop()
        self.keys = (f"r{n}" for n in itertools.count())
        self.given: list[Given] = []
        self.kiosks = [Terminal(self.server, f"QK0{n}", Path(self.room.name)) for n in range(TERMINALS)]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(which=WHICH, state=st.sampled_from([UP, DOWN, NO_ANSWER, BUSY]))
    def the_wire_changes(self, which: int, state: str) -> None:
        self.kiosks[which].wire.state = state

    @rule(which=WHICH, fates=st.lists(st.sampled_from([UP, DOWN, NO_ANSWER]), min_size=1, max_size=4))
    def answers_are_lost(self, which: int, fates: list[str]) -> None:
        self.kiosks[which].wire.fates = fates

    @rule(which=WHICH, after=st.integers(1, 5), done=st.booleans())
    def the_power_will_go(self, which: int, after: int, done: bool) -> None:
        wire = self.kiosks[which].wire
        wire.cut_after, wire.cut_done = wire.calls + after, done

    @rule(which=WHICH)
    def the_server_is_asked_what_is_on_offer(self, which: int) -> None:
        kiosk = self.kiosks[which]
        try:
            self.run(kiosk.queue.hall())
        except Unreachable:
            pass
        except PowerCut:
            kiosk.restart()

    @rule(which=WHICH, service=SERVICES, paper=PAPERS)
    def somebody_takes_a_ticket(self, which: int, service: str, paper: str) -> None:
        kiosk, key = self.kiosks[which], next(self.keys)
        try:
            ticket = self.run(kiosk.queue.issue(key, service, None, "zh"))
        except (Unreachable, Refused):
            return
        except PowerCut:
            kiosk.restart()
            return
        given = Given(ticket.id, ticket.number, self.server.clock.now())
        self.given.append(given)
        if paper == "power-cut":
            kiosk.restart()
            return
        try:
            self.run(kiosk.queue.report_print(key, ticket.id, 1, Printed(Paper(paper))))
        except Unreachable:
            return
        except PowerCut:
            kiosk.restart()
            return
        given.told = paper == "printed"

    @rule(which=WHICH)
    def a_lost_order_arrives_late(self, which: int) -> None:
        late = self.kiosks[which].wire.late
        if late:
            try:
                self.run(late.pop(0)())
            except ServerRefused:
                return

    @rule(minutes=st.sampled_from([1, 5, 30, 200, 900]))
    def time_goes_by(self, minutes: int) -> None:
        self.server.clock.advance(minutes * 60)
        self.run(self.server.store.change(expire_day))

    @invariant()
    def no_number_is_on_two_papers_of_a_day(self) -> None:
        if not hasattr(self, "kiosks"):
            return
        made = self.run(self.server.tickets())
        names = [(one.day, one.service_id, one.n) for one in made]
        assert len(names) == len(set(names))

    def teardown(self) -> None:
        if not hasattr(self, "kiosks"):
            return
        try:
            self.all_is_handed_in_and_right()
        finally:
            for kiosk in self.kiosks:
                kiosk.journal.close()
            self.loop.close()
            self.room.cleanup()

    def all_is_handed_in_and_right(self) -> None:
        """The server comes back for good: what must be true then."""
        self.server.clock.advance(5 * 60)
        for kiosk in self.kiosks:
            kiosk.wire.state, kiosk.wire.fates, kiosk.wire.cut_after = UP, [], None
            self.run(kiosk.queue.hall())
            while kiosk.wire.late:
                self.a_lost_order_arrives_late(self.kiosks.index(kiosk))
        made = self.run(self.server.tickets())
        known = {}
        for given in self.given:
            mine = [one for one in made if self.is_it(one, given)]
            assert len(mine) == 1, f"{given} is on the server {len(mine)} times"
            known[mine[0].id] = given
        assert len(known) == len(self.given), "two papers, one ticket"
        for ticket in made:
            if ticket.id not in known:
                assert ticket.state in (State.CANCELLED, State.EXPIRED), f"a ghost in the line: {ticket}"
            elif known[ticket.id].told:
                assert ticket.print_state == "printed"
        self.caps_hold(made)

    @staticmethod
    def is_it(ticket: Ticket, given: Given) -> bool:
        """Say whether the server's ticket is the one that was given out: same number, same moment."""
        same = (ticket.number, ticket.issued_at) == (given.number, given.at)
        return same and (ticket.lease is not None) == given.ticket_id.startswith(OFFLINE_ID)

    def caps_hold(self, made: list[Ticket]) -> None:
        zone, caps = self.server.built.timezone, self.server.built.services["C"].caps
        capped = [one for one in made if one.service_id == "C" and one.state is not State.CANCELLED]
        slots = Counter((one.day, caps.slots(one.issued_at.astimezone(zone))[0].name) for one in capped)
        assert all(count <= CAP for count in slots.values()), slots


def test_nothing_is_lost_doubled_or_out_of_order_in_any_outage() -> None:
    run_state_machine_as_test(
        Outages,
        settings=settings(
            max_examples=120,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
