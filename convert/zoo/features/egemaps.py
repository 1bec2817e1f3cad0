"""A clip's sound to the field's own standard set: the 88 functionals of eGeMAPSv02 (Eyben et al. 2016), by openSMILE.

samples ──openSMILE──► (88,)
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from convert.corpora.clip import Clip
from convert.data import recordings
from convert.score.isolated import apart
from convert.zoo.features.store import Kind
from edged.errors import UsageError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats


def of_samples(samples: Floats) -> Floats:
    """(88,) of ``samples`` (n,).

    Raises:
        UsageError: openSMILE is not installed.
    """
    table = _extractor().process_signal(samples, GEOMETRY.sample_rate_hz)
    return np.asarray(np.nan_to_num(table.to_numpy(np.float32)[0]), np.float32)


@cache
def _extractor() -> Any:  # noqa: ANN401 -- openSMILE ships no types
    try:
        import opensmile  # noqa: PLC0415 -- an extra
    except ImportError as exc:
        raise UsageError(f"{exc}: expected the extra zoo: pip install -e '.[zoo]'") from exc
    return opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)


def _of_clip(clip: Clip, _cache: Path) -> Floats:
    if clip.audio is None:
        raise ValueError(f"clip {clip.id} has no audio")
    # openSMILE crashes in a process that has loaded TensorFlow.
    return apart(of_samples, recordings.samples(clip.audio, clip.padded_s))


EGEMAPS = Kind("egemaps", 1, _of_clip)
