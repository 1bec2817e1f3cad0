"""Scripts of long recordings, and that both ways to render them agree."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.surroundings import Surroundings, surroundings
from convert.stream import rendering
from convert.stream.scenes import Kind, Scene, scenes
from edged.config.load import parse_config
from edged.features.geometry import GEOMETRY
from edged.features.whisper import WHISPER
from edged.features.windows import Windows
from tests.parts.models import layouts
from tests.parts.sound.speech import RATE_HZ, noise


def clips(folder: Path, *speakers: str) -> list[Clip]:
    """Two neutral and two angry clips of each speaker, prepared."""
    found = [
        Clip(
            id=f"{speaker}{label}{n}", corpus="c", speaker=speaker, gender="female", emotion=label, label=label,
            audio=layouts.sound(folder / f"{speaker}{label}{n}.wav", pitch_hz, 2.0),
        )
        for speaker in speakers
        for label, pitch_hz in (("neutral", 150), ("angry", 300))
        for n in range(2)
    ]  # fmt: skip
    dataset.prepare(found, folder / "cache")
    return found


def around(folder: Path) -> Surroundings:
    """A sound, a noise and a room, prepared."""
    layouts.esc10(folder / "esc10")
    layouts.noises(folder / "noise")
    (folder / "rir").mkdir()
    decay = noise(0.5, 0.3) * np.exp(-np.arange(RATE_HZ // 2) / 1000).astype(np.float32)
    decay[100] = 1
    soundfile.write(folder / "rir" / "a.flac", decay, RATE_HZ)
    found = surroundings(folder, "test")
    dataset.prepare(found.clips, folder / "cache")
    return found


def test_surroundings_by_side(tmp_path: Path) -> None:
    """No sound and no room is on both sides; what is not there is left out."""
    around(tmp_path)
    test, validation = surroundings(tmp_path, "test"), surroundings(tmp_path, "validation")
    assert {clip.id for clip in test.clips}.isdisjoint(clip.id for clip in validation.clips)
    assert [len(test.sounds), len(test.noises), len(test.rooms), len(validation.rooms)] == [2, 1, 1, 0]
    assert surroundings(tmp_path / "nothing", "test") == Surroundings([], [], [])


@pytest.mark.parametrize("kind", ["emotions", "neutral", "other"])
def test_scenes_by_kind(tmp_path: Path, kind: Kind) -> None:
    """Each speaker is a home; clips of a home do not overlap, labels are as scripted, and the draw can be repeated."""
    spoken, rooms = clips(tmp_path, "a", "b"), around(tmp_path)
    found = scenes("g", spoken, kind, rooms, tmp_path / "cache", 500)
    assert found == scenes("g", spoken, kind, rooms, tmp_path / "cache", 500)
    assert [scene.speaker for scene in found] == (["home 0"] if kind == "other" else ["a", "b"])
    for scene in found:
        voices = [piece for piece in scene.pieces if piece.voice]
        ends = [piece.start + len(dataset.levels(piece.clip, tmp_path / "cache")) * GEOMETRY.hop for piece in voices]
        assert all(end <= piece.start for end, piece in zip(ends, voices[1:], strict=False))
        assert {piece.clip.speaker for piece in voices} <= {scene.speaker}
        labels = {passage.label for passage in scene.passages}
        assert labels == {"emotions": {"neutral", "angry"}, "neutral": {"neutral"}, "other": set()}[kind]
        assert all(0 < passage.start < passage.end <= scene.length for passage in scene.passages)


def test_scene_without_neutral_speaker(tmp_path: Path) -> None:
    """A speaker without neutral clips has no scene of neutral speech."""
    angry = [clip for clip in clips(tmp_path, "a") if clip.label == "angry"]
    assert scenes("g", angry, "neutral", around(tmp_path), tmp_path / "cache", 60) == []


def test_renderings_agree(tmp_path: Path) -> None:
    """Windows composed from log-mel are close to the front end's of the sound, in a room without echo."""
    script = scenes("g", clips(tmp_path, "a"), "emotions", Surroundings([], [], []), tmp_path / "cache", 60)[0]
    composed = rendering.windows(script, tmp_path / "cache", -60.0)
    windows = Windows(GEOMETRY, rendering.STRIDE_FRAMES * GEOMETRY.hop)
    found = [*windows.push(rendering.sound(script), 0), *windows.finish()]
    assert [window.start for window in found] == composed.start.tolist()
    assert [window.end for window in found] == composed.end.tolist()
    images = np.array([window.image for window in found]).astype(int)
    apart_db = np.abs(images - composed.images.astype(int)).mean() * GEOMETRY.quantum_db
    assert apart_db < 1.5  # where floor and voice are alike, their phases decide
    loud = np.array([np.count_nonzero(window.speech_dbfs > -60) for window in found])
    assert np.abs(loud - composed.loud_frames).max() <= 4


def test_renderings_agree_for_the_encoder(tmp_path: Path) -> None:
    """So are the frames in the encoder's geometry, whose narrow bands come from the clips' sound."""
    script = scenes("g", clips(tmp_path, "a"), "emotions", Surroundings([], [], []), tmp_path / "cache", 60)[0]
    config = parse_config("audio: {highpass_hz: 0, remove_hum: false}", "test")
    composed = rendering.windows(script, tmp_path / "cache", -60.0, WHISPER).levels
    found = rendering.windows_of_sound(rendering.sound(script), config, WHISPER).levels
    assert composed is not None
    assert found is not None
    assert composed.shape == found.shape
    deepest = found.max() - WHISPER.top_db
    assert np.abs(np.maximum(composed, deepest) - np.maximum(found, deepest)).mean() < 4


def test_sound_has_levels_of_the_script(tmp_path: Path) -> None:
    """A voice is as loud as the script says, and an echo does not change that by much."""
    spoken, rooms = clips(tmp_path, "a"), around(tmp_path)
    script = scenes("g", spoken, "emotions", Surroundings([], [], []), tmp_path / "cache", 60)[0]
    piece = script.pieces[0]

    def level_dbfs(scene: Scene) -> float:
        part = rendering.sound(scene)[piece.start : piece.start + 2 * RATE_HZ]
        return 10 * float(np.log10(np.mean(part**2)))

    assert level_dbfs(script) == pytest.approx(piece.level_dbfs, abs=0.5)
    echoed = Scene(
        script.kind, script.group, script.speaker, script.length, script.pieces, script.passages, script.floor_dbfs,
        None, rooms.rooms[0], script.seed,
    )  # fmt: skip
    assert level_dbfs(echoed) == pytest.approx(piece.level_dbfs, abs=6)
