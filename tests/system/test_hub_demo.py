"""The hub's demo with a short conversation: moods of all senses on the terminal, one line where they are missing."""

import io
import threading
import time
from collections.abc import Callable

import pytest

from edged.cli.demo.hub_demo import hub_demo
from edged.config.structs import Config
from edged.contract.topics import CAPTURE, EMOTION
from edged.demo.sample import Turn
from edged.errors import RecordingError
from edged.mqtt.publisher import Publisher
from tests.parts.broker.hub import node_state
from tests.parts.broker.mosquitto import WITHIN_S, wait_until

TURNS = (Turn(start_s=0.0, end_s=2.5, meant="angry", text="I hate this, I am so angry!"),)


def player(emotion: str, until: str, out: io.StringIO) -> Callable[[Config], None]:
    """A pipeline that detects one emotion until the demo has shown some words."""

    def play(config: Config) -> None:
        with Publisher(config.mqtt, config.node) as publisher:
            assert publisher.wait_connected(WITHIN_S)
            publisher.publish(CAPTURE, "online")
            publisher.publish(EMOTION, node_state(emotion, time.time()))
            wait_until(lambda: until in out.getvalue(), until)
            publisher.publish(EMOTION, node_state("none", time.time()))

    return play


def test_demo_shows_moods_of_all_senses() -> None:
    """What is said, what the camera sees, the moods with their sources, and a summary."""
    stop, out, err = threading.Event(), io.StringIO(), io.StringIO()
    assert hub_demo(player("angry", "voice, words and face", out), TURNS, stop, out, err) == 0, err.getvalue()
    text = out.getvalue()
    assert '"I hate this' in text
    assert "camera: angry" in text
    assert "words arrive" in text
    assert "Moods: angry" in text.splitlines()[-1] + text.splitlines()[-2]
    assert err.getvalue() == ""


def test_demo_without_a_voice_fails() -> None:
    """One line says what was missing."""
    stop, out, err = threading.Event(), io.StringIO(), io.StringIO()
    assert hub_demo(player("none", "words arrive", out), TURNS, stop, out, err) == 1
    (line,) = err.getvalue().splitlines()
    assert line.startswith("edged demo: no mood ")


def test_demo_that_is_stopped_and_one_that_fails() -> None:
    """Status 1 and a line; an error of the pipeline is the demo's own."""
    stop, out, err = threading.Event(), io.StringIO(), io.StringIO()
    stop.set()
    assert hub_demo(player("none", "meant", out), TURNS, stop, out, err) == 1
    assert err.getvalue() == "edged demo: stopped before the end of the sample\n"

    def broken(_config: Config) -> None:
        raise RecordingError("a.wav: no sound")

    with pytest.raises(RecordingError, match="no sound"):
        hub_demo(broken, TURNS, threading.Event(), out, err)
