"""The daemon with an adaptation and without: what it learns from windows, and what the next start has."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.models.bundle import Bundle
from edged.models.cascade import Answer
from edged.pipeline.adaptation_store import adaptation_store_for
from edged.pipeline.daemon import Daemon
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.models.adapted import LABELS, TILTED, bundle, config, speech_s
from tests.parts.sound.speech import RATE_HZ, noise

__all__ = ["bundle"]


class FakeCascade:
    """Gives every window the same scores."""

    labels = LABELS
    routing = "hard"
    runtime = "tflite-runtime"

    def __init__(self, *_arguments: object, **_named: object) -> None:
        self.image: object = None

    def answer(self, image: object) -> Answer:
        """Always tense."""
        self.image = image
        return Answer("tense", TILTED, ("all",))


def chunks(count: int) -> Iterator[AudioChunk]:
    """Noise that comes and goes, in chunks of a second, which the gate takes for speech."""
    sound = noise(1.0)
    for index in range(count):
        yield AudioChunk(sound * np.float32(1 if index % 2 else 1e-3), index * RATE_HZ, float(index))


def test_daemon_learns_and_keeps(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of a too frequent label are lowered, and the end saves that for the next start."""
    monkeypatch.setattr("edged.pipeline.classifier.Cascade", FakeCascade)
    monkeypatch.setattr("edged.pipeline.daemon.Daemon._report", lambda _self: None)
    store = adaptation_store_for(config(), bundle)
    sink = RecordingSink()
    Daemon(config(), bundle, FakeSource(chunks(120)), sink, adaptation=store).run(threading.Event())
    tense = [window.scores["tense"] for window in sink.windows if window.scores]
    assert tense[0] == pytest.approx(0.6, abs=1e-3)
    assert tense[-1] < 0.5
    again = adaptation_store_for(config(), bundle)
    again.select_microphone("fake")
    assert speech_s(again) == pytest.approx(len(tense) * 0.496, rel=0.05)


def test_daemon_without_it_learns_nothing(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay's default: the same sound gives the same scores throughout."""
    monkeypatch.setattr("edged.pipeline.classifier.Cascade", FakeCascade)
    monkeypatch.setattr("edged.pipeline.daemon.Daemon._report", lambda _self: None)
    sink = RecordingSink()
    Daemon(config(), bundle, FakeSource(chunks(30)), sink).run(threading.Event())
    assert {window.scores["tense"] for window in sink.windows if window.scores} == {0.6}
