"""A page at https://mail.google.com for the browser of a test, under a certificate made for it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, Response
from werkzeug.serving import make_server

from tests.cast import ALICE, BOB

_PAGE = Path(__file__).with_suffix(".html")
# As Google's order of accounts: /mail/u/0/ is the first that signed in.
_ACCOUNTS = ((ALICE, "Alice Moreau"), (BOB, "Bob Lindqvist"))
_POLICY = (
    "script-src 'nonce-{nonce}' 'strict-dynamic'; object-src 'none'; base-uri 'self'; "
    "require-trusted-types-for 'script'; trusted-types gmail"
)


@dataclass(frozen=True, kw_only=True)
class StandInGmail:
    """`key_hash`: of its public key, by which Chromium is told to believe it."""

    port: int
    key_hash: str


def _app() -> Flask:
    app = Flask(__name__)

    @app.get("/mail/u/<int:which>/")
    def mailbox(which: int) -> Response:
        email, name = _ACCOUNTS[which]
        nonce = secrets.token_urlsafe(16)
        html = _PAGE.read_text(encoding="utf-8")
        values = {"nonce": nonce, "email": email, "name": name, "initial": name[0]}
        values["title"] = f"Inbox (3) - {email} - Rapport Mail"
        for key, value in values.items():
            html = html.replace("{{" + key + "}}", escape(value))
        return Response(html, headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)})

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return Response(status=204)

    return app


def _certificate(folder: Path) -> tuple[Path, Path, str]:
    """Certificate, key, hash of the public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.google.com")])
    now = datetime.now(UTC)
    names = [x509.DNSName("mail.google.com"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "gmail.crt", folder / "gmail.key"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return cert_path, key_path, base64.b64encode(hashlib.sha256(public).digest()).decode()


@contextmanager
def stand_in_gmail(folder: Path) -> Iterator[StandInGmail]:
    certificate, key, key_hash = _certificate(folder)
    context = (str(certificate), str(key))
    server = make_server("127.0.0.1", 0, _app(), threaded=True, ssl_context=context)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield StandInGmail(port=server.server_port, key_hash=key_hash)
    server.shutdown()
    thread.join()
    server.server_close()
