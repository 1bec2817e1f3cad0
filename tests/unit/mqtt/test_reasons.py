"""Messages for people when there is no connection."""

import socket

import pytest

from edged.config.structs import Mqtt
from edged.mqtt.reasons import failure_words, loss_words, refusal_words


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "the name is not known (Name or service not known): mqtt.host",
        ),
        (TimeoutError("timed out"), "no answer to the attempt to connect"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError("odd"), "odd"),
        (None, "no connection"),
    ],
)
def test_attempt_that_found_no_socket(fault: BaseException | None, words: str) -> None:
    """The system's cause, and the config key where one may be wrong."""
    assert failure_words(fault) == words


def test_reason_without_a_key_keeps_its_name() -> None:
    """MQTT's own words, in lower case for the middle of a line."""
    assert refusal_words("Server busy", Mqtt()) == "server busy"
    assert loss_words("Server shutting down", Mqtt(), "a", accepted=True) == "server shutting down"
    assert loss_words("Unspecified error", Mqtt(), "a", accepted=True) == "connection lost"


def test_close_without_an_answer_hints_at_what_may_be_missing() -> None:
    """A hint at TLS only if it is off, at MQTT 3.1.1 only if 5 is used."""
    common = "reject the client id a or retained messages?"
    configs = (Mqtt(tls="on"), Mqtt(tls="on", protocol="v5"), Mqtt(protocol="v5"))
    messages = [loss_words("", mqtt, "a", accepted=False) for mqtt in configs]
    assert messages == [
        f"closed before it answered: does it {common}",
        f"closed before it answered: does it speak MQTT 3.1.1 only, {common}",
        f"closed before it answered: does it expect TLS, speak MQTT 3.1.1 only, {common}",
    ]


def test_repeated_short_connections_hint_at_another_client() -> None:
    """mosquitto 2.0.11 does not report a session taken over, so a hint comes with the third loss in a row."""
    messages = [loss_words("Unspecified error", Mqtt(), "edged-a-1", accepted=True, n_short=n) for n in (2, 3)]
    assert messages[0] == "connection lost"
    assert loss_words("Keep alive timeout", Mqtt(), "a", accepted=True, n_short=9) == "no answer for mqtt.keepalive_s"
    assert messages[1] == (
        "connection lost, 3 times soon after connecting: another client may use this client id, edged-a-1: "
        "does edged run twice, or is this a copied card?"
    )
