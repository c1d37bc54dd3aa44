"""What can be set of signing in: the OIDC_ settings. settings.py, the only reader of the environment, asks for them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

GOOGLE_ISSUER = "https://accounts.google.com"
# The strongest first: of the roles of several groups a person gets the first of these.
ROLES = ("admin", "manager", "tam", "auditor", "viewer")
_ALWAYS_ASKED = ("openid", "email", "profile")
_LONGEST_NAME = 40
# RFC 6749, 3.3, without the comma, which is only ever a mistake for a space.
_SCOPE = re.compile(r"[!#-+\--\[\]-~]+")


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """The provider at which people sign in.

    `issuer` is exactly as its discovery document spells it. `is_google` is also true of the sandbox. `roles` holds
    pairs (group, role); empty, only whom an admin added may sign in. `scopes` come beside openid, email and profile.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    is_google: bool
    groups_claim: str
    roles: tuple[tuple[str, str], ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the other settings say. `is_guarded`: the installation can be reached from beyond this machine."""

    is_guarded: bool
    sandbox_url: str | None
    google_client_id: str
    google_client_secret: str = field(repr=False)
    google_hosted_domain: str | None


class OidcReader:
    """Reads by `get(name)`, and adds a sentence to `problems` for each thing that is wrong."""

    def __init__(self, get: Callable[[str], str | None], problems: list[str], around: Around) -> None:
        self._get = get
        self._problems = problems
        self._around = around

    def settings(self) -> OidcSettings:
        default = self._around.sandbox_url or GOOGLE_ISSUER
        issuer = self._get("OIDC_ISSUER") or default
        is_google = issuer in (GOOGLE_ISSUER, default)
        if issuer != default:
            self._check_issuer(issuer)
        if not is_google and self._around.google_hosted_domain:
            self._problems.append(
                "GOOGLE_HOSTED_DOMAIN is set, but OIDC_ISSUER, where people sign in, is not Google: remove one of them."
            )
        client_id, client_secret = self._client(is_google)
        return OidcSettings(
            issuer=issuer,
            client_id=client_id,
            client_secret=client_secret,
            name=self._name("Google" if is_google else _host(issuer)),
            is_google=is_google,
            groups_claim=self._groups_claim(),
            roles=self._roles(),
            scopes=self._scopes(),
        )

    def _check_issuer(self, issuer: str) -> None:
        if not _is_issuer(issuer):
            self._problems.append(
                f"OIDC_ISSUER is {issuer!r}: give the issuer's address without user, ? and #, such as "
                "https://example.okta.com/oauth2/default."
            )
        elif issuer.startswith("http://") and (self._around.is_guarded or not is_loopback_host(_host(issuer))):
            self._problems.append(
                f"OIDC_ISSUER is {issuer!r}, not https://: anybody on the way could sign in as anybody. Only a "
                "provider on this machine may do without, while developing."
            )

    def _client(self, is_google: bool) -> tuple[str, str]:
        names = ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
        values = {name: self._get(name) for name in names}
        missing = [name for name, value in values.items() if value is None]
        if is_google and len(missing) == len(names):
            return self._around.google_client_id, self._around.google_client_secret
        for name in missing:
            why = "its fellow is set" if len(missing) == 1 else "OIDC_ISSUER is not Google"
            self._problems.append(f"{name} is missing, and {why}: give both as your provider shows them.")
        client_id, client_secret = (values[name] or "" for name in names)
        return client_id, client_secret

    def _name(self, default: str) -> str:
        name = self._get("OIDC_NAME") or default
        if len(name) > _LONGEST_NAME or not name.isprintable():
            self._problems.append(
                f"OIDC_NAME is {name!r}: give up to {_LONGEST_NAME} letters for the button, such as Okta."
            )
        return name

    def _groups_claim(self) -> str:
        claim = self._get("OIDC_GROUPS_CLAIM") or "groups"
        if not claim.isprintable() or " " in claim:
            self._problems.append(f"OIDC_GROUPS_CLAIM is {claim!r}: give the name of one claim, such as groups.")
        return claim

    def _roles(self) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for part in (self._get("OIDC_ROLES") or "").split(","):
            if not part.strip():
                continue
            # From the right: names of groups may hold an equals sign, those of roles do not.
            group, _, role = (word.strip() for word in part.rpartition("="))
            if not group or role not in ROLES:
                self._problems.append(
                    f"OIDC_ROLES has {part.strip()!r}: give group=role, with one of {', '.join(ROLES)}."
                )
            elif found.setdefault(group, role) != role:
                self._problems.append(f"OIDC_ROLES gives {group!r} two roles, {found[group]} and {role}: keep one.")
        return tuple(found.items())

    def _scopes(self) -> tuple[str, ...]:
        scopes = (self._get("OIDC_SCOPES") or "").split()
        bad = [scope for scope in scopes if not _SCOPE.fullmatch(scope)]
        if bad:
            self._problems.append(f"OIDC_SCOPES has {bad[0]!r}: give names with spaces between them, such as groups.")
        return tuple(dict.fromkeys(scope for scope in scopes if scope not in _ALWAYS_ASKED))


def is_loopback_host(host: str) -> bool:
    """Whether the name means this machine to itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_issuer(value: str) -> bool:
    """OpenID Connect Core 1.0, 2: a URL with scheme, host, optionally port and path, and nothing behind."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  raises for a port that is none
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    return is_web and "?" not in value and "#" not in value and value.isprintable() and " " not in value


def _host(issuer: str) -> str:
    try:
        return urlsplit(issuer).hostname or "your provider"
    except ValueError:
        return "your provider"
