"""The A4 printer: what it calls printed the print system has completed."""

from itertools import count

from devices.contracts.printer import PrintDocument, PrintOutcome
from devices.drivers.printer_cups import CupsPrinter
from devices.errors import DeviceError
from devices.transports.memory_spooler import MemorySpooler
from tests.contract.bench import SpoolBench

JOBS = count(1)


async def exercise(driver: CupsPrinter, spooler: MemorySpooler) -> None:
    order = PrintDocument(job_id=f"job-{next(JOBS)}", document="form.pdf")
    before = len(spooler.jobs)

    result = await driver.print_document(order)

    if result.outcome is not PrintOutcome.PRINTED:
        assert result.reason
        raise DeviceError(f"{order.job_id} was {result.outcome}: {result.reason}")
    assert len(spooler.jobs) == before + 1
    assert spooler.jobs[before + 1].path == "/var/documents/form.pdf"


BENCH = SpoolBench(exercise=exercise, settings={"folder": "/var/documents"})
