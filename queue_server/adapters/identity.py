"""Ids, secrets and the keyed hash of persons.  The key lies beside the database, never in it.

Whoever gets hold of the database alone cannot try ID numbers against it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from devices.runtime.key_file import key_of


class Identity:
    """Makes ids and hashes with one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def new_id(self, prefix: str) -> str:
        """Return `t_` and 16 hexadecimal letters."""
        return f"{prefix}_{secrets.token_hex(8)}"

    def new_token(self) -> str:
        """Return 22 letters that nobody guesses (128 bits)."""
        return secrets.token_urlsafe(16)

    def person_of(self, id_type: str, id_number: str) -> str:
        """Return the HMAC-SHA-256 of a person's document, hexadecimal."""
        return hmac.new(self._key, f"person\0{id_type}\0{id_number}".encode(), hashlib.sha256).hexdigest()

    def derived(self, purpose: str) -> str:
        """Return a secret for one purpose that stays the same over restarts."""
        return hmac.new(self._key, f"derived\0{purpose}".encode(), hashlib.sha256).hexdigest()

    @property
    def key_mark(self) -> str:
        """Sixteen letters that tell one key from another and say nothing of either."""
        return self.derived("key-mark")[:16]


def load_identity(state_dir: Path) -> Identity:
    """Read the key of `state_dir`, or make one (mode 0600).  Raises OSError, ValueError for a damaged key."""
    path = state_dir / "person.key"
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return Identity(key_of(path))
    except ValueError as error:
        raise ValueError(f"{error}; restore it from a backup") from None
