"""Times of each stage of the pipeline over windows of speech, as fast as this device computes them.

    speech (n,), stride by stride ─► filters ─► features ─► gate ─► trunk ─► models ─► adaptation ─► episodes
                                        └─ seconds of each, for every window ─► StageTimes, p50, p95 and max

The parts are those of ``edged run``, in its order, in one thread.  Models run on every window, as if somebody spoke
without a pause; a quiet home costs only filters, features and gate.
"""

import time
from collections.abc import Callable

import numpy as np

from edged.audio.condition import conditioner_for
from edged.audio.ring import AudioChunk
from edged.config.load import samples
from edged.config.structs import Config
from edged.contract.payloads import encoded
from edged.events.payload_builder import PayloadBuilder
from edged.events.tracker import Tracker, tracker_settings
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models.bundle import Bundle
from edged.models.cascade import Answer, Cascade
from edged.models.level_gate import LevelGate
from edged.pipeline.adaptation_store import AdaptationStore
from edged.pipeline.classifier import gate_for
from edged.pipeline.model_input import ModelInput

STAGES = ("filters", "features", "gate", "trunk", "models", "adaptation", "episodes")
BY_SOUND = ("filters", "features")  # their cost is per second of sound, that of the others per window
MIN_WINDOWS = 20


class StageTimes:
    """``seconds`` has the times of each window by stage; ``busy_s`` is the CPU time of all threads in ``wall_s``."""

    def __init__(self, cascade: Cascade, gate: str) -> None:
        self.routing, self.runtime, self.gate = cascade.routing, cascade.runtime, gate
        self.seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}
        self.busy_s = self.wall_s = 0.0

    @property
    def n_windows(self) -> int:
        """Windows that were measured."""
        return len(self.seconds["models"])

    def windows_s(self) -> list[float]:
        """Seconds of each window, all stages together."""
        return [sum(parts) for parts in zip(*self.seconds.values(), strict=True)]


def measured(
    config: Config,
    bundle: Bundle,
    speech: Floats,
    seconds: float,
    on_progress: Callable[[float], None] = lambda _done_s: None,
) -> StageTimes:
    """Runs ``speech`` (n,), repeated, through all stages for ``seconds``, and for at least 20 windows.

    ``on_progress`` gets the seconds that have passed, after each window.

    Raises:
        ModelError: the bundle cannot be run here.
        ConfigError: ``models.stride_s`` is not a multiple of the hop.
    """
    parts = _Parts(config, bundle)
    times = StageTimes(parts.cascade, parts.gate_kind)
    first_s, began_cpu_s = time.perf_counter(), 0.0
    start, stride = 0, parts.stride
    while True:
        at = np.arange(start, start + stride) % len(speech)
        sound = AudioChunk(speech[at], start, start / GEOMETRY.sample_rate_hz)
        start += stride
        stages_s = parts.run(sound)
        if stages_s is None:  # the ring of frames fills, as after a start
            first_s, began_cpu_s = time.perf_counter(), time.process_time()
            continue
        for stage, seconds_s in zip(STAGES, stages_s, strict=True):
            times.seconds[stage].append(seconds_s)
        passed_s = time.perf_counter() - first_s
        on_progress(passed_s)
        if passed_s >= seconds and times.n_windows >= MIN_WINDOWS:
            break
    times.wall_s, times.busy_s = passed_s, time.process_time() - began_cpu_s
    return times


class _Parts:
    """The stages, open."""

    def __init__(self, config: Config, bundle: Bundle) -> None:
        models, labels = config.models, bundle.manifest.labels
        self.stride = samples("models.stride_s", models.stride_s, GEOMETRY.sample_rate_hz, GEOMETRY.hop)
        self._stride_s = models.stride_s
        self._conditioner = conditioner_for(config.audio)
        self._windows = Windows(GEOMETRY, self.stride)
        self.cascade = Cascade(bundle, None if models.routing == "auto" else models.routing, n_threads=models.threads)
        runtime = self.cascade.runtime
        self._gate = gate_for(config, bundle, runtime)
        self.gate_kind = "level" if isinstance(self._gate, LevelGate) else "model"
        self._input = ModelInput(bundle, behind=self.stride, n_threads=models.threads, runtime=runtime)
        self._adaptation = AdaptationStore(config, bundle).adaptation
        self._tracker = Tracker(labels, tracker_settings(config, labels))
        self._payloads = PayloadBuilder(labels, GEOMETRY.sample_rate_hz)

    def run(self, sound: AudioChunk) -> list[float] | None:
        """Seconds of each stage for the window that ``sound``, a stride, completes; None where it completes none."""
        at_s = [time.perf_counter()]
        sound = self._conditioner.conditioned(sound)
        at_s.append(time.perf_counter())
        self._input.push(sound.samples, sound.start)
        windows = list(self._windows.push(sound.samples, sound.start))
        if not windows:
            return None
        at_s.append(time.perf_counter())
        self._has_speech(windows[-1])
        at_s.append(time.perf_counter())
        seen = self._input.seen(windows[-1])
        at_s.append(time.perf_counter())
        adaptation = self._adaptation if self._adaptation is not None and self._adaptation.active else None
        features = None if adaptation is None else adaptation.features
        answer = self.cascade.answer(seen, None if features is None else features.shift)
        if features is not None and features.mixes:
            features.published(answer.scores, self.cascade.answer(seen).scores)
        at_s.append(time.perf_counter())
        if features is not None:
            features.learn(self.cascade.features(seen), answer.scores, self._stride_s)
        if adaptation is not None and adaptation.scores is not None:
            adaptation.scores.corrected(answer.scores)
            adaptation.scores.learn(answer.scores, self._stride_s)
        at_s.append(time.perf_counter())
        self._publish(windows[-1], answer)
        at_s.append(time.perf_counter())
        return [float(seconds) for seconds in np.diff(at_s)]

    def _has_speech(self, window: Window) -> None:
        if isinstance(self._gate, LevelGate):
            self._gate.detects_speech(window.speech_dbfs)
        else:
            self._gate.detects_speech(window.speech_dbfs, window.image)

    def _publish(self, window: Window, answer: Answer) -> None:
        """Tracks the answer, and encodes the payloads of a change and of the window."""
        self._payloads.anchor(window.start, 0.0)
        middle = (window.start + window.end) // 2
        for change in self._tracker.update(middle, answer.label, answer.scores, discontinuous=False):
            encoded(self._payloads.event(change))
        scores = self._payloads.window(
            window.start,
            window.end,
            label=answer.label,
            scores=answer.scores,
            asked=answer.asked,
            level_dbfs=window.level_dbfs,
            discontinuous=False,
        )
        encoded(scores)
