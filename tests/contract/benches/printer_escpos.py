"""The ticket printer: what it calls printed is on paper, whole, if the bytes reached the machine whole."""

from itertools import count

from devices.contracts.printer import PrintOutcome
from devices.drivers.printer_escpos import EscPosPrinter
from devices.errors import DeviceError
from devices.sim.printer import SimPrinter
from devices.sim.printer_page import RasterStrip
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench
from tests.devices.slips import SLIP

JOBS = count(1)
ON_EVERY_TICKET = (SLIP.hall, SLIP.service, SLIP.windows, "5人", SLIP.issued_at, SLIP.track_url)
NAMES = ("张*", "㛃*")  # the second is drawn: GBK lacks it


class Listening(SimPrinter):
    """A printer that also keeps what reached it: ESC/POS has no checksum, so damage goes unseen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.received = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self.received += data
        super().receive(data, now_s)


async def exercise(driver: EscPosPrinter, machine: Listening, wire: MemoryWire) -> None:
    job = next(JOBS)
    number, name = f"A{job:03d}", NAMES[job % 2]
    reached, sent, printed = len(machine.received), len(wire.sent), len(machine.tickets)

    result = await driver.print_ticket(f"job-{number}", SLIP.model_copy(update={"number": number}), name)

    assert result.job_id == f"job-{number}"
    if result.outcome is not PrintOutcome.PRINTED:
        assert result.reason
        raise DeviceError(f"{number} was {result.outcome}: {result.reason}")
    if machine.received[reached:] == wire.sent[sent:]:
        assert len(machine.tickets) > min(printed, 19)
        text = machine.tickets[-1].text
        assert [wanted for wanted in (*ON_EVERY_TICKET, number) if wanted not in text] == []
        drawn = any(isinstance(strip, RasterStrip) for strip in machine.tickets[-1].strips)
        assert drawn if name == NAMES[1] else name in text


BENCH = Bench(machine=Listening, exercise=exercise)
