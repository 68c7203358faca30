"""A smart-card reader through pcscd, with pyscard in one thread per reader.

pyscard's calls block, and one that a reader never answers blocks for ever.  So each channel has a thread of
its own: a call that does not come back within its limit is given up together with its thread, the session
opens a new channel, and no other machine waits.  The lost thread lets go of its card when its call returns.

`pcsc:NAME` takes the first reader whose name contains NAME (any case); `pcsc:*` the first there is.
Source: protocols section 2.4; calls and codes: PC/SC part 5 as in pcsc-lite 1.9.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from queue import SimpleQueue
from typing import Any, TypeVar

from devices.errors import DeviceError, DeviceFault, TransportError, WireClosed, WireTimeout
from devices.transports.base import Seat

CALL_S = 3.0  # for every call but those with a limit of their own; power-up of a slow card takes 1.5 s
MOST_LOST = 8  # threads that may hang at once; more would be a leak
_POLL_MS_MOST = 1000
Value = TypeVar("Value")


class _Lane:
    """One daemon thread that makes one reader's calls, in order."""

    lost = 0  # of all lanes; changed under the lock
    _lock = threading.Lock()

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name=f"pcsc {name}", daemon=True)
        self._thread.start()

    def do(self, job: Callable[[], Value]) -> Future[Value]:
        future: Future[Value] = Future()
        self._jobs.put((future, job))
        return future

    def give_up(self) -> None:
        """Count the thread as lost until its call comes back."""
        with _Lane._lock:
            if not self._given_up:
                self._given_up = True
                _Lane.lost += 1

    def end(self) -> None:
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # it belongs to whoever waits for this call
                future.set_exception(error)
        with _Lane._lock:
            _Lane.lost -= self._given_up


class PcscChannel:
    """An ApduChannel on one reader of pcscd.  Make it with `open_pcsc`."""

    def __init__(self, wanted: str, scard: Any, call_s: float = CALL_S) -> None:
        self._wanted = wanted
        self._call_s = call_s
        self._reader = _Reader(scard)
        self._lane = _Lane(wanted)
        self._stuck = False

    async def open(self) -> None:
        """Find the reader.  Raises TransportError: no service, no such reader."""
        await self._call(lambda: self._reader.open(self._wanted), self._call_s)

    async def seat(self, wait_s: float = 0.0) -> Seat:
        """See ApduChannel."""
        wait_ms = min(int(wait_s * 1000), _POLL_MS_MOST)
        return await self._call(lambda: self._reader.seat(wait_ms), self._call_s + wait_s)

    async def connect(self) -> None:
        """See ApduChannel."""
        await self._call(self._reader.connect, self._call_s)

    async def transmit(self, command: bytes, timeout_s: float) -> bytes:
        """See ApduChannel."""
        return await self._call(lambda: self._reader.transmit(command), timeout_s)

    async def disconnect(self) -> None:
        """See ApduChannel."""
        await self._call(self._reader.disconnect, self._call_s)

    async def close(self) -> None:
        """Let go of the reader; a call that hangs is not waited for."""
        done = self._lane.do(self._reader.close)
        self._lane.end()
        if not self._stuck:
            await asyncio.wait([asyncio.wrap_future(done)], timeout=self._call_s)

    async def _call(self, job: Callable[[], Value], limit_s: float) -> Value:
        if self._stuck:
            raise WireTimeout(f"the reader {self._wanted} hangs")
        future = self._lane.do(job)
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            self._stuck = True
            self._lane.give_up()
            raise WireTimeout(f"the reader {self._wanted} did not come back within {limit_s:g} s") from None


class _Reader:
    """The blocking calls, made in the lane's thread only."""

    def __init__(self, scard: Any) -> None:
        self._scard = scard
        self._context: Any = None
        self._card: Any = None
        self._protocol: Any = None
        self._name = ""
        self._known = 0

    def open(self, wanted: str) -> None:
        s = self._scard
        code, context = s.SCardEstablishContext(s.SCARD_SCOPE_SYSTEM)
        if code != s.SCARD_S_SUCCESS:
            raise TransportError(
                "the smart-card service does not answer; start it with: systemctl start pcscd.socket"
            )
        self._context = context
        code, names = s.SCardListReaders(context, [])
        names = list(names) if code == s.SCARD_S_SUCCESS else []
        fits = [name for name in names if wanted == "*" or wanted.lower() in name.lower()]
        if not fits:
            there = ", ".join(names) or "none"
            raise TransportError(
                f"no smart-card reader is called {wanted}; is it plugged in? There are: {there}"
            )
        self._name, self._known = fits[0], s.SCARD_STATE_UNAWARE

    def seat(self, wait_ms: int) -> Seat:
        s = self._scard
        code, states = s.SCardGetStatusChange(self._context, wait_ms, [(self._name, self._known)])
        if code not in (s.SCARD_S_SUCCESS, s.SCARD_E_TIMEOUT):
            raise self._error(code)
        _, state, _ = states[0]
        if state & (s.SCARD_STATE_UNKNOWN | s.SCARD_STATE_UNAVAILABLE | s.SCARD_STATE_IGNORE):
            raise WireClosed(f"the smart-card reader {self._name} was unplugged")
        self._known = state & ~s.SCARD_STATE_CHANGED
        return Seat(bool(state & s.SCARD_STATE_PRESENT), state >> 16)  # pcscd counts comings and goings there

    def connect(self) -> None:
        self.disconnect()  # a caller that was stopped while it connected did not know that it had
        s = self._scard
        both = s.SCARD_PROTOCOL_T0 | s.SCARD_PROTOCOL_T1
        code, card, protocol = s.SCardConnect(self._context, self._name, s.SCARD_SHARE_EXCLUSIVE, both)
        if code != s.SCARD_S_SUCCESS:
            raise self._error(code)
        self._card = card
        self._protocol = s.SCARD_PCI_T1 if protocol == s.SCARD_PROTOCOL_T1 else s.SCARD_PCI_T0

    def transmit(self, command: bytes) -> bytes:
        if self._card is None:
            raise DeviceFault("card-removed", "no card is connected", advice="place-again")
        code, answer = self._scard.SCardTransmit(self._card, self._protocol, list(command))
        if code != self._scard.SCARD_S_SUCCESS:
            raise self._error(code)
        return bytes(byte & 0xFF for byte in answer)

    def disconnect(self) -> None:
        if self._card is not None:
            card, self._card = self._card, None
            self._scard.SCardDisconnect(card, self._scard.SCARD_LEAVE_CARD)

    def close(self) -> None:
        self.disconnect()
        if self._context is not None:
            context, self._context = self._context, None
            self._scard.SCardReleaseContext(context)

    def _error(self, code: int) -> DeviceError:
        s = self._scard
        gone = (s.SCARD_W_REMOVED_CARD, s.SCARD_E_NO_SMARTCARD, s.SCARD_W_RESET_CARD)
        mute = (
            s.SCARD_W_UNRESPONSIVE_CARD,
            s.SCARD_W_UNPOWERED_CARD,
            s.SCARD_E_NOT_TRANSACTED,
            s.SCARD_E_PROTO_MISMATCH,
            s.SCARD_W_UNSUPPORTED_CARD,
        )
        if code in gone:
            return DeviceFault("card-removed", "the card was taken away too early", advice="place-again")
        if code in mute:
            return DeviceFault("card-mute", "the card does not answer", advice="place-again")
        if code == s.SCARD_E_SHARING_VIOLATION:
            return DeviceFault("card-busy", "another program holds the card", advice="call-staff")
        return WireClosed(f"the smart-card service or its reader is gone ({code & 0xFFFFFFFF:08X})")


def hanging() -> int:
    """Return how many calls of this process were given up and have not come back."""
    return _Lane.lost


async def open_pcsc(wanted: str, scard: Any = None) -> PcscChannel:
    """Open a reader.  Raises TransportError: no library, no service, no such reader, too many hang."""
    if hanging() >= MOST_LOST:
        raise TransportError(f"{MOST_LOST} calls to smart-card readers hang; restart pcscd, then this agent")
    channel = PcscChannel(wanted, scard if scard is not None else _library())
    try:
        await channel.open()
    except BaseException:  # also when the agent stops just now: the thread must end
        await channel.close()
        raise
    return channel


def _library() -> Any:
    """Return pyscard's C layer; loaded only where a smart-card reader is configured."""
    try:
        return import_module("smartcard.scard")
    except ImportError as error:
        raise TransportError(
            "pyscard or libpcsclite is not installed; install the extra [devices] and the package pcscd"
        ) from error
