"""Domains of companies: read from websites, lower case, IDNA-encoded."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label is never all digits: that would be an IPv4 address (RFC 3696, 2).
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?![0-9])")


_TENANTS_OF = (
    "onmicrosoft.com", "zendesk.com", "freshdesk.com", "atlassian.net", "my.salesforce.com", "intercom-mail.com",
    "hubspotemail.net", "sharepoint.com", "googlegroups.com",
)  # fmt: skip


@lru_cache(maxsize=50_000)
def domain_of(text: str) -> str | None:
    """A host name as mail spells it: lower case, IDNA (UTS 46), at least one dot. None if it is no such name."""
    host = text.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return host if len(host) <= 253 and _DOMAIN.match(host) else None


def is_free_mail(domain: str) -> bool:
    """Whether anybody may have an address there, so that it says nothing about the company."""
    return domain in _free_mail_domains()


@lru_cache(maxsize=50_000)
def registrable_domain(domain: str) -> str:
    """What a company registers: "acme.co.uk" of "mail.acme.co.uk", by the Public Suffix List.

    A public suffix itself, such as "co.uk", comes back as "": nobody is known by it. So do hosts where each customer
    of a provider has a name of their own, as far as the list leaves them out.
    """
    for provider in _TENANTS_OF:
        if domain == provider or domain.endswith(f".{provider}"):
            tenant = domain.removesuffix(provider).rstrip(".").rpartition(".")[2]
            return f"{tenant}.{provider}" if tenant else ""
    return _public_suffixes().privatesuffix(domain) or ""


@cache
def _public_suffixes() -> PublicSuffixList:
    # The list comes with the package, so that its age is that of the lock file and no network is asked.
    return PublicSuffixList()


def is_web_address(website: str) -> bool:
    """Whether it can be shown as a link: no scheme at all, or http or https."""
    scheme = _SCHEME.match(website)
    return scheme is None or scheme.group().lower() in ("http:", "https:")


def domain_of_website(website: str) -> str | None:
    """The host without "www.": "https://www.Acme.com/about" gives "acme.com". None if there is no such host."""
    try:
        parts = urlsplit(website if _SCHEME.match(website) else f"//{website}")
        host = parts.hostname or ""
    except ValueError:
        return None
    domain = domain_of(host)
    if domain is None:
        return None
    bare = domain.removeprefix("www.")
    return bare if "." in bare else domain


@cache
def _free_mail_domains() -> frozenset[str]:
    data = resources.files("server.accounts").joinpath("free_mail_domains.json").read_text("utf-8")
    return frozenset(json.loads(data))
