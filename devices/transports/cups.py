"""A CUPS queue as a Spooler, with pycups in a process of its own.

pycups blocks, and a print system that hangs holds it for minutes.  So it is loaded in a worker process only,
which is killed when a call takes too long; no other machine of the agent notices.  Being in another process
also keeps its licence (GPL) apart from this program.

`cups:QUEUE` asks the CUPS of this computer, `cups:QUEUE?server=HOST` another one (a host, host:port or the
path of a socket).
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from devices.errors import DeviceFault, TransportError, WireClosed
from devices.transports.isolated import IsolatedWire
from devices.transports.spooler import SpoolJob, SpoolQueue

CALL_S = 5.0
_MOST_BYTES = 64 * 1024 * 1024
_STARTS = {b"%PDF-": "PDF", b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_NOT_FOUND = 0x0406  # RFC 8011, appendix B
_NOT_POSSIBLE = 0x0404
Value = TypeVar("Value")


class Away(Exception):
    """The print system does not answer or hung up."""


class Refused(Exception):
    """The print system or the file's own nature says no: a stable code, then a sentence."""


class CupsQueue:
    """The blocking calls, made in the worker process only.  Answers are plain values."""

    def __init__(self, queue: str, server: str) -> None:
        self._cups: Any = import_module("cups")
        self._queue = queue
        self._server = server
        self._connection: Any = None

    def queue(self) -> tuple[int, tuple[str, ...], bool]:
        """Return printer-state, printer-state-reasons and whether jobs are taken."""
        wanted = ["printer-state", "printer-state-reasons", "printer-is-accepting-jobs"]
        found = self._ask("getPrinterAttributes", self._queue, requested_attributes=wanted)
        reasons = found.get("printer-state-reasons", ())
        listed = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        return int(found["printer-state"]), listed, bool(found.get("printer-is-accepting-jobs", True))

    def submit(self, name: str, path: str, options: dict[str, str]) -> int:
        """Check the file and hand it in."""
        _check_document(Path(path))
        return int(self._ask("printFile", self._queue, path, name, options))

    def find(self, name: str) -> tuple[int, int, int] | None:
        """Return the newest job of that name: number, state, pages."""
        wanted = ["job-id", "job-name", "job-state", "job-printer-uri", "job-impressions-completed"]
        jobs = self._ask("getJobs", which_jobs="all", my_jobs=True, requested_attributes=wanted)
        mine = [number for number, job in jobs.items() if job.get("job-name") == name]
        return _job_of(max(mine), jobs[max(mine)]) if mine else None

    def job(self, number: int) -> tuple[int, int, int]:
        """Return number, job-state and pages."""
        wanted = ["job-state", "job-impressions-completed"]
        return _job_of(number, self._ask("getJobAttributes", number, requested_attributes=wanted))

    def cancel(self, number: int) -> None:
        """Take a job back."""
        try:
            self._ask("cancelJob", number)
        except Refused as error:
            if error.args[0] != "not-possible":  # it has ended meanwhile
                raise

    def _ask(self, call: str, *args: object, **named: object) -> Any:
        """Call pycups; a connection that broke is opened anew by the next call."""
        try:
            if self._connection is None:
                self._connection = self._cups.Connection(host=self._server) if self._server else None
                self._connection = self._connection or self._cups.Connection()
            return getattr(self._connection, call)(*args, **named)
        except self._cups.IPPError as error:
            raise self._refusal(*error.args) from None
        except (RuntimeError, OSError, self._cups.HTTPError):
            self._connection = None
            raise Away("the print system does not answer; start it with: systemctl start cups") from None

    def _refusal(self, status: int, text: str) -> Exception:
        if status == _NOT_FOUND:
            return Refused("queue-unknown", f"CUPS has no queue or job for {self._queue}; see lpstat -p")
        if status == _NOT_POSSIBLE:
            return Refused("not-possible", "the job has ended")
        if status >= 0x0500:  # the server's own trouble, a lost connection among them
            self._connection = None
            return Away(f"the print system cannot do that now ({text})")
        return Refused("print-system", f"the print system refuses: {text}")


def _job_of(number: int, found: Mapping[str, Any]) -> tuple[int, int, int]:
    return number, int(found["job-state"]), int(found.get("job-impressions-completed") or 0)


def _check_document(path: Path) -> None:
    """Raise Refused unless `path` is a whole file of a known type; a link could lead out of its folder."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        raise Refused("no-document", "the document is not in the printer's folder") from None
    try:
        about = os.fstat(file)
        start = os.read(file, 8) if stat.S_ISREG(about.st_mode) else b""
    finally:
        os.close(file)
    if not any(start.startswith(known) for known in _STARTS) or about.st_size > _MOST_BYTES:
        raise Refused("document-type", "the document must be a PDF, PNG or JPEG file of at most 64 MiB")


class CupsSpooler:
    """A Spooler on CUPS.  Make it with `open_cups`."""

    def __init__(self, worker: IsolatedWire) -> None:
        self._worker = worker
        self._loop = asyncio.get_running_loop()

    async def queue(self) -> SpoolQueue:
        """See Spooler."""
        return SpoolQueue(*await self._call("queue"))

    async def submit(self, name: str, path: str, options: Mapping[str, str]) -> int:
        """See Spooler."""
        return int(await self._call("submit", name, path, dict(options)))

    async def find(self, name: str) -> SpoolJob | None:
        """See Spooler."""
        found = await self._call("find", name)
        return SpoolJob(*found) if found else None

    async def job(self, number: int) -> SpoolJob:
        """See Spooler."""
        return SpoolJob(*await self._call("job", number))

    async def cancel(self, number: int) -> None:
        """See Spooler."""
        await self._call("cancel", number)

    async def pause(self, seconds: float) -> None:
        """See Spooler."""
        await asyncio.sleep(seconds)

    def now_s(self) -> float:
        """See Spooler."""
        return self._loop.time()

    async def close(self) -> None:
        """End the worker process."""
        await self._worker.close()

    async def _call(self, method: str, *args: object) -> Any:
        try:
            return await self._worker.call(method, *args)
        except Away as error:
            raise WireClosed(str(error)) from None
        except Refused as error:
            code, text = error.args
            raise DeviceFault(code, text) from None
        except (ImportError, RuntimeError) as error:
            raise TransportError(f"pycups cannot be used; install the extra [devices] ({error})") from None


async def open_cups(target: str, call_s: float = CALL_S) -> CupsSpooler:
    """Open `QUEUE` or `QUEUE?server=…`.  Raises TransportError, WireTimeout, DeviceFault (no such queue)."""
    queue, _, server = target.partition("?server=")
    spooler = CupsSpooler(IsolatedWire("devices.transports.cups:CupsQueue", queue, server, call_s=call_s))
    try:
        await spooler.queue()
    except BaseException:  # also when the agent stops just now: the process must end
        await spooler.close()
        raise
    return spooler
