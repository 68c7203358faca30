"""The tax machine (自动办税机) as the hall supervises it: its stock of invoices, its journal, its troubles.

Nothing here names a taxpayer: what the machine's journal says of one stays in the machine.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from devices.contracts.base import Message
from devices.contracts.health import Storage

StaffId = str
"""A staff member's opaque id; never a name."""


class StorageStatus(StrEnum):
    """XFS4IoT `Storage` status words."""

    OK = "ok"
    INOPERATIVE = "inoperative"
    MISSING = "missing"
    NOT_CONFIGURED = "notConfigured"
    MANIPULATED = "manipulated"


class UnitType(StrEnum):
    """What a storage unit holds."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    PAPER = "paper"
    RETRACT = "retract"


class StorageUnit(Message):
    """One cassette, roll or bin.  Invoice cassettes have a `code` and numbers `first` to `last`, `next` due.

    `count` is what the machine says is in it, `initial` what was put in at the last exchange.
    """

    id: str = Field(min_length=1, max_length=20)
    type: UnitType
    status: StorageStatus = StorageStatus.OK
    replenishment: Storage = Storage.OK
    count: int = Field(default=0, ge=0)
    initial: int = Field(default=0, ge=0)
    low: int = Field(default=0, ge=0)
    code: str = ""
    first: int = 0
    next: int = 0
    last: int = 0
    issued: int = Field(default=0, ge=0)
    spoiled: int = Field(default=0, ge=0)
    retracted: int = Field(default=0, ge=0)
    locked: bool = False

    @property
    def difference(self) -> int:
        """initial - issued - spoiled - retracted - remaining; anything but 0 in a cassette is a mismatch."""
        if self.type is not UnitType.INVOICE:
            return 0
        return self.initial - self.issued - self.spoiled - self.retracted - self.count


class StorageReport(Message):
    """Event `storage`: all units, told after a change."""

    device_id: str
    units: tuple[StorageUnit, ...]


class JournalEntry(Message):
    """Event `journal`: one entry, in order and without a gap within one `journal` (a machine's own id of it).

    The message's id is `{journal}-{seq}`: an entry that is told again after a crash has the same one.
    `type` is issue, spoil, retract, exchange, lock, unlock or reconcile.
    """

    device_id: str
    journal: str
    seq: int = Field(ge=1)
    at: AwareDatetime
    type: str
    txn: str = ""
    unit: str = ""
    code: str = ""
    first: int = 0
    last: int = 0
    count: int = 0
    amount_fen: int = 0
    pay_method: str = ""
    result: str = ""
    error: str = ""


class JournalGap(Message):
    """Event `journal-gap`: the machine no longer has the entries between `after` and `next`."""

    device_id: str
    journal: str
    after: int
    next: int


class CassetteMismatch(Message):
    """Event `cassette-mismatch`: a cassette's numbers do not add up; `locked` says that it is locked now."""

    device_id: str
    unit: str
    code: str = ""
    expected: int
    counted: int
    difference: int
    locked: bool


class MachineEvent(Message):
    """Event `tax-machine`: what it said unasked, in XFS4IoT's words (`Auxiliaries.CabinetDoor` …)."""

    device_id: str
    name: str
    unit: str = ""
    value: str = ""


class TaxCommand(Message):
    """What all commands share.  The same id is carried out once, by the machine's own memory."""

    command_id: str = Field(min_length=1, max_length=40)


class LockCassette(TaxCommand):
    """Command `lock-cassette`: nothing is sold from it until it is unlocked."""

    unit: str


class UnlockCassette(TaxCommand):
    """Command `unlock-cassette`: refused while its numbers do not add up."""

    unit: str


class ReconcileCassette(TaxCommand):
    """Command `reconcile-cassette`: count it and compare; a mismatch locks it."""

    unit: str


class SetLowMark(TaxCommand):
    """Command `set-low-mark`: below how many sheets a unit is low."""

    unit: str
    low: int = Field(ge=0, le=100_000)


class StartExchange(TaxCommand):
    """Command `start-exchange`: two staff members open the machine to fill it; nothing is sold meanwhile."""

    operators: tuple[StaffId, StaffId]


class Refill(Message):
    """What is in a cassette after an exchange: invoices `first` to `last` of `code`."""

    unit: str
    code: str
    first: int = Field(ge=0)
    last: int = Field(ge=0)


class EndExchange(TaxCommand):
    """Command `end-exchange`: the two close it and say what they put in."""

    operators: tuple[StaffId, StaffId]
    units: tuple[Refill, ...] = ()


class TaxOutcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer came: send the same command again with the same id."""


class Reconciliation(Message):
    """What a count found in a cassette; `difference` is expected - counted."""

    unit: str
    counted: int
    expected: int
    first: int
    next: int
    difference: int


class TaxResult(Message):
    """Result of each command; `reason` is empty when done."""

    command_id: str
    outcome: TaxOutcome
    reason: str = ""
    reconciliation: Reconciliation | None = None
