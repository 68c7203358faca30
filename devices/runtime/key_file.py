"""A secret key in a file of its own, made when it is first asked for."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def key_of(path: Path) -> bytes:
    """Return the 32 bytes of `path`; without that file make one (mode 0600, durable before it has its name).

    Raises OSError; ValueError, naming file and length, for a damaged key.
    """
    if not path.exists():
        fresh = path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(KEY_BYTES))
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path}: the key is damaged ({len(key)} bytes)")
    return key
