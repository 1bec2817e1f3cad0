"""A mood over time: states at once, events when a change has held, neither more often than needed."""

import pytest

from edged.config.hub.structs import Place
from edged.contract.fields import rfc3339
from edged.contract.mood import Mood, MoodEvent, SourceShare
from edged.hub.mood_tracker import MoodTracker, Now
from edged.hub.place import Fused

UTC_S = 1_795_725_600.0


def fused(emotion: str, confidence: float = 0.8) -> Fused:
    """A mood by voice alone."""
    if emotion == "none":
        return Fused("none")
    return Fused(emotion, confidence, {emotion: confidence}, {"voice": SourceShare(label=emotion, age_s=0, weight=1)})


def at(seconds: float) -> Now:
    """Both clocks, ``seconds`` after the start."""
    return Now(100 + seconds, UTC_S + seconds)


@pytest.fixture
def tracker() -> MoodTracker:
    """Of a place whose moods must hold three seconds; its first mood, none, is published."""
    made = MoodTracker("hub-1", "kitchen", Place(voice=["a"], hold_s=3))
    assert [type(one) for one in made.update(fused("none"), at(0))] == [Mood]
    return made


def test_state_at_once_and_event_when_it_holds(tracker: MoodTracker) -> None:
    """The event has the time since when the mood is."""
    (mood,) = tracker.update(fused("angry"), at(10))
    assert isinstance(mood, Mood)
    assert (mood.emotion, mood.since, mood.hub) == ("angry", rfc3339(UTC_S + 10), "hub-1")
    assert mood.sentence == "angry for 0 s, by voice alone"
    assert [*tracker.update(fused("angry"), at(12.9))] == []
    (event,) = tracker.update(fused("angry"), at(13))
    assert isinstance(event, MoodEvent)
    assert (event.event_type, event.previous, event.since) == ("angry", "none", rfc3339(UTC_S + 10))
    assert [*tracker.update(fused("angry"), at(14))] == []


def test_short_mood_is_no_event(tracker: MoodTracker) -> None:
    """A word alone causes none, and coming back to the mood before neither."""
    for seconds, emotion in ((10, "angry"), (13, "angry"), (14, "sad"), (15, "angry"), (19, "angry")):
        events = [one for one in tracker.update(fused(emotion), at(seconds)) if isinstance(one, MoodEvent)]
        assert [one.event_type for one in events] == (["angry"] if seconds == 13 else [])


def test_end_of_a_mood_is_an_event(tracker: MoodTracker) -> None:
    """After it there is nothing to do until a source speaks."""
    for seconds in (10, 13):
        assert [*tracker.update(fused("angry"), at(seconds))]
    assert not tracker.is_settled
    (mood,) = tracker.update(fused("none"), at(20))
    assert isinstance(mood, Mood)
    # The broker retains it for as long as nobody speaks: since when is a time stamp, not a duration in words.
    assert (mood.sentence, mood.since) == ("no mood, no source says anything", rfc3339(UTC_S + 20))
    assert not tracker.is_settled
    (event,) = tracker.update(fused("none"), at(23))
    assert isinstance(event, MoodEvent)
    assert (event.event_type, event.previous) == ("none", "angry")
    assert tracker.is_settled


def test_confidence_is_renewed_seldom(tracker: MoodTracker) -> None:
    """If it has moved, each five seconds; the sentence each half minute."""
    published = []
    for half_seconds in range(20, 160):
        seconds = half_seconds / 2
        confidence = 0.8 if seconds < 12 else 0.7
        moods = [one for one in tracker.update(fused("angry", confidence), at(seconds)) if isinstance(one, Mood)]
        published += [(seconds, one.confidence) for one in moods]
    assert published == [(10, 0.8), (15, 0.7), (45, 0.7), (75, 0.7)]


def test_source_that_changes_is_published(tracker: MoodTracker) -> None:
    """With the same mood."""
    assert [*tracker.update(fused("angry"), at(10))]
    other = Fused("angry", 0.8, {"angry": 0.8}, {"text": SourceShare(label="angry", age_s=0, weight=1)})
    (mood,) = tracker.update(other, at(11))
    assert isinstance(mood, Mood)
    assert [*mood.sources] == ["text"]


def test_clock_that_jumps_changes_no_duration(tracker: MoodTracker) -> None:
    """The wall clock is in time stamps only."""
    assert [*tracker.update(fused("angry"), at(10))]
    (event,) = tracker.update(fused("angry"), Now(113, 5.0))
    assert isinstance(event, MoodEvent)
    assert event.sentence == "angry for 3 s, by voice alone"
