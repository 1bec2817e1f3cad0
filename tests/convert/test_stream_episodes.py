"""Episodes against passages: what counts as a hit, as false, and as delay."""

import pytest

from convert.stream.episodes import episode_metrics, hits
from convert.stream.scenes import RATE_HZ, Kind, Passage, Scene
from convert.stream.traces import Event, Published


def scene(*passages: tuple[str, float, float], kind: Kind = "emotions", length_s: float = 3600) -> Scene:
    """Passages of (label, start, end) in seconds."""
    spans = tuple(Passage(label, round(start * RATE_HZ), round(end * RATE_HZ)) for label, start, end in passages)
    return Scene(kind, "g", "a", round(length_s * RATE_HZ), (), spans, -60, None, None, 0)


def event(label: str, start_s: float, published_s: float | None = None, confidence: float = 0.5) -> Event:
    """Published four seconds after it began, unless given."""
    return Event(label, start_s, start_s + 4 if published_s is None else published_s, confidence)


def published(*events: Event, n_speech: int = 50, n_uncertain: int = 5) -> Published:
    """Of 100 windows."""
    return Published(events, 100, n_speech, n_uncertain)


@pytest.mark.parametrize(
    ("one", "right"),
    [
        (event("sad", 10), True),
        (event("sad", 19), True),
        (event("sad", 9), True),  # half a window before
        (event("sad", 5), False),
        (event("sad", 25), False),
        (event("angry", 10), False),
        (event("sad", 9, published_s=9.5), False),  # nobody had spoken yet
    ],
)
def test_hit(one: Event, *, right: bool) -> None:
    """An event is correct within a passage of its label, half a window on either side."""
    (found,) = hits(scene(("sad", 10, 20)), [one])
    assert (found is not None) == right


def test_hit_once() -> None:
    """The second event of a passage is false, the next passage has its own."""
    found = hits(scene(("sad", 10, 20), ("sad", 40, 50)), [event("sad", 10), event("sad", 15), event("sad", 41)])
    assert [hit and hit.off_s for hit in found] == [0, None, 1]
    assert [hit and hit.delay_s for hit in found] == [4, None, 5]


def test_metrics_emotions() -> None:
    """Precision, recall, both within a tolerance, delay, false episodes per hour, share of uncertain windows."""
    script = scene(("sad", 10, 30), ("neutral", 40, 60), ("angry", 80, 90))
    device = published(event("sad", 10), event("neutral", 44, 52, 0.7), event("happy", 81))
    found = episode_metrics([script], [device])
    assert (found["events"], found["passages"], found["precision"], found["recall"]) == (3, 3, 0.6667, 0.6667)
    assert found["within"]["3"] == {"precision": 0.3333, "recall": 0.3333}
    assert found["within"]["5"] == {"precision": 0.6667, "recall": 0.6667}
    assert found["emotional"] == {"precision": 0.5, "recall": 0.5}
    assert found["delay_s"] == {"median": 8.0, "p95": 11.6}
    assert (found["false_per_hour"], found["speech"], found["uncertain"]) == (1.0, 0.5, 0.1)
    assert (found["confidence"], found["right"]) == (pytest.approx(0.5667, abs=1e-4), 0.6667)
    assert found["recall_95"] == [0.6667, 0.6667]


def test_metrics_neutral() -> None:
    """On neutral speech every other label is false, and neutral is not."""
    script = scene(("neutral", 10, 30), kind="neutral", length_s=1800)
    found = episode_metrics([script], [published(event("neutral", 11), event("sad", 20))])
    assert (found["false_per_hour"], found["recall"]) == (2.0, 1.0)


def test_metrics_other() -> None:
    """On sounds without speech every event is false."""
    found = episode_metrics([scene(kind="other")], [published(event("neutral", 11), event("sad", 20))])
    assert found["false_per_hour"] == 2.0


def test_metrics_silent_device() -> None:
    """A device that publishes nothing has no delay and a recall of 0."""
    found = episode_metrics([scene(("sad", 10, 30))], [published(n_speech=0, n_uncertain=0)])
    assert (found["recall"], found["delay_s"]["median"], found["confidence"]) == (0, None, None)
