"""Sound to judged windows: the front half of the pipeline, which the daemon, replay and classify share.

samples (n,) ─► Windows ─Window─► gate ─speech─► Cascade ─► Adaptation ─► Judged(window, answer or None)
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from edged.config.load import samples
from edged.config.structs import Config, Gate
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models.bundle import Bundle
from edged.models.cascade import Answer, Cascade
from edged.models.level_gate import LevelGate, Thresholds
from edged.models.speech_gate import ModelGate

if TYPE_CHECKING:
    from edged.models.adaptation import Adaptation

_MOST_BEHIND = 4  # windows; a device that is further behind than this leaves out the oldest


@dataclass(frozen=True, slots=True)
class Classification:
    """A window and what the cascade says of it; ``answer`` is None where the gate hears no speech."""

    window: Window
    answer: Answer | None


class WindowClassifier:
    """Holds the state of one stream: frames, noise floor, interpreters.  One thread owns it."""

    def __init__(self, config: Config, bundle: Bundle) -> None:
        """Loads the models.

        Raises:
            ModelError: the bundle cannot be run here, or lacks the gate that ``gate.kind`` asks for.
            ConfigError: ``models.stride_s`` is not a multiple of the hop.
        """
        models = config.models
        stride = samples("models.stride_s", models.stride_s, GEOMETRY.sample_rate_hz, GEOMETRY.hop)
        routing = None if models.routing == "auto" else models.routing
        self.bundle = bundle
        self.cascade = Cascade(bundle, routing, n_threads=models.threads)
        self.baseline: Adaptation | None = None  # what the place does to every score, where that is learned
        self.n_skipped = 0
        self._windows = Windows(GEOMETRY, stride)
        self._stride_s = models.stride_s
        self._gate = self._gate_of(config, bundle)

    @property
    def gate(self) -> Literal["model", "level"]:
        """What tells speech from other sound."""
        return "model" if isinstance(self._gate, ModelGate) else "level"

    def restart(self) -> None:
        """Begin a new stream with the models that are loaded."""
        self._windows.restart()
        if isinstance(self._gate, LevelGate):
            self._gate.restart()

    def change(self, gate: Gate) -> None:
        """Goes on with other thresholds from the next window; the kind of gate stays."""
        self._gate.change(**_thresholds(gate))

    def classify(self, sound: Floats, start: int, *, keep_up: bool = False) -> Iterator[Classification]:
        """The windows that ``sound`` (n,) completes, judged; ``start`` counts its first sample since the source began.

        With ``keep_up`` only the newest few windows are judged and the others counted in ``n_skipped``: live sound does
        not wait for a device that is too slow.
        """
        if not keep_up:
            yield from map(self._judged, self._windows.push(sound, start))
            return
        windows = list(self._windows.push(sound, start))
        skipped, kept = windows[:-_MOST_BEHIND], windows[-_MOST_BEHIND:]
        self.n_skipped += len(skipped)
        if any(window.discontinuous for window in skipped):
            kept[0] = replace(kept[0], discontinuous=True)
        yield from map(self._judged, kept)

    def finish(self) -> Iterator[Classification]:
        """The windows that only the end of the source completes."""
        yield from map(self._judged, self._windows.finish())

    def _judged(self, window: Window) -> Classification:
        if not self._hears_speech(window):
            return Classification(window, None)
        answer = self.cascade.answer(window.image)
        if self.baseline is None:
            return Classification(window, answer)
        scores = self.baseline.corrected(answer.scores)
        self.baseline.learn(answer.scores, self._stride_s)
        label = self.cascade.labels[int(scores.argmax())]
        return Classification(window, replace(answer, label=label, scores=scores))

    def _hears_speech(self, window: Window) -> bool:
        if isinstance(self._gate, ModelGate):
            return self._gate.hears_speech(window.speech_dbfs, window.image)
        return self._gate.hears_speech(window.speech_dbfs)

    def _gate_of(self, config: Config, bundle: Bundle) -> LevelGate | ModelGate:
        kind, thresholds = config.gate.kind, _thresholds(config.gate)
        if kind == "model" or (kind == "auto" and bundle.manifest.gate is not None):
            return ModelGate(bundle, n_threads=config.models.threads, runtime=self.cascade.runtime, **thresholds)
        return LevelGate(**thresholds, stride_s=config.models.stride_s)


def _thresholds(gate: Gate) -> Thresholds:
    min_frames = max(1, round(gate.min_speech_s / GEOMETRY.hop_s))
    return {"margin_db": gate.margin_db, "min_dbfs": gate.min_dbfs, "min_frames": min_frames}
