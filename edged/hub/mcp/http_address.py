"""Where the MCP server is found over HTTP: who reaches the address, and whether it is free.

    --http HOST, --port PORT ──► http://HOST:PORT/mcp, or UsageError

An address that others reach needs a token.
"""

import socket
from ipaddress import ip_address

from edged.errors import UsageError


def address(host: str, port: int, token: str | None) -> str:
    """The URL of the server.

    Raises:
        UsageError: the address is open to others, and there is no token.
    """
    if token is None and not is_loopback(host):
        raise UsageError(f"--http {host}: others can reach this address, expected --token-file beside it, or 127.0.0.1")
    return f"http://{bracketed(host)}:{port}/mcp"


def check_free(host: str, port: int) -> None:
    """Asks for the address before anything is started: the SDK's server would end in words of its own.

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


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def bracketed(host: str) -> str:
    """As in a URL."""
    return f"[{host}]" if ":" in host else host
