"""Worse conditions: each changes sound as its name says."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.augment.conditions import conditions
from convert.card.robustness_section import CONDITIONS, robustness_section
from convert.corpora.clip import Clip
from convert.data import recordings
from convert.data.surroundings import Surroundings
from convert.evaluate.robustness import robustness
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.models import layouts
from tests.parts.sound.speech import RATE_HZ, noise, sine


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """A noise and a room."""
    soundfile.write(tmp_path / "noise.flac", noise(3, 0.2), RATE_HZ)
    response = noise(0.3, 0.2) * np.exp(-np.arange(round(0.3 * RATE_HZ)) / 800).astype(np.float32)
    soundfile.write(tmp_path / "room.flac", np.concatenate([np.zeros(50), [0.9], response]), RATE_HZ)
    return Surroundings([], [clip(tmp_path / "noise.flac", "")], [tmp_path / "room.flac"])


def clip(file: Path, label: str, speaker: str = "a") -> Clip:
    """A clip of ``file``."""
    return Clip(id=file.stem, corpus="c", speaker=speaker, gender="", emotion=label, label=label or None, audio=file)


def level_db(samples: Floats) -> float:
    """Of the rms, relative to full scale."""
    return 10 * float(np.log10(np.mean(samples.astype(np.float64) ** 2)))


def changed(name: str, samples: Floats, around: Surroundings) -> Floats:
    """``samples`` under one condition."""
    return conditions(around)[name](samples, np.random.default_rng(0))


@pytest.mark.parametrize("db", [20, 10, 5, 0])
def test_noise(around: Surroundings, db: int) -> None:
    """So many dB below the clip, and not the same from clip to clip."""
    samples = sine(440, 2, 0.1)
    added = changed(f"noise_{db}", samples, around) - samples
    assert level_db(samples) - level_db(added) == pytest.approx(db, abs=0.1)
    other = conditions(around)[f"noise_{db}"](samples, np.random.default_rng(1)) - samples
    assert not np.allclose(added, other)


def test_telephone(around: Surroundings) -> None:
    """Frequencies outside the telephone band are removed, those inside are not."""
    for frequency_hz, lost_db in ((100, 60), (1000, 0), (6000, 60)):
        samples = sine(frequency_hz, 2, 0.1)
        loss_db = level_db(samples) - level_db(changed("telephone", samples, around)[RATE_HZ // 2 : -RATE_HZ // 2])
        assert loss_db >= lost_db - 1
        assert lost_db or abs(loss_db) < 0.5


def test_softer(around: Surroundings) -> None:
    """20 dB, in the steps of 16 bits."""
    samples = sine(440, 1, 0.1)
    soft = changed("softer", samples, around)
    assert level_db(samples) - level_db(soft) == pytest.approx(20, abs=0.1)
    assert np.allclose(soft * 32768, np.rint(soft * 32768))


def test_mp3(around: Surroundings) -> None:
    """A tone comes through as loud and as long; not every sample does."""
    samples = sine(440, 2, 0.3)
    packed = changed("mp3", samples, around)
    assert packed.shape == samples.shape
    assert level_db(packed) == pytest.approx(level_db(samples), abs=1)
    assert not np.array_equal(packed, samples)


def test_room(around: Surroundings) -> None:
    """A click arrives without delay, followed by the echo."""
    click = np.zeros(RATE_HZ, np.float32)
    click[100] = 1
    echoed = changed("room", click, around)
    assert int(np.abs(echoed).argmax()) == 100
    assert np.all(echoed[:99] < 1e-6)
    assert level_db(echoed[200:2000]) > -60
    assert float(np.sum(echoed**2)) == pytest.approx(1, abs=0.01)


def test_robustness(tmp_path: Path, around: Surroundings) -> None:
    """Each condition has its row; a corpus without sound has none."""
    spoken = [
        clip(layouts.sound(tmp_path / f"{label}{n}.wav", pitch_hz, 1.0), label, f"s{n}")
        for label, pitch_hz in (("angry", 300), ("sad", 120))
        for n in range(2)
    ]
    bundle = load_bundle(DEFAULT_BUNDLE)
    found = robustness(bundle, {"c": spoken, "silent": []}, around)
    assert found.keys() == {"c"}
    assert (found["c"]["clips"], found["c"]["speakers"]) == (4, 2)
    assert found["c"]["rows"].keys() == CONDITIONS.keys()
    rows = found["c"]["rows"]
    assert rows["softer"]["first"]["ece"] == pytest.approx(rows["clean"]["first"]["ece"], abs=0.05)
    assert "| clips of | by | as recorded | noise, 20 dB |" in robustness_section(found)


def test_robustness_draws_from_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many clips some of each speaker are tested, though speakers take turns in the index."""
    monkeypatch.setattr("convert.evaluate.robustness.MAX_CLIPS", 6)
    spoken = [clip(layouts.sound(tmp_path / f"{n}.wav", 200, 0.5), "sad", f"s{n % 2}") for n in range(12)]
    found = robustness(load_bundle(DEFAULT_BUNDLE), {"c": spoken}, Surroundings([], [], []))
    assert (found["c"]["clips"], found["c"]["speakers"]) == (6, 2)


def test_conditions_without_corpora() -> None:
    """Noise and rooms that are not there are left out, the rest is not."""
    assert conditions(Surroundings([], [], [])).keys() == {"clean", "telephone", "mp3", "softer"}


def test_recording_is_written_as_it_is_read(tmp_path: Path) -> None:
    """16 bits at 16 kHz."""
    samples = noise(0.5)
    recordings.write(tmp_path / "a.wav", samples)
    assert np.allclose(recordings.samples(tmp_path / "a.wav"), samples, atol=2 / 32768)


def test_section_of_groups_under_other_conditions() -> None:
    """A group that was not measured under a condition has a dash there."""
    both = {"soft": {"uar": 0.5}, "first": {"uar": 0.4}}
    groups = {"a": {"rows": {"clean": both, "room": both}}, "b": {"rows": {"clean": dict(reversed(both.items()))}}}
    lines = robustness_section(groups).splitlines()
    assert lines[-4:] == [
        "| a | soft | 0.500 | 0.500 |",
        "| a | M1 alone | 0.400 | 0.400 |",
        "| b | soft | 0.500 | - |",
        "| b | M1 alone | 0.400 | - |",
    ]
