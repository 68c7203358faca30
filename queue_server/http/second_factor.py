"""One-time codes (TOTP, RFC 6238: SHA-1, 6 digits, 30 s), as every authenticator app makes them.

The secret is not kept: it is derived from a random salt with the key beside the database.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime

import pyotp

from queue_server.application.ports import Totp

STEP_S = 30
SKEW = (0, -1, 1)
"""Steps around now that are taken, for phones whose clock is not quite right."""
ISSUER = "Tingtong"

Derive = Callable[[str], str]


def new_factor(username: str) -> Totp:
    """Return a fresh second factor for a person."""
    return Totp(username, secrets.token_hex(16))


def secret_of(derive: Derive, factor: Totp) -> str:
    """Return the secret as authenticator apps take it, base 32."""
    raw = bytes.fromhex(derive(f"totp\0{factor.username}\0{factor.salt}"))
    return base64.b32encode(raw[:20]).decode()


def uri_of(secret: str, username: str) -> str:
    """Return the `otpauth://` address for a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step that `code` belongs to, or None for a wrong one."""
    totp = pyotp.TOTP(secret)
    here = int(now.timestamp()) // STEP_S
    for step in (here + skew for skew in SKEW):
        if pyotp.utils.strings_equal(code, totp.at(step * STEP_S)):
            return step
    return None
