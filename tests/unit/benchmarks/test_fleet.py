"""Simulated devices against a real mosquitto: every message is acknowledged and received once."""

from benchmarks.fleet.devices import Fleet
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto

__all__ = ["idle_mosquitto", "mosquitto"]


def test_every_message_is_counted(mosquitto: Mosquitto) -> None:
    """Two phases of one fleet: at a rate, and as fast as messages are acknowledged."""
    with Fleet(mosquitto.port, 20) as fleet:
        for per_s in (100.0, float("inf")):
            found = fleet.phase(0.3, per_s)
            assert found.sent == found.acknowledged == found.received == len(found.latencies_s) > 0
            assert min(found.latencies_s) > 0
