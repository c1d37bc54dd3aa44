"""Settings come from the environment, are read once, and are frozen.

Every secret may also be given as NAME_FILE, the path of a file that holds it.
A missing or bad value stops the start with one message that lists all that is wrong.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from server.post_settings import SmtpServer
from server.sign_in_settings import Around, OidcReader, OidcSettings, is_loopback_host

_DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105  refused wherever it matters
_DEVELOPMENT_TOKEN_KEY = base64.urlsafe_b64encode(b"development-only-not-a-secret!!!").decode()
_SANDBOX_CLIENT_ID = "rapport-sandbox"
_SANDBOX_CLIENT_SECRET = "rapport-sandbox-secret"  # noqa: S105  the sandbox's, known to everybody


_GMAIL_PUSH = ("GMAIL_PUSH_TOPIC", "GMAIL_PUSH_AUDIENCE", "GMAIL_PUSH_SERVICE_ACCOUNT")
_TOPIC = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")


_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_EXTENSION_ID = re.compile(r"[a-p]{32}")
# That of an extension built from this checkout, by the public key in extension/wxt.config.ts.
_OUR_EXTENSION_ID = "pbcmcgfbmcfggpdbnlbebfglgcdpdnfp"


class Env(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The environment cannot be used. `problems` holds one sentence for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Rapport cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that can be set. URLs have no trailing slash.

    `poll_interval_s`: at least so often a mailbox that is read is looked at. The three `gmail_push_` are all set or
    none: the topic that Gmail tells of new mail, and who may push to us, for which audience. `inbound_domain` is where
    users' secret addresses live, None without them; `inbound_trusted_mx` is the server whose Authentication-Results
    are believed. `smtp` and `mail_from`, both or none: by which server, and as whom, Rapport writes to
    its own users. `extension_ids` are the Gmail extensions that people may give access. `google_client_` is what
    mailboxes are connected with; `oidc` is where people sign in.
    """

    env: Env
    base_url: str
    bind: str
    data_dir: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    redis_is_embedded: bool
    secret_key: str = field(repr=False)
    token_keys: tuple[str, ...] = field(repr=False)
    google_client_id: str
    google_client_secret: str = field(repr=False)
    google_hosted_domain: str | None
    oidc: OidcSettings
    sandbox_url: str | None
    templates_dir: Path
    playbooks_dir: Path
    log_format: str
    has_rate_limits: bool
    poll_interval_s: int
    gmail_push_topic: str | None
    gmail_push_audience: str | None
    gmail_push_service_account: str | None
    inbound_domain: str | None
    inbound_bind: str
    inbound_trusted_mx: str | None
    extension_ids: tuple[str, ...]
    smtp: SmtpServer | None
    mail_from: str | None

    @property
    def is_production(self) -> bool:
        return self.env is Env.PRODUCTION

    @property
    def secure_cookies(self) -> bool:
        return self.base_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises SettingsError that lists every problem at once."""
        return _Reader(os.environ if environ is None else environ).settings()


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []

    def settings(self) -> Settings:
        env = self._env()
        production = env is Env.PRODUCTION
        base_url = self._base_url(production)
        # What development makes easy is for one machine: whoever is reachable from others is asked for secrets, too.
        guarded = production or not is_loopback(base_url)
        smtp, mail_from = self._post()
        data_dir = Path(self._get("RAPPORT_DATA_DIR") or "var").absolute()
        redis_url = self._redis_url(production)
        topic, audience, service_account = self._gmail_push()
        around = Around(
            is_guarded=guarded,
            sandbox_url=self._sandbox_url(guarded),
            google_client_id=self._secret("GOOGLE_CLIENT_ID", guarded, _SANDBOX_CLIENT_ID),
            google_client_secret=self._secret("GOOGLE_CLIENT_SECRET", guarded, _SANDBOX_CLIENT_SECRET),
            google_hosted_domain=self._domain("GOOGLE_HOSTED_DOMAIN"),
        )
        settings = Settings(
            env=env,
            base_url=base_url,
            bind=self._bind("RAPPORT_BIND", "127.0.0.1:8400"),
            data_dir=data_dir,
            database_url=self._database_url(data_dir, required=production),
            redis_url=redis_url or f"unix://{data_dir / 'valkey' / 'valkey.sock'}",
            redis_is_embedded=not redis_url,
            secret_key=self._secret_key(guarded),
            token_keys=self._token_keys(guarded),
            google_client_id=around.google_client_id,
            google_client_secret=around.google_client_secret,
            google_hosted_domain=around.google_hosted_domain,
            oidc=OidcReader(self._get, self._problems, around).settings(),
            sandbox_url=around.sandbox_url,
            templates_dir=Path(self._get("RAPPORT_TEMPLATES_DIR") or "email_templates").absolute(),
            playbooks_dir=Path(self._get("RAPPORT_PLAYBOOKS_DIR") or "playbooks").absolute(),
            log_format=self._choice("RAPPORT_LOG_FORMAT", ("json", "console"), "json"),
            has_rate_limits=self._choice("RAPPORT_RATE_LIMITS", ("on", "off"), "off" if env is Env.TEST else "on")
            == "on",
            poll_interval_s=self._poll_interval_s(),
            gmail_push_topic=topic,
            gmail_push_audience=audience,
            gmail_push_service_account=service_account,
            inbound_domain=self._domain("RAPPORT_INBOUND_DOMAIN"),
            inbound_bind=self._bind("RAPPORT_INBOUND_BIND", "127.0.0.1:8025"),
            inbound_trusted_mx=self._domain("RAPPORT_INBOUND_TRUSTED_MX"),
            extension_ids=self._extension_ids(guarded),
            smtp=smtp,
            mail_from=mail_from,
        )
        if self._problems:
            raise SettingsError(list(dict.fromkeys(self._problems)))
        return settings

    def _get(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip()
        file = self._environ.get(f"{name}_FILE", "").strip()
        if value and file:
            self._problems.append(f"Both {name} and {name}_FILE are set: keep one.")
        if value or not file:
            return value or None
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            self._problems.append(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.")
        except ValueError:
            self._problems.append(f"{name}_FILE names {file}, which is not a text file in UTF-8.")
        else:
            if not value:
                self._problems.append(f"{name}_FILE names {file}, which is empty.")
        return value or None

    def _env(self) -> Env:
        return Env(self._choice("RAPPORT_ENV", tuple(Env), Env.DEVELOPMENT))

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._get(name) or default
        if value in allowed:
            return value
        self._problems.append(f"{name} is {value!r}: use one of {', '.join(allowed)}.")
        return default

    def _base_url(self, production: bool) -> str:
        value = self._url("RAPPORT_BASE_URL", None if production else "http://127.0.0.1:8400")
        if production and value.startswith("http://"):
            self._problems.append("RAPPORT_BASE_URL is not https://: session cookies must not travel in the clear.")
        return value

    def _url(self, name: str, default: str | None) -> str:
        """Scheme, host and port, as browsers spell an origin: in lower case, without the scheme's own port."""
        value = self._get(name) or default
        if value is None:
            self._problems.append(
                f"{name} is missing: give the address people open, such as https://rapport.example.com."
            )
            return ""
        origin = _origin(value)
        if origin is None:
            self._problems.append(f"{name} is {value!r}: give an address such as https://rapport.example.com.")
        return origin or value.rstrip("/")

    def _bind(self, name: str, default: str) -> str:
        value = self._get(name) or default
        host, _, port = value.rpartition(":")
        if not (value.startswith("unix:") or (host and port.isdecimal() and int(port) < 65_536)):
            self._problems.append(f"{name} is {value!r}: give host:port, such as {default}.")
        return value

    def _redis_url(self, production: bool) -> str | None:
        value = self._get("REDIS_URL")
        if value is None and production:
            self._problems.append("REDIS_URL is missing: production needs a Valkey or Redis of its own.")
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            self._problems.append("REDIS_URL is not one: give redis://host:6379/0, rediss:// or unix://.")
        return value

    def _database_url(self, data_dir: Path, *, required: bool) -> str:
        value = self._get("DATABASE_URL")
        if value is None:
            if required:
                self._problems.append("DATABASE_URL is missing: give postgresql://user:password@host/name.")
            return f"sqlite:///{data_dir / 'rapport.sqlite3'}"
        scheme, _, rest = value.partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg") and rest:
            return f"postgresql+psycopg://{rest}"
        if scheme != "sqlite" or not rest.startswith("/") or rest in ("/", "/:memory:"):
            # The value itself may hold a password.
            self._problems.append("DATABASE_URL is not one: use postgresql:// or sqlite:///path/of/a/file.")
        return value

    def _secret(self, name: str, guarded: bool, default: str) -> str:
        value = self._get(name)
        if value is None and guarded:
            self._problems.append(f"{name} is missing: set it, or {name}_FILE with the path of a file that holds it.")
        if value == default and guarded:
            self._problems.append(f"{name} is the one of the sandbox, which everybody knows: set your own.")
        return value or default

    def _secret_key(self, guarded: bool) -> str:
        value = self._secret("SECRET_KEY", guarded, _DEVELOPMENT_SECRET)
        if guarded and value != _DEVELOPMENT_SECRET and len(value) < 32:
            suggestion = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            self._problems.append(f"SECRET_KEY is shorter than 32 characters: make one with {suggestion}.")
        return value

    def _token_keys(self, guarded: bool) -> tuple[str, ...]:
        value = self._get("TOKEN_KEYS")
        if value is None:
            if guarded:
                self._problems.append(
                    "TOKEN_KEYS is missing: it encrypts the mailbox tokens. Make one with `rapport keys new`."
                )
            return (_DEVELOPMENT_TOKEN_KEY,)
        keys = tuple(part.strip() for part in value.split(",") if part.strip())
        if not keys:
            self._problems.append("TOKEN_KEYS holds no key: make one with `rapport keys new`.")
        for number, key in enumerate(keys, start=1):
            if not _is_fernet_key(key):
                self._problems.append(f"TOKEN_KEYS, key {number}, is not a key: make one with `rapport keys new`.")
            elif guarded and key == _DEVELOPMENT_TOKEN_KEY:
                self._problems.append(f"TOKEN_KEYS, key {number}, is the one of development, which everybody knows.")
        return keys

    def _domain(self, name: str) -> str | None:
        value = (self._get(name) or "").lower()
        if value and not (value.replace("-", "").replace(".", "").isalnum() and "." in value.strip(".")):
            self._problems.append(f"{name} is {value!r}: give a domain such as example.com.")
        return value or None

    def _poll_interval_s(self) -> int:
        value = self._get("RAPPORT_POLL_SECONDS") or "60"
        if not (value.isdecimal() and len(value) <= 4 and 5 <= int(value) <= 3600):
            self._problems.append(f"RAPPORT_POLL_SECONDS is {value!r}: give whole seconds from 5 to 3600.")
            return 60
        return int(value)

    def _extension_ids(self, guarded: bool) -> tuple[str, ...]:
        # Anybody can build one of this id, so it is let in by itself only where nobody else can come.
        value = self._get("RAPPORT_EXTENSION_IDS") or ("" if guarded else _OUR_EXTENSION_ID)
        ids = tuple(part.strip() for part in value.split(",") if part.strip())
        for one in ids:
            if not _EXTENSION_ID.fullmatch(one):
                cure = "give ids as chrome://extensions shows them, 32 letters from a to p."
                self._problems.append(f"RAPPORT_EXTENSION_IDS holds {one!r}: {cure}")
        return ids

    def _post(self) -> tuple[SmtpServer | None, str | None]:
        server = None
        url, sender = self._get("RAPPORT_SMTP_URL"), self._get("RAPPORT_MAIL_FROM")
        if (url is None) != (sender is None):
            self._problems.append("Mail from Rapport itself needs both RAPPORT_SMTP_URL and RAPPORT_MAIL_FROM.")
        if url is not None:
            try:
                server = SmtpServer.from_url(url)
            except ValueError as error:
                self._problems.append(f"RAPPORT_SMTP_URL cannot be used: {error}")
        if sender is not None and not _ADDRESS.fullmatch(sender):
            self._problems.append(f"RAPPORT_MAIL_FROM is {sender!r}: give an address such as rapport@example.com.")
        return server, sender

    def _gmail_push(self) -> tuple[str | None, str | None, str | None]:
        values = {name: self._get(name) for name in _GMAIL_PUSH}
        missing = [name for name, value in values.items() if value is None]
        if missing and len(missing) < len(values):
            self._problems.append(f"Push from Gmail needs all of {', '.join(_GMAIL_PUSH)}: set {', '.join(missing)}.")
        topic, audience, service_account = values.values()
        if topic is not None and not _TOPIC.fullmatch(topic):
            self._problems.append(f"GMAIL_PUSH_TOPIC is {topic!r}: give projects/<project>/topics/<topic>.")
        if service_account is not None and "@" not in service_account:
            self._problems.append(
                f"GMAIL_PUSH_SERVICE_ACCOUNT is {service_account!r}: give the address of a service account."
            )
        return topic, audience, service_account

    def _sandbox_url(self, guarded: bool) -> str | None:
        if self._get("RAPPORT_SANDBOX_URL") is None:
            return None
        if guarded:
            self._problems.append(
                "RAPPORT_SANDBOX_URL is set: the sandbox accepts anybody, so production refuses it, and so does a "
                "RAPPORT_BASE_URL beyond this machine."
            )
        return self._url("RAPPORT_SANDBOX_URL", None)


def is_loopback(url: str) -> bool:
    """Whether only this machine can open the address."""
    host = urlsplit(url).hostname or "" if _origin(url) else ""
    return is_loopback_host(host)


def _origin(url: str) -> str | None:
    """The origin as a browser sends it, or None for what is more or less than an origin."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return None
    if parts.path.strip("/") or parts.query or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, own) else "")


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        return False


def new_token_key() -> str:
    """A fresh key for TOKEN_KEYS: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def inherited(*names: str) -> dict[str, str]:
    """These variables of our own environment, as far as they are set: for the processes that we start."""
    return {name: os.environ[name] for name in names if name in os.environ}
