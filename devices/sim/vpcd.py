"""Connects a simulated card to the TCP port of vpcd (place `vpcd:PORT`): connected is a card in the slot."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from devices.sim.card_reader import SimCardReader
from devices.sim.runner import Host

RETRY_S = 0.2  # while nobody listens there: pcscd is not up yet


class VpcdHost(Host):
    """A Host that calls instead of being called."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._calling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Be ready; a card that is in the slot is shown to vpcd."""
        self.wire = "pcsc:*"
        self._follow()

    async def stop(self) -> None:
        """Take the card away from vpcd."""
        self._leave()
        await super().stop()

    def do(self, action: str, params: dict[str, object]) -> None:
        """Turn a knob; connect or hang up as the slot is now."""
        super().do(action, params)
        self._follow()

    def heal(self) -> None:
        """End the present fault."""
        self._fault = None
        self._follow()

    def _unplug(self) -> None:
        self._leave()

    def _follow(self) -> None:
        sim = self.sim
        if isinstance(sim, SimCardReader) and sim.present and self._fault_kind() != "unplug":
            if self._calling is None:
                self._calling = asyncio.create_task(self._call(sim))
                self._serving.add(self._calling)
                self._calling.add_done_callback(self._serving.discard)
        else:
            self._leave()

    def _leave(self) -> None:
        calling, self._calling = self._calling, None
        if calling is not None:
            calling.cancel()

    async def _call(self, sim: SimCardReader) -> None:
        """Keep a connection while the card is in, through restarts of pcscd."""
        port = int(self.place.partition(":")[2])
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(RETRY_S)
                continue
            self._send = writer.write
            try:
                await self._listen(reader, writer)
            finally:
                self._send = None
                sim.hung_up()
                writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        with contextlib.suppress(ConnectionError):
            while True:
                # vpcd sends length and body apart, and waits 40 ms between for an acknowledgement.
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                if not (data := await reader.read(4096)):
                    return
                self._take(data)
