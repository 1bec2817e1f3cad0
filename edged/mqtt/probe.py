"""The way to the broker tried stage by stage, so that a fault is found where it is.

    name ──► TCP ──► TLS ──► login ──► topics: what each found, or PublishError with the next step

Another client than the daemon's, so that a running one is not thrown out.  Its message goes to a topic of its own and
has to come back: a broker may acknowledge what it forbids.
"""

import contextlib
import datetime as dt
import queue
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

from edged.config.structs import Config, Mqtt
from edged.contract.topics import CHECK, Received, full_name
from edged.errors import PublishError
from edged.mqtt.connection import Connection
from edged.mqtt.reasons import failure_words
from edged.mqtt.security.tls import fault_words, key_hint, tls_context, trust
from edged.mqtt.subscriptions import Subscription

_ANSWER_S = 5.0  # for each stage
_LOOK_S = 0.05
_RULES = "`edged acl` prints the rules for mosquitto"
_VERSIONS = {"v3.1.1": "MQTT 3.1.1", "v5": "MQTT 5"}


def stages(config: Config, node: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each stage's name and how to try it, in order; one that failed makes those after it pointless.

    Trying raises ``PublishError``, or ``ConfigError`` where a file that the config names cannot be used.
    """
    mqtt = config.mqtt
    yield "name", lambda: _resolve(mqtt)
    yield "TCP", lambda: _reach(mqtt)
    yield "TLS", lambda: _secure(mqtt)
    echo = _Echo(mqtt, node)
    with contextlib.ExitStack() as opened:
        yield "login", lambda: echo.login(opened)
        yield "topics", echo.there_and_back


def _resolve(mqtt: Mqtt) -> str:
    try:
        found = socket.getaddrinfo(mqtt.host, mqtt.tcp_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise PublishError(f"mqtt.host is {mqtt.host!r}: {why}: is it right, and is there a network?") from exc
    return f"{mqtt.host}: {', '.join(dict.fromkeys(str(address[0]) for *_, address in found))}"


def _reach(mqtt: Mqtt) -> str:
    try:
        with socket.create_connection((mqtt.host, mqtt.tcp_port), _ANSWER_S) as reached:
            peer = reached.getpeername()
    except TimeoutError as exc:
        raise PublishError(f"{mqtt.host}:{mqtt.tcp_port}: no answer: is it on, is a firewall between?") from exc
    except OSError as exc:
        why = failure_words(exc)
        raise PublishError(f"{mqtt.host}:{mqtt.tcp_port}: {why}: does the broker run, is mqtt.port right?") from exc
    return f"{peer[0]} port {peer[1]}"


def _secure(mqtt: Mqtt) -> str:
    context = tls_context(mqtt)
    if context is None:
        return "none: who is on the way can read and change everything (mqtt.tls)"
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
    """The certificate's own name; the first name that it is for where it has none."""
    names = {key: value for part in certificate.get("subject", ()) for key, value in part}
    others = [str(value) for _, value in certificate.get("subjectAltName", ())]
    return f"certificate of {names.get('commonName') or ', '.join(others[:1]) or 'no name'}"


def _days_left(certificate: dict[str, Any]) -> int:
    end = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), dt.UTC)
    return (end - dt.datetime.now(dt.UTC)).days


class _Echo:
    """A client that hears itself."""

    def __init__(self, mqtt: Mqtt, node: str) -> None:
        self._mqtt = mqtt
        self._topic = full_name(mqtt.root, node, CHECK)
        self._heard: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._connection = Connection(
            mqtt,
            f"edged-check-{secrets.token_hex(4)}",
            subscriptions=[Subscription(self._topic, required=False)],
            on_received=self._heard.put,
        )

    def login(self, opened: contextlib.ExitStack) -> str:
        """Connect, until ``opened`` is closed."""
        connection = opened.enter_context(self._connection)
        if not connection.wait_connected(_ANSWER_S):
            raise PublishError(connection.reason)
        name = f"as {self._mqtt.username}" if self._mqtt.username else "without a name"
        return f"{name}, {_VERSIONS[self._mqtt.protocol]}"

    def there_and_back(self) -> str:
        """Publish to a topic below the node that nobody else reads, and wait for it to come back."""
        connection, topic, token = self._connection, self._topic, secrets.token_hex(8).encode()
        if connection.refused_subscriptions:
            raise PublishError(f"the broker forbids to read {topic}: {_RULES}")
        began_s = time.monotonic()
        connection.send(topic, token, CHECK.qos, retained=False, expiry_s=_ANSWER_S)
        while (now_s := time.monotonic()) < began_s + _ANSWER_S:
            if connection.refusal:
                raise PublishError(f"the broker forbids to write {topic} ({connection.refusal.lower()}): {_RULES}")
            with contextlib.suppress(queue.Empty):
                if self._heard.get(timeout=_LOOK_S).payload == token:
                    return f"{topic} there and back in {1000 * (now_s - began_s):.0f} ms"
        if not connection.connected:
            raise PublishError(f"{topic}: {connection.reason}: {_RULES}")
        raise PublishError(f"{topic} does not come back, so the broker forbids to write or to read it: {_RULES}")
