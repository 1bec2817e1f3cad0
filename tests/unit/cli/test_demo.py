"""What the demo shows, when it ends, and when it says that it was none."""

import io
import threading

import pytest

from edged.cli.sensor.demo import Play, demo
from edged.config.structs import Config
from edged.contract.topics import EMOTION, EVENT_END, EVENT_START
from edged.errors import RecordingError
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start


def player(*labels: str, events: bool = True) -> Play:
    """A pipeline that hears these labels, one after the other."""

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            publisher.publish(EMOTION, emotion_state("none", None))
            for label in labels:
                if events:
                    publisher.publish(EVENT_START, episode_start(label))
                publisher.publish(EMOTION, emotion_state(label))
                publisher.wait_connected(WITHIN_S)
                if events:
                    publisher.publish(EVENT_END, episode_end(label))

    return play


def test_demo_shows_every_message_and_ends_by_itself() -> None:
    """From the first to the last, with a summary."""
    out, err = io.StringIO(), io.StringIO()
    assert demo(player("angry", "sad"), threading.Event(), out, err) == 0
    lines = out.getvalue().splitlines()
    assert "demo is online" in lines[0]
    assert [line[10:17] for line in lines if line[10:11] in ("┌", "└")] == ["┌ angry", "└ angry", "┌ sad  ", "└ sad  "]
    assert "demo is offline" in lines[-3]
    assert lines[-1].startswith("Shown: 2 emotions (angry, sad), 2 episodes, ")
    assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("play", "fault"),
    [
        (player(), "no emotion was detected"),
        (player("uncertain", events=False), "no emotion was detected"),
        (player("sad", "sad"), "only one emotion was detected: sad"),
        (player("sad", "angry", events=False), "no event was received"),
    ],
)
def test_demo_that_is_none_says_so(play: Play, fault: str) -> None:
    """Exit status 1 and one plain line on stderr."""
    err = io.StringIO()
    assert demo(play, threading.Event(), io.StringIO(), err) == 1
    assert err.getvalue().startswith(f"edged demo: {fault}")
    assert err.getvalue().count("\n") == 1


def test_demo_that_stays_silent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline that never reached the broker: not even its goodbye comes, which is not waited for without end."""
    monkeypatch.setattr("edged.cli.sensor.demo._LAST_S", 0.1)
    err = io.StringIO()
    assert demo(lambda _config: None, threading.Event(), io.StringIO(), err) == 1
    assert err.getvalue() == "edged demo: no message was received\n"


def test_fault_of_the_pipeline_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be told by the command line, as of any other command."""

    def play(_config: Config) -> None:
        raise RecordingError("sample.flac: gone")

    monkeypatch.setattr("edged.cli.sensor.demo._LAST_S", 0.1)
    with pytest.raises(RecordingError, match="gone"):
        demo(play, threading.Event(), io.StringIO(), io.StringIO())


def test_stopped_demo_ends() -> None:
    """Ctrl-C; the pipeline looks at the same flag."""
    stop = threading.Event()

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            publisher.wait_connected(WITHIN_S)
            stop.set()

    err = io.StringIO()
    assert demo(play, stop, io.StringIO(), err) == 1
    assert "stopped before" in err.getvalue()
