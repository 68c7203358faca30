"""Listening: the socket, uvicorn, and an orderly end."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from devices.runtime.lock import FileLock, Taken
from queue_server.bootstrap.problems import ServeProblem
from queue_server.bootstrap.server import Server
from queue_server.settings import ServerSettings


def listen_on(host: str, port: int) -> socket.socket:
    """Return a bound socket.  Raises ServeProblem naming the port and the setting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        raise ServeProblem(
            f"HTTP port {port} on {host} cannot be used ({error.strerror}); stop what uses it, "
            f"or set http.port (TINGTONG_HTTP__PORT)"
        ) from error
    return sock


def lock_database(settings: ServerSettings) -> FileLock:
    """Keep a second server off this hall's database: SQLite is for one writer.  Raises ServeProblem."""
    path = settings.database_path
    try:
        return FileLock(path.with_name(f"{path.name}.lock"), f"process {os.getpid()}")
    except Taken as error:
        raise ServeProblem(
            f"another queue-server ({error}) already serves {path}; stop it,"
            " or give this one a state_dir of its own"
        ) from error


SWITCH_S = 0.001  # the event loop waits for the writer's thread no longer than this, not 5 ms


class _Uvicorn(uvicorn.Server):
    """Ends the event streams first: otherwise the server would wait for every screen to go away."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._hall_server = server

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Close the streams and stop; a second signal does not wait.

        Not uvicorn's own: that one raises the signal again in the end, and an ordered stop is exit code 0.
        """
        if self._hall_server.hub is not None:
            self._hall_server.hub.close()
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(settings: ServerSettings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.  `announce` gets the address.  Raises as Server does, ServeProblem."""
    sock = listen_on(settings.http.host, settings.http.port)
    server: Server | None = None
    lock: FileLock | None = None
    try:
        lock = lock_database(settings)
        server = Server(settings)
        config = uvicorn.Config(
            server.app,
            loop="uvloop",
            http="httptools",
            ws="none",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            backlog=1024,
        )
        sys.setswitchinterval(SWITCH_S)
        gc.collect()
        gc.freeze()  # what start-up made stays; the collector need not look at it again
        announce(f"http://{settings.http.host}:{sock.getsockname()[1]}/")
        _Uvicorn(config, server).run(sockets=[sock])
    finally:
        sock.close()
        if server is not None:
            server.stop_broker()
        if lock is not None:
            lock.release()
