"""How long the kiosk takes to its first frame, beside a bare Kivy window, both offscreen."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from tests.brokers import free_port

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
BARE = """
import os
from kivy.base import runTouchApp
from kivy.core.window import Window
from kivy.uix.label import Label
Window.bind(on_flip=lambda *_: os._exit(0))
runTouchApp(Label(text="bare"))
"""
SETTINGS = """
terminal = "QK01"
[server]
url = "http://127.0.0.1:9"
[devices]
socket = "{folder}/none.sock"
[lab]
port = {port}
"""


def _env(folder: str) -> dict[str, str]:
    quiet = {"SDL_VIDEODRIVER": "offscreen", "KIVY_NO_ARGS": "1", "KIVY_HOME": folder, "KIVY_NO_FILELOG": "1"}
    return {**os.environ, **quiet, "KIVY_NO_CONSOLELOG": "1"}


def bare_start_s() -> float:
    """Return seconds from the start of the process to the first frame of an empty Kivy window."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", BARE], env=_env(folder), check=True, capture_output=True, timeout=LIMIT_S
        )
        return time.perf_counter() - begun


def kiosk_start_s() -> float:
    """Return seconds until the kiosk's lab gives its first frame (no server: its "out of order" screen)."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = Path(folder) / "kiosk.toml"
        settings.write_text(SETTINGS.format(folder=folder, port=port), "utf-8")
        words = ["-m", "kiosk", "run", "--app", "ticket", "--config", str(settings)]
        begun = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=_env(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                while not _has_frame(port):
                    if process.poll() is not None or time.perf_counter() - begun > LIMIT_S:
                        raise RuntimeError("the kiosk did not start")
                    threading.Event().wait(0.02)
                return time.perf_counter() - begun
            finally:
                process.terminate()


def _has_frame(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        connection.request("GET", "/devices/QK01/files/screen.png")
        return connection.getresponse().status == 200
    except OSError:
        return False
