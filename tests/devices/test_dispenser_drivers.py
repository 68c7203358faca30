"""Card dispensers: a card is proved, never doubled, and what could damage the machine is never said."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.codecs.stx import ACK, ENQ, NAK, QUIO_BITS, Bit, StxCodec
from devices.contracts.dispenser import CardOutcome, CardProof
from devices.contracts.health import Storage
from devices.drivers.dispenser_crt541 import Crt541Dispenser, Crt541Settings
from devices.drivers.dispenser_stx import MakerBit, StxDispenser, StxDispenserSettings
from devices.errors import DeviceError, WireTimeout
from devices.sim.base import NotPossible
from devices.sim.card_dispenser import SimCardDispenser
from devices.sim.faults import MANGLERS
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted

QUIO = {f"{mask:03X}": bit for mask, bit in QUIO_BITS.items()}


def stx_on(machine: object, **said: object) -> tuple[StxDispenser, MemoryWire]:
    wire = MemoryWire(machine)  # type: ignore[arg-type]
    return StxDispenser("d-1", wire, StxDispenserSettings.model_validate(said)), wire


def crt_on(machine: SimCardDispenser, **said: object) -> tuple[Crt541Dispenser, MemoryWire]:
    wire = MemoryWire(machine)
    return Crt541Dispenser("d-1", wire, Crt541Settings.model_validate(said)), wire


async def test_a_card_that_comes_out_is_proved_by_the_sensor_at_the_exit():
    machine = SimCardDispenser(cards=3)
    driver, _ = stx_on(machine)

    result = await driver.dispense("c-1")

    assert (result.outcome, result.proof) == (CardOutcome.DONE, CardProof.EXIT_SENSOR)
    assert (machine.came_out, machine.at_exit) == (1, True)


async def test_a_crt541_proves_a_card_by_its_work_state():
    machine = SimCardDispenser(model="crt541", cards=3)
    driver, _ = crt_on(machine)

    result = await driver.dispense("c-1")

    assert (result.outcome, result.proof, machine.came_out) == (CardOutcome.DONE, CardProof.WORK_STATE, 1)


async def test_an_older_success_of_a_crt541_is_not_taken_for_this_one():
    machine = SimCardDispenser(model="crt541", cards=3, move_s=0.5)
    driver, wire = crt_on(machine, move_s=0.2, start_s=0.1)
    first = await driver.dispense("c-1")  # given up before the machine said that it had succeeded
    wire.pass_time(5)
    machine.do("take", {}, wire.now_s())
    machine.do("jam", {}, wire.now_s())

    second = await driver.dispense("c-2")

    assert first.outcome is CardOutcome.UNKNOWN
    assert second.outcome is CardOutcome.UNKNOWN
    assert machine.came_out == 1


async def test_a_card_that_was_not_taken_goes_into_the_bin():
    machine = SimCardDispenser(maker="quio")
    driver, _ = stx_on(machine, maker_bits=QUIO, reset="ST")
    await driver.dispense("c-1")

    result = await driver.capture("c-2")

    assert (result.outcome, result.proof) == (CardOutcome.DONE, CardProof.CAPTURED)
    assert (machine.captured, machine.at_exit) == (1, False)


async def test_a_second_card_is_not_let_out_onto_the_first():
    machine = SimCardDispenser()
    driver, _ = stx_on(machine)
    await driver.dispense("c-1")

    result = await driver.dispense("c-2")

    assert (result.outcome, result.reason, machine.came_out) == (CardOutcome.FAILED, "card-at-exit", 1)


@pytest.mark.parametrize(
    "knob, outcome, reason",
    [
        ("jam", CardOutcome.UNKNOWN, "card-jam"),
        ("overlap", CardOutcome.UNKNOWN, "overlap"),
        ("fail-next", CardOutcome.FAILED, "dispense-error"),
    ],
)
async def test_what_stops_a_card_on_its_way_is_said(knob, outcome, reason):
    machine = SimCardDispenser()
    driver, wire = stx_on(machine)
    machine.do(knob, {}, wire.now_s())

    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason, machine.came_out) == (outcome, reason, 0)


async def test_after_a_jam_was_cleared_and_the_machine_reset_cards_come_again():
    machine = SimCardDispenser()
    driver, wire = stx_on(machine)
    machine.do("jam", {}, wire.now_s())
    await driver.dispense("c-1")
    machine.do("clear-jam", {}, wire.now_s())

    reset = await driver.reset("r-1")

    assert reset.outcome is CardOutcome.DONE
    assert (await driver.dispense("c-2")).outcome is CardOutcome.DONE


async def test_an_empty_stacker_is_said_before_anything_moves():
    machine = SimCardDispenser(cards=0)
    driver, wire = stx_on(machine)

    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason, result.stacker) == (
        CardOutcome.FAILED,
        "cards-out",
        Storage.EMPTY,
    )
    assert b"DC" not in wire.sent


async def test_a_full_bin_is_known_by_the_long_status_or_by_the_makers_bit():
    machine = SimCardDispenser(maker="quio", bin_size=0)
    by_maker, _ = stx_on(machine, maker_bits=QUIO)
    by_long, _ = stx_on(SimCardDispenser(bin_size=0), long_status=True)
    neither, _ = stx_on(SimCardDispenser(bin_size=0))

    assert (await by_maker.status()).bin is Storage.FULL
    assert (await by_long.status()).bin is Storage.FULL
    assert (await neither.status()).bin is None


async def test_a_card_that_was_snatched_before_anyone_looked_is_unknown_and_not_let_out_twice():
    machine = SimCardDispenser()
    driver, wire = stx_on(machine)
    plain_poll = machine.poll

    def snatch(now_s: float) -> bytes:
        said = plain_poll(now_s)
        if machine.at_exit:
            machine.do("take", {}, now_s)
        return said

    machine.poll = snatch  # type: ignore[method-assign]
    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason) == (CardOutcome.UNKNOWN, "no-proof")
    assert (machine.came_out, wire.sent.count(b"DC")) == (1, 1)


async def test_a_machine_that_falls_silent_after_enq_is_not_ordered_again():
    codec = StxCodec()

    def answer(said: bytes) -> list[tuple[float, bytes]]:
        if b"DC" in said or silent:
            silent.append(1)
            return [(0.01, bytes((ACK,)))] if b"DC" in said else []
        if said == bytes((ENQ,)):
            return [(0.01, codec.frame(b"SF000"))]
        return [(0.01, bytes((ACK,)))]

    silent: list[int] = []
    driver, wire = stx_on(Scripted(answer))

    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason) == (CardOutcome.UNKNOWN, "no-answer")
    assert wire.sent.count(b"DC") == 1


async def test_a_machine_that_took_the_order_and_shows_nothing_is_unknown_not_failed():
    codec = StxCodec()
    idle = [(0.01, codec.frame(b"SF000"))]
    driver, wire = stx_on(Scripted(lambda said: idle if said == bytes((ENQ,)) else [(0.01, bytes((ACK,)))]))

    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason) == (CardOutcome.UNKNOWN, "no-proof")
    assert wire.sent.count(b"DC") == 1


async def test_a_machine_that_refuses_the_order_each_time_has_moved_nothing():
    codec = StxCodec()

    def answer(said: bytes) -> list[tuple[float, bytes]]:
        if said == bytes((ENQ,)):
            return [(0.01, codec.frame(b"SF000"))]
        return [(0.01, bytes((NAK if b"DC" in said else ACK,)))]

    driver, _ = stx_on(Scripted(answer))

    result = await driver.dispense("c-1")

    assert (result.outcome, result.reason) == (CardOutcome.FAILED, "refused")


async def test_before_anything_was_ordered_a_silent_machine_is_an_error():
    driver, wire = stx_on(Scripted(lambda _said: []))

    with pytest.raises(WireTimeout):
        await driver.dispense("c-1")
    assert b"DC" not in wire.sent


@settings(max_examples=60, deadline=None)
@given(st.data())
async def test_over_any_line_no_command_lets_out_two_cards_and_no_answer_is_a_lie(data):
    seed = data.draw(st.integers(0, 10_000))
    make = MANGLERS[data.draw(st.sampled_from(sorted(MANGLERS)))]
    machine = SimCardDispenser(cards=100)
    wire = MemoryWire(machine, make(seed), make(seed + 1))
    driver = StxDispenser("d-1", wire, StxDispenserSettings())
    for number in range(3):
        out = machine.came_out
        try:
            outcome = (await driver.dispense(f"c-{number}")).outcome
        except DeviceError:
            outcome = CardOutcome.FAILED  # raised: nothing has moved
        wire.pass_time(10)
        machine.poll(wire.now_s())
        moved = machine.came_out - out
        if machine.at_exit:
            machine.do("take", {}, wire.now_s())

        assert moved <= 1
        assert outcome is CardOutcome.UNKNOWN or moved == (outcome is CardOutcome.DONE)


maps = st.dictionaries(st.sampled_from(get_args(MakerBit)), st.sampled_from(Bit))


@settings(max_examples=80, deadline=None)
@given(
    maps,
    st.sampled_from(["RS", "ST"]),
    st.sampled_from(["leave", "refuse", "to-bin", "to-reader"]),
    st.booleans(),
)
async def test_no_public_call_and_no_settings_send_the_card_to_the_forbidden_place(bits, reset, insert, long):
    machine = SimCardDispenser()
    driver, wire = stx_on(machine, maker_bits=bits, reset=reset, inserted_cards=insert, long_status=long)
    calls = [
        method for name, method in inspect.getmembers(driver, inspect.iscoroutinefunction) if name[0] != "_"
    ]
    for call in calls:
        try:
            await (call("c-1") if inspect.signature(call).parameters else call())
        except DeviceError:
            continue

    assert len(calls) == 5
    assert b"DC" in wire.sent or b"RF" in wire.sent
    assert b"FC1" not in wire.sent
    assert machine.forbidden == 0


@pytest.mark.parametrize(
    "said",
    [{"reset": "FC1"}, {"inserted_cards": "FC1"}, {"maker_bits": {"800": "ignored"}}, {"command": "FC1"}],
)
def test_settings_have_no_word_for_a_command_of_ones_own(said):
    with pytest.raises(ValidationError):
        StxDispenserSettings.model_validate(said)


def test_the_simulated_machine_would_notice_the_forbidden_command():
    machine = SimCardDispenser()
    machine.receive(StxCodec().frame(b"FC1"), 0.0)

    assert machine.forbidden == 1


def test_a_knob_that_makes_no_sense_now_is_refused():
    with pytest.raises(NotPossible):
        SimCardDispenser().do("take", {}, 0.0)
