"""Where mail of Rapport itself is handed over: smtp://user:password@host:587?starttls, or smtps://host."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from server.sign_in_settings import is_loopback_host

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """`is_tls` from the first byte on; `has_starttls` after a greeting in the clear. Neither only on this machine."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    is_tls: bool
    has_starttls: bool

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """Raises ValueError with a sentence that does not repeat the address: it holds a password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError("its port is no number.") from error
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise ValueError("give smtp://user:password@host:587?starttls, or smtps://user:password@host.")
        if parts.query not in ("", "starttls") or (parts.username is None) != (parts.password is None):
            raise ValueError("it may end with ?starttls and nothing else, and needs a user and a password or neither.")
        is_tls, has_starttls = parts.scheme == "smtps", parts.query == "starttls"
        if not (is_tls or has_starttls or is_loopback_host(parts.hostname)):
            raise ValueError("mail would travel in the clear: add ?starttls, or use smtps://.")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_tls=is_tls,
            has_starttls=has_starttls,
        )
