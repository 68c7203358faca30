"""Text boards on a serial line: a pseudo terminal between the real driver and its simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devices import registry
from devices.agent.app import open_wire
from devices.codecs import dot_text
from devices.errors import WireTimeout
from devices.sim.led_alphasign import SimAlphaSign
from devices.sim.led_board import SimLedBoard
from devices.sim.led_image import SimLedImage
from devices.sim.runner import Host


async def show(tmp_path: Path, sim: Any, text: str, **settings: Any) -> None:
    host = Host("led-1", sim, f"pty:{tmp_path}/led.pty")
    await host.start()
    spec = registry.find(sim.driver)
    wire = await open_wire(spec, f"{host.wire}?baud=57600")
    try:
        driver: Any = spec.build("led-1", wire, spec.settings.model_validate(settings))
        await driver.probe()
        await driver.show(text)
    finally:
        await wire.close()
        await host.stop()


async def test_a_font_card_with_its_own_address_shows_text_over_a_serial_line(tmp_path: Path) -> None:
    sim = SimLedBoard(address=5, baud=57600)

    await show(tmp_path, sim, "请A001到3号窗口", address=5)

    assert sim.text == "请A001到3号窗口"


async def test_a_font_card_with_another_address_is_silent_and_dark(tmp_path: Path) -> None:
    sim = SimLedBoard(address=5, baud=57600)

    with pytest.raises(WireTimeout):
        await show(tmp_path, sim, "请A001到3号窗口", address=6, reply_timeout_s=0.1)

    assert sim.text == ""


async def test_an_image_card_shows_its_picture_over_a_serial_line(tmp_path: Path) -> None:
    sim = SimLedImage(128, 32, baud=57600)

    await show(tmp_path, sim, "请A001到3号窗口办理", link=0)

    assert sim.pages == dot_text.pages("请A001到3号窗口办理", dot_text.Face(128, 32))


async def test_an_alpha_sign_gives_its_text_back_over_a_serial_line(tmp_path: Path) -> None:
    sim = SimAlphaSign(baud=57600)

    await show(tmp_path, sim, "请A001到3号窗口", settle_s=0)

    assert sim.shown.text == "A001 -> 3"
