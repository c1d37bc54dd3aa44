from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.conftest import SignedInClient
from tests.personal_data.world import World


@pytest.fixture
def world(runtime: Runtime, sandbox: RunningSandbox) -> World:
    return World.open(runtime, sandbox)


@pytest.fixture
def full_world(world: World, sign_in: Callable[[uuid.UUID], SignedInClient]) -> World:
    """She stands everywhere."""
    world.fill(sign_in(world.book.alice))
    return world
