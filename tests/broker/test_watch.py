"""``edged watch``: choice of node and broker, and its output."""

import signal
from pathlib import Path

from edged.contract.topics import EVENT_START
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import episode_start
from tests.parts.system.program import assert_one_line, edged
from tests.parts.system.pseudo_terminal import on_terminal

__all__ = ["idle_mosquitto", "mosquitto"]


def watched(mosquitto: Mosquitto, config: Path, *options: str, columns: int = 80, term: str = "xterm") -> list[str]:
    """Lines of a watch while the nodes hall and attic appear, start an episode and disappear."""
    arguments = ["watch", "--config", str(config), "--host", "127.0.0.1", "--port", str(mosquitto.port), *options]
    with on_terminal(*arguments, columns=columns, term=term, NO_COLOR="1" if term == "xterm" else "") as terminal:
        wait_until(lambda: "connected" in terminal.text(), "the subscription")
        for node in ("attic", "hall"):
            with Publisher(mosquitto.mqtt, node) as publisher:
                assert publisher.wait_connected(WITHIN_S)
                publisher.publish(EVENT_START, episode_start("angry"))
                assert publisher.wait_settled(WITHIN_S)
        wait_until(lambda: "hall is offline" in terminal.text(), "the end of the second node")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(WITHIN_S) == 0
        text = terminal.text()
    assert "\x1b" not in text
    return [line for line in text.splitlines() if "INFO" not in line and "connected" not in line]


def test_watch_shows_the_node_that_is_asked_for(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Options override the config's node and broker."""
    config = tmp_path / "config.yaml"
    config.write_text("node: attic\nmqtt: {host: nowhere.invalid}\n")
    lines = watched(mosquitto, config, "--node", "hall")
    assert [line[10:].strip() for line in lines] == [
        "hall is online",
        "┌ angry      ████████████████▊     0.84  begins",
        "hall is offline",
    ]


def test_watch_shows_all_nodes_on_a_narrow_and_dumb_terminal(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Each line starts with its node, and none wraps."""
    config = tmp_path / "config.yaml"
    config.write_text("node: attic\n")
    lines = watched(mosquitto, config, "--all", columns=40, term="dumb")
    assert [line[10:18].strip() for line in lines if "angry" in line] == ["attic", "hall"]
    assert max(map(len, lines)) < 40


def test_watch_of_one_node_and_all_is_wrong_usage(tmp_path: Path) -> None:
    """They are exclusive; and a URL is no host."""
    assert edged("watch", "--node", "a", "--all").returncode == 64
    done = edged("watch", "--host", "mqtt://hub")
    assert done.returncode == 64
    assert "is a URL, expected the name alone: host: hub" in done.stderr
    config = tmp_path / "config.yaml"
    config.write_text("nod: a\n")
    assert_one_line(edged("watch", "--config", config), 78, "did you mean node?")
