"""Sound to classified windows: the front half of the pipeline, which run, replay and classify share.

samples (n,) ─► Windows ─Window─► gate ─speech─► ModelInput ─► PlaceAdaptation, Cascade ─► Classification
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from edged.config.load import samples
from edged.config.structs import Config, Gate
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.spectrum import BLOCK, LARGE_BLOCK
from edged.features.windows import MAX_FRAMES, Window, Windows
from edged.models.bundle import Bundle
from edged.models.cascade import Answer, Cascade
from edged.models.interpreter import Runtime, Seen
from edged.models.level_gate import GateSettings, LevelGate
from edged.models.place_adaptation import PlaceAdaptation
from edged.models.speech_gate import ModelGate
from edged.pipeline.model_input import ModelInput

if TYPE_CHECKING:
    from edged.pipeline.calibration import Calibration

_MAX_BEHIND = 4  # windows; a device that is further behind skips the oldest
_AT_ONCE = 8  # windows of sound that is not live: the models run faster several times in a row than between other work
_OBSERVED_EVERY = 16  # on one of this many windows with speech the models run twice, to measure the adaptation's effect


@dataclass(frozen=True, slots=True)
class Classification:
    """A window and its answer; ``answer`` and ``seen`` are None where the gate detects no speech."""

    window: Window
    answer: Answer | None
    seen: Seen | None = None  # the models' input: its image, or the trunk's features

    @property
    def speech(self) -> bool:
        """Whether the gate detects speech."""
        return self.seen is not None


class WindowClassifier:
    """Holds the state of one stream: frames, noise floor, interpreters.  One thread owns it."""

    def __init__(
        self,
        config: Config,
        bundle: Bundle,
        adaptation: PlaceAdaptation | None = None,
        *,
        live: bool = True,
        answers: bool = True,
    ) -> None:
        """Loads the models; ``adaptation`` learns from features and scores and corrects them.

        Sound that is not ``live`` has no gaps and may wait: more frames are computed at once, and eight windows are
        classified in a row.  Without ``answers`` the models do not run, and a window with speech has only their input,
        ``seen``.

        Raises:
            ModelError: the bundle cannot be run here, or lacks the gate that ``gate.kind`` asks for.
            ConfigError: ``models.stride_s`` is not a multiple of the hop.
        """
        models = config.models
        stride = samples("models.stride_s", models.stride_s, GEOMETRY.sample_rate_hz, GEOMETRY.hop)
        routing = None if models.routing == "auto" else models.routing
        self.bundle = bundle
        self.cascade = Cascade(bundle, routing, n_threads=models.threads)
        self.n_skipped = 0
        self.calibration: Calibration | None = None  # gets the windows while it is set; nothing else learns from them
        self._adaptation = adaptation
        self._n_speech = 0
        self._windows = Windows(GEOMETRY, stride, at_once=MAX_FRAMES if live else GEOMETRY.n_frames)
        self._at_once = 1 if live else _AT_ONCE
        self._waiting: list[Window] = []
        self._answers = answers
        self._stride = stride
        self._input = ModelInput(
            bundle,
            behind=((_MAX_BEHIND if live else _AT_ONCE) + 1) * stride,
            n_threads=models.threads,
            runtime=self.cascade.runtime,
            block=BLOCK if live else LARGE_BLOCK,
        )
        self._stride_s = models.stride_s
        self._gate = gate_for(config, bundle, self.cascade.runtime)

    @property
    def gate(self) -> Literal["model", "level"]:
        """The kind of gate that is used."""
        return "model" if isinstance(self._gate, ModelGate) else "level"

    @property
    def due(self) -> int:
        """The count just past the last sample that the next window needs."""
        return self._windows.due

    def restart(self) -> None:
        """Begins a new stream with the same models."""
        self._windows.restart()
        self._input.restart()
        self._waiting = []
        if isinstance(self._gate, LevelGate):
            self._gate.restart()

    def change(self, gate: Gate) -> None:
        """Applies new gate settings from the next window; the kind of gate stays."""
        self._gate.change(_gate_settings(gate))

    def classify(self, sound: Floats, start: int, *, keep_up: bool = False) -> Iterator[Classification]:
        """The windows that ``sound`` (n,) completes, classified; ``start`` is the sample count of its first sample.

        With ``keep_up`` only the newest windows are classified and the others counted in ``n_skipped``: live sound does
        not wait for a slow device.
        """
        if not keep_up:
            for window in self._completed(sound, start):
                self._waiting.append(window)
                if len(self._waiting) == self._at_once:
                    waiting, self._waiting = self._waiting, []
                    yield from self._classified(waiting)
            return
        windows = list(self._completed(sound, start))
        skipped, newest = windows[:-_MAX_BEHIND], windows[-_MAX_BEHIND:]
        self.n_skipped += len(skipped)
        if any(window.discontinuous for window in skipped):
            newest[0] = replace(newest[0], discontinuous=True)
        for window in newest:
            yield from self._classified([window])

    def finish(self) -> Iterator[Classification]:
        """The windows that only the end of the source completes."""
        self._input.finish()
        waiting, self._waiting = [*self._waiting, *self._windows.finish()], []
        yield from self._classified(waiting)

    def _completed(self, sound: Floats, start: int) -> Iterator[Window]:
        """The windows that ``sound`` completes, each before the models' input moves on by more than a stride."""
        for at in range(0, len(sound), self._stride):
            piece = sound[at : at + self._stride]
            self._input.push(piece, start + at)
            yield from self._windows.push(piece, start + at)

    def _classified(self, windows: Sequence[Window]) -> Iterator[Classification]:
        have_speech = [self._has_speech(window) for window in windows]
        with_speech = [window for window, has_speech in zip(windows, have_speech, strict=True) if has_speech]
        inputs = iter(self._input.seen_in_a_row(with_speech))
        for window, has_speech in zip(windows, have_speech, strict=True):
            yield self._answered(window, next(inputs)) if has_speech else self._without_speech(window)

    def _without_speech(self, window: Window) -> Classification:
        if self.calibration is not None:
            self.calibration.add(window, None)
        return Classification(window, None)

    def _answered(self, window: Window, seen: Seen) -> Classification:
        adaptation = self._adaptation
        if not self._answers:
            return Classification(window, None, seen)
        if adaptation is None or not adaptation.active:
            return Classification(window, self.cascade.answer(seen), seen)
        return Classification(window, self._adapted(window, seen, adaptation), seen)

    def _adapted(self, window: Window, seen: Seen, adaptation: PlaceAdaptation) -> Answer:
        """The answer at this place; both adaptations learn from it."""
        features = adaptation.features
        if features is None:
            answer = self.cascade.answer(seen)
        else:
            answer = self.cascade.answer(seen, features.shift)
            if self.calibration is not None:
                self.calibration.add(window, seen)
                return answer
            corrected, observed = answer.scores, self._n_speech % _OBSERVED_EVERY == 0
            if features.mixes or observed:
                as_it_came = self.cascade.answer(seen).scores
                if features.mixes:
                    answer = self._with(answer, features.published(corrected, as_it_came))
                if observed:
                    features.observe(as_it_came, answer.scores, _OBSERVED_EVERY * self._stride_s)
            self._n_speech += 1
            features.learn(self.cascade.features(seen), corrected, self._stride_s)
        if adaptation.scores is None:
            return answer
        scores = adaptation.scores.corrected(answer.scores)
        adaptation.scores.learn(answer.scores, self._stride_s)
        return self._with(answer, scores)

    def _with(self, answer: Answer, scores: Floats) -> Answer:
        return replace(answer, label=self.cascade.labels[int(scores.argmax())], scores=scores)

    def _has_speech(self, window: Window) -> bool:
        if isinstance(self._gate, ModelGate):
            return self._gate.detects_speech(window.speech_dbfs, window.image)
        return self._gate.detects_speech(window.speech_dbfs)


def gate_for(config: Config, bundle: Bundle, runtime: Runtime) -> LevelGate | ModelGate:
    """The gate of the config, loaded.

    Raises:
        ModelError: the bundle lacks it, or it cannot be run here.
    """
    kind, settings = config.gate.kind, _gate_settings(config.gate)
    if kind == "model" or (kind == "auto" and bundle.manifest.gate is not None):
        return ModelGate(bundle, settings, n_threads=config.models.threads, runtime=runtime)
    return LevelGate(settings, stride_s=config.models.stride_s)


def min_frames(gate: Gate) -> int:
    """How many frames of a window must be loud enough for it to hold speech."""
    return max(1, round(gate.min_speech_s / GEOMETRY.hop_s))


def _gate_settings(gate: Gate) -> GateSettings:
    return GateSettings(margin_db=gate.margin_db, min_dbfs=gate.min_dbfs, min_frames=min_frames(gate))
