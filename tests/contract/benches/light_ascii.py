"""The lamp box: it answers nothing, so what is promised is that what arrives whole is shown right."""

from devices.contracts.window_display import WindowState
from devices.drivers.light_ascii import AsciiLight
from devices.sim.light import SimAsciiLamps
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

STATES = {"calling": {15: 2}, "serving": {11: 1}, "paused": {11: 2, 15: 1}}


class Listening(SimAsciiLamps):
    """A box that also keeps what reached it: the commands have no checksum, so damage goes unseen."""

    heard = b""

    def receive(self, data: bytes, now_s: float) -> None:
        self.heard += data
        super().receive(data, now_s)


async def exercise(driver: AsciiLight, machine: Listening, wire: MemoryWire) -> None:
    wire.pass_time(1)  # the rest of a broken command is forgotten
    for state in WindowState:
        heard, sent = len(machine.heard), len(wire.sent)
        await driver.show_state(state)

        if machine.heard[heard:] == wire.sent[sent:]:
            assert machine.modes == STATES.get(state.value, {})
        else:
            wire.pass_time(1)


BENCH = Bench(machine=Listening, exercise=exercise, settings={"lamps": [11, 15], "states": STATES})
