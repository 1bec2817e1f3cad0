"""Why the broker is not there, or does not want us, to words that say what to do about it.

    CONNACK, DISCONNECT and errors of sockets ──► "not authorised: mqtt.username and mqtt.password_file"

MQTT's own names of its reason codes are kept where there is nothing to be done here.
"""

import socket

from edged.config.structs import Mqtt

TOO_LARGE_WORDS = "closed at a message that is too large for it"
_TWO_CLIENTS = "does edged run twice, or is this a copied card?"
_MANY_SHORT = 3  # connections in a row that ended soon
_NO_V5 = "it speaks no MQTT 5: mqtt.protocol: v3.1.1"
_LOGIN = "{}: mqtt.username and mqtt.password_file"
_REFUSALS = {
    "Not authorized": _LOGIN.format("not authorised"),
    "Bad user name or password": _LOGIN.format("bad user name or password"),
    "Client identifier not valid": "it does not want a client of this name: node",
    "Banned": "banned there",
}
_LOSSES = {
    "Unspecified error": "connection lost",
    "Keep alive timeout": "no answer for mqtt.keepalive_s",
    "Not authorized": "not authorised any more",
}


def refusal_words(reason: str, mqtt: Mqtt) -> str:
    """For a CONNECT that the broker refused with ``reason``."""
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
        hints = ["does it want TLS"] if mqtt.tls == "off" else []
        hints += ["does it speak no MQTT 5"] if mqtt.protocol == "v5" else []
        return "closed before it answered" + (f": {' or '.join(hints)}?" if hints else "")
    words = _LOSSES.get(reason, reason.lower())
    if n_short < _MANY_SHORT:
        return words
    other = f"another client may use this client id, {client_id}: {_TWO_CLIENTS}"
    return f"{words}, {n_short} times soon after connecting: {other}"


def failure_words(fault: BaseException | None) -> str:
    """For an attempt that found no socket to speak to."""
    if isinstance(fault, socket.gaierror):
        return f"the name is not known ({fault.strerror or fault}): mqtt.host"
    if isinstance(fault, TimeoutError):
        return "no answer to the attempt to connect"
    return getattr(fault, "strerror", None) or str(fault or "no connection")
