"""What a simulated tax machine keeps over a power cut: cassettes, journal, commands that it carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.codecs.cbor import Value
from devices.codecs.tax_link import payload_size

JOURNAL_ROOM = 2000  # entries not yet acknowledged; then nothing is sold: an entry is never overwritten
_PAGE = 900  # bytes of one answer with entries
_ANSWERS = 64


@dataclass
class Cassette:
    """Invoices `first` to `last`; `sheets` is what is really in it, the rest is what the machine believes."""

    id: str
    code: str
    first: int
    last: int
    low: int = 20
    next: int = field(default=0, init=False)
    sheets: int = field(default=0, init=False)
    initial: int = field(default=0, init=False)
    issued: int = field(default=0, init=False)
    spoiled: int = field(default=0, init=False)
    retracted: int = field(default=0, init=False)
    locked: bool = field(default=False, init=False)
    status: str = field(default="ok", init=False)

    def __post_init__(self) -> None:
        self.refill(self.code, self.first, self.last)

    def refill(self, code: str, first: int, last: int) -> None:
        """Take new invoices; the counts begin again."""
        self.code, self.first, self.last, self.next = code, first, last, first
        self.initial = self.sheets = last - first + 1
        self.issued = self.spoiled = self.retracted = 0
        self.status = "ok"

    @property
    def expected(self) -> int:
        """How many sheets there should be."""
        return self.initial - self.issued - self.spoiled - self.retracted

    @property
    def replenishment(self) -> str:
        """The word of XFS4IoT for how full it is."""
        if self.sheets == 0:
            return "empty"
        return "low" if self.sheets <= self.low else "full" if self.sheets == self.initial else "ok"

    def unit(self) -> dict[str, Value]:
        """Return the storage unit as the link tells it."""
        return {
            "id": self.id,
            "type": "invoice",
            "status": self.status,
            "replenishment": self.replenishment,
            "count": self.sheets,
            "initial": self.initial,
            "low": self.low,
            "code": self.code,
            "first": self.first,
            "next": self.next,
            "last": self.last,
            "issued": self.issued,
            "spoiled": self.spoiled,
            "retracted": self.retracted,
            "locked": self.locked,
        }


class NothingLeft(Exception):
    """The journal is full of entries that nobody has fetched."""


@dataclass
class Journal:
    """Entries with numbers from 1, without a gap; those that were acknowledged may be forgotten."""

    id: str
    began_at: datetime
    entries: list[dict[str, Value]] = field(default_factory=list)
    forgotten: int = 0

    @property
    def newest(self) -> int:
        """The number of the last entry, 0 for none."""
        return self.forgotten + len(self.entries)

    @property
    def is_full(self) -> bool:
        """Whether another entry would have no room."""
        return len(self.entries) >= JOURNAL_ROOM

    def write(self, now_s: float, fields: Mapping[str, Value]) -> int:
        """Add an entry and return its number."""
        at = self.began_at + timedelta(seconds=now_s)
        seq = self.newest + 1
        self.entries.append({"seq": seq, "ts": at.isoformat(timespec="milliseconds"), **fields})
        return seq

    def read(self, after: int, most: int) -> dict[str, Value]:
        """Return the answer to Journal.Read: what follows `after`, as much as fits."""
        start = max(after, self.forgotten) - self.forgotten
        chosen: list[Value] = []
        answer: dict[str, Value] = {
            "journal": self.id,
            "after": after,
            "oldest": self.forgotten + 1,
            "newest": self.newest,
            "entries": chosen,
        }
        for entry in self.entries[start : start + most]:
            chosen.append(entry)
            if payload_size(answer) > _PAGE and len(chosen) > 1:
                chosen.pop()
                break
        return answer

    def acknowledge(self, upto: int) -> None:
        """Forget what was fetched and acknowledged."""
        done = min(upto, self.newest) - self.forgotten
        if done > 0:
            del self.entries[:done]
            self.forgotten += done


@dataclass
class Answered:
    """Commands that were carried out, by id, with their answers: a repeat is answered and not done again."""

    answers: dict[str, dict[str, Value]] = field(default_factory=dict)

    def get(self, command_id: str) -> dict[str, Value] | None:
        """Return the answer that was given."""
        return self.answers.get(command_id)

    def put(self, command_id: str, answer: Mapping[str, Value]) -> None:
        """Remember an answer."""
        self.answers[command_id] = dict(answer)
        while len(self.answers) > _ANSWERS:
            del self.answers[next(iter(self.answers))]


@dataclass
class Sale:
    """Invoices on their way to a citizen: `done` of `count` are in the tray, in runs of numbers."""

    txn: str
    unit: str
    count: int
    pay_method: str
    runs: list[tuple[int, int]] = field(default_factory=list)
    """First number and how many."""

    @property
    def done(self) -> int:
        """How many are in the tray."""
        return sum(count for _, count in self.runs)

    def add(self, number: int) -> None:
        """Put one more into the tray."""
        first, count = self.runs[-1] if self.runs else (number, 0)
        if first + count == number:
            self.runs[-1:] = [(first, count + 1)]
        else:
            self.runs.append((number, 1))

    def entries(self, cassette: Cassette, kind: str, result: str, error: str) -> list[dict[str, Value]]:
        """Return the journal's words, one entry for each run; the taxpayer is masked, and invented."""
        return [
            {
                "type": kind,
                "txn": self.txn,
                "unit": self.unit,
                "code": cassette.code,
                "first": first,
                "last": first + count - 1,
                "count": count,
                "pay_method": self.pay_method,
                "taxpayer": "9199************0X",
                "result": result,
                "error": error,
            }
            for first, count in self.runs
        ]
