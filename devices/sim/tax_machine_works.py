"""What a simulated tax machine does: sells invoices sheet by sheet, counts, locks, recovers from power cuts.

Every change of the stock is one step: after a power cut a sheet was either issued, or was on its way and is
spoiled; the journal says which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devices.codecs.cbor import Value
from devices.codecs.tax_link import Cmd, Payload, Refusal
from devices.sim.base import NotPossible
from devices.sim.tax_machine_link import Refilled, Refused
from devices.sim.tax_machine_stock import Answered, Cassette, Journal, Sale

BEGAN_AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BIN_SIZE = 50
Tell = Callable[[Cmd, Payload, float], None]


def _cassettes() -> dict[str, Cassette]:
    made = (
        Cassette("invoice1", "044001900111", 12345601, 12345700),
        Cassette("invoice2", "044001900204", 50000001, 50000050),
    )
    return {one.id: one for one in made}


@dataclass
class Works:
    """The machine without its wire.  `now_s` only ever grows."""

    tell: Tell
    sheet_s: float = 0.4
    retract_s: float = 20.0
    senses_stock: bool = True
    """False: it tells what should be in a cassette, and only counting shows what is."""
    cassettes: dict[str, Cassette] = field(default_factory=_cassettes)
    journal: Journal = field(default_factory=lambda: Journal("sim-1", BEGAN_AT))
    answered: Answered = field(default_factory=Answered)
    powered: bool = True
    jammed: bool = False
    door: str = "closed"
    ups: str = "powering"
    switch: str = "run"
    toner: str = "full"
    papers: dict[str, str] = field(default_factory=lambda: {"printerA4": "full", "receipt": "full"})
    exchange: tuple[str, ...] = ()
    bin: int = 0
    sales: int = 0
    tray: Sale | None = None
    sale: Sale | None = None
    _due_s: float = 0.0
    next_goes_wrong: str = ""
    """`jam`, `spoil` or `double-feed`: what happens to the next sheet."""

    # --- selling --------------------------------------------------------------------------------------

    def sell(self, unit: str, count: int, pay_method: str, now_s: float) -> None:
        """Begin to sell.  Raises NotPossible."""
        cassette = self.cassette(unit)
        reasons = {
            "the power is off": not self.powered,
            "the machine is open for an exchange": bool(self.exchange),
            "the operator switch is not at run": self.switch != "run",
            "the machine is jammed": self.jammed,
            "somebody is being served": self.sale is not None,
            "the last invoices were not taken": self.tray is not None,
            f"{unit} is locked": cassette.locked,
            f"{unit} has not so many": cassette.sheets < count or count < 1,
            "the journal is full": self.journal.is_full,
        }
        for reason, holds in reasons.items():
            if holds:
                raise NotPossible(reason)
        self.sales += 1
        self.sale = Sale(f"t{self.sales:06}", unit, count, pay_method)
        self._due_s = now_s + self.sheet_s

    def run(self, now_s: float) -> None:
        """Live until `now_s`."""
        while self.powered and self.sale is not None and self._due_s <= now_s:
            self._one_sheet(self.sale, self._due_s)
        if self.powered and self.tray is not None and self.sale is None and now_s >= self._due_s:
            self._retract(self.tray, now_s)

    @property
    def due_s(self) -> float | None:
        """When something happens by itself."""
        return self._due_s if self.powered and (self.sale or self.tray) else None

    def _one_sheet(self, sale: Sale, now_s: float) -> None:
        cassette, wrong = self.cassettes[sale.unit], self.next_goes_wrong
        self.next_goes_wrong = ""
        if cassette.sheets == 0:
            self._finish(sale, "storageEmpty", now_s)
        elif wrong == "jam":
            self._spoil(cassette, wrong, now_s)
            self.jammed = True
            self._finish(sale, "mediaJammed", now_s)
            self.tell(Cmd.EVT_ERROR, {"unit": sale.unit, "value": "mediaJammed"}, now_s)
        elif wrong == "spoil":
            self._spoil(cassette, wrong, now_s)
            self._due_s = now_s + self.sheet_s
        else:
            sale.add(cassette.next)
            cassette.sheets -= 2 if wrong == "double-feed" and cassette.sheets > 1 else 1
            cassette.issued += 1
            cassette.next += 1
            self._due_s = now_s + self.sheet_s
            if sale.done == sale.count:
                self._finish(sale, "", now_s)

    def _spoil(self, cassette: Cassette, why: str, now_s: float) -> None:
        number = cassette.next
        cassette.sheets = max(0, cassette.sheets - 1)
        cassette.spoiled += 1
        cassette.next += 1
        self._write(
            now_s,
            {
                "type": "spoil",
                "unit": cassette.id,
                "code": cassette.code,
                "first": number,
                "last": number,
                "count": 1,
                "error": why,
            },
        )

    def _finish(self, sale: Sale, error: str, now_s: float) -> None:
        cassette = self.cassettes[sale.unit]
        self.sale = None
        for entry in sale.entries(cassette, "issue", "interrupted" if error else "complete", error):
            self._write(now_s, entry)
        if sale.done:
            self.tray, self._due_s = sale, now_s + self.retract_s
            self.tell(Cmd.EVT_MEDIA_PRESENTED, {"unit": sale.unit}, now_s)
        if cassette.replenishment in ("low", "empty"):
            self.tell(Cmd.EVT_STORAGE_THRESHOLD, {"unit": sale.unit, "value": cassette.replenishment}, now_s)

    def take(self, now_s: float) -> None:
        """Take what is in the tray.  Raises NotPossible."""
        if self.tray is None:
            raise NotPossible("there is nothing in the tray")
        unit, self.tray = self.tray.unit, None
        self.tell(Cmd.EVT_MEDIA_TAKEN, {"unit": unit}, now_s)

    def _retract(self, sale: Sale, now_s: float) -> None:
        cassette = self.cassettes[sale.unit]
        self.tray = None
        self.bin += sale.done
        cassette.issued -= sale.done
        cassette.retracted += sale.done
        for entry in sale.entries(cassette, "retract", "", "notTaken"):
            self._write(now_s, entry)
        self.tell(Cmd.EVT_MEDIA_AUTO_RETRACTED, {"unit": sale.unit, "value": str(sale.done)}, now_s)
        if self.bin >= BIN_SIZE:
            self.tell(Cmd.EVT_RETRACT_BIN_THRESHOLD, {"value": "full"}, now_s)

    def _write(self, now_s: float, entry: dict[str, Value]) -> None:
        seq = self.journal.write(now_s, entry)
        self.tell(Cmd.EVT_JOURNAL_ENTRY, {"seq": seq}, now_s)

    # --- power ----------------------------------------------------------------------------------------

    def lose_power(self, now_s: float) -> None:
        """Stop where it is.  Raises NotPossible."""
        if not self.powered:
            raise NotPossible("the power is off already")
        self.run(now_s)
        self.powered = False

    def get_power(self, now_s: float) -> None:
        """Recover from the journal: what was on its way is spoiled, what was not taken is drawn in."""
        if self.powered:
            raise NotPossible("the power is on already")
        self.powered = True
        if self.sale is not None:
            sale = self.sale
            self._spoil(self.cassettes[sale.unit], "powerCut", now_s)
            self._finish(sale, "powerCut", now_s)
        if self.tray is not None:
            self._retract(self.tray, now_s)

    # --- commands over the link -------------------------------------------------------------------------

    def cassette(self, unit: object) -> Cassette:
        """Return one.  Raises ValueError."""
        if unit not in self.cassettes:
            raise ValueError(f"unit is one of {', '.join(self.cassettes)}")
        return self.cassettes[str(unit)]

    def lock(self, unit: str, now_s: float, *, locked: bool) -> Payload:
        """Invoice.Lock and Invoice.Unlock."""
        cassette = self.cassette(unit)
        if not locked and cassette.expected != cassette.sheets:
            raise Refused(Refusal.STATE, "mismatch")
        if cassette.locked != locked:
            cassette.locked = locked
            self._write(now_s, {"type": "lock" if locked else "unlock", "unit": unit, "code": cassette.code})
        return {}

    def reconcile(self, unit: str, now_s: float) -> Payload:
        """Invoice.Reconcile: count."""
        if self.sale is not None:
            raise Refused(Refusal.BUSY, "busy")
        cassette = self.cassette(unit)
        difference = cassette.expected - cassette.sheets
        self._write(
            now_s,
            {
                "type": "reconcile",
                "unit": unit,
                "code": cassette.code,
                "count": cassette.sheets,
                "result": "mismatch" if difference else "equal",
            },
        )
        return {
            "reconciliation": {
                "unit": unit,
                "counted": cassette.sheets,
                "expected": cassette.expected,
                "first": cassette.first,
                "next": cassette.next,
                "difference": difference,
            }
        }

    def start_exchange(self, operators: tuple[str, ...]) -> Payload:
        """Storage.StartExchange."""
        if len(set(operators)) != 2:
            raise Refused(Refusal.AUTH, "two-operators")
        if self.exchange or self.sale is not None or self.tray is not None:
            raise Refused(Refusal.STATE, "exchange" if self.exchange else "busy")
        self.exchange = operators
        return {}

    def end_exchange(self, operators: tuple[str, ...], refills: list[Refilled], now_s: float) -> Payload:
        """Storage.EndExchange."""
        if not self.exchange:
            raise Refused(Refusal.STATE, "no-exchange")
        if set(operators) != set(self.exchange):
            raise Refused(Refusal.AUTH, "other-operators")
        for unit, code, first, last in refills:
            self.cassette(unit).refill(code, first, last)
            fields: Payload = {
                "unit": unit,
                "code": code,
                "first": first,
                "last": last,
                "count": last - first + 1,
            }
            self._write(now_s, {"type": "exchange", **fields, "count": last - first + 1})
        self.exchange = ()
        return {}
