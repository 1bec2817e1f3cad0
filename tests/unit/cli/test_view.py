"""The lines for people: layout, and protection of the terminal from foreign payloads."""

import io
import re
import threading
import time

import msgspec
import pytest

from edged.cli.broker.watch import watch
from edged.cli.view import View
from edged.contract.payloads import encoded
from edged.contract.topics import EMOTION, Received
from edged.mqtt.publisher import Publisher
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start, health
from tests.parts.shown import SCORES, shown

__all__ = ["idle_mosquitto", "mosquitto"]


def test_capture_is_shown() -> None:
    """A capture word and an unknown word each give a line."""
    view = View("edged")
    assert view.line(Received("edged/kitchen/capture", b"muted", retained=False))[8:] == "    capture is muted"
    assert "not understood" in view.line(Received("edged/kitchen/capture", b"\xff", retained=False))


def test_episode_from_start_to_end() -> None:
    """Corners mark start and end of an episode and a line its states; states outside have no mark."""
    view = View("edged")
    lines = [
        shown(view, "availability", b"online"),
        shown(view, "emotion", emotion_state("none", None)),
        shown(view, "emotion", emotion_state("uncertain", 0.31, SCORES)),
        shown(view, "event/start", episode_start("angry")),
        shown(view, "emotion", emotion_state("angry", 0.84, SCORES)),
        shown(view, "event/end", episode_end("angry")),
        shown(view, "emotion", emotion_state("angry", 1.0)),
        shown(view, "health", health()),
    ]
    assert lines == [
        "  kitchen is online",
        "  none",
        "  deciding…  ██████▎               0.31  angry 0.84, disgust 0.09",
        "┌ angry      ████████████████▊     0.84  begins",
        "│ angry      ████████████████▊     0.84  disgust 0.09, fear 0.04",
        "└ angry      ███████████████       0.75  7.2 s, replaced",
        "  angry      ████████████████████  1.00",
        "  120 windows, 80 with speech, 98 MB",
    ]


def test_bar_is_the_probability_that_begins_and_ends_an_episode() -> None:
    """The bar is not the mean score, which may be lower at an episode's start; the scores are beside it."""
    view = View("edged")
    state = msgspec.structs.replace(emotion_state("uncertain", 0.4, SCORES), probability=0.55)
    start = msgspec.structs.replace(episode_start("angry"), confidence=0.44, probability=0.61)
    end = msgspec.structs.replace(episode_end("angry", "faded"), confidence=0.5, probability=0.39)
    lines = [
        shown(view, "emotion", state),
        shown(view, "event/start", start),
        shown(view, "event/end", end),
    ]
    assert lines == [
        "  deciding…  ███████████           0.55  angry 0.84, disgust 0.09",
        "┌ angry      ████████████▎         0.61  begins",
        "└ angry      ███████▊              0.39  7.2 s, faded",
    ]


def test_two_nodes_are_distinct() -> None:
    """Each node has its own episode, and the bar is shorter."""
    view = View("edged", show_node=True)
    assert shown(view, "event/start", episode_start("sad")) == "kitchen    ┌ sad        ██████████▏   0.84  begins"
    other = view.line(Received("edged/hall/emotion", encoded(emotion_state("sad")), retained=False))
    assert other[10:] == "hall         sad        ██████        0.50"


def test_column_before_the_emotions() -> None:
    """The column replaces the node, from the time of each line on; lines without emotion leave it empty."""
    view = View("edged", column=lambda moment: f"min {moment.minute}")
    assert view.heading("meant", "detected") == "          meant        detected"
    assert shown(view, "event/start", episode_start("sad")) == "min 0      ┌ sad        ██████████▏   0.84  begins"
    assert shown(view, "capture", b"online") == "             capture is online"


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("emotion", b""),
        ("emotion", b"\xff\xfe"),
        ("emotion", b'{"v":1}'),
        ("emotion", b"[" * 5000),
        ("emotion", b'{"x":' + b"[" * 5000),
        ("event/start", b'{"v":1,"event_type":"\x1b[2J"}'),
        ("availability", b"\x80"),
        ("health", b"1e999"),
    ],
)
def test_payload_that_fits_no_schema_is_one_line(name: str, payload: bytes) -> None:
    """Payloads of other publishers give one line."""
    assert shown(View("edged"), name, payload).startswith(f"  {name} is not understood: ")


def test_unknown_topic_is_one_line() -> None:
    """A topic of a later version gives one line."""
    assert shown(View("edged"), "louder", b"-40") == "  louder, 3 bytes"


def test_foreign_text_can_not_steer_the_terminal() -> None:
    """Escape sequences and newlines in labels and availability are neutralised."""
    view = View("edged", show_node=True)
    foreign = "\x1b[2J\n\x07" + "x" * 200
    lines = [
        shown(view, "availability", foreign.encode()),
        shown(view, "emotion", emotion_state(foreign, 0.5, {foreign: 1.0, "a": 0.1})),
        view.line(Received(f"edged/{foreign}/{foreign}", b"", retained=False)),
    ]
    assert all(line.isprintable() and len(line) <= 79 for line in lines)


def test_times_that_are_none_are_one_line() -> None:
    """An invalid time of the right type gives one line."""
    payload = encoded(emotion_state("sad")).replace(b"12:00:00", b"99:99:99")
    assert "not understood" in shown(View("edged"), "emotion", payload)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_times_at_the_ends_of_the_calendar_are_one_line(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """In the viewer's time zone such times may be before year 1 or after 9999."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for date in (b"0001-01-01T00:", b"9999-12-31T23:"):
            payload = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:", date, encoded(emotion_state("sad")))
            assert "\n" not in shown(View("edged"), "emotion", payload)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_watch_shows_a_node_until_it_is_stopped(mosquitto: Mosquitto) -> None:
    """Retained messages are shown at once, without new publications."""
    out, stop = io.StringIO(), threading.Event()
    with Publisher(mosquitto.mqtt, "kitchen") as publisher:
        publisher.publish(EMOTION, emotion_state("sad"))
        wait_until(lambda: publisher.unacknowledged == 0, "published")
        thread = threading.Thread(target=watch, args=(mosquitto.mqtt, "kitchen", out, stop), name="edged-test-watch")
        thread.start()
        try:
            wait_until(lambda: out.getvalue().count("\n") == 2, "two lines")
        finally:
            stop.set()
            thread.join(WITHIN_S)
    assert "  kitchen is online\n" in out.getvalue()
    assert "  sad        ██████████            0.50\n" in out.getvalue()
