"""Two or three sentences of somebody who speaks as usual, collected and measured.

    windows ──frames: speech, sentences, noise; features of windows with speech──► Calibration
    Calibration ──enough speech above the noise──► mean of the features ──PlaceAdaptation──► Outcome, in words
                ──silence, noise, too little──────► Outcome with the reason, nothing changed

Windows count from the moment of the request: none of them holds sound from before it.  The models' input is stored
until the end, for half a minute at most; after that only the mean of its features is.
"""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edged.errors import counted
from edged.features.geometry import GEOMETRY, SILENCE_DBFS
from edged.features.logmel import Floats
from edged.features.windows import Window
from edged.models.cascade import Cascade
from edged.models.interpreter import Seen
from edged.models.place_adaptation import PlaceAdaptation
from edged.pipeline.adaptation_words import changes

ENOUGH_S = 8.0  # seconds of speech after which it is done
LIMIT_S = 30.0  # seconds of sound after which it is done anyway
MIN_SPEECH_S = 2.5
_MIN_SNR_DB = 6.0  # of speech above the noise of the room: below it the mean would be that of the noise
_FADED_DB = 30.0  # frames this far below the loudest hold no speech
_PAUSE_S, _MIN_SENTENCE_S = 0.4, 0.3  # a shorter pause does not end a sentence; a shorter sound is no sentence
_FLOOR = 10  # percentile of the frames' levels: the noise between the sentences
_MAX_WINDOWS = 120
_COMPARED = 12  # windows on which the models run before and after
_EXPECTED = (
    f"expected two or three sentences, at least {MIN_SPEECH_S:g} s of speech, spoken as you always do; nothing changed"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a calibration."""

    ok: bool
    message: str
    speech_s: float = 0.0
    n_sentences: int = 0
    change: dict[str, float] = field(default_factory=dict)  # by label: nats by which the log of its score is lowered


class Calibration:
    """Collects windows from the first one that it gets; one thread owns it."""

    def __init__(self, *, enough_s: float = ENOUGH_S, limit_s: float = LIMIT_S) -> None:
        self._enough_s, self._limit_s = enough_s, limit_s
        self._n_frames = round(limit_s / GEOMETRY.hop_s) + GEOMETRY.n_frames
        self._begin: int | None = None  # sample count
        self._end = 0
        self._levels: Floats
        self._speech: NDArray[np.bool_]  # (n_frames,) frames that are in a window with speech
        self._seen: list[Seen]
        self._restart()

    def add(self, window: Window, seen: Seen | None) -> None:
        """Adds the next window; ``seen`` is the models' input for it, None without speech."""
        if self._begin is None:
            self._begin = window.end if window.start else 0
        elif window.discontinuous:
            # Sound was lost, perhaps with the microphone: what came before may be from another one.
            self._restart()
            self._begin = window.start
        first = (window.start - self._begin) // GEOMETRY.hop
        frames = np.arange(first, first + len(window.speech_dbfs))
        inside = (frames >= 0) & (frames < self._n_frames)
        self._levels[frames[inside]] = window.speech_dbfs[inside]
        self._end = max(self._end, window.end)
        if seen is None or first < 0:
            return
        self._speech[frames[inside]] = True
        if len(self._seen) < _MAX_WINDOWS:
            self._seen.append(seen)

    @property
    def done(self) -> bool:
        """Whether there is enough speech, or no more time."""
        return self.sound_s >= self._limit_s or self.speech_s >= self._enough_s

    @property
    def sound_s(self) -> float:
        """Seconds of sound so far."""
        return (self._end - self._begin) / GEOMETRY.sample_rate_hz if self._begin is not None else 0.0

    @property
    def speech_s(self) -> float:
        """Seconds of speech so far."""
        return int(np.count_nonzero(self._spoken())) * GEOMETRY.hop_s

    def outcome(self, adaptation: PlaceAdaptation, cascade: Cascade) -> Outcome:
        """Sets the mean of ``adaptation``, or says why not."""
        speech_s, spoken = self.speech_s, self._spoken()
        if refusal := self._refusal(speech_s):
            return Outcome(ok=False, message=f"{refusal}; {_EXPECTED}", speech_s=round(speech_s, 1))
        x = np.stack([cascade.features(one) for one in self._seen])
        x = x[np.isfinite(x).all(axis=1)]
        if not len(x):
            return Outcome(ok=False, message="the bundle gives no finite features; nothing changed")
        chosen = np.linspace(0, len(self._seen) - 1, min(_COMPARED, len(self._seen))).astype(int)
        compared = [self._seen[index] for index in chosen]
        before = _log_scores(adaptation, cascade, compared)
        adaptation.calibrate(x, speech_s, utc_s=time.time())
        lowered = (before - _log_scores(adaptation, cascade, compared)).mean(axis=0)
        change = {label: round(float(nats), 3) for label, nats in zip(cascade.labels, lowered, strict=True)}
        n_sentences = _n_sentences(spoken)
        message = f"detected {speech_s:.1f} s of speech in {counted(n_sentences, 'sentence')}; {changes(change)}"
        return Outcome(ok=True, message=message, speech_s=round(speech_s, 1), n_sentences=n_sentences, change=change)

    def _restart(self) -> None:
        self._levels = np.full(self._n_frames, np.nan, np.float32)
        self._speech = np.zeros(self._n_frames, bool)
        self._seen = []

    def _known(self) -> Floats:
        """(k,) levels of the frames so far."""
        levels: Floats = self._levels[~np.isnan(self._levels)]
        return levels

    def _floor_dbfs(self) -> float:
        levels = self._known()
        return float(np.percentile(levels, _FLOOR)) if len(levels) else SILENCE_DBFS

    def _spoken(self) -> NDArray[np.bool_]:
        """(n_frames,) whether somebody spoke."""
        loud = np.nan_to_num(self._levels, nan=SILENCE_DBFS)
        above = (loud >= self._floor_dbfs() + _MIN_SNR_DB) & (loud >= loud.max() - _FADED_DB)
        spoken: NDArray[np.bool_] = self._speech & above
        return spoken

    def _refusal(self, speech_s: float) -> str:
        levels = self._known()
        if not len(levels):
            return "there was no sound"
        floor_dbfs, loudest_dbfs = self._floor_dbfs(), float(levels.max())
        if not self._speech.any():
            kind = "only noise" if loudest_dbfs - floor_dbfs > 2 * _MIN_SNR_DB else "only silence or steady noise"
            return f"{kind} in {self.sound_s:.0f} s, {loudest_dbfs:.0f} dBFS at the loudest"
        if speech_s < MIN_SPEECH_S or not self._seen:
            snr_db = float(np.percentile(levels, 100 - _FLOOR)) - floor_dbfs
            if snr_db < _MIN_SNR_DB:
                return f"speech is only {max(0.0, snr_db):.0f} dB above the noise at {floor_dbfs:.0f} dBFS"
            return f"detected only {speech_s:.1f} s of speech in {self.sound_s:.0f} s"
        return ""


def _log_scores(adaptation: PlaceAdaptation, cascade: Cascade, windows: list[Seen]) -> NDArray[np.float64]:
    """(n, n_labels) of the scores that the device would publish."""
    features = adaptation.features
    scores = np.stack([cascade.answer(seen, None if features is None else features.shift).scores for seen in windows])
    if features is not None and features.mixes:
        scores = features.published(scores, np.stack([cascade.answer(seen).scores for seen in windows]))
    if adaptation.scores is not None:
        scores = adaptation.scores.corrected(scores)
    return np.asarray(np.log(np.maximum(scores, 1 / 512, dtype=np.float64)))


def _n_sentences(spoken: NDArray[np.bool_]) -> int:
    """The number of runs of speech with pauses between them."""
    frames = np.flatnonzero(spoken)
    if not len(frames):
        return 0
    stretches = np.split(frames, np.flatnonzero(np.diff(frames) > _PAUSE_S / GEOMETRY.hop_s) + 1)
    return max(1, sum(bool((one[-1] - one[0]) * GEOMETRY.hop_s >= _MIN_SENTENCE_S) for one in stretches))
