"""The MCP server's address over HTTP, refused if others reach it without a token, or if it is taken.

--http HOST, --port PORT ──► http://HOST:PORT/mcp, or UsageError
"""

import socket

from edged.errors import UsageError
from edged.host.addresses import in_url, is_loopback


def address(host: str, port: int, token: str | None) -> str:
    """The URL of the server.

    Raises:
        UsageError: the address is open to others, and there is no token.
    """
    if token is None and not is_loopback(host):
        raise UsageError(f"--http {host}: others can reach this address, expected --token-file beside it, or 127.0.0.1")
    return f"http://{in_url(host)}:{port}/mcp"


def check_free(host: str, port: int) -> None:
    """Binds the address once before the server starts, which would exit with a message of its SDK.

    Raises:
        UsageError: it is taken, not allowed, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as exc:
        reason = exc.strerror or exc
        raise UsageError(f"--http {host}, --port {port}: {reason}, expected a free port of this machine") from exc
