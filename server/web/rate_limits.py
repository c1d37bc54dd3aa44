"""How often one person, or one address nobody signed in from, may ask. Counted in Valkey, for all web workers together.

Without Valkey nothing is counted and everything is let through: a queue that is down must not shut the pages.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis
from flask import Flask, request
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from server.errors import TooMany
from server.logs import logger
from server.web.identity import current_visitor

log = logger(__name__)

_TIMEOUT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Rates:
    """As "600/minute". `by_endpoint` counts each of its names together and on top of the others."""

    person: str = "600/minute"
    stranger: str = "120/minute"
    by_endpoint: Mapping[str, tuple[str, str]]


class _Counter:
    def __init__(self, redis_url: str) -> None:
        storage = storage_from_string(
            redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    def take(self, rate: RateLimitItem, name: str, who: str) -> None:
        """Raises TooMany with the seconds to wait."""
        try:
            if self._limiter.hit(rate, name, who):
                return
            reset_at = self._limiter.get_window_stats(rate, name, who).reset_time
        except redis.RedisError as error:
            log.warning("rate_not_counted", reason=type(error).__name__)
            return
        wait_s = max(1, math.ceil(reset_at - time.time()))
        raise TooMany("That was very often in a short time.", cure=f"Wait {wait_s} s, then go on.", wait_s=wait_s)


def install(app: Flask, redis_url: str, rates: Rates, *, is_counted: Callable[[str], bool]) -> None:
    """After the visitor is known. `is_counted` says of an endpoint whether it is counted at all."""
    counter = _Counter(redis_url)
    person, stranger = parse(rates.person), parse(rates.stranger)
    special = {endpoint: (name, parse(rate)) for endpoint, (name, rate) in rates.by_endpoint.items()}

    @app.before_request
    def check() -> None:
        endpoint = request.endpoint or ""
        if not is_counted(endpoint):
            return
        visitor = current_visitor()
        who = f"user:{visitor.user_id}" if visitor is not None else f"ip:{network_of(request.remote_addr)}"
        if endpoint in special:
            name, rate = special[endpoint]
            counter.take(rate, name, who)
        else:
            counter.take(person if visitor is not None else stranger, "all", who)


def network_of(address: str | None) -> str:
    """The address, or of IPv6 its /64, all of which one house has."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)
