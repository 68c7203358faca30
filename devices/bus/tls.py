"""How a connection to the site's broker is protected: the `tls` keys that every `[mqtt]` table shares.

The broker's certificate is always checked, its name too; there is no switch for that.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from devices.runtime.toml_settings import SettingsError


class TlsSettings(BaseModel):
    """Part of `[mqtt]`.  Paths are absolute, since the programs start in different folders."""

    tls: bool = Field(default=False, description="speak TLS to the broker (usual port 8883)")
    ca: Path | None = Field(
        default=None,
        description="who signed the broker's certificate; left out: Debian's list",
    )
    certificate: Path | None = Field(default=None, description="this program's own certificate, with `key`")
    key: Path | None = Field(default=None, repr=False, description="the private key of `certificate`")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name in ("ca", "certificate", "key"):
            path: Path | None = getattr(self, name)
            if path is not None and not self.tls:
                raise ValueError(f"{name} is of no use without tls = true")
            if path is not None and not path.is_absolute():
                raise ValueError(f"{name} must be an absolute path")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; set both or neither")
        return self

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what a connection needs; None without TLS.  Raises SettingsError for an unusable file."""
        return _make(self.ca, self.certificate, self.key) if self.tls else None


@lru_cache(maxsize=4)  # an agent has a connection for each machine: one copy of the authorities is enough
def _make(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(str(path) for path in (ca, certificate, key) if path is not None)
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "unreadable"
        raise SettingsError(
            f"[mqtt] {files}: {reason}; give readable PEM files, and the key of that certificate"
        ) from None
    return context
