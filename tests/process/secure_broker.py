"""Debian's Mosquitto with the very files of config/mosquitto, on loopback, with certificates made here."""

from __future__ import annotations

import contextlib
import getpass
import ipaddress
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.brokers import free_port

TEMPLATES = Path(__file__).parents[2] / "config" / "mosquitto"
SBIN = "/usr/sbin/mosquitto"


@dataclass(frozen=True)
class Authority:
    """Signs certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _builder(name: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def make_authority(folder: Path, name: str) -> Authority:
    """Make an authority; its certificate is `folder/name.crt`."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return Authority(made, key)


def sign(folder: Path, authority: Authority, name: str) -> None:
    """Make `folder/name.crt` and `.key` for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = str(authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        _builder(name, issuer, key)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))


def write_accounts(folder: Path, accounts: dict[str, str], blocks: str) -> None:
    """Make the password file, and the shipped access list with more blocks behind it."""
    passwords = folder / "tingtong.passwd"
    passwords.write_text("".join(f"{name}:{password}\n" for name, password in accounts.items()))
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    acl = (TEMPLATES / "tingtong.acl").read_text() + "\n" + blocks
    (folder / "tingtong.acl").write_text(acl)


def adapt(name: str, folder: Path, **replaced: str) -> str:
    """Return a shipped configuration with this folder's files, running as whoever we are."""
    text = (TEMPLATES / name).read_text()
    for old, new in {
        "/etc/mosquitto/certs": str(folder),
        "/etc/mosquitto": str(folder),
        "/var/lib/mosquitto/": f"{folder}/",
    }.items():
        text = text.replace(old, new)
    for old, new in replaced.items():
        text = text.replace(old.replace("__", " "), new)
    return text + f"\nuser {getpass.getuser()}\n"


@contextlib.contextmanager
def running(folder: Path, name: str, text: str, port: int) -> Iterator[Path]:
    """Run Mosquitto with `text` as its configuration; yields its log."""
    config, log = folder / f"{name}.conf", folder / f"{name}.log"
    config.write_text(text)
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [shutil.which("mosquitto") or SBIN, "-v", "-c", str(config)], stdout=out, stderr=out
        ) as process,
    ):
        try:
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"mosquitto ended: {log.read_text()}")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
            yield log
        finally:
            process.terminate()


@dataclass
class SecureBroker:
    """A hall's broker: TLS, accounts, access list."""

    port: int
    folder: Path
    log: Path

    @property
    def ca(self) -> Path:
        """The authority that signed its certificate."""
        return self.folder / "ca.crt"


@contextlib.contextmanager
def secure_broker(
    folder: Path, accounts: dict[str, str], blocks: str, more: str = ""
) -> Iterator[SecureBroker]:
    """Run the hall's broker as shipped; `more` is appended to site.conf."""
    authority = make_authority(folder, "ca")
    sign(folder, authority, "server")
    sign(folder, authority, "client")
    make_authority(folder, "other-ca")
    write_accounts(folder, accounts, blocks)
    port = free_port()
    text = adapt("site.conf", folder, listener__8883=f"listener {port} 127.0.0.1") + more
    with running(folder, "site", text, port) as log:
        yield SecureBroker(port, folder, log)
