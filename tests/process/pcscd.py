"""A real pcscd of our own with vpcd's two virtual readers, on a private socket.

The socket is handed over as by systemd, so several can run on one machine; all they share is the file in
/run/pcscd with the process id, and who is not root gets a /run of his own for it (Linux user namespaces).
libpcsclite reads the socket's name once in a process, so one `PcscDaemon` serves a whole test module; it may
be stopped and started again.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

PCSCD = "/usr/sbin/pcscd"
VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
PATIENCE_S = 10
_CONFIG = """FRIENDLYNAME "Hall Virtual PCD"
DEVICENAME /dev/null:{port}
LIBPATH {library}
CHANNELID {port}
"""

_HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)  # where systemd puts a socket, too
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], [sys.argv[2], "--foreground", "--config", sys.argv[3]])
"""
_OWN_RUN = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh")


def two_free_ports() -> int:
    """Return a port that is free and whose successor is: vpcd's second reader listens there."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise OSError("no two free ports next to each other")


class PcscDaemon:
    """`start` and `stop` as often as wanted; `port` and `port + 1` are where cards connect."""

    def __init__(self, room: Path) -> None:
        self._room = room
        self._name = str(room / "pcscd.comm")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = two_free_ports()
        config = room / "readers"
        config.mkdir()
        (config / "hall").write_text(_CONFIG.format(port=self.port, library=VPCD))
        os.environ["PCSCLITE_CSOCK_NAME"] = self._name

    def start(self) -> None:
        """Start pcscd; who connects before it is ready waits in the socket's line."""
        line = socket.socket(socket.AF_UNIX)
        line.bind(self._name)
        line.listen(8)
        with (self._room / "pcscd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(_OWN_RUN if os.geteuid() else ()),
                    sys.executable,
                    "-c",
                    _HAND_OVER,
                    str(line.fileno()),
                    PCSCD,
                    str(self._room / "readers"),
                ],
                pass_fds=[line.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        line.close()

    def stop(self) -> None:
        """End pcscd; whoever was connected finds the service gone."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:  # a card that never answers holds its reader
                self._process.kill()
                self._process.wait(PATIENCE_S)
            self._process = None
            Path(self._name).unlink(missing_ok=True)
