"""The probe: what a linear head makes of features in which labels and speakers are known."""

import numpy as np

from convert.corpora.clip import LABELS
from convert.encoder.clip_features import ClipFeatures, windows
from convert.encoder.probe import probe

_N_FEATURES = 12


def made(seed: int, n_speakers: int, speaker_spread: float) -> ClipFeatures:
    """Ten clips a label and speaker: an offset of the label, an offset of the speaker, noise."""
    generator = np.random.default_rng(seed)
    offsets = np.random.default_rng(0).normal(0, 1, (len(LABELS), _N_FEATURES))
    rows, labels, speakers = [], [], []
    for speaker in range(n_speakers):
        voice = generator.normal(0, speaker_spread, _N_FEATURES)
        for number, label in enumerate(LABELS):
            rows.append(offsets[number] + voice + generator.normal(0, 0.3, (10, _N_FEATURES)))
            labels += [label] * 10
            speakers += [f"{seed}-{speaker}"] * 10
    values = np.concatenate(rows).astype(np.float32)[:, None]
    return ClipFeatures(values, np.array(labels), np.array(speakers))


def test_adaptation_takes_the_speaker_off() -> None:
    """Speakers far apart: hardly better than chance before adaptation, nearly all right after fifteen clips."""
    (row,) = probe([made(1, 6, 4.0)], {"others": made(2, 2, 12.0)}, (0,), 0)
    assert row.n_clips == 120
    assert row.unadapted < 0.5
    assert row.adapted[-1] > 0.85
    assert row.adapted[-1] > row.adapted[0]


def test_same_seed_gives_the_same_row() -> None:
    """The draws are the seed's."""
    train, others = [made(1, 3, 1.0)], {"others": made(2, 2, 1.0)}
    assert probe(train, others, (0,), 5) == probe(train, others, (0,), 5)


def test_clip_shorter_than_a_window_stands_at_its_end() -> None:
    """Its frames come last, with silence before them; how many they are is given."""
    ((given, n_frames),) = windows(np.zeros((120, 80), np.float32))
    assert (given.shape, n_frames) == ((300, 80), 120)
    assert given[180:].min() == given.max()
    assert given[:180].max() == given.min() < given.max()


def test_long_clip_gives_a_window_each_half_second() -> None:
    """Four and a half seconds are four windows of three."""
    assert [n for _, n in windows(np.zeros((450, 80), np.float32))] == [300] * 4
