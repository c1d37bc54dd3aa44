"""A runtime with everything real in it, by a clock that can be moved."""

from __future__ import annotations

from server.adapters.gmail import GoogleGmail
from server.adapters.google_accounts import GoogleMailboxAccess, GooglePushTokens
from server.adapters.google_endpoints import GoogleEndpoints
from server.app import sign_in_by
from server.clock import Clock
from server.db import Database, make_engine
from server.jobqueue import RqJobQueue
from server.runtime import Runtime
from server.settings import Settings
from server.vault import Vault

# The sandbox is on this machine: no answer takes longer.
_READ_TIMEOUT_S = 10


def runtime_by(clock: Clock, settings: Settings, *, database_url: str) -> Runtime:
    assert settings.sandbox_url is not None
    endpoints = GoogleEndpoints.for_sandbox(settings.sandbox_url)
    client = {"client_id": settings.google_client_id, "client_secret": settings.google_client_secret}
    return Runtime(
        settings=settings,
        clock=clock,
        db=Database(make_engine(database_url)),
        jobs=RqJobQueue(settings.redis_url),
        vault=Vault(settings.token_keys),
        gmail=GoogleGmail(endpoints=endpoints, clock=clock, read_timeout_s=_READ_TIMEOUT_S, **client),
        sign_in=sign_in_by(settings, clock),
        mailbox_access=GoogleMailboxAccess(endpoints=endpoints, clock=clock, **client),
        push_tokens=GooglePushTokens(
            endpoints=endpoints,
            audience=settings.gmail_push_audience,
            service_account=settings.gmail_push_service_account,
            clock=clock,
        ),
    )
