"""A turn to the voice and the delivery in which a bundle detects its emotion most clearly.

    Turn ──random deliveries, each voice──► the best voice ──cross-entropy method──► Found(voice, delivery, score)

The cross-entropy method (Rubinstein 1999) samples deliveries from a normal distribution, keeps the best few and fits
the distribution to them, some rounds long.  The ranges hold what a person could do, so that it stays speech.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convert.demo.lines import Line, Voice
from convert.demo.scoring import Scorer
from convert.demo.speech import FRAME, RATE_HZ, Reals, Speech, analysed
from convert.demo.vocoder import Delivery, spoken
from convert.demo.voices import said

_LENGTH_S = (6.0, 9.0)  # an episode needs about three seconds of evidence, and a demo no more than this of each emotion
_LONG = 1.0  # loss of score per second outside these lengths
_KEPT = 0.3  # of the distribution from one round to the next
_SPREAD, _MIN_SPREAD = 0.35, 0.05  # of the distribution at first and at the end, 1 is the whole range


class _Range(NamedTuple):
    low: float
    high: float
    logarithmic: bool = False

    def at(self, place: float) -> float:
        """The value at ``place`` in 0..1."""
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** place)
        return float(self.low + (self.high - self.low) * place)


_PITCH = _Range(0.7, 2.2, logarithmic=True)  # times the voice's own
_RANGES = {
    "pitch_range": _Range(0.2, 2.5),
    "pitch_slope_st": _Range(-5, 5),
    "tempo": _Range(0.78, 1.35, logarithmic=True),
    "formants": _Range(0.88, 1.16, logarithmic=True),
    "tilt_db": _Range(-5, 5),
    "breath": _Range(0, 0.5),
    "dynamics": _Range(0.5, 1.6),
    "tremor_st": _Range(0, 1.2),
    "tremor_db": _Range(0, 3),
    "tremor_hz": _Range(3, 9),
    "jitter": _Range(0, 0.03),
}
_N_PLACES = 1 + len(_RANGES)


class Effort(NamedTuple):
    """The effort of a search."""

    per_voice: int = 12  # random deliveries of each voice
    n_voices: int = 2  # best voices that are searched further
    n_rounds: int = 9  # of the further search
    per_round: int = 16  # deliveries per round
    n_best: int = 5  # best deliveries that the distribution is fitted to


USUAL = Effort()  # half a minute a line


class Found(NamedTuple):
    """The best delivery."""

    score: float  # mean log score of the meant label
    voice: Voice
    delivery: Delivery


def searched(line: Line, voices: Sequence[Voice], scorer: Scorer, seed: int, effort: Effort) -> list[Found]:
    """The best of each of the best voices for ``line``, the best first; the same for the same seed.

    Raises:
        UsageError, EdgedError: a synthesiser is missing or refuses.
    """
    trials = [_Trial(line, voice, scorer, seed) for voice in voices]
    random = np.random.default_rng(seed)
    places = random.random((effort.per_voice, _N_PLACES))
    for trial in trials:
        trial.score_all(places)
    trials.sort(key=lambda trial: -trial.best.score)
    for trial in trials[: effort.n_voices]:
        trial.refine(effort, np.random.default_rng(seed))
    return sorted((trial.best for trial in trials[: effort.n_voices]), key=lambda found: -found.score)


class _Trial:
    """One voice for one line, and the best of what was tried with it."""

    def __init__(self, line: Line, voice: Voice, scorer: Scorer, seed: int) -> None:
        self._line, self._voice, self._scorer, self._seed = line, voice, scorer, seed
        self._speech: Speech = analysed(said(voice, line.text))
        self._tried: list[tuple[Found, Reals]] = []

    @property
    def best(self) -> Found:
        """The best so far."""
        return max((found for found, _ in self._tried), key=lambda found: found.score)

    def score_all(self, places: Reals) -> None:
        """Tries the deliveries at ``places`` (n, n_places), each in 0..1."""
        self._tried += [(self._scored(row), row) for row in places]

    def refine(self, effort: Effort, random: np.random.Generator) -> None:
        """Tries more where the best are."""
        spread = np.full(_N_PLACES, _SPREAD)
        for _ in range(effort.n_rounds):
            best = sorted(self._tried, key=lambda tried: -tried[0].score)[: effort.n_best]
            rows = np.array([row for _, row in best])
            spread = np.maximum(_KEPT * spread + (1 - _KEPT) * rows.std(axis=0), _MIN_SPREAD)
            places = rows.mean(axis=0) + spread * random.standard_normal((effort.per_round, _N_PLACES))
            self.score_all(np.clip(places, 0, 1))

    def _scored(self, row: Reals) -> Found:
        values = {name: extent.at(place) for (name, extent), place in zip(_RANGES.items(), row[1:], strict=True)}
        delivery = Delivery(pitch_hz=self._speech.mean_pitch_hz * _PITCH.at(row[0]), **values)
        length_s = len(self._speech.pitch_hz) / delivery.tempo * FRAME / RATE_HZ
        outside_s = max(0.0, _LENGTH_S[0] - length_s, length_s - _LENGTH_S[1])
        if outside_s > 0:
            return Found(-10 - _LONG * outside_s, self._voice, delivery)
        utterance = spoken(self._speech, delivery, self._seed)
        return Found(self._scorer.score(utterance, self._line.meant), self._voice, delivery)
