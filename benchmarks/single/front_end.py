"""Log-mel of 3 s at once: ours against python_speech_features, librosa and kaldi-native-fbank.

What the transform to power spectra takes of ours is measured beside it.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.alternating import alternated, milliseconds, ratios
from benchmarks.parts import TRANSFORM
from benchmarks.peers.log_mel import by_kaldi, by_librosa, by_python_speech_features
from benchmarks.result import Outcome
from benchmarks.sound import three_seconds
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd
from edged.features.spectrum import BLOCK, Spectra, SpectrumTables

_ROUNDS, _WITHIN_S = 30, 40.0
PEERS: dict[str, Callable[[Floats], object]] = {
    "python_speech_features": by_python_speech_features,
    "librosa": by_librosa,
    "kaldi-native-fbank": by_kaldi,
}


class Transform:
    """The power spectra of the frames in ``samples`` (n,), as the front end computes them."""

    def __init__(self, samples: Floats) -> None:
        self._samples, self._spectra = samples, Spectra(SpectrumTables(GEOMETRY))
        n_frames = FrontEnd().n_frames(len(samples))
        self._blocks = [(first, min(BLOCK, n_frames - first)) for first in range(0, n_frames, BLOCK)]

    def __call__(self) -> None:
        """All of them."""
        for first, n_frames in self._blocks:
            self._spectra.power(self._samples[first * GEOMETRY.hop :], n_frames)


def measured() -> Outcome:
    """Milliseconds of each, and how many times as long as ours a peer takes."""
    samples = three_seconds()
    contenders: dict[str, Callable[[], object]] = {"edged": partial(FrontEnd().clip_levels, samples)}
    contenders |= {name: partial(peer, samples) for name, peer in PEERS.items()}
    contenders[TRANSFORM] = Transform(np.pad(samples, GEOMETRY.n_fft // 2))
    times_s = alternated(contenders, n_rounds=_ROUNDS, within_s=_WITHIN_S)
    transform = milliseconds(times_s.pop(TRANSFORM)).median
    spreads = {f"{name} ms": milliseconds(values) for name, values in times_s.items()}
    spreads |= {f"over {name}": ratios(times_s[name], times_s["edged"]) for name in PEERS}
    return Outcome(spreads=spreads, figures={f"{TRANSFORM} ms": transform})
