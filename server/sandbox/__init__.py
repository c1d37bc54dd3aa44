"""A strict local stand-in for Google: OAuth and OpenID Connect, the Gmail REST API, push, and mailboxes to read.

For `make demo` and for tests. It lets anybody sign in as anybody and therefore serves loopback only.
"""

from server.sandbox.app import create_sandbox
from server.sandbox.config import DEFAULT_USERS, SandboxConfig, SandboxUser
from server.sandbox.serve import run

__all__ = ["DEFAULT_USERS", "SandboxConfig", "SandboxUser", "create_sandbox", "run"]
