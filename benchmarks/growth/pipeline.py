"""CPU time of the pipeline against the stride, and against the number of models.

speech ──strides of 0.192, 0.496 and 1.504 s──► CPU ms for a second of sound
speech ──1, 3 and 5 models, soft──► CPU ms a window
"""

from dataclasses import replace

import msgspec

from benchmarks.alternating import alternated
from benchmarks.result import Curve, Outcome, Plot, spread
from benchmarks.single.pipeline import Pipeline
from benchmarks.single.window import speech_only
from benchmarks.sound import STRIDE, conversation
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle

_STRIDES_S = (0.192, 0.496, 1.504)
_N_MODELS = (1, 3, 5)
_N_READS, _ROUNDS, _WITHIN_S = 40, 9, 20.0
_SOUND_S = _N_READS * STRIDE / GEOMETRY.sample_rate_hz


def measured() -> Outcome:
    """Two plots."""
    speech, _ = speech_only(conversation())
    by_stride = [ms / _SOUND_S for ms in _medians_ms([Pipeline(_config(s), speech, _N_READS) for s in _STRIDES_S])]
    bundle = load_bundle(DEFAULT_BUNDLE)
    counts = [n for n in _N_MODELS if n <= len(bundle.manifest.models)]
    by_models = [ms / _N_READS for ms in _medians_ms([_with_models(bundle, speech, n) for n in counts])]
    windows_s = [1 / stride_s for stride_s in _STRIDES_S]
    plots = {
        "stride": Plot(
            "CPU time, strides of 1.504, 0.496, 0.192 s",
            "windows a second",
            "ms for a second of sound",
            [Curve("edged, soft", windows_s[::-1], by_stride[::-1])],
        ),
        "models": Plot(
            "CPU time against the number of models",
            "models",
            "ms a window",
            [Curve("edged, soft", [float(n) for n in counts], by_models)],
        ),
    }
    return Outcome(plots=plots)


def _medians_ms(pipelines: list[Pipeline]) -> list[float]:
    times_s = alternated({str(n): one for n, one in enumerate(pipelines)}, n_rounds=_ROUNDS, within_s=_WITHIN_S)
    return [1000 * spread(values).median for values in times_s.values()]


def _config(stride_s: float) -> Config:
    config = Config()
    return msgspec.structs.replace(config, models=msgspec.structs.replace(config.models, stride_s=stride_s))


def _with_models(bundle: Bundle, speech: Floats, n_models: int) -> Pipeline:
    """With the first ``n_models`` models on the soft route."""
    routes = bundle.manifest.routes
    soft = dict.fromkeys(list(bundle.manifest.models)[:n_models], 1.0)
    manifest = msgspec.structs.replace(bundle.manifest, routes=msgspec.structs.replace(routes, soft=soft))
    return Pipeline(Config(), speech, _N_READS, replace(bundle, manifest=manifest))
