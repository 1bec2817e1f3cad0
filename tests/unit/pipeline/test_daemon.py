"""The pipeline from chunks to payloads, with the shipped bundle."""

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import parse_config
from edged.config.structs import Config, Models
from edged.contract.device import Info
from edged.contract.payloads import EpisodeEnd, EpisodeStart, Level, json_schemas
from edged.contract.topics import INFO, LEVEL, SPEECH
from edged.errors import CaptureError, ConfigError
from edged.features.logmel import Floats
from edged.models.bundle import Bundle
from edged.pipeline.daemon import Daemon
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.sound.piped import ANY_LEADER, EPOCH_S, bundle, chunks, run, speech
from tests.parts.sound.speech import RATE_HZ

__all__ = ["bundle", "speech"]


def test_run_publishes_windows_and_paired_events(bundle: Bundle, speech: Floats) -> None:
    """Speech gives a window per stride, and every start has an end with the same id and label."""
    sink = run(bundle, FakeSource(chunks(speech, 4000)), parse_config(ANY_LEADER, "test"))
    starts = [window.start_s for window in sink.windows]
    assert np.diff(starts) == pytest.approx(0.496, abs=0.002)
    assert sum(window.speech for window in sink.windows) > len(sink.windows) / 2
    begun = [event for event in sink.events if isinstance(event, EpisodeStart)]
    ended = [event for event in sink.events if isinstance(event, EpisodeEnd)]
    assert begun
    assert [(event.episode_id, event.event_type) for event in begun] == [
        (event.episode_id, event.event_type) for event in ended
    ]
    assert ended[-1].reason == "stopped"


def test_run_scores_do_not_depend_on_the_cut(bundle: Bundle, speech: Floats) -> None:
    """Blocks of 10 ms or 1 s give the same windows, scores and events."""
    config = parse_config(ANY_LEADER, "test")
    fine = run(bundle, FakeSource(chunks(speech, 160)), config)
    coarse = run(bundle, FakeSource(chunks(speech, 16_000)), config)
    assert fine.events
    assert [window.scores for window in fine.windows] == [window.scores for window in coarse.windows]
    assert [event.event_type for event in fine.events] == [event.event_type for event in coarse.events]


def test_scores_are_a_distribution_and_the_label_leads(bundle: Bundle, speech: Floats) -> None:
    """Scores sum to 1, and the label has the greatest."""
    windows = [window for window in run(bundle, FakeSource(chunks(speech, 8000))).windows if window.speech]
    assert windows
    for window in windows:
        assert window.scores is not None
        assert window.label is not None
        assert sum(window.scores.values()) == pytest.approx(1, abs=0.001)
        assert window.confidence == window.scores[window.label] == max(window.scores.values())


def test_silence_gives_windows_but_no_emotion(bundle: Bundle) -> None:
    """A minute of digital silence gives windows without speech at the level's floor, state none and no event."""
    sink = run(bundle, FakeSource(chunks(np.zeros(60 * RATE_HZ, np.float32), 16_000)))
    assert {(window.speech, window.level_dbfs) for window in sink.windows} == {(False, -96.0)}
    assert not sink.events
    assert [state.emotion for state in sink.states] == ["none"]


def test_gap_ends_the_episode_and_starts_anew(bundle: Bundle, speech: Floats) -> None:
    """Lost samples end the episode, and the next window is marked and complete."""
    before, after = list(chunks(speech, 16_000)), list(chunks(speech, 16_000, start=len(speech) + 5 * RATE_HZ))
    sink = run(bundle, FakeSource([*before, *after]), parse_config(ANY_LEADER, "test"))
    marked = [window.start_s for window in sink.windows if window.discontinuous]
    assert marked == [0.0, pytest.approx((len(speech) + 5 * RATE_HZ) / RATE_HZ, abs=0.001)]
    assert "discontinuity" in [event.reason for event in sink.events if isinstance(event, EpisodeEnd)]


def test_lost_microphone_ends_the_episode_and_is_published(bundle: Bundle, speech: Floats) -> None:
    """Without sound there is no emotion; sound from before the loss is classified first."""

    def coming() -> Iterator[AudioChunk | None]:
        source.change(state="offline", trouble="not found")
        yield None
        source.change(state="online", trouble="")
        yield from chunks(speech, 16_000)
        source.change(state="offline", trouble="unplugged")
        yield from chunks(speech, 16_000, start=len(speech))
        captures.append(sink.captures[-1])
        yield None
        captures.append(sink.captures[-1])
        emotions.append(sink.states[-1].emotion)
        source.change(state="stalled")
        yield None
        source.change(state="online", trouble="")
        yield from chunks(speech, 16_000, start=len(speech) + 60 * RATE_HZ)

    sink = RecordingSink()
    captures: list[str] = []
    emotions: list[str] = []
    source = FakeSource(coming())
    config = parse_config(ANY_LEADER, "test")  # so that an episode is in progress at the loss
    Daemon(config, bundle, source, sink).run(threading.Event())
    assert sink.captures == ["offline", "online", "offline", "stalled", "online", "offline"]
    assert captures == ["online", "offline"]
    assert emotions == ["none"]
    assert "discontinuity" in [event.reason for event in sink.events if isinstance(event, EpisodeEnd)]
    assert [window.start_s for window in sink.windows if window.discontinuous] == [
        0.0,
        pytest.approx(len(speech) / RATE_HZ + 60, abs=0.001),
    ]


def test_degraded_start_is_reported_to_systemd(bundle: Bundle, speech: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    """READY comes once, with the fault; failed attempts feed the watchdog, later windows do."""
    notices: list[str] = []
    for module in ("pipeline.daemon", "pipeline.source_watch"):
        monkeypatch.setattr(f"edged.{module}.notify", lambda *states: notices.extend(states))

    def coming() -> Iterator[AudioChunk | None]:
        source.change(state="offline")
        yield None
        assert "READY=1" not in notices
        source.change(trouble="not found", n_tries=1)
        yield None
        assert notices[notices.index("READY=1") + 1] == "STATUS=No sound (offline): not found"
        assert notices.count("WATCHDOG=1") == 1
        yield None
        assert notices.count("WATCHDOG=1") == 1
        source.change(n_tries=2)
        yield None
        assert notices.count("WATCHDOG=1") == 2
        source.change(state="online", trouble="")
        yield from chunks(speech, 16_000)

    source = FakeSource(coming())
    sink = RecordingSink()
    Daemon(Config(), bundle, source, sink).run(threading.Event())
    assert notices.count("READY=1") == 1
    assert "STATUS=Listening to fake" in notices
    assert notices.count("WATCHDOG=1") == 2 + len(sink.windows)


def test_speech_turns_on_and_off_with_the_windows(bundle: Bundle, speech: Floats) -> None:
    """Silence, speech, silence give OFF, ON, OFF, each once if speech has no pause of a window."""
    pause = np.zeros(6 * RATE_HZ, np.float32)
    sink = run(bundle, FakeSource(chunks(np.concatenate([pause, speech, pause]), 4000)))
    states = sink.of(SPEECH)
    assert states[:2] == ["OFF", "ON"]
    assert states[-1] == "OFF"
    assert all(before != after for before, after in itertools.pairwise(states))


def test_emotion_has_arousal_valence_and_level(bundle: Bundle, speech: Floats) -> None:
    """With scores there are arousal and valence; the level is that of the sound."""
    known = [state for state in run(bundle, FakeSource(chunks(speech, 4000))).states if state.scores]
    assert known
    assert all(state.arousal in {"high", "low"} and state.valence for state in known)
    assert all(state.level_dbfs is not None and -96 < state.level_dbfs < 0 for state in known)


def test_level_is_published_while_it_moves(bundle: Bundle, speech: Floats) -> None:
    """Loud speech and silence give at least one level each."""
    sink = run(bundle, FakeSource(chunks(np.concatenate([speech, np.zeros(10 * RATE_HZ, np.float32)]), 4000)))
    levels = [level.level_dbfs for level in sink.of(LEVEL) if isinstance(level, Level)]
    assert max(levels) > -50
    assert levels[-1] == -96


def test_info_comes_first_with_the_model_card(bundle: Bundle) -> None:
    """Info precedes everything about sound."""
    sink = run(bundle, FakeSource([]))
    topic, payload = sink.all[0]
    assert topic == INFO
    assert isinstance(payload, Info)
    assert payload.thresholds == dict.fromkeys(bundle.manifest.labels, Config().tracker.enter)
    expected = bundle.manifest.metrics["rows"]["cremad"][bundle.manifest.routes.default]
    assert payload.model_card["cremad"].uar == expected["uar"]
    assert payload.model_card["ravdess"].never_trained


def test_levels_have_a_floor(bundle: Bundle) -> None:
    """In silence rms and peak are -96 dBFS, never 0."""
    sink = run(bundle, FakeSource([AudioChunk(np.zeros(4 * RATE_HZ, np.float32), 0, EPOCH_S)]))
    metrics = sink.health_reports[0]
    assert metrics.tls == "verified"
    assert (metrics.level_dbfs, metrics.peak_dbfs, metrics.clipping) == (-96.0, -96.0, False)


def test_fault_of_the_source_ends_the_episode_first(bundle: Bundle, speech: Floats) -> None:
    """The error is raised after the episode's end and the state none."""
    sink = RecordingSink()
    source = FakeSource(chunks(speech, 8000), live=True, fault=CaptureError("gone"))
    with pytest.raises(CaptureError, match="gone"):
        Daemon(parse_config(ANY_LEADER, "test"), bundle, source, sink).run(threading.Event())
    assert isinstance(sink.events[-1], EpisodeEnd)
    assert sink.states[-1].emotion == "none"


def test_stop_ends_without_waiting_for_more(bundle: Bundle, speech: Floats) -> None:
    """A stop event ends the run before the next read."""
    stop = threading.Event()
    stop.set()
    sink = RecordingSink()
    Daemon(Config(), bundle, FakeSource(chunks(speech, 8000)), sink).run(stop)
    assert not sink.windows


def test_health_names_versions_and_bundle(bundle: Bundle, speech: Floats) -> None:
    """The first health message has versions and bundle."""
    sink = run(bundle, FakeSource(chunks(speech, 8000)))
    metrics = sink.health_reports[0]
    assert metrics.bundle == bundle.title
    assert {"edged", "numpy", "python"} <= metrics.versions.keys()
    assert 20 < metrics.resident_mb < 4000
    assert set(json_schemas()["$defs"]["Health"]["required"]) <= set(metrics.__struct_fields__)


def test_last_health_counts_the_whole_recording(bundle: Bundle, speech: Floats) -> None:
    """A recording is played in less than a period: without a last message all counts would be those of its start."""
    sink = run(bundle, FakeSource(chunks(speech, 8000)))
    assert sink.health_reports[-1].windows == len(sink.windows) > 0


@pytest.mark.parametrize("routing", ["hard", "soft"])
def test_routing_of_the_config_is_taken(bundle: Bundle, speech: Floats, routing: str) -> None:
    """Hard runs the models on its route, soft all with a weight."""
    config = parse_config(f"models: {{routing: {routing}}}", "test")
    models = {tuple(window.asked or ()) for window in run(bundle, FakeSource(chunks(speech, 8000)), config).windows}
    models.discard(())
    if routing == "hard":
        assert {models[0] for models in models} == {bundle.manifest.routes.hard.model}
    else:
        assert models == {tuple(name for name, weight in bundle.manifest.routes.soft.items() if weight)}


def test_stride_that_is_no_multiple_of_the_hop_is_refused(bundle: Bundle) -> None:
    """A config that was not loaded from a file is refused by its key too."""
    with pytest.raises(ConfigError, match=r"models\.stride_s is 0\.5, expected a multiple of 0\.016"):
        Daemon(Config(models=Models(stride_s=0.5)), bundle, FakeSource([]), RecordingSink())
