"""Two devices with one name."""

import logging

import msgspec
import pytest

from edged.contract.device import Info
from edged.contract.payloads import encoded
from edged.contract.topics import INFO, Received
from edged.mqtt.name_conflict import NameConflict
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import info

__all__ = ["idle_mosquitto", "mosquitto"]

OTHER = msgspec.structs.replace(info(), device_id="f" * 16, session="other")


def received(payload: Info, *, retained: bool = False) -> Received:
    """``payload`` on the node's own topic."""
    return Received("edged/a/info", encoded(payload), retained)


def conflict_detector(published: list[str]) -> NameConflict:
    """A detector that knows its own session; ``published`` grows with each reply."""
    made = NameConflict("edged/a/info", lambda: published.append("info"))
    made.own(info())
    return made


def test_another_session_is_a_conflict_and_is_answered_once(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once and answered at most once a minute."""
    published: list[str] = []
    ours = conflict_detector(published)
    for _ in range(3):
        ours.received(received(OTHER))
        ours.tick()
    assert ours.device_id == "f" * 16
    assert published == ["info"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize(
    "message",
    [
        received(info()),
        received(OTHER, retained=True),
        Received("edged/b/info", encoded(OTHER), retained=False),
        Received("edged/a/info", b"\xff{", retained=False),
        Received("edged/a/info", b'{"x":' + b"[" * 5000, retained=False),
    ],
    ids=["our own", "of before", "another topic", "nonsense", "brackets without end"],
)
def test_no_conflict(message: Received) -> None:
    """None of these messages is from another live device."""
    published: list[str] = []
    ours = conflict_detector(published)
    ours.received(message)
    ours.tick()
    assert ours.device_id is None
    assert published == []


def test_two_publishers_of_one_name_find_each_other(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first device replies to the newcomer, so both log the conflict."""
    with Publisher(mosquitto.mqtt, "a") as first:
        first.publish(INFO, info())
        wait_until(lambda: not first.unacknowledged, "published")
        monkeypatch.setattr("edged.mqtt.publisher.client_id", lambda node: f"edged-{node}-ffffffff")
        with Publisher(mosquitto.mqtt, "a") as second:
            second.publish(INFO, OTHER)

            def both_detected() -> bool:
                first.tick()
                second.tick()
                return (first.status.name_taken_by, second.status.name_taken_by) == (OTHER.device_id, info().device_id)

            wait_until(both_detected, "both know")
            assert first.connected
            assert first.status.reconnects == second.status.reconnects == 0
