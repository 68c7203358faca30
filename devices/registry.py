"""Driver name -> where it is.  Strings, so that an unused driver (and its SDK) is never imported.

Drivers outside this repository join through the entry-point group `tingtong.devices`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from devices.spec import DriverSpec

DRIVERS = {
    "cardreader-pcsc": "devices.drivers.cardreader_pcsc:SPEC",
    "idreader-samv": "devices.drivers.idreader_samv:SPEC",
    "printer-escpos": "devices.drivers.printer_escpos:SPEC",
    "printer-cups": "devices.drivers.printer_cups:SPEC",
    "ledboard-onbon-font": "devices.drivers.ledboard_onbon_font:SPEC",
    "ledboard-onbon-image": "devices.drivers.ledboard_onbon_image:SPEC",
    "ledboard-modbus-digits": "devices.drivers.ledboard_modbus_digits:SPEC",
    "light-ascii": "devices.drivers.light_ascii:SPEC",
    "light-wled-mqtt": "devices.drivers.light_wled_mqtt:SPEC",
    "light-wled": "devices.drivers.light_wled:SPEC",
    "ledboard-alphasign": "devices.drivers.ledboard_alphasign:SPEC",
    "padline-ff68": "devices.drivers.padline_ff68:SPEC",
    "buttons-modbus": "devices.drivers.buttons_modbus:SPEC",
    "buttons-mqtt": "devices.drivers.buttons_mqtt:SPEC",
    "buttons-evdev": "devices.drivers.buttons_evdev:SPEC",
    "scanner-wedge": "devices.drivers.scanner_wedge:SPEC",
    "scanner-gm65": "devices.drivers.scanner_gm65:SPEC",
    "dispenser-stx": "devices.drivers.dispenser_stx:SPEC",
    "dispenser-crt541": "devices.drivers.dispenser_crt541:SPEC",
    "taxmachine-link": "devices.drivers.taxmachine_link:SPEC",
    "speaker-clips": "devices.drivers.speaker_clips:SPEC",
    "speaker-command": "devices.drivers.speaker_command:SPEC",
    "speaker-espeak": "devices.drivers.speaker_espeak:SPEC",
}
GROUP = "tingtong.devices"


class UnknownDriver(LookupError):
    """No driver has that name; the message lists those there are."""


def names() -> list[str]:
    """Return every driver's name, ours and installed ones, sorted."""
    return sorted({*DRIVERS, *(point.name for point in entry_points(group=GROUP))})


def find(name: str) -> DriverSpec:
    """Return a driver's declaration.  Raises UnknownDriver."""
    if name in DRIVERS:
        module, _, attribute = DRIVERS[name].partition(":")
        spec = getattr(import_module(module), attribute)
    else:
        points = [point for point in entry_points(group=GROUP) if point.name == name]
        if not points:
            raise UnknownDriver(f"no driver is called {name!r}; there are: {', '.join(names())}")
        spec = points[0].load()
    if not isinstance(spec, DriverSpec):
        raise UnknownDriver(f"driver {name!r} does not declare a DriverSpec")
    return spec
