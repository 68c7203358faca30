"""The doctor says in plain words what is wrong with each machine and what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices import registry
from devices.agent import listing
from devices.agent.advice import ADVICE, CANNOT_BE_ASKED, Lang, lang_of
from devices.agent.doctor import examine, examine_all
from devices.agent.settings import DeviceSettings
from devices.sim.id_reader import SimIdReader
from devices.sim.led_board import SimLedBoard
from devices.sim.pad_line import SimPadLine
from devices.sim.printer import SimPrinter
from devices.sim.runner import Host

HOSTS = {
    "id-reader-1": (lambda: SimIdReader(find_s=0, select_s=0, read_s=0), "idreader-samv"),
    "led-3": (SimLedBoard, "ledboard-onbon-font"),
    "printer-1": (SimPrinter, "printer-escpos"),
}


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[dict[str, Host]]:
    made = {}
    for name, (sim, _) in HOSTS.items():
        made[name] = Host(name, sim(), "tcp:0" if name == "led-3" else f"pty:{tmp_path}/{name}.pty")
        await made[name].start()
    yield made
    for host in made.values():
        await host.stop()


def device(host: Host) -> DeviceSettings:
    settings = {"reply_timeout_s": 0.2} if host.device_id == "led-3" else {}
    driver = HOSTS[host.device_id][1]
    return DeviceSettings(id=host.device_id, driver=driver, wire=host.wire, settings=settings)


async def test_machines_that_are_well_are_said_to_be_well(hosts: dict[str, Host]) -> None:
    findings = await examine_all([device(host) for host in hosts.values()], "zh")

    assert [finding.text[:2] for finding in findings] == ["正常"] * 3
    assert all(finding.well for finding in findings)


@pytest.mark.parametrize(
    "host, action, params, code",
    [
        ("printer-1", "paper", {"state": "out"}, "paper-out"),
        ("printer-1", "cover", {"open": True}, "cover-open"),
        ("id-reader-1", "fault", {"kind": "silent", "for_s": 60}, "no-answer"),
        ("led-3", "fault", {"kind": "silent", "for_s": 60}, "no-answer"),
        ("led-3", "fault", {"kind": "unplug", "for_s": 60}, "host-silent"),
        ("id-reader-1", "fault", {"kind": "unplug", "for_s": 60}, "port-missing"),
        ("id-reader-1", "sam", {"sw": "60"}, "self-test-failed"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_each_trouble_has_its_own_words_and_remedy(
    hosts: dict[str, Host], host: str, action: str, params: dict[str, object], code: str, lang: str
) -> None:
    hosts[host].do(action, params)
    finding = await examine(device(hosts[host]), lang)

    assert finding.code == code
    advice = ADVICE[code]
    assert (advice.do_zh if lang == "zh" else advice.do_en) in finding.text
    assert "{" not in finding.text


async def test_low_paper_is_well_but_told(hosts: dict[str, Host]) -> None:
    hosts["printer-1"].do("paper", {"state": "low"})
    finding = await examine(device(hosts["printer-1"]), "en")

    assert finding.well
    assert "soon be out of paper" in finding.text


async def test_a_machine_that_hangs_does_not_keep_another_from_being_tried(
    hosts: dict[str, Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    from devices.agent import doctor

    opened = doctor.open_wire

    async def hangs(spec: object, wire: str, *more: object) -> object:
        return await (asyncio.Event().wait() if wire == hosts["led-3"].wire else opened(spec, wire, *more))

    monkeypatch.setattr(doctor, "open_wire", hangs)
    findings = await examine_all([device(hosts["led-3"]), device(hosts["id-reader-1"])], "en", limit_s=2.0)

    assert [finding.code for finding in findings] == ["too-long", ""]


def test_a_fault_without_words_of_its_own_is_told_by_its_code() -> None:
    said = ADVICE["device-fault"].say("zh", place="", detail="gear-7")

    assert "gear-7" in said


def test_both_languages_are_there_for_every_trouble() -> None:
    for code, advice in ADVICE.items():
        assert any("\u4e00" <= char <= "\u9fff" for char in advice.wrong_zh + advice.do_zh), code
        assert (advice.wrong_en + advice.do_en).replace("…", "").isascii(), code


@pytest.mark.parametrize(
    "environ, lang",
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminals_language_is_spoken(environ: dict[str, str], lang: str) -> None:
    assert lang_of(environ) == lang


def test_the_list_names_every_driver_with_its_level_and_settings() -> None:
    listed = json.loads(listing.as_json())

    assert [one["name"] for one in listed] == registry.names()
    assert all(one["level"] in ("bronze", "silver", "gold") for one in listed)
    reader = next(one for one in listed if one["name"] == "idreader-samv")
    assert {"key", "required", "default", "description"} == set(reader["settings"][0])
    assert all(any(line.startswith(one["name"]) for line in listing.as_text()) for one in listed)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_machine_that_cannot_be_asked_is_not_just_called_well(tmp_path: Path, lang: Lang) -> None:
    host = Host("pads-1f", SimPadLine(), f"pty:{tmp_path}/pads.pty")
    await host.start()
    pads = DeviceSettings(id="pads-1f", driver="padline-ff68", wire=host.wire, windows={1: "1"})
    finding = await examine(pads, lang)
    await host.stop()

    assert finding.well
    assert finding.more == (CANNOT_BE_ASKED.say(lang),)
