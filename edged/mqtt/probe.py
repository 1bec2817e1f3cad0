"""Tries the broker stage by stage, so that a failure can be located.

    files ──► name ──► TCP ──► TLS ──► login ──► topics ──► sizes: the result of each, or PublishError with what to do

The login is that of ``edged run``: same client id, will, retained message and subscriptions, so it passes and fails as
the daemon would.  Only ``availability`` says ``offline`` throughout, which is true.  If the daemon runs on this
machine, the same client id would disconnect it, so another client is used, without a will.

Test messages go to a topic of their own and have to come back, because a broker may acknowledge what it drops.
"""

import contextlib
import datetime as dt
import queue
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edged.config.structs import Mqtt
from edged.contract.topics import AVAILABILITY, CHECK, OFFLINE, Received, full_name
from edged.errors import PublishError
from edged.host.identity import client_id
from edged.mqtt.connection import Connection
from edged.mqtt.reasons import closed_words, failure_words
from edged.mqtt.security.password import read_password
from edged.mqtt.security.tls import fault_words, key_hint, speaks_tls, tls_context, trust
from edged.mqtt.state import State
from edged.mqtt.subscriptions import Subscription

_ANSWER_S = 5.0  # for each stage
_LOOK_S = 0.05
_RULES = "`edged acl` prints the rules for mosquitto"
_FILES = ("password_file", "ca_file", "cert_file", "key_file")
_VERSIONS = {"v3.1.1": "MQTT 3.1.1", "v5": "MQTT 5"}


class SkippedError(Exception):
    """A stage cannot be tried now; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveClient:
    """The daemon's client: what it connects as, subscribes to and sends."""

    node: str
    filters: Sequence[str] = ()  # that it subscribes to
    sizes: Mapping[str, int] = field(default_factory=dict)  # bytes of its largest payloads, by what they are
    discovery: tuple[int, int] = (0, 0)  # bytes of the largest discovery message: in one, in parts
    pid: int | None = None  # of the daemon, if it runs on this machine


def stages(mqtt: Mqtt, live: LiveClient) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each stage's name and how to try it, in order; after a failure the later ones are pointless.

    Trying raises ``PublishError``, ``SkippedError``, or ``ConfigError`` if a file named in the config cannot be used.
    """
    if mqtt.username or mqtt.tls == "on":
        yield "files", lambda: _read(mqtt)  # first: what is missing here shows without a network
    yield "name", lambda: _resolve(mqtt)
    yield "TCP", lambda: _reach(mqtt)
    yield "TLS", lambda: _secure(mqtt)
    client = _Client(mqtt, live)
    with contextlib.ExitStack() as opened:
        yield "login", lambda: client.login(opened)
        yield "topics", client.there_and_back
        yield "sizes", client.large_messages


def _read(mqtt: Mqtt) -> str:
    """Read password and certificates, as each connection does before it opens."""
    read_password(mqtt)
    tls_context(mqtt)
    return ", ".join(f"mqtt.{key}" for key in _FILES if getattr(mqtt, key)) or "none in the config"


def _resolve(mqtt: Mqtt) -> str:
    try:
        found = socket.getaddrinfo(mqtt.host, mqtt.tcp_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise PublishError(f"mqtt.host is {mqtt.host!r}: {why}: is it right, and is there a network?") from exc
    return f"{mqtt.host}: {', '.join(dict.fromkeys(str(address[0]) for *_, address in found))}"


def _reach(mqtt: Mqtt) -> str:
    where = f"{mqtt.host}:{mqtt.tcp_port}"
    try:
        with socket.create_connection((mqtt.host, mqtt.tcp_port), _ANSWER_S) as reached:
            peer = reached.getpeername()
    except TimeoutError as exc:
        raise PublishError(f"{where}: no answer: is it on, does a firewall block it?") from exc
    except OSError as exc:
        raise PublishError(f"{where}: {failure_words(exc)}: does the broker run, is mqtt.port right?") from exc
    return f"{peer[0]} port {peer[1]}"


def _secure(mqtt: Mqtt) -> str:
    context = tls_context(mqtt)
    if context is None:
        return "off: anyone on the network path can read and change everything (mqtt.tls)"
    try:
        with (
            socket.create_connection((mqtt.host, mqtt.tcp_port), _ANSWER_S) as reached,
            context.wrap_socket(reached, server_hostname=mqtt.host) as secured,
        ):
            version, certificate = secured.version(), secured.getpeercert()
    except OSError as exc:
        raise PublishError(fault_words(exc, mqtt) or failure_words(exc)) from exc
    hint = f"; {found}" if (found := key_hint(mqtt)) else ""
    if trust(mqtt) == "insecure" or not certificate:
        return f"{version}, but insecure: anyone may pretend to be the broker (mqtt.insecure){hint}"
    return f"{version}, {_subject(certificate)}, {_days_left(certificate)} days left{hint}"


def _subject(certificate: dict[str, Any]) -> str:
    """The certificate's common name, or the first alternative name if it has none."""
    names = {key: value for part in certificate.get("subject", ()) for key, value in part}
    others = [str(value) for _, value in certificate.get("subjectAltName", ())]
    return f"certificate of {names.get('commonName') or ', '.join(others[:1]) or 'no name'}"


def _days_left(certificate: dict[str, Any]) -> int:
    end = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), dt.UTC)
    return (end - dt.datetime.now(dt.UTC)).days


class _Client:
    """The daemon's connection, or another one beside it while it runs."""

    def __init__(self, mqtt: Mqtt, live: LiveClient) -> None:
        self._mqtt, self._live = mqtt, live
        self._topic = full_name(mqtt.root, live.node, CHECK)
        self._received: queue.SimpleQueue[Received] = queue.SimpleQueue()
        runs = live.pid is not None
        self._client_id = f"edged-check-{secrets.token_hex(4)}" if runs else client_id(live.node)
        self._connection = Connection(
            mqtt,
            self._client_id,
            availability="" if runs else full_name(mqtt.root, live.node, AVAILABILITY),
            while_connected=OFFLINE,
            subscriptions=[Subscription(one, required=False) for one in (self._topic, *live.filters)],
            on_received=self._received.put,
        )

    def login(self, opened: contextlib.ExitStack) -> str:
        """Connect, until ``opened`` is closed."""
        connection = opened.enter_context(self._connection)
        if not connection.wait_connected(_ANSWER_S):
            if self._live.pid is not None and connection.state is State.REFUSED:
                raise SkippedError(f"edged runs here, pid {self._live.pid}, and the broker refuses a second client")
            raise PublishError(self._why_closed() or connection.reason)
        user = f"as {self._mqtt.username}" if self._mqtt.username else "without a user name"
        beside = "" if self._live.pid is None else f", beside edged, which runs here, pid {self._live.pid}"
        return f"{user}, {_VERSIONS[self._mqtt.protocol]}, client id {self._client_id}{beside}"

    def there_and_back(self) -> str:
        """Publish to a topic below the node that nobody else reads, and wait until it comes back."""
        connection, topic = self._connection, self._topic
        if topic in connection.refused_subscriptions:
            raise PublishError(f"the broker forbids reading {topic}: {_RULES}")
        began_s = time.monotonic()
        if not self._comes_back(0):
            if connection.refusal:
                raise PublishError(f"the broker forbids writing {topic} ({connection.refusal.lower()}): {_RULES}")
            if not connection.connected:
                raise PublishError(f"{topic}: {connection.reason}: {_RULES}")
            raise PublishError(f"{topic} does not come back, so the broker forbids writing or reading it: {_RULES}")
        forbidden = ", ".join(connection.refused_subscriptions)
        hint = f"; the broker forbids reading {forbidden}" if forbidden else ""
        return f"{topic} there and back in {1000 * (time.monotonic() - began_s):.0f} ms{hint}"

    def large_messages(self) -> str:
        """Publish as many bytes as the daemon's largest messages have."""
        in_one, in_parts = self._live.discovery
        wanted = {**self._live.sizes, **({"Home Assistant's discovery": in_parts} if in_parts else {})}
        for what, n_bytes in sorted(wanted.items(), key=lambda item: item[1]):
            if not self._comes_back(n_bytes):
                option = "max_packet_size and message_size_limit in mosquitto.conf"
                raise PublishError(f"the broker takes no message of {n_bytes} bytes, the size of {what}: {option}")
        largest = max(wanted.values(), default=0)
        if in_one <= largest:
            return f"{largest} bytes there and back"
        if self._comes_back(in_one):
            return f"{in_one} bytes there and back"
        return (
            f"{largest} bytes there and back; the broker takes no message of {in_one} bytes, so Home Assistant's "
            "discovery goes out in parts"
        )

    def _comes_back(self, n_bytes: int) -> bool:
        """Whether a message of ``n_bytes`` (at least a few) comes back in time."""
        connection = self._connection
        if not connection.wait_connected(_ANSWER_S):
            return False
        token = secrets.token_hex(8).encode().ljust(n_bytes, b" ")
        if not connection.fits(self._topic, token, CHECK.qos, _ANSWER_S):
            return False
        n_reconnects = connection.reconnects
        connection.send(self._topic, token, CHECK.qos, retained=False, expiry_s=_ANSWER_S)
        deadline_s = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline_s:
            if connection.refusal or not connection.connected or connection.reconnects > n_reconnects:
                return False
            with contextlib.suppress(queue.Empty):
                if self._received.get(timeout=_LOOK_S).payload == token:
                    return True
        return False

    def _why_closed(self) -> str:
        """Why the port closed the connection without an answer; empty if that is not what happened."""
        connection, mqtt = self._connection, self._mqtt
        if not connection.end.closed_unanswered or mqtt.tls == "on":
            return ""
        if speaks_tls(mqtt.host, mqtt.tcp_port, _ANSWER_S):
            return "the broker expects TLS on this port: mqtt.tls: on, or another mqtt.port"
        return closed_words(mqtt, self._client_id, tls_possible=False)
