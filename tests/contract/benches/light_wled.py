"""The WLED strip: DDP is not answered, so what is promised is that what arrives whole is shown right."""

from devices.contracts.window_display import WindowState
from devices.drivers.light_wled import COLOURS, WledLight
from devices.sim.light import SimWled
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


class Listening(SimWled):
    """A strip that also keeps what reached it: damage is found by UDP's own checksum, which is not here."""

    heard = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self.heard += data
        super().receive(data, now_s)


async def exercise(driver: WledLight, machine: Listening, wire: MemoryWire) -> None:
    wire.pass_time(1)  # the rest of a broken packet is forgotten
    for state in WindowState:
        heard, sent = len(machine.heard), len(wire.sent)
        await driver.show_state(state)

        if machine.heard[heard:] == wire.sent[sent:]:
            assert {"#" + bytes(pixel).hex() for pixel in machine.shown} == {COLOURS[state]}
        else:
            wire.pass_time(1)


BENCH = Bench(machine=lambda: Listening(pixels=8), exercise=exercise, settings={"pixels": 8})
