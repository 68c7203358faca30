"""The first whole path on real processes, ptys, a broker and HTTP: what a newcomer does at the lab."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import paho.mqtt.client as paho
import psutil
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from PIL import Image

from tests.process.hall import Hall, running_hall, until

pytestmark = pytest.mark.process

NAME, ID_NUMBER = "欧阳建国", "990000195103078815"
CARD = {"kind": "citizen", "name": NAME, "id_number": ID_NUMBER, "birth": "1951-03-07"}


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with running_hall(tmp_path_factory.mktemp("hall")) as found:
        yield found


class Eavesdropper:
    """Hears everything on the broker, as any machine of the hall could."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _client, _data, message: self.heard.append(
            (message.topic, message.payload)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(30)

    def names(self) -> set[str]:
        return {topic.rsplit("/", 1)[-1] for topic, _ in self.heard}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def broker(hall: Hall) -> Iterator[Eavesdropper]:
    ear = Eavesdropper(hall.mqtt_port)
    yield ear
    ear.close()


@pytest.fixture(scope="module")
def walked(hall: Hall, broker: Eavesdropper) -> dict[str, Any]:
    """Walk the six steps once; the tests below look at what it left."""
    seen: dict[str, Any] = {}
    hall.do("id-reader-1", "place-card", card=CARD)
    hall.touch("市监局")  # it has one service, so the kiosk goes straight to the card
    ticket = until(lambda: _tickets(hall), "a ticket comes out of the printer")[-1]
    seen["paper"] = ticket
    seen["kiosk"] = hall.device("QK01")["state"]
    seen["reader"] = hall.device("id-reader-1")
    hall.do("printer-1", "take")
    hall.do("id-reader-1", "lift-card")

    hall.do("pad-3", "press", key="call-next")
    seen["bar"] = until(lambda: _showing(hall, "led-3", "A001"), "the bar of window 3 shows A001")
    seen["board"] = hall.http.get("/api/v1/board").json()
    seen["said"] = until(lambda: hall.device("speaker-az1")["state"]["said"], "the loudspeaker speaks")

    clerk = hall.login("operator")
    window = clerk.get("/api/v1/windows/3").json()
    seen["window"] = window
    for step in ("start", "finish"):
        answer = clerk.post(f"/api/v1/windows/3/{step}", json={}, headers={"Idempotency-Key": f"walk-{step}"})
        assert answer.status_code == 200, answer.text
    until(lambda: _rate_ticket(hall), "the tablet of window 3 may ask for a rating")
    seen["rating"] = _rate(hall, window["ticket"]["id"])
    seen["second rating"] = _rate(hall, window["ticket"]["id"])
    return seen


def _tickets(hall: Hall) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hall.device("printer-1")["state"]["tickets"]
    return found


def _showing(hall: Hall, device: str, text: str) -> dict[str, Any] | None:
    state: dict[str, Any] = hall.device(device)["state"]
    return state if text in state["text"] else None


def _rate_ticket(hall: Hall) -> str | None:
    board = hall.http.get("/api/v1/board").json()
    found: str | None = next(window for window in board["windows"] if window["id"] == "3")["rate_ticket"]
    return found


def _rate(hall: Hall, ticket_id: str) -> httpx.Response:
    body = {"ticket_id": ticket_id, "level": "very-satisfied", "options": ["517"]}
    return hall.http.post("/api/v1/evaluations", json=body, headers=hall.token("tablet"))


def test_the_paper_says_the_number_the_service_and_the_masked_name_only(walked: dict[str, Any]) -> None:
    text = walked["paper"]["text"]

    assert "A001" in text
    assert "企业开办" in text
    assert "欧阳*" in text
    assert NAME not in text
    assert ID_NUMBER not in text


def test_the_ticket_picture_is_drawn_as_wide_as_the_paper(walked: dict[str, Any]) -> None:
    kind, _, data = walked["paper"]["png"].partition(",")
    image = Image.open(io.BytesIO(base64.b64decode(data)))

    assert kind == "data:image/png;base64"
    assert image.width == 576
    assert image.convert("L").getextrema()[0] < 64  # there is black on it


def test_the_reader_was_spoken_to_in_samv_frames_and_shows_no_person(walked: dict[str, Any]) -> None:
    frames = walked["reader"]["frames"]
    sent = " ".join(frame["hex"].replace(" ", "") for frame in frames if frame["dir"] == "rx")

    assert "aaaaaa96690003200122" in sent
    assert "aaaaaa96690003200221" in sent
    assert "aaaaaa96690003300132" in sent
    everything = json.dumps(walked["reader"], ensure_ascii=False)
    assert NAME not in everything
    assert ID_NUMBER not in everything
    assert NAME.encode("utf-16le").hex() not in everything.replace(" ", "")


def test_the_bar_and_the_wall_and_the_voice_say_the_same(walked: dict[str, Any]) -> None:
    assert walked["bar"]["text"] == "请A001到3号窗口"
    assert walked["bar"]["lit"]
    assert [(call["number"], call["window"]) for call in walked["board"]["calls"]][:1] == [("A001", "3")]
    assert any("请A001号到3号窗口办理" in said for said in walked["said"])


def test_the_window_has_the_ticket_with_its_paper_proven(walked: dict[str, Any]) -> None:
    ticket = walked["window"]["ticket"]

    assert (ticket["number"], ticket["state"], ticket["citizen"]) == ("A001", "called", "欧阳*")
    assert ticket["print_state"] == "printed"


def test_a_citizen_rates_once(walked: dict[str, Any]) -> None:
    assert walked["rating"].status_code in (200, 201), walked["rating"].text
    assert walked["second rating"].status_code == 409
    assert walked["second rating"].json()["code"] == "already-rated"


def test_the_broker_heard_every_event_and_no_person(
    walked: dict[str, Any], broker: Eavesdropper, hall: Hall
) -> None:
    until(lambda: "ticket-rated" in broker.names(), "the rating is told on the broker")

    assert {
        "ticket-issued",
        "ticket-called",
        "ticket-started",
        "ticket-finished",
        "key-pressed",
    } <= broker.names()
    everything = b"\n".join(payload for _, payload in broker.heard)
    assert NAME.encode() not in everything
    assert ID_NUMBER.encode() not in everything
    topics = {topic for topic, _ in broker.heard}
    assert any(topic.endswith("/window/3/display") for topic in topics)
    assert not any("/local/" in topic for topic in topics)


def test_no_file_of_the_hall_names_the_person(walked: dict[str, Any], hall: Hall) -> None:
    for path in hall.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert NAME.encode() not in content, path.name
            assert ID_NUMBER.encode() not in content, path.name


def test_a_ticket_that_was_not_printed_is_not_counted_as_printed(walked: dict[str, Any], hall: Hall) -> None:
    hall.do("printer-1", "paper", state="out")
    hall.do("QK01", "home")
    hall.touch("税务局")
    hall.touch("办税综合")
    hall.touch("没带身份证")
    clerk = hall.login("operator")

    ticket = until(lambda: _failed(clerk), "the server knows that G001 has no paper")

    assert ticket["number"] == "G001"
    assert ticket["state"] == "waiting"
    until(lambda: _button(hall, "再打印一次"), "the kiosk keeps the number and offers to print again")
    hall.do("printer-1", "paper", state="full")
    clerk.post(f"/api/v1/tickets/{ticket['id']}/reprint", json={}, headers={"Idempotency-Key": "again"})
    paper = until(
        lambda: [one for one in _tickets(hall) if "G001" in one["text"]], "staff's reprint comes out"
    )
    assert "补打" in paper[-1]["text"]


def test_a_broker_that_died_is_started_again_and_the_hall_goes_on(walked: dict[str, Any], hall: Hall) -> None:
    children = psutil.Process(hall.process.pid).children()
    server = next(one for one in children if "queue_server" in one.cmdline())
    before = server.children()
    beeps = hall.device("pad-3")["state"]["beeps"]
    for child in before:
        child.kill()

    until(lambda: set(server.children()) - set(before), "another broker runs")
    until(lambda: hall.http.get("/readyz").status_code == 200, "the server is ready again")

    def pressed() -> bool:
        """Press until the key's way to the server and back is whole again: nobody waits, so it beeps."""
        hall.do("pad-3", "press", key="call-next")
        return bool(hall.device("pad-3")["state"]["beeps"] > beeps)

    until(pressed, "a key is answered by a beep")


def test_the_code_of_a_ticket_under_the_scanner_shows_its_place_and_no_way_to_its_paper(
    walked: dict[str, Any], hall: Hall
) -> None:
    order = {"service_id": "B", "channel": "kiosk"}
    headers = {"Idempotency-Key": "looked-up", **hall.token("kiosk")}
    ticket = hall.http.post("/api/v1/tickets", json=order, headers=headers).json()
    hall.do("QK01", "home")
    until(lambda: hall.device("QK01")["state"]["screen"] == "choose-department", "the kiosk is at home")

    hall.do("scanner-1", "scan", text=ticket["track_url"])

    until(lambda: hall.device("QK01")["state"]["screen"] == "place", "the kiosk shows the ticket's place")
    keys = {button["key"] for button in hall.device("QK01")["state"]["buttons"]}
    assert "place:next" in keys or "ticket:done" in keys
    assert "place:reprint" not in keys
    secret = ticket["track_url"].rsplit("/", 1)[-1]
    for log in (hall.state / "log").glob("*.log"):
        assert secret.encode() not in log.read_bytes(), log.name


def test_a_booking_under_the_scanner_becomes_a_ticket_and_its_code_stays_here(
    walked: dict[str, Any], hall: Hall, broker: Eavesdropper
) -> None:
    """Last: it moves the hall's clock to the appointment's day."""
    slots = hall.http.get("/api/v1/appointments/slots", params={"service": "A"}).json()
    start = next(slot for day in slots["days"] for slot in day["slots"] if slot["left"])["start"]
    body = {"service_id": "A", "start": start, "citizen": {"name": NAME, "id_number": ID_NUMBER}}
    booked = hall.http.post("/api/v1/appointments", json=body, headers={"Idempotency-Key": "book"}).json()
    assert hall.http.post("/lab/api/clock", json={"now": start}).status_code == 200
    hall.do("QK01", "home")
    until(lambda: hall.device("QK01")["state"]["screen"] == "choose-department", "the kiosk is at home")
    before = len(_tickets(hall))

    hall.do("scanner-1", "scan", text=booked["qr"])

    paper = until(lambda: _tickets(hall)[before:], "the appointment's ticket comes out of the printer")[0]
    assert "网上预约" in paper["text"]
    again = hall.http.get("/lab/api/devices/scanner-1").text
    assert booked["code"] not in again
    assert booked["code"].encode() not in b"".join(payload for _, payload in broker.heard)
    for log in (hall.state / "log").glob("*.log"):
        assert booked["code"].encode() not in log.read_bytes(), log.name


def _failed(clerk: httpx.Client) -> dict[str, Any] | None:
    items = clerk.get("/api/v1/tickets", params={"state": "waiting"}).json()["items"]
    return next((ticket for ticket in items if ticket["print_state"] == "failed"), None)


def _button(hall: Hall, text: str) -> dict[str, Any] | None:
    buttons = hall.device("QK01")["state"]["buttons"]
    return next((button for button in buttons if text in button["text"]), None)
