"""Clips to log-mel: the same as librosa, the same as on the device, the same as stored."""

import io
import lzma
import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from convert import corpora as readers
from convert.corpora import Clip, Stored
from convert.data import dataset, recordings
from edged.errors import RecordingError, UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Windows
from tests.parts.models import layouts
from tests.parts.sound import speech


def clip(file: Path) -> Clip:
    """A clip of ``file``, nothing else known."""
    return Clip(id=file.stem, corpus="c", speaker="s", gender="", emotion="sad", label="sad", audio=file)


def stored(folder: Path, mel: NDArray[np.uint8], start: int, n_frames: int) -> Clip:
    """A clip of stored log-mel."""
    packed = io.BytesIO()
    np.save(packed, mel)
    (folder / "mel.npy.xz").write_bytes(lzma.compress(packed.getvalue()))
    where = Stored(folder / "mel.npy.xz", start, n_frames)
    return Clip(id="1", corpus="c", speaker="s", gender="", emotion="sad", label="sad", stored=where)


def reference(samples: Floats) -> Floats:
    """librosa's image of the first 3 s, zero-padded, pairs of bands averaged in dB, in steps of 80/255 dB."""
    padded = np.pad(samples[: 3 * speech.RATE_HZ], (0, max(0, 3 * speech.RATE_HZ - len(samples))))
    mel = librosa.feature.melspectrogram(y=padded, sr=speech.RATE_HZ, n_fft=1024, hop_length=256, n_mels=128)
    decibels: Floats = librosa.power_to_db(mel, ref=np.max, top_db=80).T
    return np.asarray((decibels.reshape(len(decibels), 64, 2).mean(axis=2) + 80) * 255 / 80, np.float32)


@pytest.mark.parametrize("corpus", ["emodb", "ravdess"])
def test_cremad_layout_is_librosa(corpora: Path, tmp_path: Path, corpus: str) -> None:
    """Real speech through the CREMA-D reader: librosa's image, within the rounding of one step."""
    for place, samples in enumerate(speech.clips(corpora, corpus, 3)):
        file = tmp_path / "AudioWAV" / f"100{place}_DFA_ANG_XX.wav"
        file.parent.mkdir(exist_ok=True)
        soundfile.write(file, samples, speech.RATE_HZ, subtype="FLOAT")
    clips = readers.read(tmp_path)
    dataset.prepare(clips, tmp_path / "cache")
    for found, samples in zip(clips, speech.clips(corpora, corpus, 3), strict=True):
        images = dataset.images(found, tmp_path / "cache")
        assert images.shape == (1, GEOMETRY.n_frames, GEOMETRY.n_bands)
        assert np.abs(images[0] - reference(samples)).max() <= 1


def test_stored_cremad_is_unchanged(corpora: Path, tmp_path: Path) -> None:
    """What is stored is what the models see, silence after it."""
    clips = readers.read(corpora / "cremad")
    chosen = [clips[0], clips[-1]]
    dataset.prepare(chosen, tmp_path)
    with lzma.open(corpora / "cremad" / "logmel_u8.npy.xz") as packed:
        mel = np.load(packed)
    for found in chosen:
        assert found.stored is not None
        image = dataset.images(found, tmp_path)[0]
        start, n_frames = found.stored.start, found.stored.n_frames
        assert (image[:n_frames] == mel[start : start + n_frames]).all()
        assert not image[n_frames:].any()


def test_stored_as_frames(tmp_path: Path) -> None:
    """For training 255 is 0 dB and 0 is -80 dB."""
    mel = np.full((300, 64), 255, np.uint8)
    mel[150:] = 0
    found = stored(tmp_path, mel, 100, 100)
    dataset.prepare([found], tmp_path)
    frames = dataset.load([found], tmp_path).frames
    assert frames.shape == (100, 64)
    assert (frames[:50] == 0).all()
    assert frames[50:] == pytest.approx(-80)


def test_windows_are_the_devices(tmp_path: Path) -> None:
    """A long clip gives the windows that the device's own stream gives, step for step."""
    file = layouts.sound(tmp_path / "a.wav", duration_s=4.1)
    dataset.prepare([clip(file)], tmp_path / "cache")
    images = dataset.images(clip(file), tmp_path / "cache")
    samples = recordings.samples(file)
    device = Windows(GEOMETRY, dataset.STRIDE_FRAMES * GEOMETRY.hop)
    windows = [*device.push(samples, 0), *device.finish()]
    assert len(images) == len(windows) == 3
    for image, window in zip(images, windows, strict=True):
        apart = image.astype(int) - (window.image.astype(int) + 128)
        assert np.abs(apart).max() <= 1  # levels are kept in half precision
        assert (apart != 0).mean() < 0.1


def test_frames_are_the_clips_own(tmp_path: Path) -> None:
    """Clips lie end to end, each below its own loudest cell."""
    clips = [
        clip(layouts.sound(tmp_path / f"{name}.wav", duration_s=length)) for name, length in (("a", 0.5), ("b", 1))
    ]
    dataset.prepare(clips, tmp_path / "cache")
    found = dataset.load(clips, tmp_path / "cache")
    assert found.start.tolist() == [0, found.length[0]]
    assert found.length.tolist() == [1 + 8000 // 256, 1 + 16000 // 256]
    for start, length in zip(found.start, found.length, strict=True):
        assert -6 < found.frames[start : start + length].max() <= 0


def test_prepare_goes_on(tmp_path: Path) -> None:
    """What is in the cache stays as it is; what is not is made; nothing half-made is taken."""
    clips = [clip(layouts.sound(tmp_path / f"{name}.wav")) for name in "ab"]
    cache = tmp_path / "cache"
    dataset.prepare(clips[:1], cache)
    first = cache / f"{dataset.key(clips[0])}.npy"
    os.utime(first, (1, 1))
    (cache / f"{dataset.key(clips[1])}.part").write_bytes(b"cut off")
    dataset.prepare(clips, cache)
    assert first.stat().st_mtime == 1
    assert len(dataset.levels(clips[1], cache)) == 1 + 11200 // 256


def test_prepare_shows_its_bar_on_a_terminal_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a file of errors a bar would be hundreds of lines."""
    dataset.prepare([clip(layouts.sound(tmp_path / "a.wav"))], tmp_path / "cache")
    assert not capsys.readouterr().err


def test_same_sound_same_key(tmp_path: Path) -> None:
    """The cache knows sounds, not names; a part of a sound is another one."""
    first = layouts.sound(tmp_path / "a.wav")
    copy = tmp_path / "b.wav"
    copy.write_bytes(first.read_bytes())
    assert dataset.key(clip(first)) == dataset.key(clip(copy))
    part = Clip(id="a", corpus="c", speaker="s", gender="", emotion="sad", label="sad", audio=first, padded_s=3.0)
    assert dataset.key(part) != dataset.key(clip(first))


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_samples_are_resampled(tmp_path: Path, rate_hz: int) -> None:
    """Stereo of another rate becomes 16 kHz mono of the same length."""
    soundfile.write(tmp_path / "a.wav", np.zeros((rate_hz, 2)), rate_hz)
    assert len(recordings.samples(tmp_path / "a.wav")) == speech.RATE_HZ


def test_samples_are_padded(tmp_path: Path) -> None:
    """Exactly as long as asked for, cut or filled."""
    file = layouts.sound(tmp_path / "a.wav", duration_s=1)
    assert len(recordings.samples(file, 3.0)) == 48000
    assert not recordings.samples(file, 3.0)[16000:].any()
    assert len(recordings.samples(file, 0.5)) == 8000


def test_sound_that_is_none(tmp_path: Path) -> None:
    """Text named .wav, an empty file and samples that are not numbers are named."""
    (tmp_path / "text.wav").write_text("hello", encoding="utf-8")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 16000, subtype="FLOAT")
    for name, message in (("text", "it is text; expected wav"), ("empty", "no samples"), ("nan", "a sample of nan")):
        with pytest.raises(RecordingError, match=message):
            recordings.samples(tmp_path / f"{name}.wav")


def test_sound_cut_off(tmp_path: Path) -> None:
    """Half a file is refused: its emotion may be in the other half."""
    file = layouts.sound(tmp_path / "a.wav", duration_s=2)
    file.write_bytes(file.read_bytes()[:32_044])
    with pytest.raises(RecordingError, match=r"a\.wav: cut off after 1\.0 s; expected as much sound as the file says"):
        recordings.samples(file)


def test_clip_without_file(tmp_path: Path) -> None:
    """A clip whose file is gone, and one that has none, are errors."""
    with pytest.raises(RecordingError, match="No such file"):
        dataset.prepare([clip(tmp_path / "gone.wav")], tmp_path / "cache")
    with pytest.raises(UsageError, match="neither audio nor stored"):
        dataset.key(Clip(id="1", corpus="c", speaker="s", gender="", emotion="sad", label="sad"))


def test_stored_wrong(tmp_path: Path) -> None:
    """Stored log-mel of another shape, and frames that are not there, are errors."""
    with pytest.raises(RecordingError, match=r"expected uint8 \(n_frames, 64\)"):
        dataset.prepare([stored(tmp_path, np.zeros((10, 32), np.uint8), 0, 10)], tmp_path)
    beyond = stored(tmp_path, np.zeros((11, 64), np.uint8), 5, 10)
    dataset.prepare([beyond], tmp_path)
    with pytest.raises(UsageError, match="frames up to 15"):
        dataset.levels(beyond, tmp_path)
