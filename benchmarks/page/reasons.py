"""Why a goal is missed: sentences with the figures of the same measurements.

    {name: Result} ──figures that explain a row──► a sentence; empty where one of them was not measured

A reason stands only beside a goal that is missed, and none of its figures is written down here, so it is true of
whatever was measured.  What cannot be measured on the page is an experiment in convert/LOG.md.
"""

from collections.abc import Callable, Mapping

from benchmarks.page.numbers import number
from benchmarks.parts import (
    ALLOCATED,
    FEATURES,
    GATES_MODEL,
    LIBRARIES,
    PACKAGES,
    PIPELINE,
    PULSEAUDIO,
    READER,
    TRANSFORM,
)
from benchmarks.result import Result

Results = Mapping[str, Result]
Reason = Callable[[Results], str]

_TFLITE, _LITERT = "tflite-runtime", "ai-edge-litert"
_LOG = "convert/LOG.md has what other transforms would take"


def nothing(_results: Results) -> str:
    """Where the row speaks for itself."""
    return ""


def _reason(text: Callable[..., str], *sources: tuple[str, str]) -> Reason:
    """``text`` of the values of these measurements and keys, in this order."""

    def reason(results: Results) -> str:
        values = [_value(results, name, key) for name, key in sources]
        return text(*values) if all(value is not None for value in values) else ""

    return reason


def _value(results: Results, name: str, key: str) -> float | None:
    if (result := results.get(name)) is None:
        return None
    if (spread := result.outcome.spreads.get(key)) is not None:
        return spread.median
    return result.outcome.figures.get(key)


def _transform(whole_ms: float, transform_ms: float) -> str:
    return f"Of {number(whole_ms)} ms the transform takes {number(transform_ms)}, two products of matrices; {_LOG}"


def _stride(whole_ms: float, transform_ms: float) -> str:
    return (
        f"Frames are computed once already: of {number(whole_ms)} ms for a second of sound the transform takes"
        f" {number(transform_ms)}, bands and images the rest; {_LOG}"
    )


def _window(soft_ms: float, models_ms: float, gate_ms: float, features_ms: float) -> str:
    rest_ms = soft_ms - models_ms - gate_ms - features_ms
    return (
        f"Of {number(soft_ms)} ms a window the models take {number(models_ms)}, the gate's model {number(gate_ms)},"
        f" frames and image {number(features_ms)}; {number(rest_ms)} are all else: filters, pooling, episodes, payloads"
    )


def _encoder(peer_ms: float, soft_ms: float, models_ms: float, gate_ms: float, features_ms: float) -> str:
    floor_ms = models_ms + gate_ms + features_ms
    return (
        f"It would take {number(peer_ms / 500)} ms a window instead of {number(soft_ms)}: models, gate, frames and"
        f" image alone take {number(floor_ms)}"
    )


def _threads(pipeline: float, reader: float, pulse: float) -> str:
    return (
        f"The pipeline takes {number(pipeline)} %, the reader {number(reader)} with PulseAudio's half of each read, and"
        f" PulseAudio's own thread {number(pulse)}"
    )


def _memory(allocated: float, packages: float, libraries: float) -> str:
    return (
        f"{number(allocated)} MB are allocated, mostly Python's code, numpy, paho and the models; {number(packages)}"
        f" are files of Python and its packages, {number(libraries)} libraries of the system, most of which ALSA's"
        " plugins load; what other processes use too counts in part"
    )


def _microphone(window_ms: float, on_time_ms: float) -> str:
    return (
        f"{number(on_time_ms)} ms are edged and the broker, as above; the other {number(window_ms - on_time_ms)} are"
        " the virtual microphone, which hands over sound in pieces, and the block that shows that none was lost"
    )


def _calls(gained_mb: float) -> str:
    return (
        f"numpy and Python make an object of each intermediate result; none stays: an hour's windows leave"
        f" {number(gained_mb)} MB"
    )


_MODELS = (("window", f"models, {_LITERT} ms"), ("window", GATES_MODEL))
_FRAMES = ("window", FEATURES)

FRONT_END = _reason(_transform, ("front-end", "edged ms"), ("front-end", f"{TRANSFORM} ms"))
LIVE_FRONT_END = _reason(_stride, ("live-front-end", "edged ms/s"), ("live-front-end", f"{TRANSFORM} ms/s"))
WINDOW = _reason(_window, ("window", "soft ms"), *_MODELS, _FRAMES)
ENCODER = _reason(_encoder, ("window", "wav2vec2-base ms"), ("window", "soft ms"), *_MODELS, _FRAMES)
THREADS = _reason(_threads, *(("live", f"CPU share, {thread} %") for thread in (PIPELINE, READER, PULSEAUDIO)))
MALLOC = _reason(_calls, ("steady", "memory gained in the hour, MB"))
MICROPHONE = {
    percentile: _reason(_microphone, ("live", f"latency {percentile} ms"), ("latency", f"latency {percentile} ms"))
    for percentile in ("p50", "p95", "p99")
}
MEMORY = {
    runtime: _reason(
        _memory,
        *(("live", f"Pss, {runtime}, {part}, MB") for part in (ALLOCATED, PACKAGES, LIBRARIES)),
    )
    for runtime in (_LITERT, _TFLITE)
}
