"""The demo: what it shows, when it ends, and when it fails."""

import io
import threading
import time

import msgspec
import pytest

from edged.cli.demo.demo import demo
from edged.cli.demo.player import Play
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.topics import CAPTURE, EMOTION, EVENT_END, EVENT_START
from edged.demo.sample import Turn
from edged.errors import RecordingError
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start

MEANT = ("neutral", "angry", "sad", "happy")
TURNS = tuple(Turn(start_s=10.0 * n, end_s=10.0 * n + 8, meant=label, text="Go!") for n, label in enumerate(MEANT))


def player(*labels: str, events: bool = True) -> Play:
    """A pipeline that detects these labels, one per turn."""

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            publisher.publish(EMOTION, emotion_state("none", None))
            for turn, label in zip(TURNS, labels, strict=False):
                if events:
                    publisher.publish(EVENT_START, episode_start(label, turn.start_s))
                publisher.publish(EMOTION, emotion_state(label))
                publisher.wait_connected(WITHIN_S)
                if events:
                    publisher.publish(EVENT_END, episode_end(label, start_s=turn.start_s))

    return play


def test_demo_shows_every_message_and_ends_by_itself() -> None:
    """Every message is shown, then a summary of expected and detected emotions."""
    out, err = io.StringIO(), io.StringIO()
    assert demo(player(*MEANT), TURNS, threading.Event(), out, err) == 0
    lines = out.getvalue().splitlines()
    assert lines[0] == "          meant        detected"
    assert "demo is online" in lines[1]
    corners = [line[21:30].rstrip() for line in lines if line[21:22] in {"┌", "└"}]
    assert corners == [f"{corner} {label}" for label in MEANT for corner in ("┌", "└")]
    assert "demo is offline" in lines[-4]
    assert lines[-2] == "Detected as meant: neutral, angry, sad, happy (4 of 4 turns)."
    assert lines[-1].startswith("Shown: 4 episodes, ")
    assert err.getvalue() == ""


def test_demo_says_what_is_spoken_and_meant() -> None:
    """Each turn is shown when it begins, with its emotion beside the detected one."""

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            publisher.publish(CAPTURE, "online")
            later = rfc3339(time.time() + 12)
            publisher.publish(EVENT_START, msgspec.structs.replace(episode_start("fear"), time=later))

    out = io.StringIO()
    demo(play, TURNS, threading.Event(), out, io.StringIO())
    lines = [line[10:] for line in out.getvalue().splitlines()]
    assert lines.count('neutral      "Go!"') == 1
    assert 'angry        "Go!"' not in lines
    assert any(line.startswith("angry      ┌ fear ") for line in lines)


@pytest.mark.parametrize(
    ("play", "fault"),
    [
        (player(), "no event was received"),
        (player("sad", "angry", events=False), "no event was received"),
        (
            player("neutral", "neutral", "sad", "angry"),
            "2 emotions detected as meant (neutral, sad), expected at least 4",
        ),
    ],
)
def test_demo_that_shows_too_little_says_so(play: Play, fault: str) -> None:
    """Status 1 and one plain line on stderr."""
    err = io.StringIO()
    assert demo(play, TURNS, threading.Event(), io.StringIO(), err) == 1
    assert err.getvalue().startswith(f"edged demo: {fault}")
    assert err.getvalue().count("\n") == 1


def test_demo_that_stays_silent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline that never reached the broker, not even with its goodbye, is not waited for forever."""
    monkeypatch.setattr("edged.cli.demo.demo._LAST_S", 0.1)
    err = io.StringIO()
    assert demo(lambda _config: None, TURNS, threading.Event(), io.StringIO(), err) == 1
    assert err.getvalue() == "edged demo: no message was received\n"


def test_fault_of_the_pipeline_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line reports it as for any other command."""

    def play(_config: Config) -> None:
        raise RecordingError("sample.flac: gone")

    monkeypatch.setattr("edged.cli.demo.demo._LAST_S", 0.1)
    with pytest.raises(RecordingError, match="gone"):
        demo(play, TURNS, threading.Event(), io.StringIO(), io.StringIO())


def test_stopped_demo_ends() -> None:
    """Ctrl-C ends the demo and its pipeline through the same flag."""
    stop = threading.Event()

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            publisher.wait_connected(WITHIN_S)
            stop.set()

    err = io.StringIO()
    assert demo(play, TURNS, stop, io.StringIO(), err) == 1
    assert "stopped before" in err.getvalue()
