"""Everything that must be said to Kivy before its first import, in one place.

Without a display SDL draws offscreen.  That driver queues frames without limit, so each is finished at
once; on a real display that would only cost time, so there it is left out.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def is_offscreen() -> bool:
    """Say whether there is no display to draw on."""
    if os.environ.get("SDL_VIDEODRIVER"):
        return os.environ["SDL_VIDEODRIVER"] == "offscreen"
    return sys.platform == "linux" and not os.environ.get("DISPLAY")


def prepare(width: int, height: int, *, fullscreen: bool, title: str, state_dir: Path | None) -> None:
    """Configure Kivy; call once, before anything imports it."""
    _keep_memory_small()
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_CONFIG", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")
    home = (
        state_dir if state_dir is not None else Path(tempfile.gettempdir()) / f"tingtong-kiosk-{os.getuid()}"
    )
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("KIVY_HOME", str(home))
    if is_offscreen():
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    _configure(width, height, fullscreen=fullscreen)
    _open(title, fullscreen=fullscreen)


def _keep_memory_small() -> None:
    """Ask glibc to give big blocks back: pictures and layouts come and go, a kiosk runs for months.

    Measured over all screens in both languages: about 20 MB less.  Other C libraries: nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, 1 << 16), (M_TRIM_THRESHOLD, 1 << 16)):
            mallopt(option, value)


def _configure(width: int, height: int, *, fullscreen: bool) -> None:
    from kivy.config import Config

    Config.set("graphics", "width", str(width))
    Config.set("graphics", "height", str(height))
    Config.set("graphics", "maxfps", "30")
    Config.set("graphics", "multisamples", "0")  # edges are smooth by the Smooth… instructions
    Config.set("graphics", "resizable", "1")
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "log_level", "warning")
    for name, _ in Config.items("input"):
        Config.remove_option("input", name)  # a touch must not arrive from SDL and mtdev both
    Config.set("input", "mouse", "mouse,disable_multitouch")
    if fullscreen:
        Config.set("graphics", "borderless", "1")
        Config.set("graphics", "position", "custom")
        Config.set("graphics", "left", "0")
        Config.set("graphics", "top", "0")


def _open(title: str, *, fullscreen: bool) -> None:
    from kivy.core.window import Window

    if Window is None:
        raise RuntimeError("no window could be opened: install libgl1 and libegl1 (`make setup` does)")
    Window.set_title(title)
    if fullscreen:
        Window.show_cursor = False
    if is_offscreen():
        from kivy.graphics.opengl import glFinish

        Window.bind(on_flip=lambda *_: glFinish())
