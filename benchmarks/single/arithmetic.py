"""Multiply-adds of a window, and what share of a Raspberry Pi Zero 2 W's core they are, on paper.

    bundle.json ──models, trunk, gate──► multiply-adds ──over what a core does a second──► share of a core

On paper, since no such board is here.  XNNPACK's README has 46 ms for MobileNet v1 in int8 (569 M multiply-adds) and
114 ms in float32, on all four Cortex-A53 of a Raspberry Pi 3+ at 1.4 GHz: 2.2 and 0.89 a core and cycle.  The Zero 2 W
has the same cores at 1 GHz.
"""

import math

import numpy as np

from benchmarks.result import Outcome
from benchmarks.single.window import longest_route
from benchmarks.sound import STRIDE
from edged.features.geometry import GEOMETRY
from edged.features.logmel import mel_filters
from edged.features.spectrum import SpectrumTables
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

_MOBILENET, _CORES_HZ = 569e6, 4 * 1.4e9
_INT8_A_CYCLE, _FLOAT_A_CYCLE = (_MOBILENET / busy_s / _CORES_HZ for busy_s in (0.046, 0.114))
_CLOCK_HZ = 1e9
_STRIDE_S = STRIDE / GEOMETRY.sample_rate_hz


def measured() -> Outcome:
    """Millions a window, and shares of a core."""
    manifest = load_bundle(DEFAULT_BUNDLE).manifest
    by_name = {name: model.multiply_adds for name, model in manifest.models.items()}
    gate = manifest.gate.multiply_adds if manifest.gate else 0
    trunk = manifest.trunk.multiply_adds if manifest.trunk else 0
    soft = gate + trunk + sum(by_name[name] for name, weight in manifest.routes.soft.items() if weight)
    hard = gate + trunk + sum(by_name[name] for name in longest_route(manifest.routes.hard))
    front_end = _front_end()
    figures = {
        "soft, M a window": soft / 1e6,
        "hard, the longest route, M a window": hard / 1e6,
        "front end in float32, M a window": front_end / 1e6,
    }
    for name, count in (("soft", soft), ("hard", hard)):
        busy_s = (count / _INT8_A_CYCLE + front_end / _FLOAT_A_CYCLE) / _CLOCK_HZ
        figures[f"{name}: Pi Zero 2 W on paper, % of a core"] = 100 * busy_s / _STRIDE_S
    return Outcome(figures=figures)


def _front_end() -> int:
    """Of the frames of a stride: the two matrix products of the transform, and what is not 0 of the mel bands."""
    tables, n_frames = SpectrumTables(GEOMETRY), STRIDE // GEOMETRY.hop
    n_mel = int(np.count_nonzero(mel_filters(GEOMETRY)))
    if tables.factors is None:  # an FFT
        return round(n_frames * (2 * GEOMETRY.n_fft * math.log2(GEOMETRY.n_fft) + n_mel))
    n_1, n_2 = tables.factors
    n_kept = n_1 // 2 + 1
    return n_frames * (2 * n_kept * GEOMETRY.n_fft + 4 * n_kept * n_2**2 + n_mel)
