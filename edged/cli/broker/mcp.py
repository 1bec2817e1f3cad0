"""``edged mcp``: the moods that hubs publish, for an agent that speaks the Model Context Protocol.

broker ──Subscriber──► Moods ──► Answers ──► MCP over stdin and stdout, or HTTP
"""

import argparse
import threading

from edged.cli.bundle import bundle_of
from edged.cli.config_file import config_from
from edged.cli.values import host, path, port
from edged.contract.topics import AVAILABILITY, full_name
from edged.errors import UsageError
from edged.host.metrics import version_of
from edged.host.secret import secret
from edged.hub.mcp.http_address import address, check_free
from edged.hub.mcp.moods import Moods
from edged.mqtt.subscriber import Subscriber
from edged.mqtt.subscriptions import Subscription

_WAKE_S = 0.2  # between two looks at the stop flag
_CONNECT_S = 5.0  # within which a broker that is there answers
_PORT = 8765
_MAX_WAITING = 10_000  # messages: all that the broker retains of a large fleet

_DESCRIPTION = """\
Give an agent the moods of rooms that `edged hub` publishes, by read-only MCP tools and resources. Without --http it
speaks over stdin and stdout, for clients that start their servers.
"""
_EXAMPLES = """\
examples:
  edged mcp --config /etc/edged/hub.yaml
  edged mcp --http 127.0.0.1
  edged mcp --http 0.0.0.0 --token-file /etc/edged/mcp_token
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The transport."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--http", type=host, metavar="HOST", help="serve http://HOST:PORT/mcp instead of stdin and stdout"
    )
    parser.add_argument("--port", type=port, metavar="PORT", help=f"port of --http (default: {_PORT})")
    parser.add_argument("--token-file", type=path, metavar="FILE", help="clients of --http must send this bearer token")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stdin ends, or SIGTERM; returns the exit status.

    Raises:
        UsageError: the extra agent is not installed, or the address is taken, or open to others without a token.
    """
    try:
        from edged.hub.mcp.server import Answers, run_http, run_stdio, server  # noqa: PLC0415 -- an extra
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra agent: pip install 'edged[agent]'") from exc
    from edged.hub.mcp.reliability import reliabilities  # noqa: PLC0415 -- beside the above

    if not arguments.http and (arguments.port or arguments.token_file):
        raise UsageError("--port and --token-file: expected beside --http")
    config = config_from(arguments)
    at = arguments.port or _PORT
    token = secret("--token-file", arguments.token_file) if arguments.token_file else None
    url = address(arguments.http, at, token) if arguments.http else ""
    if arguments.http:
        check_free(arguments.http, at)
    manifest = bundle_of(config).manifest
    moods = Moods(config.mqtt.root)
    made = server(Answers(moods, reliabilities(manifest.metrics, manifest.labels)), version_of("edged"), token, url)
    availability = Subscription(full_name(config.mqtt.root, "+", AVAILABILITY), required=False)
    with Subscriber(config.mqtt, "place", others=[availability], limit=_MAX_WAITING) as subscriber:
        ended = threading.Event()
        pump = threading.Thread(target=_pump, args=(subscriber, moods, ended), name="moods", daemon=True)
        pump.start()
        subscriber.wait_connected(_CONNECT_S)
        try:
            if arguments.http:
                run_http(made, arguments.http, at)
            else:
                run_stdio(made)
        finally:
            ended.set()
            pump.join()
    return 0


def _pump(subscriber: Subscriber, moods: Moods, ended: threading.Event) -> None:
    was_connected = False
    while not ended.is_set():
        if was_connected and not subscriber.connected:
            moods.lost()  # once: what the broker retains may arrive before the connection counts as one
        was_connected = subscriber.connected
        if received := subscriber.received(_WAKE_S):
            moods.take(received)
