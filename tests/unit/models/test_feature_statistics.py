"""The statistics file of a bundle: what it says, and what is refused."""

import io
import zipfile

import numpy as np
import pytest

from edged.errors import ModelError
from edged.models.bundle import AdaptationFile
from edged.models.feature_statistics import FeatureStatistics, read_statistics

N_LABELS, N_FEATURES = 3, 5


def packed(**changed: object) -> bytes:
    """An ``.npz`` with the arrays of a bundle, some changed; None leaves one out."""
    arrays: dict[str, object] = {
        "centre": np.arange(N_FEATURES, dtype=np.float32),
        "offsets": np.ones((N_LABELS, N_FEATURES), np.float16),
        "spread": np.ones(N_FEATURES, np.float32),
    } | changed
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(array) for name, array in arrays.items() if array is not None})
    return file.getvalue()


def read(content: bytes) -> FeatureStatistics:
    """The statistics in ``content``."""
    settings = AdaptationFile(file="a.npz", sha256="0" * 64, of="bands", caution_s=2, prior_weight_s=20, power=0.7)
    return read_statistics(content, settings, N_LABELS)


def test_arrays_and_numbers() -> None:
    """Half precision is read as float32."""
    known = read(packed())
    assert known.n_features == N_FEATURES
    assert known.centre.tolist() == [0, 1, 2, 3, 4]
    assert known.offsets.tolist() == np.ones((N_LABELS, N_FEATURES)).tolist()
    assert (known.caution_s, known.prior_weight_s, known.power) == (2, 20, 0.7)


def bomb() -> bytes:
    """A small file that would decompress to 64 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("centre.npy", bytes(64 * 2**20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected an .npz"),
        (b"PK\x03\x04", "expected an .npz"),
        (packed()[:-40], "expected an .npz"),
        (bomb(), "decompressed, expected at most"),
        (packed(centre=None), "centre missing, expected the arrays"),
        (packed(centre=np.zeros((2, 2))), r"centre has shape \(2, 2\)"),
        (packed(centre=np.zeros(0)), r"centre has shape \(0,\)"),
        (packed(offsets=np.zeros((2, N_FEATURES))), "offsets and spread have shapes"),
        (packed(spread=np.ones(2)), "offsets and spread have shapes"),
        (packed(spread=np.zeros(N_FEATURES)), "a spread is below"),
        (packed(centre=np.full(N_FEATURES, np.nan)), "not finite"),
        (packed(centre=np.array(["a"] * N_FEATURES)), "'centre' has type <U1, expected numbers"),
        (packed(centre=np.array([None] * N_FEATURES, object)), "expected an .npz"),
    ],
)
def test_refused(content: bytes, words: str) -> None:
    """Another file, a damaged one, or arrays that do not fit together: one line."""
    with pytest.raises(ModelError, match=words) as fault:
        read(content)
    assert "\n" not in str(fault.value)
