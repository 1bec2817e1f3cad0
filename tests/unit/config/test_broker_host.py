"""mqtt.host: names and addresses pass; URLs and ports are refused with the right keys."""

import pytest

from edged.config.broker_host import host_fault


@pytest.mark.parametrize(
    "host", ["localhost", "hub.local", "192.168.1.5", "::1", "2001:db8::1", "fe80::1%eth0", "hub-1", "über.example"]
)
def test_name_or_address_passes(host: str) -> None:
    """The colons of IPv6 are not a port."""
    assert host_fault(host) == ""


@pytest.mark.parametrize(
    ("host", "fault"),
    [
        ("hub:1883", "has a port, expected the name alone: host: hub, port: 1883"),
        ("[::1]:1883", "has a port, expected the name alone: host: ::1, port: 1883"),
        ("mqtt://hub", "is a URL, expected the name alone: host: hub"),
        ("tcp://hub:1884/", "is a URL, expected the name alone: host: hub, port: 1884"),
        ("mqtts://hub:8884", "is a URL, expected the name alone: host: hub, port: 8884, tls: on"),
        ("mqtt://[2001:db8::1]:1883", "is a URL, expected the name alone: host: 2001:db8::1, port: 1883"),
        (
            "wss://hub/mqtt",
            "is a URL, expected a host's name or address alone, of a broker that takes MQTT over TCP",
        ),
        ("mqtt://hub:port", "is a URL, expected a host's name or address alone"),
        ("", "is empty, expected a host's name or address"),
        (" ", "is empty, expected a host's name or address"),
        ("a hub", "is not a name, expected a host's name or address alone"),
        ("hub/topic", "is not a name, expected a host's name or address alone"),
        ("[::1]", "is not a name, expected a host's name or address alone"),
    ],
)
def test_rest_of_a_url_is_sent_to_its_key(host: str, fault: str) -> None:
    """Each error says what to write instead."""
    assert host_fault(host) == fault


def test_password_in_a_url_is_not_shown() -> None:
    """The message, which goes to the log, has no password."""
    assert host_fault("mqtt://user:hunter2@hub") == "is a URL, expected the name alone: host: hub"
    assert "hunter2" not in host_fault("user:hunter2@hub")
