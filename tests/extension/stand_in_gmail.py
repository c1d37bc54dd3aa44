"""A page at https://mail.google.com for the browser of a test, under a certificate made for it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.cast import ALICE, BOB
from tests.extension.stand_in_sync import Sync

_PAGE = Path(__file__).with_suffix(".html")
# As Google's order of accounts: /mail/u/0/ is the first that signed in.
_ACCOUNTS = ((ALICE, "Alice Moreau"), (BOB, "Bob Lindqvist"))
_POLICY = (
    "script-src 'nonce-{nonce}' 'strict-dynamic'; object-src 'none'; base-uri 'self'; "
    "require-trusted-types-for 'script'; trusted-types gmail; report-uri /broken"
)


@dataclass(kw_only=True)
class StandInGmail:
    """`key_hash`: of its public key, by which Chromium is told to believe it.

    Anew for each test: `sync`, how its mail leaves; `broken`, what pages did against the policy; `readied`, pages that
    Chrome loaded before anybody asked for them.
    """

    port: int = 0
    key_hash: str
    sync: Sync = field(default_factory=Sync)
    broken: list[str] = field(default_factory=list)
    readied: list[str] = field(default_factory=list)


def _app(gmail: StandInGmail) -> Flask:
    app = Flask(__name__)

    @app.get("/mail/u/<int:which>/")
    def mailbox(which: int) -> Response:
        email, name = _ACCOUNTS[which]
        nonce = secrets.token_urlsafe(16)
        html = _PAGE.read_text(encoding="utf-8")
        values = {"nonce": nonce, "email": email, "name": name, "initial": name[0], "which": str(which)}
        place = "Compose Mail" if request.args.get("view") == "btop" else "Inbox (3)"
        values["title"] = f"{place} - {email} - Rapport Mail"
        for key, value in values.items():
            html = html.replace("{{" + key + "}}", escape(value))
        return Response(html, headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)})

    @app.get("/stand_in_gmail.js")
    def script() -> Response:
        return Response(_PAGE.with_suffix(".js").read_text(encoding="utf-8"), mimetype="text/javascript")

    @app.post("/sync/u/<int:which>/i/s")
    def sync(which: int) -> Response:
        status, text = gmail.sync.answer(_ACCOUNTS[which][0], request.get_data())
        return Response(text, status=status, mimetype="application/json")

    @app.post("/broken")
    def broken() -> Response:
        gmail.broken.append(request.get_data(as_text=True))
        return Response(status=204)

    @app.route("/readied", methods=["GET", "POST"])
    def readied() -> list[str]:
        if request.method == "POST":
            gmail.readied.append(request.get_data(as_text=True))
        return gmail.readied

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
    found = StandInGmail(key_hash=key_hash)
    server = make_server("127.0.0.1", 0, _app(found), threaded=True, ssl_context=context)
    found.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
