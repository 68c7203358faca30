"""Encrypts what the journal must keep of a citizen until the server has it.

AES-256-GCM with a key in a file of its own (mode 0600): a copy of the journal alone tells nothing of anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from devices.runtime.key_file import key_of
from kiosk.flows.intake_words import Citizen

NONCE_BYTES = 12


class JournalProblem(Exception):
    """The journal cannot be used; the text names the file and what is wrong with it."""


class Seal:
    """Closes and opens citizens' data with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._person_key = hmac.new(key, b"person", hashlib.sha256).digest()

    def close(self, citizen: Citizen) -> bytes:
        """Return a citizen as a nonce and the ciphertext."""
        birth = citizen.birth.isoformat() if citizen.birth else None
        told = json.dumps([citizen.name, citizen.id_type, citizen.id_number, birth, citizen.masked_name])
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, told.encode(), None)

    def open(self, sealed: bytes) -> Citizen | None:
        """Return the citizen, None when it was closed with another key: the ticket still counts."""
        try:
            told = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            return None
        name, id_type, id_number, birth, masked = json.loads(told)
        return Citizen(name, id_type, id_number, date.fromisoformat(birth) if birth else None, masked)

    def person(self, citizen: Citizen) -> str:
        """Return a keyed hash by which this terminal knows a person again."""
        told = f"{citizen.id_type}\0{citizen.id_number}".encode()
        return hmac.new(self._person_key, told, hashlib.sha256).hexdigest()


def load_seal(path: Path) -> Seal:
    """Read the key, or make one (mode 0600).  Raises OSError, JournalProblem for a damaged key."""
    try:
        return Seal(key_of(path))
    except ValueError as error:
        raise JournalProblem(f"{error}; remove it, and what it encrypted is lost") from None
