"""Why the broker is not there, or does not want us, to words that say what to do about it.

    CONNACK, DISCONNECT and errors of sockets ──► "not authorised: mqtt.username and mqtt.password_file"

MQTT's own names of its reason codes are kept where there is nothing to be done here.
"""

import socket

from edged.config.structs import Mqtt

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


def loss_words(reason: str, mqtt: Mqtt, client_id: str, *, accepted: bool) -> str:
    """For a connection that ended with ``reason``, before the broker had ``accepted`` it or later."""
    if reason == "Session taken over":
        return f"another client has the id {client_id} too: does edged run twice, or was its card copied?"
    if not accepted:
        hints = ["does it want TLS"] if mqtt.tls == "off" else []
        hints += ["does it speak no MQTT 5"] if mqtt.protocol == "v5" else []
        return "closed before it answered" + (f": {' or '.join(hints)}?" if hints else "")
    return _LOSSES.get(reason, reason.lower())


def failure_words(fault: BaseException | None) -> str:
    """For an attempt that found no socket to speak to."""
    if isinstance(fault, socket.gaierror):
        return f"the name is not known ({fault.strerror or fault}): mqtt.host"
    if isinstance(fault, TimeoutError):
        return "no answer to the attempt to connect"
    return getattr(fault, "strerror", None) or str(fault or "no connection")
