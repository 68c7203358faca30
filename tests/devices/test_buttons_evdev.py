"""A USB keypad as a call pad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from devices import registry
from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.pads import PadLineRole
from devices.bus.memory import MemoryBus
from devices.codecs import input_event
from devices.codecs.input_event import DROPPED, EV_KEY, PRESSED, RELEASED, REPEATED, InputEvent
from devices.contracts import topics
from devices.contracts.call_pad import KeyPressed, PadKey, RatingGiven
from devices.drivers.buttons_evdev import EvdevButtons, KeypadSettings
from devices.errors import WireClosed
from devices.kinds import Button, PadPress, PadRating
from devices.sim.keyboard import KEYPAD, SimKeypad
from devices.sim.runner import Host
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.devices.test_roles import post, running

CALL = PadPress(1, PadKey.CALL_NEXT)


def keypad(*parts: tuple[float, bytes], **settings: Any) -> EvdevButtons:
    machine = Scripted(lambda request: [])
    machine.due = list(parts)
    return EvdevButtons("keys-1", MemoryWire(machine), KeypadSettings(**settings))


def pressed(*names: str) -> bytes:
    return b"".join(
        input_event.encode(InputEvent(EV_KEY, KEYPAD[name], value), 0)
        for name in names
        for value in (PRESSED, RELEASED)
    )


async def heard(driver: EvdevButtons) -> list[PadPress | PadRating]:
    told = []
    try:
        async for press in driver.presses():
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ended without an error")


@pytest.mark.parametrize(
    "names, press",
    [
        (["enter"], CALL),
        (["+"], CALL),
        (["-"], PadPress(1, PadKey.RECALL)),
        (["*"], PadPress(1, PadKey.ASK_RATING)),
        (["/"], PadPress(1, PadKey.PAUSE)),
        (["6", "enter"], PadPress(1, PadKey.NO_SHOW)),
        (["0", "enter"], PadPress(1, PadKey.HOLD)),
        (["3", "enter"], PadPress(1, PadKey.RESUME_HELD)),
    ],
)
async def test_the_keys_mean_what_the_page_says(names: list[str], press: PadPress) -> None:
    driver = keypad((0.0, pressed(*names)))

    assert await heard(driver) == [press]
    assert (driver.unknown_keys, driver.discarded_bytes) == (0, 0)


async def test_digits_without_a_meaning_do_nothing_not_something_else() -> None:
    driver = keypad((0.0, pressed("9", "enter")), (1.0, pressed("1", "6", "enter")), (2.0, pressed(".")))

    assert await heard(driver) == []
    assert driver.unknown_keys == 3


async def test_old_digits_are_forgotten() -> None:
    driver = keypad((0.0, pressed("6")), (9.0, pressed("enter")))

    assert await heard(driver) == [CALL]


async def test_another_key_takes_back_the_digits_before_it() -> None:
    driver = keypad((0.0, pressed("6", "-", "enter")))

    assert await heard(driver) == [PadPress(1, PadKey.RECALL), CALL]


async def test_a_key_held_down_is_one_press() -> None:
    held = b"".join(
        input_event.encode(InputEvent(EV_KEY, KEYPAD["enter"], value), 0)
        for value in (PRESSED, REPEATED, REPEATED, PRESSED, RELEASED)
    )

    assert await heard(keypad((0.0, held))) == [CALL]


async def test_digits_of_which_the_kernel_lost_some_are_forgotten() -> None:
    lost = pressed("1") + input_event.encode(DROPPED, 0) + pressed("6", "enter")
    driver = keypad((0.0, pressed("6") + input_event.encode(DROPPED, 0) + pressed("enter")), (1.0, lost))

    assert await heard(driver) == [CALL, PadPress(1, PadKey.NO_SHOW)]


async def test_a_key_whose_going_up_the_kernel_lost_can_be_pressed_again() -> None:
    stuck = input_event.encode(InputEvent(EV_KEY, KEYPAD["enter"], PRESSED), 0)
    driver = keypad((0.0, stuck), (1.0, input_event.encode(DROPPED, 1) + pressed("enter")))

    assert await heard(driver) == [CALL, CALL]


async def test_a_hall_can_say_what_its_own_keys_mean() -> None:
    driver = keypad(
        (0.0, pressed("1", ".", "2", "enter")),
        keys={"1": "rate-5", "#83": "2:hold"},
        entries={"2": "3:rate-1"},
    )

    assert await heard(driver) == [PadRating(1, 5), PadPress(2, PadKey.HOLD), PadRating(3, 1)]


class OneButton(BaseModel):
    means: Button


@pytest.mark.parametrize(
    "text", ["dance", "rate-0", "rate-6", "1:", ":recall", "x:recall", "300:recall", "", 7]
)
def test_a_meaning_that_makes_no_sense_is_refused(text: Any) -> None:
    with pytest.raises(ValidationError):
        OneButton(means=text)


@pytest.mark.parametrize("level", range(1, 6))
def test_every_level_can_be_written(level: int) -> None:
    assert OneButton.model_validate({"means": f"4:rate-{level}"}).means == PadRating(4, level)


@pytest.mark.parametrize("wrong", [{"keys": {"F1": "hold"}}, {"entries": {"1a": "hold"}}, {"pad": 1}])
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KeypadSettings(**wrong)


async def test_a_keypad_is_its_window_s_call_pad() -> None:
    site = MemoryBus()
    keys = await site.subscribe(topics.device_event("s", "m-1", "key-pressed"), KeyPressed)
    ratings = await site.subscribe(topics.device_event("s", "m-1", "rating-given"), RatingGiven)
    driver = keypad((0.0, pressed("enter", "5")), keys={"5": "rate-5"})
    async with running(PadLineRole(post(driver, Buses("s", site, None), windows={1: "3"}))):
        key, rating = await keys.get(10), await ratings.get(10)

    assert (key.body.window, key.body.key) == ("3", PadKey.CALL_NEXT)
    assert (rating.body.window, rating.body.level) == ("3", 5)


async def test_a_key_comes_through_a_pseudo_terminal(tmp_path: Path) -> None:
    host = Host("keys-1", SimKeypad(), f"input:{tmp_path}/keypad")
    await host.start()
    spec = registry.find("buttons-evdev")
    wire = await open_wire(spec, host.wire)
    try:
        driver: Any = spec.build("keys-1", wire, spec.settings())
        await driver.probe()
        host.do("press", {"key": "6"})
        host.do("press", {"key": "enter"})
        press = await anext(driver.presses())
    finally:
        await wire.close()
        await host.stop()

    assert press == PadPress(1, PadKey.NO_SHOW)
    with pytest.raises(ValueError):
        host.do("press", {"key": "F1"})
