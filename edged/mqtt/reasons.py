"""The reason of a failed connection or a refusal to words that say what to do about it.

    CONNACK, DISCONNECT and errors of sockets ──► "not authorised: are mqtt.username and its password right?"

If nothing can be done here, the words are MQTT's own name of the reason code.
"""

import socket

from edged.config.structs import Mqtt

TOO_LARGE_WORDS = "closed at a message that is too large for it"
_TWO_CLIENTS = "does edged run twice, or is this a copied card?"
_MANY_SHORT = 3  # connections in a row that ended soon
_NO_V5 = "it does not speak MQTT 5: mqtt.protocol: v3.1.1"
_LOGIN = "{}: are mqtt.username and its password right?"
_REFUSALS = {
    "Not authorized": _LOGIN.format("not authorised"),
    "Bad user name or password": _LOGIN.format("bad user name or password"),
    "Client identifier not valid": "it rejects this client id, which is made of node",
    "Retain not supported": "it keeps no retained messages: mosquitto's retain_available",
    "Banned": "banned there",
}
_CLOSED = "Unspecified error"  # paho's name for a connection that the broker closed without a reason
_LOSSES = {
    _CLOSED: "connection lost",
    "Keep alive timeout": "no answer for mqtt.keepalive_s",
    "Not authorized": "no longer authorised",
}


def refusal_words(reason: str, mqtt: Mqtt) -> str:
    """For a CONNECT that the broker refused with ``reason``."""
    if reason == "Not authorized" and not mqtt.username:
        return "not authorised: does it expect a login (mqtt.username) or another client id (node)?"
    if reason == "Unsupported protocol version" and mqtt.protocol == "v5":
        return _NO_V5
    return _REFUSALS.get(reason, reason.lower())


def loss_words(reason: str, mqtt: Mqtt, client_id: str, *, accepted: bool, n_short: int = 0) -> str:
    """For a connection that ended with ``reason``, before the broker had ``accepted`` it or later.

    ``n_short`` connections in a row ended soon after they were accepted, this one included.  A broker that drops one
    client for another of the same id rarely says so.
    """
    if reason == "Session taken over":
        return f"another client uses the client id {client_id}: {_TWO_CLIENTS}"
    if not accepted:
        return closed_words(mqtt, client_id, tls_possible=mqtt.tls == "off")
    if reason == _CLOSED and n_short >= _MANY_SHORT:
        other = f"another client may use this client id, {client_id}: {_TWO_CLIENTS}"
        return f"connection lost, {n_short} times soon after connecting: {other}"
    return _LOSSES.get(reason, reason.lower())


def closed_words(mqtt: Mqtt, client_id: str, *, tls_possible: bool) -> str:
    """For a broker that closed the connection instead of answering CONNECT; some never say why."""
    causes = ["expect TLS"] if tls_possible else []
    causes += ["speak MQTT 3.1.1 only"] if mqtt.protocol == "v5" else []
    causes += [f"reject the client id {client_id}"]
    return f"closed before it answered: does it {', '.join(causes)} or retained messages?"


def failure_words(fault: BaseException | None) -> str:
    """For an attempt that could not open a connection."""
    if isinstance(fault, socket.gaierror):
        return f"the name is not known ({fault.strerror or fault}): mqtt.host"
    if isinstance(fault, TimeoutError):
        return "no answer to the attempt to connect"
    return getattr(fault, "strerror", None) or str(fault or "no connection")
