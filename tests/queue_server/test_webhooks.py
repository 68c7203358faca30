"""Webhooks against a receiver that fails, hangs and comes back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.adapters.webhook_http import Answer, WebhookPost, refusal_of
from queue_server.adapters.webhook_line import WebhookLine
from queue_server.adapters.webhook_sender import WebhookSender
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.sign import sign_in
from queue_server.application.webhook_ports import DeadLetter, Hook
from queue_server.application.webhooks import WebhookRules, add_hook, check_url, drop_hook
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.webhook_receiver import Receiver, Wireless, receiving

AnyStore = MemoryStore | SqliteStore
RULES = WebhookRules(tries=3, timeout_s=2, first_s=1, most_s=10, allow_loopback=True)
SECRET = "s3cret"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, hall: Hall, clock: FixedClock
) -> AsyncIterator[AnyStore]:
    made: AnyStore = MemoryStore(hall, clock, Identity(b"k" * 32))
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))
    yield made
    await made.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def hook_to(store: AnyStore, url: str, *events: str) -> Hook:
    return await store.change(lambda tx: add_hook(tx, url, events or ("*",), "admin", 0, 20))


async def happen(store: AnyStore, count: int = 1) -> None:
    """Let so many tickets be issued."""
    wanted = TicketIn(service_id="A", channel=Channel.KIOSK)
    for _ in range(count):
        await store.change(lambda tx: issue_ticket(tx, wanted))


def line_to(store: AnyStore, clock: FixedClock, hook: Hook, rules: WebhookRules = RULES) -> WebhookLine:
    return WebhookLine(store, clock, hook, SECRET, WebhookPost(rules), rules, jitter=lambda: 1.0)


async def told_all(line: WebhookLine) -> None:
    """Step until there is nothing more to tell, whatever the pauses."""
    await line.load()
    while await line.step() is not None:
        pass
    await line.close()


async def test_a_delivery_is_the_event_with_a_signature_the_receiver_can_check(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    await happen(store)
    hook = await hook_to(store, receiver.url)
    await happen(store)
    await told_all(line_to(store, clock, hook))
    body, headers = receiver.bodies[0], receiver.headers[0]
    signed = dict(part.split("=") for part in headers["Tingtong-Signature"].split(","))
    expected = hmac.new(SECRET.encode(), f"{signed['t']}.".encode() + body, hashlib.sha256).hexdigest()

    assert json.loads(body)["number"] == "A002"  # what happened before it was added is not told
    assert (signed["v1"], int(signed["t"])) == (expected, int(MONDAY.timestamp()))
    assert headers["Tingtong-Event"] == "ticket-issued"
    assert headers["Tingtong-Delivery"] == f"{hook.id}-{json.loads(body)['seq']}"


async def test_only_the_events_asked_for_are_told(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    hook = await hook_to(store, receiver.url, "window-*", "ticket-called")
    await happen(store, 2)
    await store.change(lambda tx: sign_in(tx, "1", "clerk"))
    await told_all(line_to(store, clock, hook))

    assert [one["Tingtong-Event"] for one in receiver.headers] == ["window-changed"]


async def test_a_receiver_that_comes_back_gets_everything_in_order(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    hook = await hook_to(store, receiver.url)
    await happen(store, 3)
    line = line_to(store, clock, hook)
    await line.load()
    receiver.status = 500
    pauses = [await line.step(), await line.step()]
    receiver.status = 204
    await told_all(line)

    assert pauses == [1.0, 2.0]
    assert [json.loads(body)["number"] for body in receiver.bodies] == ["A001"] * 3 + ["A002", "A003"]
    assert len(set(receiver.deliveries[:3])) == 1
    assert list(await store.read(lambda view: view.dead_letters(hook.id))) == []


async def test_after_the_last_try_an_event_is_dead_and_the_line_goes_on(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    hook = await hook_to(store, receiver.url)
    await happen(store, 2)
    line = line_to(store, clock, hook)
    await line.load()
    receiver.status = 500
    for _ in range(RULES.tries):
        await line.step()
    receiver.status = 200
    await told_all(line)
    letters = await store.read(lambda view: view.dead_letters(hook.id))

    assert [(one.name, one.tries, one.reason) for one in letters] == [
        (EventName.TICKET_ISSUED, RULES.tries, "status 500")
    ]
    assert json.loads(receiver.bodies[-1])["number"] == "A002"


async def test_a_dead_letter_that_is_taken_leaves_the_list(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    hook = await hook_to(store, receiver.url)
    await happen(store)
    sender = WebhookSender(store, clock, lambda purpose: SECRET, RULES)
    seq = await store.read(lambda view: view.seq)
    dead = DeadLetter(0, hook.id, seq, EventName.TICKET_ISSUED, MONDAY, 3, "status 500")
    await store.change(lambda tx: tx.add_dead(dead, 10))
    letter = (await store.read(lambda view: view.dead_letters(hook.id)))[0]
    line = asyncio.create_task(sender.run_forever())
    receiver.status = 503
    refused = await sender.retry(hook, letter)
    receiver.status = 200
    taken = await sender.retry(hook, letter)
    line.cancel()
    await asyncio.gather(line, return_exceptions=True)

    assert (refused.is_taken, refused.status, taken.is_taken) == (False, 503, True)
    assert set(receiver.deliveries) == {f"{hook.id}-{seq}"}
    assert list(await store.read(lambda view: view.dead_letters(hook.id))) == []


async def test_killed_between_sending_and_the_cursor_it_sends_the_same_delivery_again(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    hook = await hook_to(store, receiver.url)
    await happen(store)
    killed = line_to(store, clock, hook)
    await killed.load()
    events = await store.read(lambda view: view.events(0, 10))
    await killed.tell(events[-1])  # and here the process ends: nothing is written down
    await killed.close()
    await told_all(line_to(store, clock, hook))
    await told_all(line_to(store, clock, hook))

    assert len(receiver.deliveries) == 2
    assert len(set(receiver.deliveries)) == 1


async def test_a_receiver_that_hangs_delays_neither_the_hall_nor_another_receiver(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    async with receiving() as stuck:
        stuck.hangs = True
        slow = await hook_to(store, stuck.url)
        await hook_to(store, receiver.url)
        patient = WebhookRules(tries=3, timeout_s=60, allow_loopback=True)
        sender = WebhookSender(store, clock, lambda purpose: SECRET, patient)
        store.on_commit(sender.wake)
        task = asyncio.create_task(sender.run_forever())
        await happen(store, 40)
        await receiver.got(40)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert len(stuck.bodies) <= 1
        assert await store.read(lambda view: view.cursor(slow.consumer)) == 0


async def test_a_receiver_that_never_answers_is_given_up_after_the_timeout(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    receiver.hangs = True
    hook = await hook_to(store, receiver.url)
    line = line_to(store, clock, hook, WebhookRules(timeout_s=0.05, allow_loopback=True))

    assert (await line.tell_test("x")).reason == "timeout"
    await line.close()


async def test_a_redirect_is_a_refusal_and_is_not_followed(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    receiver.status = 307
    hook = await hook_to(store, receiver.url)
    line = line_to(store, clock, hook)
    told = await line.tell_test("x")
    await line.close()

    assert (told.status, told.reason, len(receiver.bodies)) == (307, "status 307", 1)


async def test_by_default_nothing_is_sent_to_this_machine(
    store: AnyStore, clock: FixedClock, receiver: Receiver
) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        hook = await hook_to(store, f"http://{host}:{port}")
        line = line_to(store, clock, hook, WebhookRules())
        assert (await line.tell_test("x")).reason == "refused: loopback address"
        await line.close()

    assert receiver.bodies == []


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "-", "no-such-name.invalid"])
async def test_a_name_that_leads_nowhere_is_a_failed_try_like_any_other(host: str) -> None:
    post = WebhookPost(RULES)
    answer = await post.send(f"http://{host}/", b"{}", {})
    await post.close()

    assert (answer.status, answer.reason.partition(":")[0]) == (None, "unreachable")


async def test_a_name_with_an_address_nobody_listens_on_is_reached_at_its_other_one(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.split(":")[2].partition("/")[0])
    two = [(2, 1, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    async def both(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return two

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    post = WebhookPost(RULES)
    answer = await post.send(f"http://receiver.example:{port}/hook", b"{}", {})
    await post.close()

    assert (answer.status, receiver.headers[0]["Host"]) == (200, f"receiver.example:{port}")


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "special"),
        ("fe80::1%eth0", "special"),
        ("224.0.0.1", "special"),
        ("0.0.0.0", "special"),
        ("0.0.0.1", "special"),
        ("255.255.255.255", "special"),
        ("64:ff9b::7f00:1", "special"),
        ("2002:7f00:1::", "special"),
        ("10.1.2.3", "private"),
        ("192.168.0.9", "private"),
        ("fd00::1", "private"),
        ("100.64.0.1", "private"),
        ("8.8.8.8", ""),
        ("2606:4700::1111", ""),
    ],
)
def test_an_address_is_refused_for_what_it_is(address: str, refused: str) -> None:
    strict = WebhookRules(allow_private=False)

    assert refusal_of(address, strict) == refused
    assert refusal_of(address, WebhookRules()) == ("" if refused == "private" else refused)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a/b", "file:///etc/passwd", "http://", "http:///x", "//a", "gopher://a"),
        *("http://u:p@a/", "http://a/#x", "http://a:99999/", "http://[::1", "http://a/ b", "http://中/"),
    ],
)
def test_what_is_no_receivers_address_is_refused(url: str) -> None:
    with pytest.raises(QueueError) as caught:
        check_url(url)
    assert caught.value.error_code == "validation"


async def test_a_dropped_receiver_leaves_nothing_and_a_late_cursor_does_not_bring_it_back(
    store: AnyStore, clock: FixedClock
) -> None:
    hook = await hook_to(store, "http://receiver.example/")
    await happen(store)
    dead = DeadLetter(0, hook.id, 1, EventName.TICKET_ISSUED, MONDAY, 3, "x")
    await store.change(lambda tx: tx.add_dead(dead, 10))
    await store.change(lambda tx: drop_hook(tx, hook.id))
    await store.change(lambda tx: tx.move_hook(hook, 5))
    await store.change(lambda tx: tx.add_dead(dead, 10))
    left = await store.read(
        lambda view: (len(view.hooks()), len(view.dead_letters(hook.id)), view.cursor(hook.consumer))
    )

    assert left == (0, 0, 0)


async def test_beyond_the_limit_the_oldest_dead_letters_go_and_no_number_comes_twice(store: AnyStore) -> None:
    hook = await hook_to(store, "http://receiver.example/")
    for seq in range(1, 6):
        dead = DeadLetter(0, hook.id, seq, EventName.TICKET_ISSUED, MONDAY, 3, "x")
        await store.change(lambda tx, dead=dead: tx.add_dead(dead, 3))  # type: ignore[misc]
    await store.change(lambda tx: tx.drop_dead(hook.id, 5))
    await store.change(lambda tx: tx.add_dead(dead, 3))
    letters = await store.read(lambda view: view.dead_letters(hook.id))

    assert [(one.n, one.seq) for one in letters] == [(3, 3), (4, 4), (6, 5)]


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4]), min_size=1, max_size=12), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_every_event_is_taken_in_order_or_dead_never_neither(failures: list[int], tries: int) -> None:
    """`failures`: how often the receiver fails each event before it would take it."""
    asyncio.run(_every_event(failures, tries))


async def _every_event(failures: list[int], tries: int) -> None:
    clock = FixedClock(MONDAY)
    store = MemoryStore(small_hall(), clock, Identity(b"k" * 32))
    hook = await hook_to(store, "http://receiver.example/")
    await happen(store, len(failures))
    left = {f"A{n:03d}": times for n, times in enumerate(failures, 1)}

    def answer(body: bytes) -> Answer:
        number = json.loads(body)["number"]
        left[number] -= 1
        return Answer(500, "status 500") if left[number] >= 0 else Answer(200, "")

    post = Wireless(answer)
    await told_all(WebhookLine(store, clock, hook, SECRET, post, WebhookRules(tries=tries)))
    taken = [json.loads(body)["number"] for body in post.taken]
    dead = await store.read(lambda view: view.dead_letters(hook.id))

    assert taken == [f"A{n:03d}" for n, times in enumerate(failures, 1) if times < tries]
    assert [one.seq for one in dead] == [n for n, times in enumerate(failures, 1) if times >= tries]
