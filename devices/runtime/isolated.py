"""Calls into a library that may hang or crash, made in a process of its own.

::

    worker = IsolatedWorker("my_package.vendor:Reader", "/dev/usb7")   # nothing starts yet
    text = await worker.call("read_card", limit_s=3.0)                 # Reader("/dev/usb7").read_card()
    await worker.close()

The target is a callable that makes an object; it is imported and called in the other process only, so the
library is never loaded here.  Calls go one after another.  One that takes longer than its limit raises Hangs
and its process is killed; the next call starts a new one.  Arguments and answers are pickled: plain values.
What the library prints goes to stderr.  The other process dies with this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import pickle
import signal
import sys
from importlib import import_module
from typing import Any, BinaryIO

START_S = 20.0  # for a new process to be there; importing a vendor's library on a small computer is slow
_SIZE = 4
_MOST = 64 * 1024 * 1024
_DIE_WITH_PARENT = 1  # prctl(2), PR_SET_PDEATHSIG


class Hangs(Exception):
    """The call did not come back within its limit; its process was killed."""


class Crashed(Exception):
    """The other process ended during the call, or could not be started; the text says how."""


class IsolatedWorker:
    """One object in a process of its own.  `restarts` counts the processes that were lost."""

    def __init__(self, target: str, *args: object, start_s: float = START_S) -> None:
        self._target = target
        self._args = args
        self._start_s = start_s
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The other process, None while there is none."""
        return self._process.pid if self._process is not None else None

    async def call(self, method: str, *args: object, limit_s: float) -> Any:
        """Call a method of the object.  Raises Hangs, Crashed, and whatever the method raises."""
        async with self._lock:
            if self._process is None:
                await self._start()
            good, value = await self._ask((method, args), limit_s, method)
            if good:
                return value
            raise value

    async def close(self) -> None:
        """End the other process, hanging or not."""
        await self._kill(lost=False)

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            self._target,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        good, error = await self._ask(self._args, self._start_s, "its start")
        if not good:  # there is no object to call
            await self._kill(lost=False)
            raise error

    async def _ask(self, question: object, limit_s: float, what: str) -> tuple[bool, Any]:
        """Return whether it went well, and the answer or what was raised.  Raises Hangs, Crashed."""
        if self._process is None:
            raise Crashed(f"{self._target} was closed")
        try:
            async with asyncio.timeout(limit_s):
                return await _exchange(self._process, question)
        except TimeoutError:
            await self._kill()
            raise Hangs(f"{self._target}: {what} did not come back within {limit_s:g} s") from None
        except (asyncio.IncompleteReadError, OSError):
            code = await self._kill()
            raise Crashed(f"{self._target} ended during {what} ({_how(code)})") from None
        except asyncio.CancelledError:
            await asyncio.shield(self._kill())  # its answer would be taken for the next one's
            raise

    async def _kill(self, *, lost: bool = True) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        self.restarts += lost
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                # Not process.kill(): it would bury a process that has just ended, and its exit code with it.
                os.kill(process.pid, signal.SIGKILL)
        return await process.wait()


async def _exchange(process: asyncio.subprocess.Process, question: object) -> tuple[bool, Any]:
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError("no pipes")
    process.stdin.write(_packed(question))
    await process.stdin.drain()
    size = int.from_bytes(await process.stdout.readexactly(_SIZE), "big")
    answer: tuple[bool, Any] = pickle.loads(await process.stdout.readexactly(size))  # noqa: S301 - our child
    return answer


def _how(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name


def _packed(value: object) -> bytes:
    data = pickle.dumps(value)
    if len(data) > _MOST:
        raise ValueError(f"{len(data)} bytes are too many for one call")
    return len(data).to_bytes(_SIZE, "big") + data


# --- the other process ------------------------------------------------------------------------------


def _serve(target: str) -> None:
    """Make the object, then answer calls until the pipe ends."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak into the pipe
    module, _, name = target.partition(":")
    made: Any = None
    while (question := _next(sys.stdin.buffer)) is not None:
        try:
            if made is None:
                made = getattr(import_module(module), name)(*question)
                answer: tuple[bool, Any] = (True, None)
            else:
                method, args = question
                answer = (True, getattr(made, method)(*args))
        except Exception as error:
            answer = (False, error)
        _tell(answers, answer)


def _next(questions: BinaryIO) -> Any:
    head = questions.read(_SIZE)
    if len(head) < _SIZE:
        return None
    return pickle.loads(questions.read(int.from_bytes(head, "big")))  # noqa: S301 - from our parent


def _tell(answers: BinaryIO, answer: tuple[bool, Any]) -> None:
    try:
        data = _packed(answer)
        pickle.loads(data[_SIZE:])  # noqa: S301 - one that cannot be made again stays here
    except Exception as error:
        said = answer[1] if isinstance(answer[1], Exception) else error
        data = _packed((False, RuntimeError(f"{type(said).__name__}: {said}")))
    answers.write(data)
    answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
