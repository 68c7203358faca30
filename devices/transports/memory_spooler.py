"""A print system without a printer: what a document printer's driver is given in tests and demonstrations.

Time is virtual: `pause` moves the clock.  Each job takes `job_s`; what happens to the queue meanwhile is set
by its knobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devices.codecs.print_states import JobState, QueueState
from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.transports.spooler import SpoolJob, SpoolQueue


@dataclass
class KeptJob:
    """What was handed in, and how it is."""

    name: str
    path: str
    options: dict[str, str]
    done_at_s: float
    state: JobState = JobState.PENDING
    pages: int = 0


@dataclass
class MemorySpooler:
    """A Spooler that obeys a test.  `hangs` and `gone` hold for every call."""

    job_s: float = 3.0
    state: QueueState = QueueState.IDLE
    reasons: tuple[str, ...] = ()
    accepting: bool = True
    hangs: bool = False
    gone: bool = False
    loses_answer: bool = False
    """The next job is taken, but its number does not come back."""
    refuses: str = ""
    on_pause: Callable[[MemorySpooler], None] | None = None
    jobs: dict[int, KeptJob] = field(default_factory=dict)
    _now_s: float = 0.0

    async def queue(self) -> SpoolQueue:
        """See Spooler."""
        self._answer()
        return SpoolQueue(self.state, self.reasons, self.accepting)

    async def submit(self, name: str, path: str, options: Mapping[str, str]) -> int:
        """See Spooler."""
        self._answer()
        if self.refuses:
            raise DeviceFault(self.refuses, "refused")
        number = len(self.jobs) + 1
        self.jobs[number] = KeptJob(name, path, dict(options), self._now_s + self.job_s)
        if self.loses_answer:
            self.loses_answer = False
            raise WireTimeout("the answer was lost")
        return number

    async def find(self, name: str) -> SpoolJob | None:
        """See Spooler."""
        self._answer()
        mine = [number for number, job in self.jobs.items() if job.name == name]
        return await self.job(mine[-1]) if mine else None

    async def job(self, number: int) -> SpoolJob:
        """See Spooler."""
        self._answer()
        job = self.jobs[number]
        return SpoolJob(number, job.state, job.pages)

    async def cancel(self, number: int) -> None:
        """See Spooler."""
        self._answer()
        if not self.jobs[number].state.is_final:
            self.jobs[number].state = JobState.CANCELLED

    async def pause(self, seconds: float) -> None:
        """See Spooler."""
        self._now_s += seconds
        if self.on_pause is not None:
            self.on_pause(self)
        self._work()

    def now_s(self) -> float:
        """See Spooler."""
        return self._now_s

    def _answer(self) -> None:
        if self.gone:
            raise WireClosed("the print system is gone")
        if self.hangs:
            raise WireTimeout("the print system does not answer")

    def _work(self) -> None:
        """Let the first job that has not ended go on, unless something stops the printer."""
        job = next((job for job in self.jobs.values() if not job.state.is_final), None)
        if job is None or self.state is QueueState.STOPPED:
            return
        job.state = JobState.PROCESSING
        stopped = any(reason.endswith("-error") for reason in self.reasons)
        if not stopped and self._now_s >= job.done_at_s:
            job.state, job.pages = JobState.COMPLETED, int(job.options.get("copies", "1"))
