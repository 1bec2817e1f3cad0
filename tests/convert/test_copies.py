"""Augmented copies: computed once, the same for all recipes, from sound or from stored log-mel."""

from pathlib import Path

import numpy as np
import pytest

from convert.augment import copies
from convert.corpora import Clip
from convert.data import dataset
from convert.recipes.spec import SoundSpec
from convert.score import clip_scores
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from tests.convert.test_dataset import clip, stored
from tests.parts.models import layouts

NOTHING = SoundSpec(speed=0, pitch=0, room_p=0, noise_p=0, microphone_p=0, codec_p=0, gain_db=(0, 0))
ALL = SoundSpec(room_p=1, noise_p=1, microphone_p=1, codec_p=1)
RNG = np.random.default_rng(0)
LEVELS = RNG.uniform(-60, 0, (120, GEOMETRY.n_bands)).astype(np.float32)
NOISE = RNG.uniform(-20, 0, (40, GEOMETRY.n_bands)).astype(np.float32)


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """One of sound, one of stored log-mel, and the noise for both, prepared."""
    mel = RNG.integers(0, 256, (90, GEOMETRY.n_bands)).astype(np.uint8)
    found = [clip(layouts.sound(tmp_path / "a.wav")), stored(tmp_path, mel, 20, 60)]
    found.append(clip(layouts.sound(tmp_path / "n.wav", 900)))
    dataset.prepare(found, tmp_path / "cache")
    return found


def test_copies_are_loaded_beside_the_clips(clips: list[Clip], tmp_path: Path) -> None:
    """Two copies of each clip follow the clips themselves, in their order, and differ from them."""
    cache, (*spoken, noise) = tmp_path / "cache", clips
    copies.prepare(spoken, [noise], cache, 2, ALL)
    found = dataset.load(spoken, cache, copies.versions(spoken, cache, 2, ALL))
    assert (found.n_copies, len(found.start)) == (2, 6)
    assert found.length[[1, 3, 5]].tolist() == [60, 60, 60]
    parts = [found.frames[start : start + 40] for start in found.start]
    assert not any(np.array_equal(parts[0], parts[place]) for place in (2, 4))
    assert not any(np.array_equal(parts[1], parts[place]) for place in (3, 5))


def test_copies_are_scored_beside_the_clips(clips: list[Clip], tmp_path: Path) -> None:
    """Each copy is a clip with its clip's label, after all clips as recorded."""
    cache, (*spoken, noise) = tmp_path / "cache", clips
    copies.prepare(spoken, [noise], cache, 2, ALL)
    plain = clip_scores.clip_windows(spoken, cache)
    found = clip_scores.clip_windows(spoken, cache, copies.versions(spoken, cache, 2, ALL))
    assert found.clips == [*spoken, *spoken, *spoken]
    assert np.array_equal(found.images[: len(plain.images)], plain.images)
    assert found.owner.tolist() == [0, 1, 2, 3, 4, 5]
    assert not np.array_equal(found.images[2], plain.images[0])


def test_copies_need_noises(clips: list[Clip], tmp_path: Path) -> None:
    """Without ESC-10 and noises they are refused; copies that are cached need none."""
    cache, (*spoken, noise) = tmp_path / "cache", clips
    with pytest.raises(UsageError, match="expected esc10 and noise among the corpora"):
        copies.prepare(spoken, [], cache, 1, ALL)
    copies.prepare(spoken, [noise], cache, 1, ALL)
    copies.prepare(spoken, [], cache, 1, ALL)


def test_copies_are_made_once(clips: list[Clip], tmp_path: Path) -> None:
    """A cached copy stays; computed again it is the same; other strengths are other files."""
    cache, (*spoken, noise) = tmp_path / "cache", clips
    copies.prepare(spoken, [noise], cache, 1, ALL)
    made = {file: file.read_bytes() for file in cache.glob("*-copy*")}
    times = {file: file.stat().st_mtime_ns for file in made}
    copies.prepare(spoken, [noise], cache, 1, ALL)
    assert {file: file.stat().st_mtime_ns for file in made} == times
    for file in made:
        file.unlink()
    copies.prepare(spoken, [noise], cache, 1, ALL)
    assert {file: file.read_bytes() for file in made} == made
    copies.prepare(spoken, [noise], cache, 1, NOTHING)
    assert len(list(cache.glob("*-copy*"))) == 4


def test_nothing_is_the_clip_itself(clips: list[Clip], tmp_path: Path) -> None:
    """With all strengths at 0 a copy is the clip, within the steps of 16 bits and of 80 dB in 255."""
    cache, (*spoken, noise) = tmp_path / "cache", clips
    copies.prepare(spoken, [noise], cache, 1, NOTHING)
    found = dataset.load(spoken, cache, copies.versions(spoken, cache, 1, NOTHING))
    for place in (0, 1):
        whole, copy = (found.frames[found.start[n] : found.start[n] + found.length[n]] for n in (place, place + 2))
        length = min(len(whole), len(copy))
        shifted = np.maximum(whole[:length].astype(np.float32) - float(whole.max()), -80)
        assert np.abs(shifted - copy[:length]).max() < 1.0


def test_echoes_fill_pauses() -> None:
    """After a burst, power falls evenly by 60 dB in the reverberation time; the burst itself stays."""
    burst = np.full((200, GEOMETRY.n_bands), -120, np.float32)
    burst[10] = 0
    spec = SoundSpec(room_p=1, room_s=(0.8, 0.8), direct_db=(0, 0), noise_p=0, microphone_p=0)
    found = copies.levels_elsewhere(burst, NOISE, spec, np.random.default_rng(0))[:, 0]
    assert found[10] == pytest.approx(0, abs=0.01)
    assert found[9] < -100
    assert found[11] - found[61] == pytest.approx(60, abs=0.5)


def test_noise_is_as_far_below() -> None:
    """The noise's mean power is the given distance below the clip's."""
    spec = SoundSpec(room_p=0, noise_p=1, noise_db=(10, 10), microphone_p=0)
    found = copies.levels_elsewhere(LEVELS, NOISE, spec, np.random.default_rng(0))
    clean = np.mean(10 ** (LEVELS / 10))
    assert np.mean(10 ** (found / 10)) - clean == pytest.approx(clean / 10, rel=0.01)


def test_microphone_takes_bands() -> None:
    """Bands far outside lose 40 dB, those inside nothing."""
    spec = SoundSpec(room_p=0, noise_p=0, microphone_p=1, lowest_hz=(300, 300), highest_hz=(3400, 3400))
    change = copies.levels_elsewhere(LEVELS, NOISE, spec, np.random.default_rng(0)) - LEVELS
    assert change[:, 0] == pytest.approx(-40, abs=0.1)
    assert change[:, -1] == pytest.approx(-40, abs=0.1)
    assert np.abs(change[:, 12:40]).max() < 0.01
