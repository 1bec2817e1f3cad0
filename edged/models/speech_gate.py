"""Speech or not, by a model of the bundle: the gate before the cascade.

    image (188, 64) int8, speech_dbfs (188,) ──loud enough for long enough──model──► score of speech ──threshold──► bool

The image is relative to its loudest cell, so the model does not know how loud a window is, and to it digital silence
looks like full scale: how loud it must be at least is asked first.  That also spares the model in a quiet home.  The
threshold is the manifest's; the score is as flat as the model gives it.
"""

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bundle import SPEECH, Bundle
from edged.models.interpreter import Interpreter, Runtime
from edged.models.level_gate import GateSettings


class ModelGate:
    """The bundle's gate, loaded.  It remembers nothing of the windows before.  One thread owns it."""

    def __init__(self, bundle: Bundle, settings: GateSettings, *, n_threads: int = 1, runtime: Runtime) -> None:
        """Loads the model.

        Raises:
            ModelError: the bundle has no gate, or its file is not a model of this geometry.
        """
        gate = bundle.manifest.gate
        if gate is None or bundle.gate is None:
            raise ModelError(
                f"{bundle.path}: no gate in bundle.json, expected one for gate.kind model (auto goes without)"
            )
        self.change(settings)
        self._speech, self._threshold = gate.labels.index(SPEECH), gate.threshold
        self._interpreter = Interpreter(gate.file, bundle.gate, len(gate.labels), n_threads=n_threads, runtime=runtime)

    def change(self, settings: GateSettings) -> None:
        """Applies new settings from the next window; the margin is for the level gate only."""
        self._settings = settings

    def hears_speech(self, speech_dbfs: Floats, image: NDArray[np.int8]) -> bool:
        """Whether a window, ``image`` (n_frames, n_bands) of frames with these rms levels (n_frames,), holds speech."""
        if np.count_nonzero(speech_dbfs > self._settings.min_dbfs) < self._settings.min_frames:
            return False
        return float(self._interpreter.scores(image)[self._speech]) >= self._threshold
