"""The ticket printer: what it calls printed is on paper, whole, if the bytes reached the machine whole."""

from itertools import count

from devices.contracts.printer import PrintOutcome
from devices.drivers.printer_escpos import EscPosPrinter
from devices.errors import DeviceError
from devices.sim.printer import SimPrinter
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench
from tests.devices.slips import SLIP

JOBS = count(1)
ON_EVERY_TICKET = (SLIP.hall, SLIP.service, SLIP.windows, "5人", "张*", SLIP.issued_at, SLIP.track_url)


class Listening(SimPrinter):
    """A printer that also keeps what reached it: ESC/POS has no checksum, so damage goes unseen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.received = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self.received += data
        super().receive(data, now_s)


async def exercise(driver: EscPosPrinter, machine: Listening, wire: MemoryWire) -> None:
    number = f"A{next(JOBS):03d}"
    reached, sent, printed = len(machine.received), len(wire.sent), len(machine.tickets)

    result = await driver.print_ticket(f"job-{number}", SLIP.model_copy(update={"number": number}), "张*")

    assert result.job_id == f"job-{number}"
    if result.outcome is not PrintOutcome.PRINTED:
        assert result.reason
        raise DeviceError(f"{number} was {result.outcome}: {result.reason}")
    if machine.received[reached:] == wire.sent[sent:]:
        assert len(machine.tickets) > min(printed, 19)
        text = machine.tickets[-1].text
        assert [wanted for wanted in (*ON_EVERY_TICKET, number) if wanted not in text] == []


BENCH = Bench(machine=Listening, exercise=exercise)
