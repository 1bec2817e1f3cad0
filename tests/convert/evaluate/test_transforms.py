"""The table of transformations: effects, choice of clips, and formatting."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.card.robustness_section import transform_table
from convert.commands.options import ROOT
from convert.evaluate.transforms import IN_NOISE, N_CLIPS, OWN, changed_labels, drawn, transforms
from edged.audio.recording import Recording
from edged.errors import UsageError
from edged.features.logmel import Floats
from tests.parts.sound.speech import RATE_HZ, noise

CLIP = noise(2, 0.05)


def changed(name: str, folder: Path) -> Floats:
    """(n, channels) samples that the transform writes."""
    change, pack = transforms()[name]
    samples, _ = soundfile.read(pack(folder / "clip", change(CLIP)), dtype="float32", always_2d=True)
    return np.asarray(samples, np.float32)


@pytest.mark.parametrize("name", transforms())
def test_every_transform_is_a_file_that_is_read(tmp_path: Path, name: str) -> None:
    """Output is as long as the clip and its lead, within a codec's padding."""
    change, pack = transforms()[name]
    samples = change(CLIP)
    with Recording(pack(tmp_path / "clip", samples)) as recording:
        n = sum(len(chunk.samples) for chunk in iter(lambda: recording.read(1), None))
    assert n == pytest.approx(len(samples), abs=2000 if "Xing" in name else 0)


def test_transforms_do_what_they_are_called(tmp_path: Path) -> None:
    """Each transform has its size: offset, hum level, shift, channels."""
    assert changed("offset 0.05", tmp_path).mean() == pytest.approx(0.05, abs=1e-3)
    hum = changed("hum 50 Hz, -30 dBFS", tmp_path)[:, 0] - 0.7 * CLIP
    assert 10 * np.log10(np.mean(hum**2)) == pytest.approx(-30, abs=0.01)
    later = changed("100 ms later", tmp_path)[:, 0]
    np.testing.assert_array_equal(later, np.concatenate([np.zeros(1600), CLIP]))
    inverted = changed("second channel inverted", tmp_path)
    np.testing.assert_array_equal(inverted[:, 0], -inverted[:, 1])
    apart = changed("second channel 0.5 ms later", tmp_path)
    np.testing.assert_array_equal(apart[8:, 1], apart[:-8, 0])


def test_noise_is_the_same_for_each_shift() -> None:
    """Apart from the shift the clip's samples are unchanged."""
    own = transforms()[next(iter(IN_NOISE))][0](CLIP)
    shifted = transforms()[list(IN_NOISE)[-1]][0](CLIP)
    first, last = (round(by_s * RATE_HZ) for by_s in (next(iter(IN_NOISE.values())), list(IN_NOISE.values())[-1]))
    np.testing.assert_array_equal(own[first:], shifted[last:])


def test_clips_are_drawn_the_same_each_time(corpora: Path) -> None:
    """44 clips by seed, of test or of validation speakers, never of both."""
    first = [clip.id for clip in drawn(corpora, 1)]
    assert first == [clip.id for clip in drawn(corpora, 1)]
    assert len(first) == N_CLIPS
    assert first != [clip.id for clip in drawn(corpora, 2)]
    validation = drawn(corpora, 1, "validation")
    listed = {clip.speaker for clip in validation if clip.corpus != "emovo"}
    assert not listed & {clip.speaker for clip in drawn(corpora, 1)}


def test_no_corpus_with_sound(tmp_path: Path) -> None:
    """A usage error says what is needed."""
    with pytest.raises(UsageError, match=r"none of emodb, ravdess, nemo, emovo, expected one with sound"):
        drawn(tmp_path, 1)


def test_offset_hum_and_second_channel_change_no_label(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six clips through the shipped bundle, as ``classify`` does it."""
    every = transforms()
    names = [OWN, "offset 0.2", "hum 50 Hz, -30 dBFS", "100 ms later", "20 dB softer", "second channel inverted"]
    monkeypatch.setattr("convert.evaluate.transforms.transforms", lambda: {name: every[name] for name in names})
    rows = changed_labels(drawn(corpora, 1)[:6], ROOT, None)
    assert {name: row["changed"] for name, row in rows.items()} == dict.fromkeys(names, 0.0)


def test_table_has_a_row_a_transform() -> None:
    """Shares are in per cent, beside the number of refused files."""
    rows = {
        OWN: {"changed": 0.0, "none": 0.0, "refused": 0.0},
        "MP3": {"changed": 0.5, "none": 0.25, "refused": 0.25},
    }
    text = transform_table({"clips": 4, "corpora": {"emodb": 4}, "seed": 1, "side": "test", "rows": rows})
    assert "4 clips (4 EMO-DB; test speakers, seed 1)" in text
    assert "| MP3 | 50%, 25% refused | 25% |" in text
