"""A hall of simulated machines: builds them from settings and lists them for the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from devices.sim.base import Action, Simulator
from devices.sim.card_dispenser import SimCardDispenser
from devices.sim.card_reader import SimCardReader
from devices.sim.digit_line import SimDigitLine
from devices.sim.id_reader import SimIdReader
from devices.sim.input_module import SimInputModule
from devices.sim.keyboard import SimKeypad, SimWedge
from devices.sim.led_alphasign import SimAlphaSign
from devices.sim.led_board import SimLedBoard
from devices.sim.led_image import SimLedImage
from devices.sim.light import SimAsciiLamps, SimWled
from devices.sim.mqtt_host import MqttHost
from devices.sim.mqtt_machines import SimButtonBox, SimWledOnBroker
from devices.sim.pad_line import SimPadLine
from devices.sim.printer import SimPrinter
from devices.sim.runner import FAULT_ACTIONS, Host
from devices.sim.scanner import SimScanner
from devices.sim.settings import SimHallSettings, SimSettings
from devices.sim.speaker import SimSpeaker
from devices.sim.tax_machine import SimTaxMachine
from devices.sim.vpcd import VpcdHost

MAKERS: dict[str, Callable[..., Simulator]] = {
    "id-reader": SimIdReader,
    "card-reader": SimCardReader,
    "printer": SimPrinter,
    "led-board": SimLedBoard,
    "led-board-image": SimLedImage,
    "led-board-alphasign": SimAlphaSign,
    "digit-line": SimDigitLine,
    "light-wled": SimWled,
    "light-ascii": SimAsciiLamps,
    "pad-line": SimPadLine,
    "input-module": SimInputModule,
    "button-box": SimButtonBox,
    "light-wled-mqtt": SimWledOnBroker,
    "keypad": SimKeypad,
    "scanner": SimScanner,
    "scanner-wedge": SimWedge,
    "speaker": SimSpeaker,
    "dispenser": SimCardDispenser,
    "tax-machine": SimTaxMachine,
}


HOSTS: dict[str, type[Host]] = {"vpcd": VpcdHost, "mqtt": MqttHost}
"""Kind of place -> what puts a machine there; for all others a Host does."""


class UnknownDevice(LookupError):
    """No machine here has that id."""


class Knobs(Protocol):
    """What a person sees of one machine and may do with it; a simulator or one pad of a line."""

    kind: str

    def actions(self) -> list[Action]:
        """Return the knobs."""
        ...

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn one."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what is seen."""
        ...


@dataclass
class Device:
    """One entry of the lab: `knobs` is the host's own simulator or a part of it."""

    id: str
    host: Host
    knobs: Knobs
    about: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Say whether this is all that hangs on the wire."""
        return self.knobs is self.host.sim

    def listed(self) -> dict[str, Any]:
        """Return the entry of `GET /devices`."""
        actions = self.knobs.actions() + FAULT_ACTIONS
        return {
            "id": self.id,
            "kind": self.knobs.kind,
            "driver": self.host.sim.driver,
            "wire": self.host.wire,
            "state": {**self.about, **self.knobs.state(), "fault": self.host.fault_kind()},
            "actions": [asdict(action) for action in actions],
        }

    def detailed(self) -> dict[str, Any]:
        """Return the entry with its last frames."""
        return {**self.listed(), "frames": list(self.host.frames)}

    def do(self, action: str, params: dict[str, Any]) -> None:
        """Turn a knob.  Raises NotPossible, ValueError."""
        if self.is_whole or action in ("fault", "heal"):
            self.host.do(action, params)
        else:
            self.knobs.do(action, params, self.host.now_s())
            self.host.changed()


class SimHall:
    """All simulated machines of one process."""

    def __init__(self, settings: SimHallSettings) -> None:
        self.hosts: list[Host] = []
        self._devices: dict[str, Device] = {}
        for one in settings.sim:
            self._add(one)

    def _add(self, one: SimSettings) -> None:
        on_line = one.kind in ("pad-line", "digit-line")
        extra: dict[str, Any] = {"addresses": sorted(one.windows)} if on_line else {}
        sim = MAKERS[one.kind](**{**extra, **one.settings})
        host = HOSTS.get(one.place.partition(":")[0], Host)(one.id, sim, one.place)
        self.hosts.append(host)
        about = {"window": one.window or "", "audio_zone": one.audio_zone or ""}
        self._put(Device(one.id, host, sim, {key: value for key, value in about.items() if value}))
        if isinstance(sim, SimPadLine):
            self._add_pads(one, host, sim)

    def _add_pads(self, one: SimSettings, host: Host, line: SimPadLine) -> None:
        names = {"call-pad": "pad", "evaluator": "eval"}
        for view in line.views().values():
            window = one.windows[view.addr]
            self._put(Device(f"{names[view.kind]}-{window}", host, view, {"window": window}))

    def _put(self, device: Device) -> None:
        self._devices[device.id] = device

    def devices(self) -> list[Device]:
        """Return all machines in the order of the settings."""
        return list(self._devices.values())

    def device(self, device_id: str) -> Device:
        """Return one.  Raises UnknownDevice."""
        try:
            return self._devices[device_id]
        except KeyError:
            known = ", ".join(self._devices)
            raise UnknownDevice(f"no simulated machine is called {device_id!r}; there are: {known}") from None

    async def start(self) -> None:
        """Open all wires.  Raises OSError."""
        for host in self.hosts:
            await host.start()

    async def stop(self) -> None:
        """Close all wires."""
        for host in self.hosts:
            await host.stop()
