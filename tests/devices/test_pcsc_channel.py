"""The channel to pcscd with a library that obeys a test; the real library: tests/process/test_vpcd.py."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from devices.errors import DeviceFault, TransportError, WireClosed, WireTimeout
from devices.transports import pcsc
from devices.transports.places import Place, parse_place

PATIENCE_S = 10


class Scard:
    """What the channel uses of pyscard's C layer; `codes` is what the named call answers."""

    SCARD_S_SUCCESS, SCARD_E_TIMEOUT = 0, 0x8010000A
    SCARD_SCOPE_SYSTEM, SCARD_SHARE_EXCLUSIVE, SCARD_LEAVE_CARD = 2, 1, 0
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1, SCARD_PCI_T0, SCARD_PCI_T1 = 1, 2, "t0", "t1"
    SCARD_STATE_UNAWARE, SCARD_STATE_IGNORE, SCARD_STATE_CHANGED, SCARD_STATE_UNKNOWN = 0, 1, 2, 4
    SCARD_STATE_UNAVAILABLE, SCARD_STATE_PRESENT = 8, 0x20
    SCARD_W_REMOVED_CARD, SCARD_E_NO_SMARTCARD, SCARD_W_RESET_CARD = 0x80100069, 0x8010000C, 0x80100068
    SCARD_W_UNRESPONSIVE_CARD, SCARD_W_UNPOWERED_CARD = 0x80100066, 0x80100067
    SCARD_E_NOT_TRANSACTED, SCARD_E_PROTO_MISMATCH, SCARD_W_UNSUPPORTED_CARD = (
        0x80100016,
        0x8010000F,
        0x80100065,
    )
    SCARD_E_SHARING_VIOLATION, SCARD_E_NO_SERVICE = 0x8010000B, 0x8010001D

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.state = 0x0003_0022  # three comings and goings, changed, present
        self.hang: threading.Event | None = None
        self.released = 0

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        return self.codes.get("establish", 0), 1

    def SCardReleaseContext(self, context: int) -> int:
        self.released += 1
        return 0

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return 0, ["Maker One 00 00", "Maker Two 00 00"]

    def SCardGetStatusChange(self, context: int, wait_ms: int, states: list[Any]) -> tuple[int, list[Any]]:
        return self.codes.get("status", 0), [(states[0][0], self.state, [])]

    def SCardConnect(self, context: int, name: str, share: int, protocols: int) -> tuple[int, str, int]:
        return self.codes.get("connect", 0), name, self.SCARD_PROTOCOL_T1

    def SCardTransmit(self, card: str, protocol: str, command: list[int]) -> tuple[int, list[int]]:
        if self.hang is not None:
            self.hang.wait(PATIENCE_S)
        return self.codes.get("transmit", 0), [*card.encode(), *command, 0x90, 0x00]

    def SCardDisconnect(self, card: str, disposition: int) -> int:
        return 0


async def test_the_reader_is_the_one_whose_name_has_the_words_in_it() -> None:
    channel = await pcsc.open_pcsc("two", Scard())
    await channel.connect()

    assert await channel.transmit(b"\x01", 1.0) == b"Maker Two 00 00\x01\x90\x00"
    await channel.close()


@pytest.mark.parametrize("wanted", ["three", "maker  one"])
async def test_a_reader_that_is_not_there_is_told_with_those_that_are(wanted: str) -> None:
    with pytest.raises(TransportError, match=r"Maker One 00 00, Maker Two 00 00"):
        await pcsc.open_pcsc(wanted, Scard())


async def test_a_service_that_is_down_is_told_with_how_to_start_it() -> None:
    scard = Scard()
    scard.codes["establish"] = Scard.SCARD_E_NO_SERVICE

    with pytest.raises(TransportError, match=r"systemctl start pcscd\.socket"):
        await pcsc.open_pcsc("*", scard)


async def test_a_card_that_comes_and_goes_between_two_looks_is_another_change() -> None:
    scard = Scard()
    channel = await pcsc.open_pcsc("*", scard)
    before = await channel.seat()
    scard.state = 0x0005_0022  # it went, and one came

    after = await channel.seat()

    assert before.card
    assert after.card
    assert before.change != after.change
    await channel.close()


@pytest.mark.parametrize("state", [Scard.SCARD_STATE_UNKNOWN, Scard.SCARD_STATE_UNAVAILABLE])
async def test_an_unplugged_reader_is_gone(state: int) -> None:
    scard = Scard()
    channel = await pcsc.open_pcsc("*", scard)
    scard.state = state

    with pytest.raises(WireClosed, match="unplugged"):
        await channel.seat()
    await channel.close()


@pytest.mark.parametrize(
    "code, fault",
    [
        (Scard.SCARD_W_REMOVED_CARD, "card-removed"),
        (Scard.SCARD_W_UNRESPONSIVE_CARD, "card-mute"),
        (Scard.SCARD_E_SHARING_VIOLATION, "card-busy"),
    ],
)
@pytest.mark.parametrize("call", ["connect", "transmit"])
async def test_trouble_with_the_card_is_not_trouble_with_the_reader(call: str, code: int, fault: str) -> None:
    scard = Scard()
    scard.codes[call] = code
    channel = await pcsc.open_pcsc("*", scard)

    with pytest.raises(DeviceFault) as caught:
        await connect_and_ask(channel)
    assert caught.value.code == fault
    await channel.close()


async def connect_and_ask(channel: pcsc.PcscChannel) -> None:
    await channel.connect()
    await channel.transmit(b"\x01", 1.0)


async def test_a_service_that_ends_under_way_closes_the_wire() -> None:
    scard = Scard()
    channel = await pcsc.open_pcsc("*", scard)
    scard.codes["status"] = Scard.SCARD_E_NO_SERVICE

    with pytest.raises(WireClosed, match="8010001D"):
        await channel.seat()
    await channel.close()


async def test_a_call_that_hangs_is_given_up_and_another_channel_works() -> None:
    hanging, well = Scard(), Scard()
    hanging.hang = threading.Event()
    stuck = await pcsc.open_pcsc("one", hanging)
    await stuck.connect()

    with pytest.raises(WireTimeout):
        await stuck.transmit(b"\x01", 0.01)
    with pytest.raises(WireTimeout):
        await stuck.seat()  # its thread is lost: nothing more is asked of it
    await stuck.close()
    other = await pcsc.open_pcsc("one", well)

    assert (await other.seat()).card
    await other.close()
    hanging.hang.set()


async def test_threads_that_hang_are_counted_until_their_calls_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pcsc, "MOST_LOST", pcsc.hanging() + 1)
    hanging = Scard()
    hanging.hang = threading.Event()
    stuck = await pcsc.open_pcsc("*", hanging)
    await stuck.connect()
    with pytest.raises(WireTimeout):
        await stuck.transmit(b"\x01", 0.01)
    await stuck.close()

    with pytest.raises(TransportError, match="restart pcscd"):
        await pcsc.open_pcsc("*", Scard())
    hanging.hang.set()
    async with asyncio.timeout(PATIENCE_S):
        while pcsc.hanging() >= pcsc.MOST_LOST:
            await asyncio.sleep(0.001)
    again = await pcsc.open_pcsc("*", Scard())

    assert hanging.released == 1  # the lost thread let go of its reader
    await again.close()


async def test_a_caller_that_is_stopped_while_it_connects_does_not_keep_the_card() -> None:
    scard = Scard()
    connecting, go_on = threading.Event(), threading.Event()
    held: list[str] = []

    def connect_slowly(context: int, name: str, share: int, protocols: int) -> tuple[int, str, int]:
        connecting.set()
        go_on.wait(PATIENCE_S)
        if held:
            return Scard.SCARD_E_SHARING_VIOLATION, "", 0
        held.append(name)
        return 0, name, Scard.SCARD_PROTOCOL_T1

    scard.SCardConnect = connect_slowly  # type: ignore[method-assign]
    scard.SCardDisconnect = lambda card, disposition: held.clear() or 0  # type: ignore[method-assign, func-returns-value]
    channel = await pcsc.open_pcsc("*", scard)
    caller = asyncio.create_task(channel.connect())
    await asyncio.to_thread(connecting.wait, PATIENCE_S)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    go_on.set()

    await channel.connect()

    assert held == ["Maker One 00 00"]
    await channel.close()


def test_a_place_names_a_reader() -> None:
    assert parse_place("pcsc:ACS ACR122U") == Place("pcsc", "ACS ACR122U")
