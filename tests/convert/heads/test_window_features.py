"""Windows through a trunk: which there are of a version, how they are pooled, and that they are computed once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.sounds import recording
from convert.recipes.spec import SoundSpec
from convert.train.heads import clip_levels
from convert.train.heads.window_features import Source, window_features, windows
from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import int8_input, levels_of
from edged.features.whisper import WHISPER
from tests.parts.models import layouts


def sound(folder: Path, name: str, seconds: float, seed: int) -> Path:
    """A file of noise that swells."""
    rng = np.random.default_rng(seed)
    n = round(seconds * 16_000)
    samples = rng.normal(0, 0.1, n) * np.linspace(0.2, 1, n)
    soundfile.write(folder / f"{name}.wav", samples.astype(np.float32), 16_000)
    return folder / f"{name}.wav"


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Two clips of one speaker, of one and of four and a half seconds."""
    return [
        Clip(
            id=f"c{number}",
            corpus="emodb",
            speaker="s1",
            gender="",
            emotion="sad",
            label="sad",
            audio=sound(tmp_path, f"c{number}", seconds, number),
        )
        for number, seconds in enumerate((1.0, 4.5))
    ]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Without a trunk that runs: for what happens before it."""
    noises = tuple(recording(sound(tmp_path, f"n{number}", 2, 10 + number), "noise", "noise") for number in range(3))
    return Source(
        trunk=b"no model",
        geometry=WHISPER,
        active_db=30,
        sound=SoundSpec(),
        noises=noises,
        cache=tmp_path / "cache",
        folder=tmp_path / "features",
    )


def test_versions_of_a_clip(clips: list[Clip], source: Source) -> None:
    """As it comes a window every half second, else one of each clip, different in each version."""
    assert [len(list(windows(clip, 0, source))) for clip in clips] == [1, 4]
    made = [next(iter(windows(clips[0], version, source))) for version in (1, 2, 3)]
    assert all(window.shape == (300, 80) for window in made)
    assert not any(np.array_equal(made[0], other) for other in made[1:])
    np.testing.assert_array_equal(made[1], next(iter(windows(clips[0], 2, source))))


def test_a_place_is_the_same_for_all_clips_of_a_speaker(clips: list[Clip], source: Source) -> None:
    """Another clip with the same sound becomes the same; another speaker's does not."""

    def levels(clip: Clip) -> object:
        return clip_levels.elsewhere(clip, 2, source.noises, source.sound, source.cache, WHISPER).tobytes()

    assert levels(clips[0]) == levels(replace(clips[0], id="other"))
    assert levels(clips[0]) != levels(replace(clips[0], speaker="s2"))


def test_versions_in_the_networks_geometry(clips: list[Clip], source: Source) -> None:
    """As it comes exactly the images of the networks that see windows; else one window of 188 frames."""
    own = replace(source, geometry=GEOMETRY)
    dataset.prepare(clips, own.cache)
    for clip in clips:
        found = np.array(list(windows(clip, 0, own)))
        np.testing.assert_allclose(found, dataset.images(clip, own.cache) * (80 / 255) - 80, atol=1e-4)
    made = [next(iter(windows(clips[1], version, own))) for version in (1, 2)]
    assert all(window.shape == (188, 64) for window in made)
    assert not np.array_equal(made[0], made[1])


def test_0_db_is_where_the_device_has_it(clips: list[Clip], source: Source, tmp_path: Path) -> None:
    """The loudest band before neighbours are averaged is 0 dB, so averaged bands stay below it, in every version."""
    source = replace(source, geometry=GEOMETRY)
    voice = replace(clips[0], audio=layouts.sound(tmp_path / "voice.wav", 200, 2.0))
    dataset.prepare([voice, *source.noises], source.cache)
    device = levels_of(int8_input(dataset.images(voice, source.cache)))[0]
    assert -10 < device.max() < -GEOMETRY.quantum_db
    loudest = [float(next(iter(windows(voice, version, source))).max()) for version in range(4)]
    assert loudest[:2] == pytest.approx([device.max()] * 2, abs=GEOMETRY.quantum_db)
    assert all(-10 < level < -GEOMETRY.quantum_db for level in loudest), loudest


def test_a_trunk_that_is_none_is_refused(clips: list[Clip], source: Source) -> None:
    """By the runtime, in one line; nothing is kept."""
    with pytest.raises(ModelError, match="cannot load it"):
        window_features(clips, (0,), source)
    assert not list(source.folder.glob("*.npz"))
