"""What the parts of one running sandbox share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from server.sandbox.config import SandboxConfig
from server.sandbox.faults import CallLog, Faults
from server.sandbox.push import Push
from server.sandbox.store import Store


@dataclass(frozen=True, kw_only=True)
class SandboxState:
    config: SandboxConfig
    store: Store
    faults: Faults
    calls: CallLog
    push: Push

    def now(self) -> datetime:
        return self.config.clock.now()


def current_state() -> SandboxState:
    return cast(SandboxState, current_app.extensions["sandbox"])
