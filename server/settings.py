"""Settings come from the environment, are read once, and are frozen.

Every secret may also be given as NAME_FILE, the path of a file that holds it.
A missing or bad value stops the start with one message that lists all that is wrong.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit


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
    """All that can be set. URLs have no trailing slash."""

    env: Env
    base_url: str
    bind: str
    data_dir: Path
    database_url: str
    redis_url: str
    redis_is_embedded: bool
    secret_key: str
    token_keys: tuple[str, ...]
    google_client_id: str
    google_client_secret: str
    google_hosted_domain: str | None
    sandbox_url: str | None
    templates_dir: Path
    log_format: str

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
        data_dir = Path(self._get("RAPPORT_DATA_DIR") or "var").absolute()
        redis_url = self._get("REDIS_URL")
        settings = Settings(
            env=env,
            base_url=self._url("RAPPORT_BASE_URL", None if production else "http://127.0.0.1:8400"),
            bind=self._get("RAPPORT_BIND") or "127.0.0.1:8400",
            data_dir=data_dir,
            database_url=self._database_url(data_dir, required=production),
            redis_url=redis_url or f"unix://{data_dir / 'valkey' / 'valkey.sock'}",
            redis_is_embedded=not redis_url,
            secret_key=self._secret("SECRET_KEY", production, "development-only-not-a-secret"),
            token_keys=self._token_keys(production),
            google_client_id=self._secret("GOOGLE_CLIENT_ID", production, "rapport-sandbox"),
            google_client_secret=self._secret("GOOGLE_CLIENT_SECRET", production, "rapport-sandbox-secret"),
            google_hosted_domain=self._get("GOOGLE_HOSTED_DOMAIN"),
            sandbox_url=self._sandbox_url(production),
            templates_dir=Path(self._get("RAPPORT_TEMPLATES_DIR") or "email_templates").absolute(),
            log_format=self._choice("RAPPORT_LOG_FORMAT", ("json", "console"), "json"),
        )
        if production and settings.redis_is_embedded:
            self._problems.append("REDIS_URL is missing: production needs a Valkey or Redis of its own.")
        if self._problems:
            raise SettingsError(self._problems)
        return settings

    def _get(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip()
        file = self._environ.get(f"{name}_FILE", "").strip()
        if value and file:
            self._problems.append(f"Both {name} and {name}_FILE are set: keep one.")
        if value or not file:
            return value or None
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            self._problems.append(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.")
            return None

    def _env(self) -> Env:
        return Env(self._choice("RAPPORT_ENV", tuple(Env), Env.DEVELOPMENT))

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._get(name) or default
        if value in allowed:
            return value
        self._problems.append(f"{name} is {value!r}: use one of {', '.join(allowed)}.")
        return default

    def _url(self, name: str, default: str | None) -> str:
        value = self._get(name) or default
        if value is None:
            self._problems.append(
                f"{name} is missing: give the address people open, such as https://rapport.example.com."
            )
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            self._problems.append(f"{name} is {value!r}: give an address such as https://rapport.example.com.")
        return value.rstrip("/")

    def _database_url(self, data_dir: Path, *, required: bool) -> str:
        value = self._get("DATABASE_URL")
        if value is None:
            if required:
                self._problems.append("DATABASE_URL is missing: give postgresql://user:password@host/name.")
            return f"sqlite:///{data_dir / 'rapport.sqlite3'}"
        if value.startswith(("postgres://", "postgresql://")):
            return "postgresql+psycopg://" + value.split("://", 1)[1]
        if not value.startswith(("postgresql+psycopg://", "sqlite:///")):
            scheme = value.split(":", 1)[0]
            self._problems.append(f"DATABASE_URL starts with {scheme!r}: use postgresql:// or sqlite:///.")
        return value

    def _secret(self, name: str, production: bool, default: str) -> str:
        value = self._get(name)
        if value is None and production:
            self._problems.append(f"{name} is missing: set it, or {name}_FILE with the path of a file that holds it.")
        if name == "SECRET_KEY" and production and value is not None and len(value) < 32:
            suggestion = f"python -c 'import secrets; print(secrets.token_urlsafe({32}))'"
            self._problems.append(f"SECRET_KEY is shorter than 32 characters: make one with {suggestion}.")
        return value or default

    def _token_keys(self, production: bool) -> tuple[str, ...]:
        value = self._get("TOKEN_KEYS")
        if value is None:
            if production:
                self._problems.append(
                    "TOKEN_KEYS is missing: it encrypts the mailbox tokens. Make one with `rapport keys new`."
                )
            return (base64.urlsafe_b64encode(b"development-only-not-a-secret!!!").decode(),)
        keys = tuple(part.strip() for part in value.split(",") if part.strip())
        for number, key in enumerate(keys, start=1):
            if not _is_fernet_key(key):
                self._problems.append(f"TOKEN_KEYS, key {number}, is not a key: make one with `rapport keys new`.")
        return keys

    def _sandbox_url(self, production: bool) -> str | None:
        if self._get("RAPPORT_SANDBOX_URL") is None:
            return None
        if production:
            self._problems.append("RAPPORT_SANDBOX_URL is set: the sandbox accepts anybody, so production refuses it.")
        return self._url("RAPPORT_SANDBOX_URL", None)


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
