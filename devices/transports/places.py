"""Where a wire goes, written as an address in a configuration.

::

    serial:/dev/serial/by-id/usb-…?baud=115200      a serial port
    tcp://192.168.1.40:5005                         a machine on the network
    udp://192.168.1.70:4048                         a machine that takes datagrams
    usblp:/dev/usb/lp0                              a printer on USB (printer class)
    cups:A4-1                                       a queue of this computer's CUPS (A4 printers)
    alsa:default                                    this computer's sound (speakers only)
    input:/dev/input/by-id/usb-…-event-kbd          a keypad or a scanner that types
    mqtt:site                                       raw topics on the site's broker, see [mqtt]
    mqtt://192.168.1.5:1883                         raw topics on another broker, without a login
    pcsc:ACR122U                                    the smart-card reader whose name has this in it; * any
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SERIAL = re.compile(r"serial:(?P<path>[^?]+)(\?baud=(?P<baud>\d+))?")
_TCP = re.compile(r"tcp://(?P<host>[^:/]+|\[[^\]]+\]):(?P<port>\d+)")
_UDP = re.compile(r"udp://(?P<host>[^:/]+|\[[^\]]+\]):(?P<port>\d+)")
_ALSA = re.compile(r"alsa:(?P<name>\S+)")
_USBLP = re.compile(r"usblp:(?P<path>/\S+)")
_CUPS = re.compile(r"cups:(?P<queue>[^\s/#?]+)(\?server=(?P<server>\S+))?")
_MQTT = re.compile(r"mqtt://(?P<host>[^:/]+|\[[^\]]+\]):(?P<port>\d+)")
_INPUT = re.compile(r"input:(?P<path>\S.*)")
_PORT = re.compile(r"^(?:tcp|udp|mqtt)://.*:(\d+)$")
_PCSC = re.compile(r"pcsc:(?P<name>\S.*)")


@dataclass(frozen=True, slots=True)
class Place:
    """A parsed address.

    `target` is a path, host or ALSA name; `number` a baud rate or port, 0 if not said.
    """

    kind: Literal["serial", "tcp", "udp", "alsa", "input", "mqtt", "pcsc", "usblp", "cups"]
    target: str
    number: int = 0


def parse_place(text: str) -> Place:
    """Return the place.  Raises ValueError with the forms that there are."""
    if (port := _PORT.search(text)) and not 0 < int(port[1]) < 65536:
        raise ValueError(f"{text!r} has no port between 1 and 65535; compare it with the machine's manual")
    if found := _SERIAL.fullmatch(text):
        return Place("serial", found["path"], int(found["baud"] or 0))
    if found := _TCP.fullmatch(text):
        return Place("tcp", found["host"].strip("[]"), int(found["port"]))
    if found := _UDP.fullmatch(text):
        return Place("udp", found["host"].strip("[]"), int(found["port"]))
    if found := _ALSA.fullmatch(text):
        return Place("alsa", found["name"])
    if found := _USBLP.fullmatch(text):
        return Place("usblp", found["path"])
    if found := _CUPS.fullmatch(text):
        return Place("cups", text.removeprefix("cups:"))
    if found := _PCSC.fullmatch(text):
        return Place("pcsc", found["name"])
    if found := _INPUT.fullmatch(text):
        return Place("input", found["path"])
    if found := _MQTT.fullmatch(text):
        return Place("mqtt", found["host"].strip("[]"), int(found["port"]))
    if text == "mqtt:site":
        return Place("mqtt", "")
    raise ValueError(
        f"{text!r} is not a wire; write serial:/dev/…?baud=9600, input:/dev/input/by-id/…, mqtt:site, "
        "udp://host:port, tcp://host:port, pcsc:READER, usblp:/dev/usb/lp0, cups:QUEUE or alsa:default"
    )
