"""Addresses of mail: what is one, and when two are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.accounts.domains import domain_of
from server.errors import Invalid

# RFC 5322 dot-atom. Quoted and non-ASCII local parts exist in RFCs and in no CRM we know; Gmail refuses the first.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """`email` as written; `norm` lower case with an IDNA domain, by which addresses are compared."""

    email: str
    norm: str


def match_key(norm: str) -> str:
    """By which another spelling of an address is found: no `+tag`, googlemail as gmail, and there no dots.

    Never an address to write to. Dots mean something everywhere but at Gmail (support.google.com/mail/answer/7436150).
    """
    local, _, domain = norm.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def address_of(text: str) -> Address:
    """Raises Invalid, whose `detail` continues "the value ..."."""
    email = text.strip()
    local, at, host = email.rpartition("@")
    if not at:
        raise Invalid("is not an e-mail address")
    if host.endswith(".") or host != host.strip():
        raise Invalid("has a blank in it, or a dot at its end")
    domain = domain_of(host)
    if domain is None:
        raise Invalid("has no domain after the @ that could receive mail")
    if not _LOCAL.match(local) or len(local) > 64 or len(local) + len(domain) > 253:
        raise Invalid("has a part before the @ that is not allowed")
    return Address(email=email, norm=f"{local.lower()}@{domain}")
