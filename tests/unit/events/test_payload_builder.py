"""Payloads from tracker changes: ids, times, rounding."""

import re
import time

import msgspec
import numpy as np
import pytest

from edged.contract.payloads import EpisodeEnd, EpisodeStart, encoded
from edged.events.payload_builder import PayloadBuilder
from edged.events.tracker import Began, Ended, State

LABELS = ("angry", "sad")
SCORES = np.array([0.123456, 0.876544], np.float32)


def payloads() -> PayloadBuilder:
    """A builder whose second 100 of the source is 2023-11-14 22:13:20 UTC."""
    made = PayloadBuilder(LABELS, 16_000)
    made.anchor(1_600_000, 1_700_000_000)
    return made


def test_times_count_from_the_anchor() -> None:
    """Half a second before the anchor is half a second earlier on the wall clock."""
    start = payloads().event(Began("sad", 1_592_000, SCORES, None, 0.61))
    assert isinstance(start, EpisodeStart)
    assert (start.time, start.start_s) == ("2023-11-14T22:13:19.500Z", 99.5)
    assert start.scores == {"angry": 0.1235, "sad": 0.8765}
    assert (start.confidence, start.probability) == (0.8765, 0.61)


def test_end_has_the_id_of_its_start() -> None:
    """Start and end share an id, the next episode has another; ids are UUIDv7 and sort by time."""
    made = payloads()
    ids = []
    for _ in range(3):
        start = made.event(Began("sad", 0, SCORES, None, 0.61))
        end = made.event(Ended("sad", 0, 16_000, SCORES, 0.9, "faded", 0.49))
        assert isinstance(end, EpisodeEnd)
        assert end.episode_id == start.episode_id
        assert (end.duration_s, end.confidence_peak, end.probability) == (1.0, 0.9, 0.49)
        ids.append(end.episode_id)
    pattern = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(pattern, episode_id) for episode_id in ids)
    assert len(set(ids)) == 3
    milliseconds = int(ids[0].replace("-", "")[:12], 16)
    assert milliseconds == pytest.approx(time.time() * 1000, abs=60_000)


def test_state_without_speech_has_no_scores() -> None:
    """Without speech confidence and scores are null."""
    state = payloads().state(State("none", False, 0, 0, None, None), -96.0)  # noqa: FBT003 -- no speech
    assert (state.confidence, state.probability, state.scores) == (None, None, None)
    assert (state.arousal, state.valence, state.level_dbfs) == (None, None, -96.0)


def test_probability_of_a_state_is_that_of_its_label() -> None:
    """The probability is separate from the confidence, which is the mean score."""
    shares = np.array([0.3, 0.7], np.float32)
    for emotion, probability in (("angry", 0.3), ("sad", 0.7), ("uncertain", 0.7)):
        state = payloads().state(State(emotion, True, 0, 0, SCORES, shares), -30.0)  # noqa: FBT003
        assert state.probability == probability


def test_confidence_of_uncertain_is_the_greatest_score() -> None:
    """If the state is no label, its confidence is that of the best label."""
    assert payloads().confidence(State("uncertain", True, 0, 0, SCORES, SCORES)) == 0.8765  # noqa: FBT003
    assert payloads().confidence(State("angry", True, 0, 0, SCORES, SCORES)) == 0.1235  # noqa: FBT003


def test_dimensions_are_fields_of_windows_and_events() -> None:
    """By name and rounded; what is no dimension, as a training head, stays here; without them there is no field."""
    given = {"arousal": 0.71234, "gender": 0.9}
    began = Began("angry", 0, SCORES, None, 0.8, given)
    ended = Ended("angry", 0, 16_000, SCORES, 0.9, "faded", 0.2, given)
    built = payloads()
    window, plain = (
        built.window(
            0,
            48_000,
            label="angry",
            scores=SCORES,
            asked=("m1",),
            level_dbfs=-30,
            discontinuous=False,
            dimensions=dimensions,
        )
        for dimensions in (given, {})
    )
    for payload in (built.event(began), built.event(ended), window):
        values = msgspec.json.decode(encoded(payload))
        assert values["arousal"] == 0.7123
        assert not {"gender", "intensity", "valence", "dominance"} & values.keys()
    assert "arousal" not in msgspec.json.decode(encoded(plain))
