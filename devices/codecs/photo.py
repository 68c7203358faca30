"""The photo on an identity card: 1024 bytes of WLT, a closed format that only its makers' libraries decode.

A decoder is a plug-in: an entry point of the group `tingtong.photos`, a function that takes the bytes and
returns (format, picture), for example `("image/png", b"…")`; it raises ValueError when it cannot.
Without one the photo is dropped, or handed on as it is.  Source: protocols section 1.7.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

GROUP = "tingtong.photos"
DROP, RAW = "drop", "raw"
RAW_FORMAT = "wlt"

Decoder = Callable[[bytes], tuple[str, bytes]]


def names() -> list[str]:
    """Return what may be done with a photo: drop it, keep it raw, or an installed decoder."""
    return [DROP, RAW, *sorted(point.name for point in entry_points(group=GROUP))]


def find(name: str) -> Decoder:
    """Return what to do with a photo.  Raises ValueError naming what there is."""
    if name == DROP:
        return _drop
    if name == RAW:
        return _keep
    for point in entry_points(group=GROUP):
        if point.name == name:
            decoder: Decoder = point.load()
            return decoder
    raise ValueError(f"no photo decoder is called {name!r}; there are: {', '.join(names())}")


def _drop(_wlt: bytes) -> tuple[str, bytes]:
    return "", b""


def _keep(wlt: bytes) -> tuple[str, bytes]:
    return RAW_FORMAT, wlt
