"""May the server call this address? Asked wherever an address comes from somebody else: a document, a form, a mail.

Two looks: at how it is spelled, before anything is asked, and at the numbers behind its name, when they are called.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from urllib3.util import parse_url

PORTS = frozenset({443, 8443})
_LONGEST = 2000
# RFC 3986's letters without those that parsers read differently: no backslash, no space, nothing beyond ASCII.
_LETTERS = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
# Python calls some of these global: they lead to IPv4 addresses that nobody has looked at.
_TUNNELS = tuple(
    ipaddress.ip_network(net)
    for net in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)


class AddressRefused(Exception):
    """We do not call this. The message is a sentence without the address; `reason` is one word for the log."""

    def __init__(self, message: str, *, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Scheme, host and port that the operator set: what stands there may be private, and on this machine plain."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(scheme=parts.scheme, host=parts.hostname or "", port=port)


def check_address(url: str, *, operators: Iterable[Origin] = ()) -> None:
    """Raises AddressRefused for what is no plain https address of a public host. Asks no name server."""
    if len(url) > _LONGEST or not _LETTERS.fullmatch(url):
        raise AddressRefused("The address has letters that an address cannot have, or is too long.", reason="spelling")
    try:
        parts, other = urlsplit(url), parse_url(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address cannot be read.", reason="spelling") from None
    if "@" in parts.netloc:
        raise AddressRefused("The address has a user name in it.", reason="user")
    if "#" in url:
        raise AddressRefused("The address has a # in it: what stands behind it is for browsers.", reason="spelling")
    host = parts.hostname or ""
    if host != (other.host or "").strip("[]").lower() or port != other.port:
        raise AddressRefused("The address can be read in two ways.", reason="spelling")
    if Origin(scheme=parts.scheme, host=host, port=port or (80 if parts.scheme == "http" else 443)) in set(operators):
        return
    if parts.scheme != "https":
        raise AddressRefused("The address is not https://.", reason="scheme")
    if (port or 443) not in PORTS:
        raise AddressRefused(f"The address names port {port}; we call {_either(PORTS)}.", reason="port")
    _check_host(host)


def check_number(address: str) -> None:
    """Raises AddressRefused unless these numbers belong to a host of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    is_tunnel = any(found in net for net in _TUNNELS if net.version == found.version)
    is_old_private = isinstance(found, ipaddress.IPv6Address) and found.is_site_local
    if is_tunnel or is_old_private or found.is_multicast or found.is_reserved or not found.is_global:
        raise AddressRefused("The address leads into a private network, or to this machine.", reason="private")


def _check_host(host: str) -> None:
    if ":" in host:
        check_number(_plain(host))
        return
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        # A dot at the end, too: it is another name to a certificate, and the same to a name server.
        raise AddressRefused("The address has no host name that we can call.", reason="host")
    last = host.rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        check_number(_plain(host))
    elif "." not in host or last in ("localhost", "local", "internal", "localdomain", "home", "lan", "onion"):
        raise AddressRefused("The address leads into a private network, or to this machine.", reason="private")


def _plain(host: str) -> str:
    """The numbers as one writes them; 0177.1, 0x7f000001 and 2130706433 are spellings to hide them."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise AddressRefused("The address spells its numbers in a way that hides them.", reason="numbers") from None


def _either(ports: Iterable[int]) -> str:
    return " or ".join(str(port) for port in sorted(ports))
