"""A ticket printer on the other end of the wire: it understands the bytes, takes its time, runs out of paper.

What it shares with real ones, each with a knob: bytes arrive at the line's speed and paper moves at the
mechanism's; DLE EOT is answered at once whatever happens, everything else waits its turn; the proof of
print comes when the paper has moved; a clone may not know `GS ( H`; some lose their buffer with the paper.
Source: protocols, sections 3.2-3.5 and 3.7.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from devices.sim.base import Action, NotPossible
from devices.sim.printer_mechanism import Mechanism, Ticket
from devices.sim.printer_page import Page, TextStrip
from devices.sim.printer_parser import Command, CommandParser
from devices.sim.printer_realtime import RealTimeFilter, explain_bytes
from devices.sim.printer_render import data_url, render
from devices.sim.printer_senses import Senses

TICKETS_KEPT = 20
_AFTER = {"after_mm": "number: only after so much more paper (now, if left out)"}
ACTIONS = (
    Action("paper", "Put paper in, make it low, take it out", {"state": "full | low | out", **_AFTER}),
    Action("cover", "Open or close the cover", {"open": "true | false", **_AFTER}),
    Action("jam", "Jam the cutter, or another fault", {"part": "cutter | unrecoverable | hot", **_AFTER}),
    Action("clear-jam", "Clear the jam"),
    Action("cut-power", "Pull the power plug", dict(_AFTER)),
    Action("restore-power", "Put the power plug back"),
    Action("take", "Take the ticket out of the slot"),
)


@dataclass
class SimPrinter:
    """Sans-I/O: call the methods, send what `poll` returns."""

    width_dots: int = 576
    codepage: str = "gbk"
    baud: int = 115200
    speed_mm_s: float = 150.0
    answers_process_id: bool = True
    answers_paper_query: bool = True
    keeps_buffer: bool = True
    """False: a printer that forgets what waits when paper runs out or the cover opens."""
    look_ahead_mm: float = 30.0
    """How far the interpreter runs ahead of the paper: GS r is answered that much too early."""

    def __post_init__(self) -> None:
        self.kind = "printer"
        self.driver = "printer-escpos"
        self.tickets: deque[Ticket] = deque(maxlen=TICKETS_KEPT)
        self.unknown_commands = 0
        self.senses = Senses()
        self._clock = 0.0
        self._line_free_s = 0.0
        self._incoming: deque[tuple[float, int]] = deque()
        self._out = bytearray()
        self._auto_status = False
        self._trips: list[tuple[float, str, dict[str, Any]]] = []
        self._power_up()

    def _power_up(self) -> None:
        self._parser = CommandParser()
        self._page = Page(self.width_dots, self.codepage)
        self._mechanism = Mechanism(self.speed_mm_s, self._finish, self._say, self._moved)
        self._real_time = RealTimeFilter(self._parser.put, self._act_at_once)
        self._incoming.clear()
        self._out.clear()
        self._auto_status = False

    # --- the wire -----------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes; each is here when the line has carried it."""
        self._run(now_s)
        if not self.senses.powered:
            return
        start = max(now_s, self._line_free_s)
        byte_s = 10 / self.baud
        self._incoming.extend((start + byte_s * place, byte) for place, byte in enumerate(data, start=1))
        self._line_free_s = start + byte_s * len(data)

    def poll(self, now_s: float) -> bytes:
        """Return the answers due by now."""
        self._run(now_s)
        out = bytes(self._out)
        self._out.clear()
        return out

    def next_due_s(self) -> float | None:
        """Return when something will have happened."""
        if self._out:
            return self._clock
        due = [self._incoming[-1][0]] if self._incoming else []
        if self._mechanism.done_at_s is not None:
            due.append(self._mechanism.done_at_s)
        return min(due, default=None)

    def _run(self, now_s: float) -> None:
        """Live until `now_s`: bytes arrive and strips get printed, each at its moment."""
        while True:
            arrives_s = self._incoming[0][0] if self._incoming else None
            printed_s = self._mechanism.done_at_s
            due = min((at for at in (arrives_s, printed_s) if at is not None), default=None)
            if due is None or due > now_s:
                break
            self._clock = max(self._clock, due)
            if due == arrives_s:
                self._real_time.feed(self._incoming.popleft()[1])
            else:
                self._mechanism.finish_strip(self._clock)
            self._work()
        self._clock = max(self._clock, now_s)

    def _work(self) -> None:
        """Interpret what has come, unless offline or too far ahead of the paper."""
        while self.senses.online and self._mechanism.queued_dots <= self.look_ahead_mm * 8:
            command = self._parser.take()
            if command is None:
                break
            self._interpret(command)
        if self.senses.online:
            self._mechanism.go_on(self._clock)

    def _say(self, data: bytes) -> None:
        self._out += data

    # --- commands -----------------------------------------------------------------------------------

    def _interpret(self, command: Command) -> None:
        args = command.args
        match command.name:
            case "GS (H" if self.answers_process_id and args[:2] == b"00" and len(args) == 6:
                self._mechanism.put(b"\x37\x22" + args[2:] + b"\x00", self._clock)
            case "GS r":
                if self.answers_paper_query and args in (b"\x01", b"1"):
                    self._say(self.senses.paper_status())
            case "GS a":
                self._auto_status = args != b"\x00"
                self._say(self.senses.auto_status() if self._auto_status else b"")
            case "GS I":
                self._say(_IDENTITY.get(args[0], b""))
            case _:
                self.unknown_commands += not command.known
                for strip in self._page.apply(command) if command.known else ():
                    self._mechanism.put(strip, self._clock)

    def _act_at_once(self, command: bytes) -> None:
        """Obey a real-time command, whatever state the printer is in."""
        match command[1], command[2]:
            case 0x04, which:
                self._say(self.senses.real_time_status(which))
            case 0x05, 1 | 2 as how:
                self.senses.fault = "" if self.senses.fault == "cutter" else self.senses.fault
                self._lose_buffer(paper=False) if how == 2 else None
                self._changed()
            case 0x14, 0x08:
                self._lose_buffer(paper=False)
                self._say(b"\x37\x25\x00")

    # --- what happens to it -------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return list(ACTIONS)

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob.  Raises NotPossible, ValueError."""
        self._run(now_s)
        after_mm = params.get("after_mm")
        if after_mm is not None and action in ("paper", "cover", "jam", "cut-power"):
            self._trips.append((float(after_mm), action, params))
        else:
            self._turn(action, params)

    def _turn(self, action: str, params: dict[str, Any]) -> None:
        match action:
            case "paper":
                self.senses.set_paper(str(params.get("state")))
                self._changed()
            case "cover":
                self._set_cover(params.get("open"))
            case "jam":
                self.senses.set_fault(str(params.get("part", "cutter")))
                self._changed()
            case "clear-jam":
                self._clear_jam()
            case "cut-power" | "restore-power":
                self._set_power(action == "restore-power")
            case "take":
                self._take()
            case _:
                raise ValueError(f"a printer has no knob {action!r}")

    def _set_cover(self, is_open: object) -> None:
        if not isinstance(is_open, bool):
            raise ValueError("open is true or false")
        self.senses.cover_open = is_open
        self._changed()

    def _clear_jam(self) -> None:
        if not self.senses.fault:
            raise NotPossible("nothing is jammed")
        self.senses.fault = ""
        self._changed()

    def _set_power(self, on: bool) -> None:
        if on == self.senses.powered:
            raise NotPossible(f"the power is already {'on' if on else 'off'}")
        self.senses.powered = on
        self._power_up()

    def _take(self) -> None:
        ticket = next((ticket for ticket in reversed(self.tickets) if not ticket.taken), None)
        if ticket is None:
            raise NotPossible("there is no ticket in the slot")
        ticket.taken = True

    def _changed(self) -> None:
        """Stop or go on as the new state wants, and tell it if automatic status is on."""
        if not self.senses.online:
            self._mechanism.stop()
            if not self.keeps_buffer and not self.senses.fault:
                self._lose_buffer(paper=True)
        if self._auto_status and self.senses.powered:
            self._say(self.senses.auto_status())
        self._work()

    def _lose_buffer(self, *, paper: bool) -> None:
        self._parser.clear()
        self._mechanism.lose(paper=paper)
        self._page.reset()

    def _finish(self, ticket: Ticket) -> None:
        self.tickets.append(ticket)

    def _moved(self, mm: float) -> None:
        trips, self._trips = self._trips, []
        for left_mm, action, params in trips:
            if left_mm > mm:
                self._trips.append((left_mm - mm, action, params))
            else:
                self._turn(action, params)

    # --- what a person sees -------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return the printer as a person sees it; the newest ticket is last."""
        return {
            "paper": self.senses.paper,
            "cover_open": self.senses.cover_open,
            "online": self.senses.online,
            "power": self.senses.powered,
            "jammed": self.senses.fault,
            "printing": self._mechanism.done_at_s is not None,
            "unknown_commands": self.unknown_commands,
            "half_ticket": any(isinstance(strip, TextStrip) for strip in self._mechanism.strips),
            "tickets": [self._seen(ticket) for ticket in self.tickets],
        }

    def _seen(self, ticket: Ticket) -> dict[str, Any]:
        if not ticket.picture:
            ticket.picture = data_url(render(ticket.strips, self.width_dots))
        return {
            "text": ticket.text,
            "png": ticket.picture,
            "taken": ticket.taken,
            "whole": ticket.whole,
            "at": round(ticket.at_s, 3),
        }

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk; a ticket's text names nobody beyond the masked name."""
        return explain_bytes(direction, data, self.codepage)

    def damage(self, data: bytes) -> bytes:
        """Set the top bit of the first byte: no reply of a printer has it."""
        return bytes((data[0] | 0x80,)) + data[1:] if data else data


_IDENTITY = {66: b"_TINGTONG\x00", 67: b"_SIM-80\x00", 68: b"_0001\x00", 49: b"\x20", 1: b"\x20"}
