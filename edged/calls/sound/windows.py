"""Both parties' sound to what the analysis stores: a few numbers per window.

    PartySound ──customer: gate, cascade──► starts, ends, speech, scores; band; frames of speech
               ──agent: gate only─────────► frames of speech

The agent's sound reaches the speech gate and nothing else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.calls.settings import CallSettings
from edged.calls.sound.band import BandMeter
from edged.calls.sound.parties import Parties
from edged.calls.sound.rows import Rows
from edged.calls.sound.speech import SpeechFrames
from edged.config.load import samples
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Window, Windows
from edged.models.bundle import Bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import Runtime, reals_in
from edged.models.level_gate import GateSettings, LevelGate
from edged.models.place_adaptation import PlaceAdaptation
from edged.models.speech_gate import ModelGate
from edged.pipeline.classifier import Classification, WindowClassifier, min_frames

_AGENT_STRIDE_S = 2.992  # windows that just touch: speech is found by frames, and each window costs a run of the gate

Progress = Callable[[float, float | None], None]


@dataclass(slots=True)
class CallWindows:
    """The windows of a call."""

    customer: SpeechFrames
    agent: SpeechFrames | None
    cascade: Cascade  # loaded, for a second pass
    band: BandMeter = field(default_factory=BandMeter)
    starts: list[int] = field(default_factory=list)  # sample counts
    ends: list[int] = field(default_factory=list)
    speech: list[bool] = field(default_factory=list)
    seen: Rows | None = None  # what a trunk makes of each window with speech, in place of scores
    _scores: list[Floats] = field(default_factory=list)

    @property
    def scores(self) -> Floats:
        """(n_speech, n_labels) of the customer's windows with speech; none where there is ``seen``."""
        return np.stack(self._scores) if self._scores else np.zeros((0, 0), np.float32)

    def add(self, classified: Classification) -> None:
        """One more window of the customer."""
        window, answer = classified.window, classified.answer
        self.starts.append(window.start)
        self.ends.append(window.end)
        self.speech.append(classified.speech)
        self.customer.add(window, speech=classified.speech)
        if answer is not None:
            self._scores.append(answer.scores)
        if self.seen is not None and classified.seen is not None:
            self.seen.append(reals_in(classified.seen))
        if classified.speech:
            self.band.add(window.image)


class AgentGate:
    """Only the speech gate, for the party whose sound may reach no model."""

    def __init__(self, config: Config, bundle: Bundle, runtime: Runtime) -> None:
        """Loads the gate."""
        gate = config.gate
        settings = GateSettings(margin_db=gate.margin_db, min_dbfs=gate.min_dbfs, min_frames=min_frames(gate))
        stride_s = _AGENT_STRIDE_S
        stride = samples("calls.stride_s", stride_s, GEOMETRY.sample_rate_hz, GEOMETRY.hop)
        self._windows = Windows(GEOMETRY, stride, at_once=GEOMETRY.n_frames)
        self._level: LevelGate | None = None
        self._model: ModelGate | None = None
        if gate.kind == "level" or (gate.kind == "auto" and bundle.manifest.gate is None):
            self._level = LevelGate(settings, stride_s=stride_s)
        else:
            self._model = ModelGate(bundle, settings, n_threads=config.models.threads, runtime=runtime)

    def windows(self, sound: Floats, start: int) -> Iterable[tuple[Window, bool]]:
        """Each window that ``sound`` (n,) completes, and whether it holds speech."""
        return ((window, self._has_speech(window)) for window in self._windows.push(sound, start))

    def finish(self) -> Iterable[tuple[Window, bool]]:
        """The windows that only the end completes."""
        return ((window, self._has_speech(window)) for window in self._windows.finish())

    def _has_speech(self, window: Window) -> bool:
        if self._level is not None:
            return self._level.detects_speech(window.speech_dbfs)
        assert self._model is not None  # noqa: S101 -- one of the two is there
        return self._model.detects_speech(window.speech_dbfs, window.image)


def call_windows(
    parties: Parties,
    settings: CallSettings,
    progress: Progress,
    adaptation: PlaceAdaptation | None = None,
    *,
    keep_seen: bool = False,
) -> CallWindows:
    """Both parties of an open recording; ``adaptation`` learns from the customer's features and corrects them.

    With ``keep_seen`` the result has what a trunk makes of each window instead of scores.

    Raises:
        RecordingError: it is damaged or cut off.
    """
    config = at_stride(settings.config)
    classifier = WindowClassifier(config, settings.bundle, adaptation, live=False, answers=not keep_seen)
    apart = parties.separated_by is not None
    agent = AgentGate(config, settings.bundle, classifier.cascade.runtime) if apart else None
    min_dbfs = config.gate.min_dbfs
    measured = CallWindows(
        SpeechFrames(min_dbfs),
        SpeechFrames(min_dbfs) if apart else None,
        classifier.cascade,
        seen=Rows() if keep_seen else None,
    )
    for sound in parties.sound():
        for classified in classifier.classify(sound.customer, sound.start):
            measured.add(classified)
        if agent is not None and measured.agent is not None and sound.agent is not None:
            for window, speech in agent.windows(sound.agent, sound.start):
                measured.agent.add(window, speech=speech)
        progress(parties.n_samples / GEOMETRY.sample_rate_hz, parties.duration_s)
    for classified in classifier.finish():
        measured.add(classified)
    if agent is not None and measured.agent is not None:
        for window, speech in agent.finish():
            measured.agent.add(window, speech=speech)
    return measured


def at_stride(config: Config) -> Config:
    """``config`` with the stride of calls."""
    models = msgspec.structs.replace(config.models, stride_s=config.calls.stride_s)
    return msgspec.structs.replace(config, models=models)


def seconds(counts: list[int]) -> NDArray[np.float64]:
    """(n,) sample counts as seconds."""
    return np.asarray(counts, np.float64) / GEOMETRY.sample_rate_hz
