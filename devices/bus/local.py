"""The bus of one terminal: a Unix socket between the agent and the terminal's own programs.

Personal data passes here and nowhere else.  There is no port: the socket file belongs to one user
(mode 0600), so no other machine and no other user of this one can listen.  One line a message::

    {"op": "pub", "topic": "…", "retain": false, "payload": "…envelope JSON…"}
    {"op": "sub", "pattern": "…"}
    {"op": "unsub", "pattern": "…"}
    {"op": "ok"}        server to client: the subscription before this is in place

The server side is a Bus for the agent itself; each client is a Bus for one program.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any, TypeVar

from devices.bus.base import BusClosed, Subscription, check_scope
from devices.bus.memory import Exchange, Mailbox
from devices.contracts import topics
from devices.contracts.base import Envelope, Message
from devices.runtime.backoff import backoff_s
from devices.runtime.tasks import end

Body = TypeVar("Body", bound=Message)
LIMIT = 1 << 20  # a line longer than this is not one of ours
log = logging.getLogger(__name__)


def _line(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


class _Client:
    """One program at the server's end of its connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.patterns: list[str] = []

    def send(self, topic: str, payload: bytes) -> None:
        if any(topics.matches(pattern, topic) for pattern in self.patterns):
            self.writer.write(_line(op="pub", topic=topic, payload=payload.decode()))


class LocalBusServer:
    """Owns the socket; a Bus for the process that runs it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._exchange = Exchange()
        self._clients: set[_Client] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.  Raises OSError when the place cannot be made or another agent owns it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            await self._refuse_if_alive()
            self._path.unlink()
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LIMIT)
        finally:
            os.umask(mask)

    async def _refuse_if_alive(self) -> None:
        try:
            _, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            return  # a socket file that a crash left behind
        writer.close()
        raise FileExistsError(f"another agent already serves {self._path}; stop it first")

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Deliver to this process and to every connected program."""
        check_scope(topic, envelope.body)
        self._spread(topic, envelope.model_dump_json().encode(), retain=retain)

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; retained messages come first."""
        return self._exchange.open(pattern, body)

    async def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.writer.close()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._exchange.hang_up()
        self._path.unlink(missing_ok=True)

    def _spread(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._exchange.put(topic, payload, retain=retain)
        for client in self._clients:
            client.send(topic, payload)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer)
        self._clients.add(client)
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            while line := await reader.readline():
                self._take(client, json.loads(line))
                await writer.drain()
        except (ConnectionError, ValueError, KeyError, TypeError) as error:
            log.warning("local bus: a program was hung up on: %s", type(error).__name__)
        finally:
            self._clients.discard(client)
            writer.close()

    def _take(self, client: _Client, said: dict[str, Any]) -> None:
        if said["op"] == "sub":
            pattern = str(said["pattern"])
            client.patterns.append(pattern)
            for topic, payload in self._exchange.retained(pattern):
                client.writer.write(_line(op="pub", topic=topic, payload=payload.decode()))
            client.writer.write(_line(op="ok"))
        elif said["op"] == "unsub":
            client.patterns.remove(str(said["pattern"]))
        else:
            retain = bool(said.get("retain", False))
            self._spread(str(said["topic"]), str(said["payload"]).encode(), retain=retain)


class LocalBusClient:
    """A Bus for one program of the terminal.  Reconnects by itself; subscriptions outlive the connection."""

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self._mailboxes: list[Mailbox[Any]] = []
        self._writer: asyncio.StreamWriter | None = None
        self._acks: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.connected = asyncio.Event()

    async def connect(self, timeout_s: float | None = None) -> None:
        """Start, and wait until the agent answers.  Raises TimeoutError (it goes on trying all the same)."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        async with asyncio.timeout(timeout_s):
            await self.connected.wait()

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Send to the agent and to every other program.  Raises BusClosed while the agent is away."""
        check_scope(topic, envelope.body)
        if self._writer is None or self._closed:
            raise BusClosed("the device agent of this terminal does not answer")
        self._writer.write(_line(op="pub", topic=topic, retain=retain, payload=envelope.model_dump_json()))
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise BusClosed("the device agent of this terminal went away") from error

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; when the agent is there, listening has begun when this returns."""
        if self._closed:
            raise BusClosed("the bus was closed")
        mailbox = Mailbox(pattern, body, self._forget)
        self._mailboxes.append(mailbox)
        if self._writer is not None:
            ack: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._acks.append(ack)
            self._writer.write(_line(op="sub", pattern=pattern))
            await ack
        return mailbox

    def _forget(self, mailbox: Mailbox[Any]) -> None:
        self._mailboxes.remove(mailbox)
        if self._writer is not None:
            self._writer.write(_line(op="unsub", pattern=mailbox.pattern))

    async def close(self) -> None:
        """Hang up for good."""
        self._closed = True
        if self._task is not None:
            await end([self._task])
        for mailbox in list(self._mailboxes):
            mailbox.hang_up()

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=LIMIT)
            except OSError:
                tries += 1
                await asyncio.sleep(backoff_s(tries, most_s=2.0))
                continue
            tries = 0
            try:
                await self._talk(reader, writer)
            except (ConnectionError, ValueError) as error:
                log.warning("local bus: the line broke: %s", type(error).__name__)
            finally:
                self._drop_line(writer)

    def _drop_line(self, writer: asyncio.StreamWriter) -> None:
        self._writer = None
        self.connected.clear()
        writer.close()
        for ack in self._acks:
            if not ack.done():
                ack.set_result(None)  # the subscription is renewed by the next connection
        self._acks.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for mailbox in self._mailboxes:
            writer.write(_line(op="sub", pattern=mailbox.pattern))
            self._acks.append(asyncio.get_running_loop().create_future())
        self._writer = writer
        self.connected.set()
        while line := await reader.readline():
            said = json.loads(line)
            if said["op"] == "ok":
                ack = self._acks.pop(0)
                if not ack.done():
                    ack.set_result(None)
                continue
            for mailbox in list(self._mailboxes):
                if topics.matches(mailbox.pattern, said["topic"]):
                    mailbox.deliver(said["topic"], said["payload"].encode())
