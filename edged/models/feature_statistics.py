"""Statistics of the training speakers' features, from the bundle's ``.npz`` file.

    bundle.json: adaptation ─┐
    adaptation.npz ──────────┴──► FeatureStatistics(centre (n,), offsets (n_labels, n), spread (n,), three numbers)

``centre`` is the mean of the training speakers' features at 70 % neutral, ``offsets`` how far the mean of a label lies
from its speaker's own centre, and ``spread`` the standard deviation of the speakers' centres.
"""

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.manifest import AdaptationFile

MAX_FEATURES = 4096  # their state still fits into a state file
_MAX_BYTES = 2**20  # of the decompressed arrays: more than 32 labels of any bundle so far
_MIN_SPREAD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStatistics:
    """Means of the training speakers, and how slowly to move away from them."""

    centre: Floats  # (n,) the features that are expected of an unknown speaker
    offsets: Floats  # (n_labels, n) by label: its mean less its speaker's centre
    spread: Floats  # (n,) of the speakers' centres, above 0: the unit of the bound and of ``distance``
    caution_s: float  # seconds of speech that weigh as much as the assumption that there is no shift
    prior_weight_s: float  # seconds of speech that weigh as much as the expected shares of emotions
    power: float  # of the scores in the share that a window gives to each label
    share: float = 1.0  # of the published evidence, that of the corrected features; those as they come have the rest

    @property
    def n_features(self) -> int:
        """The number of features."""
        return len(self.centre)


def read_statistics(content: bytes, settings: AdaptationFile, n_labels: int) -> FeatureStatistics:
    """The statistics in the ``.npz`` file ``content``, for a bundle of ``n_labels`` labels.

    Raises:
        ModelError: it is no such file, or its arrays do not fit together.  The caller names the file.
    """
    arrays = _arrays(content)
    missing = {"centre", "offsets", "spread"} - arrays.keys()
    if missing:
        raise ModelError(f"{', '.join(sorted(missing))} missing, expected the arrays centre, offsets and spread")
    centre, offsets, spread = (np.asarray(arrays[name], np.float32) for name in ("centre", "offsets", "spread"))
    n_features = centre.size
    if centre.shape != (n_features,) or not 1 <= n_features <= MAX_FEATURES:
        raise ModelError(f"centre has shape {centre.shape}, expected one number for each of 1 to {MAX_FEATURES}")
    if offsets.shape != (n_labels, n_features) or spread.shape != (n_features,):
        raise ModelError(
            f"offsets and spread have shapes {offsets.shape} and {spread.shape}, expected {(n_labels, n_features)} and"
            f" {(n_features,)}"
        )
    if not all(np.isfinite(array).all() for array in (centre, offsets, spread)) or spread.min() < _MIN_SPREAD:
        raise ModelError(f"a value is not finite or a spread is below {_MIN_SPREAD:g}, expected those of speakers")
    return FeatureStatistics(
        centre=centre,
        offsets=offsets,
        spread=spread,
        caution_s=settings.caution_s,
        prior_weight_s=settings.prior_weight_s,
        power=settings.power,
        share=1.0 if settings.share is None else settings.share,
    )


def _arrays(content: bytes) -> dict[str, Any]:
    """The arrays by name; a file that would decompress to more than any bundle needs is not decompressed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
        if n_bytes > _MAX_BYTES:
            raise ModelError(f"{n_bytes} bytes decompressed, expected at most {_MAX_BYTES}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    # zipfile and numpy raise many kinds of errors, and the content may come from anywhere.
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        raise ModelError(f"{str(exc).splitlines()[0] if str(exc) else type(exc).__name__}, expected an .npz") from exc
    wrong = [name for name, array in found.items() if array.dtype.kind not in "fiu"]
    if wrong:
        raise ModelError(f"{wrong[0]!r} has type {found[wrong[0]].dtype}, expected numbers")
    return found
