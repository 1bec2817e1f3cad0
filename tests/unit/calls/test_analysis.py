"""A call from its recording to its report, with the shipped models."""

from pathlib import Path

import numpy as np
import pytest

from edged.calls.analysis import analyse
from edged.config.structs import Baseline, Calls, Config
from edged.contract.call_report import Report
from edged.errors import ConfigError, RecordingError, UsageError
from edged.models.bundle import load_bundle
from tests.parts.calls.composed import CALMS, ESCALATES, RATE_HZ, call, write
from tests.parts.calls.settings import SETTINGS, replaced, with_customer
from tests.parts.models.bundles import NETWORKS


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


def test_stereo_without_a_customer_is_refused(calms: Path) -> None:
    """A guess would be worse than a question; the config may answer it once."""
    with pytest.raises(UsageError, match=r"has two channels, expected the customer's to be named: --customer"):
        analyse(calms, with_customer(None))
    configured = replaced(customer=None, config=Config(calls=Calls(customer="right")))
    assert analyse(calms, configured).call.customer == "right"


def test_faults_are_named(tmp_path: Path, calms: Path) -> None:
    """Too many channels, an unknown label, no sound."""
    three = write(tmp_path / "three.wav", np.zeros((RATE_HZ, 3), np.float32))
    with pytest.raises(RecordingError, match="has 3 channels, expected one or two"):
        analyse(three, SETTINGS)
    with pytest.raises(ConfigError, match=r"calls\.weights has furious, expected labels of the bundle: angry"):
        analyse(calms, replaced(config=Config(calls=Calls(weights={"furious": 1.0}))))
    (tmp_path / "broken.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEnothing")
    with pytest.raises(RecordingError, match=r"broken\.wav"):
        analyse(tmp_path / "broken.wav", SETTINGS)


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
    plain = analyse(file, replaced(config=Config(baseline=Baseline(mode="off"))))
    assert (one.learned.method, plain.learned.method) == ("features", "none")
    assert one.learned.speech_s > 10
    assert one.windows == again.windows
    assert [window.scores for window in one.windows] != [window.scores for window in plain.windows]


def test_bundle_that_adapts_scores_reads_the_call_once(tmp_path: Path) -> None:
    """Networks of format 1: what was learned is taken off the scores that the first pass has kept."""
    file = write(tmp_path / "call.wav", call(("angry", "neutral", "neutral")))
    report = analyse(file, replaced(bundle=load_bundle(NETWORKS)))
    assert report.learned.method == "scores"
    assert report.learned.shift.keys() == set(SETTINGS.bundle.manifest.labels)


def _pause(sides: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> int:
    """The middle of the customer's longest pause."""
    quiet = np.abs(sides[:, 0]) < 0.002
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8))).reshape(-1, 2)
    first, last = max(edges, key=lambda edge: edge[1] - edge[0])
    return int(first + last) // 2
