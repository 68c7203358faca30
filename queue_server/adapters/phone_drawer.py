"""Telephone numbers, encrypted with AES-256-GCM under a key that is derived from the one beside the database.

Kept as base64url of nonce (12 bytes) and ciphertext.  The record's id is authenticated with it, so that a
number cannot be moved to another record.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from queue_server.adapters.identity import Identity
from queue_server.domain.errors import QueueError

NONCE_BYTES = 12  # NIST SP 800-38D, section 8.2.2: random nonces of 96 bits


def sealed(identity: Identity, text: str, about: str) -> str:
    """Return `text` encrypted for the record `about`."""
    nonce = os.urandom(NONCE_BYTES)
    made = nonce + _cipher(identity).encrypt(nonce, text.encode(), about.encode())
    return base64.urlsafe_b64encode(made).decode()


def opened(identity: Identity, kept: str, about: str) -> str:
    """Return what was sealed for `about`.  Raises QueueError `internal` for anything else."""
    try:
        made = base64.urlsafe_b64decode(kept)
        nonce, rest = made[:NONCE_BYTES], made[NONCE_BYTES:]
        return _cipher(identity).decrypt(nonce, rest, about.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise QueueError("internal") from error


def _cipher(identity: Identity) -> AESGCM:
    return AESGCM(bytes.fromhex(identity.derived("appointment-phone")))
