"""A window of speech through the pipeline, over the time of its models alone, and against what others compute of 3 s.

    speech ──whole pipeline, soft or hard──► ms a window
    the same windows' images ──the five models' files in the bare runtime──► ms
    the same 3 s ──openSMILE eGeMAPS; wav2vec2-base with random weights──► ms

Every window holds speech, so that all models run; the gate, the tracker and the payloads count as ours.
"""

from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module
from itertools import cycle
from typing import Any, get_args

import msgspec
import numpy as np
import opensmile
from numpy.typing import NDArray

from benchmarks.alternating import alternated, ratios
from benchmarks.parts import FEATURES, GATES_MODEL
from benchmarks.peers.wav2vec2 import features, wav2vec2_base
from benchmarks.result import Outcome, spread
from benchmarks.single.live_front_end import LiveFeatures
from benchmarks.single.pipeline import Pipeline
from benchmarks.sound import STRIDE, conversation, three_seconds
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, Node, load_bundle
from edged.models.interpreter import Runtime, installed_runtimes
from edged.pipeline.classifier import Classification, WindowClassifier

_ROUNDS, _WITHIN_S = 20, 80.0
_N_WINDOWS = 20  # of a call
_GATE = "gate"
_MODULES: dict[Runtime, str] = dict(zip(get_args(Runtime), ("ai_edge_litert", "tflite_runtime"), strict=True))


class BareModels:
    """The files of these models, and the trunk before them, in a runtime, with no code of ours between; or of the gate.

    A call is a window.  Where there is a trunk, the models get zeros in place of its features: their time is the same.
    """

    def __init__(self, names: Collection[str], images: list[NDArray[np.int8]], runtime: Runtime) -> None:
        module, bundle = import_module(f"{_MODULES[runtime]}.interpreter"), load_bundle(DEFAULT_BUNDLE)
        files = [bundle.gate if name == _GATE else bundle.contents[name] for name in names]
        self._ends: list[tuple[Any, int, int, Any]] = []
        for content in [bundle.trunk, *files] if bundle.trunk and _GATE not in names else files:
            model = module.Interpreter(model_content=content, num_threads=1)
            model.allocate_tensors()
            given, result = model.get_input_details()[0], model.get_output_details()[0]
            sees_image = given["dtype"] == np.int8 and tuple(given["shape"]) == (1, *images[0].shape, 1)
            zeros = None if sees_image else np.zeros(given["shape"], given["dtype"])
            self._ends.append((model, given["index"], result["index"], zeros))
        self._images = cycle([image[None, ..., None] for image in images])

    def __call__(self) -> list[Any]:
        """The outputs for the next image."""
        image, outputs = next(self._images), []
        for model, given, result, zeros in self._ends:
            model.set_tensor(given, image if zeros is None else zeros)
            model.invoke()
            outputs.append(model.get_tensor(result))
        return outputs


def measured() -> Outcome:
    """Milliseconds, and how many times as long as another each takes."""
    speech, windows = speech_only(conversation())
    images = [window.window.image for window in windows]
    soft, hard = (Pipeline(_config(routing), speech, _N_WINDOWS) for routing in ("soft", "hard"))
    routes = load_bundle(DEFAULT_BUNDLE).manifest.routes
    every = [name for name, weight in routes.soft.items() if weight]
    contenders: dict[str, Callable[[], object]] = {"soft": soft, "hard": hard}
    for runtime in installed_runtimes():
        contenders[f"models, {runtime}"] = BareModels(every, images, runtime)
    contenders["models of the longest route"] = BareModels(longest_route(routes.hard), images, installed_runtimes()[0])
    contenders[GATES_MODEL] = BareModels([_GATE], images, installed_runtimes()[0])
    contenders[FEATURES] = LiveFeatures(speech)
    egemaps = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    samples = three_seconds()
    contenders["eGeMAPS"] = partial(egemaps, samples, GEOMETRY.sample_rate_hz)
    network, n_parameters = wav2vec2_base(len(samples))
    contenders["wav2vec2-base"] = partial(features, network, samples)
    times_s = alternated(contenders, n_rounds=_ROUNDS, within_s=_WITHIN_S)
    for name in ("soft", "hard"):
        times_s[name] = [value / _N_WINDOWS for value in times_s[name]]
    parts = {name: 1000 * float(np.median(times_s.pop(name))) for name in (GATES_MODEL, FEATURES)}
    spreads = {f"{name} ms": spread([1000 * value for value in values]) for name, values in times_s.items()}
    best = f"models, {installed_runtimes()[0]}"
    spreads["soft over its models"] = ratios(times_s["soft"], times_s[best])
    for peer in ("eGeMAPS", "wav2vec2-base"):
        for routing in ("soft", "hard"):
            spreads[f"{peer} over {routing}"] = ratios(times_s[peer], times_s[routing])
    figures = {
        "speech of windows": soft.sink.n_speech / soft.sink.n_windows,
        "wav2vec2-base parameters": float(n_parameters),
    }
    return Outcome(spreads=spreads, figures=figures | parts)


def speech_only(sound: Floats) -> tuple[Floats, list[Classification]]:
    """The longest part of ``sound`` in which the gate lets every window pass, and its windows."""
    classifier = WindowClassifier(Config(), load_bundle(DEFAULT_BUNDLE))
    best: list[Classification] = []
    run: list[Classification] = []
    for window in classifier.classify(sound, 0):
        run = [*run, window] if window.answer else []
        best = max(best, run, key=len)
    first = best[0].window.start
    n_strides = (best[-1].window.end - first) // STRIDE
    return sound[first : first + n_strides * STRIDE], best


def longest_route(node: Node) -> list[str]:
    """The models that run at most, along the tree from ``node``."""
    return [node.model, *max((longest_route(branch.then) for branch in node.branches), default=[], key=len)]


def _config(routing: str) -> Config:
    config = Config()
    return msgspec.structs.replace(config, models=msgspec.structs.replace(config.models, routing=routing))
