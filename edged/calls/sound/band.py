"""Images of windows with speech to the band of frequencies that the speech has: telephone or wide.

    image (188, 64) ──95th percentile of each band──► (64,) dB ──median over windows──► highest band that stands out

Wide-band speech has sibilants: above 4 kHz its loud frames come within 30 dB of its vowels.  A telephone cuts at 3.4
kHz, and above that the image is at its floor, whatever the sample rate of the file.
"""

import numpy as np
from numpy.typing import NDArray

from edged.contract.call_report import Band, BandLoss
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, mel_filters
from edged.models.bundle import Manifest

_EVERY = 8  # windows: the band of a call does not change, so an eighth of them is enough
_MAX_WINDOWS = 2000  # that are stored
_MIN_WINDOWS = 3
_VOICE_HZ = (400.0, 3_000.0)  # where every band has speech
_TELEPHONE_HZ = 4_000.0  # half the rate of a telephone
_STANDS_OUT_DB = 45.0  # a band further below the loudest band of voices is taken for empty
_PERCENTILE = 95


class BandMeter:
    """Collects windows of one call."""

    def __init__(self) -> None:
        self._levels: list[Floats] = []
        self._n = 0

    def add(self, image: NDArray[np.int8]) -> None:
        """The image (n_frames, n_bands) of one more window with speech."""
        self._n += 1
        if self._n % _EVERY == 1 and len(self._levels) < _MAX_WINDOWS:
            levels = np.percentile(image.astype(np.float32) + 128, _PERCENTILE, axis=0) * GEOMETRY.quantum_db
            self._levels.append(np.asarray(levels, np.float32))

    def band(self, losses: list[BandLoss]) -> Band:
        """The band of the windows so far."""
        if len(self._levels) < _MIN_WINDOWS:
            return Band(kind="unknown", losses=losses)
        levels = np.median(np.stack(self._levels), axis=0)
        centres_hz = band_centres_hz()
        voices = (centres_hz >= _VOICE_HZ[0]) & (centres_hz <= _VOICE_HZ[1])
        standing = np.flatnonzero(levels > levels[voices].max() - _STANDS_OUT_DB)
        highest_hz = float(centres_hz[standing[-1]])
        kind = "telephone" if highest_hz < _TELEPHONE_HZ else "wide"
        return Band(kind="telephone" if kind == "telephone" else "wide", highest_hz=round(highest_hz), losses=losses)


def band_centres_hz() -> NDArray[np.float64]:
    """(n_bands,) centre of each band of an image."""
    filters = mel_filters()
    bins_hz = np.arange(filters.shape[1]) * GEOMETRY.sample_rate_hz / GEOMETRY.n_fft
    centres = (filters @ bins_hz) / filters.sum(axis=1)
    return np.asarray(centres.reshape(GEOMETRY.n_bands, -1).mean(axis=1), np.float64)


def telephone_losses(manifest: Manifest) -> list[BandLoss]:
    """The loss of accuracy by telephone sound, by corpus, from the bundle's card; empty if the card has none."""
    routing = manifest.routes.default
    losses = []
    for corpus, measured in (manifest.metrics.get("robustness") or {}).items():
        rows = measured.get("rows", {})
        clean, telephone = (rows.get(name, {}).get(routing, {}).get("uar") for name in ("clean", "telephone"))
        if clean is not None and telephone is not None:
            losses.append(BandLoss(corpus=corpus, uar_clean=clean, uar_telephone=telephone))
    return losses
