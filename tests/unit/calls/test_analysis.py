"""A call from its recording to its report, with the shipped models."""

from pathlib import Path

import numpy as np
import pytest

from edged.calls.analysis import analyse
from edged.calls.settings import CallSettings, Turn
from edged.config.structs import Baseline, Calls, Config
from edged.contract.call_report import Report
from edged.errors import ConfigError, RecordingError, UsageError
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.calls.composed import CALMS, ESCALATES, RATE_HZ, call, write
from tests.parts.models.bundles import NETWORKS

SETTINGS = CallSettings(config=Config(), bundle=load_bundle(DEFAULT_BUNDLE), customer="left")


def with_customer(customer: str | None) -> CallSettings:
    """The settings for another channel."""
    return _replaced(customer=customer)


def _replaced(**changes: object) -> CallSettings:
    fields = {name: getattr(SETTINGS, name) for name in ("config", "bundle", "customer", "turns", "speaker", "name")}
    return CallSettings(**{**fields, **changes})


@pytest.fixture(scope="module")
def calms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo call that calms."""
    folder = tmp_path_factory.mktemp("calls")
    return write(folder / "calms.wav", call(CALMS))


@pytest.fixture(scope="module")
def report(calms: Path) -> Report:
    """Its report."""
    return analyse(calms, SETTINGS)


def test_report_of_a_stereo_call(report: Report) -> None:
    """Score with interval, parties, windows, moments and everything else that the page shows."""
    assert report.call.separated_by == "channels"
    assert report.score is not None
    assert report.score.low <= report.score.value <= report.score.high
    assert [party.role for party in report.talk.parties] == ["customer", "agent"]
    assert report.talk.parties[0].speech_s > 40
    assert report.talk.parties[1].speech_s == pytest.approx(2 * len(CALMS), abs=4)
    assert report.band.kind == "wide"
    assert {loss.corpus for loss in report.band.losses} >= {"emodb"}
    assert report.learned.method == "features"
    assert sum(report.emotions.values()) == pytest.approx(1, abs=0.01)
    assert 0 < len(report.moments) <= 5
    assert all(f"{word}" in report.formula for word in ("angry 1", "opening", f"{report.score.value:.1f}"))


def test_contributions_of_the_report_add_up(report: Report) -> None:
    """What the windows add is the score less 5.5, to the rounding of the report."""
    assert report.score is not None
    total = sum(window.contribution or 0 for window in report.windows)
    assert total == pytest.approx(report.score.value - 5.5, abs=0.01)
    largest = max(abs(window.contribution or 0) for window in report.windows)
    assert abs(report.moments[0].contribution) == pytest.approx(largest, abs=0.001)


def test_calming_call_scores_above_escalating_call(report: Report, tmp_path: Path) -> None:
    """The order is that of the plans."""
    escalates = analyse(write(tmp_path / "e.wav", call(ESCALATES)), SETTINGS)
    assert report.score is not None
    assert escalates.score is not None
    assert report.score.value > 5.5 > escalates.score.value


def test_only_the_customers_channel_reaches_the_models(report: Report, tmp_path: Path) -> None:
    """Another agent changes no score; the channels swapped and named so give the same report."""
    sides = call(CALMS)
    angry_agent = np.stack([sides[:, 0], np.roll(sides[:, 0], RATE_HZ)], axis=1)
    other = analyse(write(tmp_path / "agent.wav", angry_agent), SETTINGS)
    swapped = analyse(write(tmp_path / "swapped.wav", sides[:, ::-1]), with_customer("right"))
    for one in (other, swapped):
        assert one.windows == report.windows
        assert one.score == report.score
    assert swapped.talk == report.talk
    assert other.talk.overlap_s > report.talk.overlap_s


@pytest.mark.parametrize("gain_db", [-20, 20])
def test_gain_changes_little(report: Report, tmp_path: Path, gain_db: int) -> None:
    """Features are relative to the loudest cell: a soft or loud line gives the same score, to the front end's steps."""
    scale = 10 ** (gain_db / 20)
    changed = analyse(write(tmp_path / "gain.wav", call(CALMS) * np.float32(scale), subtype="FLOAT"), SETTINGS)
    assert report.score is not None
    assert changed.score is not None
    assert changed.score.value == pytest.approx(report.score.value, abs=0.15)


def test_silence_changes_little(report: Report, tmp_path: Path) -> None:
    """Half a minute on hold in a pause leaves the score where it was."""
    sides = call(CALMS)
    at = _pause(sides)
    n = 20 * 94 * 256  # of strides, so that windows after it cut the speech as before
    hold = np.random.default_rng(2).normal(0, 1e-4, (n, 2)).astype(np.float32)
    held = analyse(write(tmp_path / "hold.wav", np.concatenate([sides[:at], hold, sides[at:]])), SETTINGS)
    assert report.score is not None
    assert held.score is not None
    assert held.score.value == pytest.approx(report.score.value, abs=0.25)
    assert held.talk.silence_s == pytest.approx(report.talk.silence_s + n / RATE_HZ, abs=1)


def test_agents_voice_on_the_customers_channel_is_left_out(report: Report, tmp_path: Path) -> None:
    """A leak of -20 dB, 5 ms late: the report says how much and how loud; talk and scores are those without it."""
    sides = call(CALMS)
    sides[80:, 0] += 0.1 * sides[:-80, 1]
    leaking = analyse(write(tmp_path / "call.wav", sides), SETTINGS)
    assert report.call.crosstalk_s == 0
    assert leaking.call.crosstalk_s > 10
    assert leaking.call.crosstalk_db == pytest.approx(-20, abs=3)
    assert leaking.talk.parties[0].speech_s == pytest.approx(report.talk.parties[0].speech_s, rel=0.1)
    assert leaking.score is not None
    assert report.score is not None
    assert leaking.score.value == pytest.approx(report.score.value, abs=0.5)


def test_too_little_speech_gives_a_timeline_and_a_reason(tmp_path: Path) -> None:
    """A short call has windows and no score."""
    short = analyse(write(tmp_path / "short.wav", call(("angry", "neutral"))), SETTINGS)
    assert short.outcome == "no_score"
    assert "at least 30 s needed" in (short.reason or "")
    assert any(window.smooth is not None for window in short.windows)
    assert not short.moments


def test_mono_call_has_no_score_without_turns(tmp_path: Path) -> None:
    """One channel: a timeline of both voices, and why there is no score; with turns there is one."""
    sides = call(CALMS)
    file = write(tmp_path / "mono.wav", sides.sum(axis=1))
    alone = analyse(file, SETTINGS)
    assert alone.call.customer == "mono"
    assert alone.call.separated_by is None
    assert [party.role for party in alone.talk.parties] == ["both"]
    assert "choose the customer's voice: --voice 1 (speaks first at" in (alone.reason or "")
    turned = analyse(file, _replaced(turns=turns_of(sides), speaker="Customer"))
    assert turned.call.separated_by == "turns"
    assert turned.score is not None
    assert turned.score.value > 5.5
    assert turned.talk.parties[1].speech_s == pytest.approx(2 * len(CALMS), abs=4)


def test_same_sound_on_both_channels_is_one_channel(tmp_path: Path) -> None:
    """A recorder that doubles a mono line: no score, and the reason says so."""
    mixed = call(CALMS).sum(axis=1)
    twice = analyse(write(tmp_path / "twice.wav", np.stack([mixed, mixed], axis=1)), SETTINGS)
    assert twice.score is None
    assert "both channels hold the same sound" in (twice.reason or "")
    assert [party.role for party in twice.talk.parties] == ["both"]


def test_telephone_is_recognised_by_its_spectrum(tmp_path: Path) -> None:
    """8 kHz mu-law and A-law, as call recorders write them, and the same sound in a file of 16 kHz."""
    low = low_passed(call(CALMS))
    files = [write(tmp_path / f"{law}.wav", low, 8000, subtype=law) for law in ("ULAW", "ALAW")]
    for narrow in [analyse(file, SETTINGS) for file in (*files, write(tmp_path / "16k.wav", low))]:
        assert narrow.band.kind == "telephone"
        assert narrow.band.highest_hz is not None
        assert narrow.band.highest_hz < 4000
        assert narrow.score is not None


def test_nothing_to_calm(tmp_path: Path) -> None:
    """A customer who is neutral throughout."""
    config = Config(calls=Calls(calm_below=0.6))
    flat = analyse(write(tmp_path / "flat.wav", call(("neutral",) * 8)), _replaced(config=config))
    assert flat.outcome == "nothing_to_calm"


def test_stereo_without_a_customer_is_refused(calms: Path) -> None:
    """A guess would be worse than a question; the config may answer it once."""
    with pytest.raises(UsageError, match=r"has two channels, expected the customer's to be named: --customer"):
        analyse(calms, with_customer(None))
    configured = _replaced(customer=None, config=Config(calls=Calls(customer="right")))
    assert analyse(calms, configured).call.customer == "right"


def test_faults_are_named(tmp_path: Path, calms: Path) -> None:
    """Too many channels, an unknown label, no sound."""
    three = write(tmp_path / "three.wav", np.zeros((RATE_HZ, 3), np.float32))
    with pytest.raises(RecordingError, match="has 3 channels, expected one or two"):
        analyse(three, SETTINGS)
    with pytest.raises(ConfigError, match=r"calls\.weights has furious, expected labels of the bundle: angry"):
        analyse(calms, _replaced(config=Config(calls=Calls(weights={"furious": 1.0}))))
    (tmp_path / "broken.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEnothing")
    with pytest.raises(RecordingError, match=r"broken\.wav"):
        analyse(tmp_path / "broken.wav", SETTINGS)


def test_silent_call(tmp_path: Path) -> None:
    """Digital silence: no speech, no emotions, a reason."""
    silent = analyse(write(tmp_path / "silent.wav", np.zeros((10 * RATE_HZ, 2), np.float32)), SETTINGS)
    assert (silent.outcome, silent.emotions, silent.uncertain) == ("no_score", {}, None)
    assert silent.band.kind == "unknown"
    assert silent.talk.silence_s == pytest.approx(10, abs=0.1)


def test_progress_and_cancelling(calms: Path) -> None:
    """Progress comes with every two seconds of sound, which is read once; an error that it raises ends the analysis."""
    seen: list[tuple[float, float | None]] = []

    def stop(done_s: float, total_s: float | None) -> None:
        seen.append((done_s, total_s))
        if done_s > 10:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        analyse(calms, SETTINGS, stop)
    assert 5 <= len(seen) <= 7
    assert seen[0][1] == pytest.approx(len(call(CALMS)) / RATE_HZ)


def test_bundle_that_adapts_features_learns_the_call_first(tmp_path: Path) -> None:
    """The first pass learns this voice's features, the second scores all windows with the same shift."""
    file = write(tmp_path / "call.wav", call(("angry", "neutral", "neutral")))
    one, again = (analyse(file, SETTINGS) for _ in range(2))
    plain = analyse(file, _replaced(config=Config(baseline=Baseline(mode="off"))))
    assert (one.learned.method, plain.learned.method) == ("features", "none")
    assert one.learned.speech_s > 10
    assert one.windows == again.windows
    assert [window.scores for window in one.windows] != [window.scores for window in plain.windows]


def test_bundle_that_adapts_scores_reads_the_call_once(tmp_path: Path) -> None:
    """Networks of format 1: what was learned is taken off the scores that the first pass has kept."""
    file = write(tmp_path / "call.wav", call(("angry", "neutral", "neutral")))
    report = analyse(file, _replaced(bundle=load_bundle(NETWORKS)))
    assert report.learned.method == "scores"
    assert report.learned.shift.keys() == set(SETTINGS.bundle.manifest.labels)


def turns_of(sides: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> tuple[Turn, ...]:
    """Who speaks when, by where the composed channels are loud."""
    turns = []
    for column, name in ((0, "customer"), (1, "agent")):
        loud = np.abs(sides[:, column]) > 0.002
        steps = loud[: len(loud) // 1600 * 1600].reshape(-1, 1600).any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]).astype(np.int8))).reshape(-1, 2)
        turns += [Turn(float(first) / 10, float(last) / 10, name) for first, last in edges]
    return tuple(turns)


def low_passed(
    sides: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """What a telephone leaves: 300 to 3400 Hz."""
    size = 1 << len(sides).bit_length()  # other sizes take minutes
    spectrum = np.fft.rfft(sides, size, axis=0)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[: len(sides)], np.float32)


def _pause(sides: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> int:
    """The middle of the customer's longest pause."""
    quiet = np.abs(sides[:, 0]) < 0.002
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8))).reshape(-1, 2)
    first, last = max(edges, key=lambda edge: edge[1] - edge[0])
    return int(first + last) // 2
