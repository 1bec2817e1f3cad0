"""One utterance to a score: how clearly a bundle detects one emotion in it.

    samples (n,) ──in a quiet room──► windows at two phases ──gate, cascade──► mean log score of the label

The score is that of the windows, before adaptation and tracker: it changes smoothly with the delivery, and takes 50 ms.
"""

import numpy as np

from convert.demo.speech import RATE_HZ, Reals
from edged.config.structs import Config
from edged.models.bundle import Bundle
from edged.pipeline.classifier import WindowClassifier

_LEVEL_DBFS = -24.0
_ROOM_DBFS = -80.0
_LEAD_S, _TAIL_S = 0.75, 0.5
_PHASES_S = (0.0, 0.248)  # shifts of the windows against the utterance
_ENOUGH = float(np.log(0.95))  # a window that is clearer than this does not make up for one that is less clear
_SMALLEST = 1 / 512  # half of the smallest int8 score; also that of a window without detected speech
_SEED = 1


class Scorer:
    """The gate and the cascade of one bundle, loaded once."""

    def __init__(self, bundle: Bundle) -> None:
        self._classifier = WindowClassifier(Config(), bundle)
        self._labels = bundle.manifest.labels
        self._next = 1

    def score(self, utterance: Reals, label: str) -> float:
        """Mean log score of ``label`` over the windows of ``utterance`` (n,) of rms 1; 0 is the best."""
        sound = np.pad(utterance * 10 ** (_LEVEL_DBFS / 20), (round(_LEAD_S * RATE_HZ), round(_TAIL_S * RATE_HZ)))
        sound += np.random.default_rng(_SEED).standard_normal(len(sound)) * 10 ** (_ROOM_DBFS / 20)
        index = self._labels.index(label)
        scores = []
        for phase_s in _PHASES_S:
            part = sound[round(phase_s * RATE_HZ) :].astype(np.float32)
            start = self._next + 1  # a jump of the sample count: the windows begin anew
            self._next = start + len(part)
            answers = [window.answer for window in self._classifier.classify(part, start)]
            scores += [_SMALLEST if answer is None else float(answer.scores[index]) for answer in answers]
        return float(np.mean(np.minimum(np.log(np.maximum(scores, _SMALLEST)), _ENOUGH)))
