"""Time in the pipeline: the sample count is the time base, clocks only stamp it; a slow device keeps the newest."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import parse_config
from edged.contract.fields import rfc3339
from edged.contract.payloads import EpisodeEnd
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from tests.parts.fakes import FakeSource
from tests.parts.sound.piped import ANY_LEADER, EPOCH_S, bundle, chunks, run, speech
from tests.parts.sound.speech import RATE_HZ

__all__ = ["bundle", "speech"]


def test_times_follow_the_wall_clock_and_durations_the_samples(bundle: Bundle, speech: Floats) -> None:
    """A wall clock that jumps back by a year changes time stamps, but no duration."""
    config = parse_config(ANY_LEADER, "test")
    steady = run(bundle, FakeSource(chunks(speech, 8000)), config)
    assert steady.windows[0].time == rfc3339(EPOCH_S + steady.windows[0].start_s + steady.windows[0].duration_s)
    jumped = [
        AudioChunk(chunk.samples, chunk.start, chunk.utc_s - (31_536_000 if chunk.start > 80_000 else 0))
        for chunk in chunks(speech, 8000)
    ]
    sink = run(bundle, FakeSource(jumped), config)
    durations = [
        [event.duration_s for event in recorded.events if isinstance(event, EpisodeEnd)] for recorded in (steady, sink)
    ]
    assert durations[0] == durations[1] != []
    assert sink.windows[-1].time.startswith("2022-11")


def test_events_carry_when_the_end_of_their_window_was_captured(bundle: Bundle, speech: Floats) -> None:
    """The microphone's clock counts, not the time of reading; an episode ended by the stop has no window."""
    blocks = [
        replace(chunk, captured_s=5000 + (chunk.start + len(chunk.samples)) / RATE_HZ)
        for chunk in chunks(speech, 16_000)
    ]
    sink = run(bundle, FakeSource(blocks, live=True), parse_config(ANY_LEADER, "test"))
    ends = [5000 + window.start_s + window.duration_s for window in sink.windows]
    captured = [captured_s for captured_s in sink.captured if captured_s is not None]
    assert len(captured) == len(sink.events) - 1
    assert all(min(abs(captured_s - end) for end in ends) < 0.002 for captured_s in captured)
    assert captured[0] == pytest.approx(
        next(end for end, w in zip(ends, sink.windows, strict=True) if w.speech), abs=0.002
    )


def test_events_of_a_recording_count_from_its_reading(bundle: Bundle, speech: Floats) -> None:
    """A recording played faster than real time has no capture time."""
    began_s = time.monotonic()
    sink = run(bundle, FakeSource(chunks(speech, len(speech))), parse_config(ANY_LEADER, "test"))
    captured = {captured_s for captured_s in sink.captured if captured_s is not None}
    assert len(captured) == 1
    assert began_s <= captured.pop() <= time.monotonic()


def test_live_source_that_is_behind_skips_the_oldest(bundle: Bundle, speech: Floats) -> None:
    """Of ten seconds at once from a microphone only the newest windows are classified; the others are counted."""
    config = parse_config("health_s: 5", "test")
    source = FakeSource([AudioChunk(speech[: 10 * RATE_HZ], 0, EPOCH_S)], live=True)
    sink = run(bundle, source, config)
    assert [window.start_s for window in sink.windows][:1] == [pytest.approx(10 - 2.992 - 3 * 0.496, abs=0.5)]
    assert len(sink.windows) == 4
    assert sink.windows[0].discontinuous
    assert sink.health_reports[-1].windows_skipped > 5


def test_too_slow_is_said_once_a_minute(
    bundle: Bundle, speech: Floats, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Skipped windows are logged at most once a minute."""
    now_s = [1000.0]
    monkeypatch.setattr("edged.pipeline.daemon.time.monotonic", lambda: now_s[0])

    def coming() -> Iterator[AudioChunk]:
        for n in range(14):
            now_s[0] += 10
            yield AudioChunk(speech[: 10 * RATE_HZ], n * 10 * RATE_HZ, EPOCH_S + 10 * n)

    run(bundle, FakeSource(coming(), live=True), parse_config("health_s: 5", "test"))
    warnings = [record.message for record in caplog.records if "too slow" in record.message]
    assert len(warnings) == 3
    assert all(message.endswith((" window skipped", " windows skipped")) for message in warnings)
