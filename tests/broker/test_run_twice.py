"""A second ``edged run`` of one node on one machine."""

from pathlib import Path

from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.raw_subscriber import raw_subscriber
from tests.parts.system.program import assert_one_line, edged, running_daemon

__all__ = ["idle_mosquitto", "mosquitto"]


def test_second_run_is_refused_and_the_first_stays(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """One line with node and process, status 69, also with another state folder or spelling of the host."""
    configs = []
    for number, host in enumerate(("127.0.0.1", "localhost")):
        config = tmp_path / f"config-{number}.yaml"
        state_dir = tmp_path / f"state-{number}"
        config.write_text(
            f"node: lab\nmqtt: {{host: {host}, port: {mosquitto.port}}}\nstate_dir: {state_dir}\n"
            "audio: {max_recovery_s: 0}\n"  # no microphone is needed
        )
        configs.append(config)
    with (
        raw_subscriber(mosquitto.port, "edged/lab/availability") as (_, messages),
        running_daemon(configs[0], tmp_path / "log") as first,
    ):
        wait_until(lambda: messages, "online")
        second = edged("run", "--config", configs[1])
        assert_one_line(second, 69, f"edged already runs here as node lab, pid {first.pid}; stop it first")
        first.terminate()
        assert first.wait(WITHIN_S) == 0
        wait_until(lambda: messages[-1].payload == b"offline", "offline")
    assert [one.payload for one in messages] == [b"online", b"offline"]
