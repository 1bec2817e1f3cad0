"""Speech or not, by a model of the bundle: the gate before the cascade.

    image (188, 64) int8, speech_dbfs (188,) ──loud enough for long enough──model──► score of speech ──threshold──► bool

The image is relative to its loudest cell, so the model cannot know how loud a window is, and digital silence looks like
full scale: silence is therefore excluded first, by an absolute level.  A second condition is relative to the window's
own noise floor: enough frames must be above its quiet tenth.  Steady noise of any level fails this, so the model does
not run in a quiet home, and soft speech at a distant microphone passes.  The threshold comes from the manifest.
"""

import numpy as np
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.logmel import Floats
from edged.models.bundle import SPEECH, Bundle
from edged.models.interpreter import Interpreter, Runtime
from edged.models.level_gate import GateSettings, quiet_dbfs

ABOVE_FLOOR_DB = 3.0  # steady noise has under 25 such frames; speech in noise as loud as itself passes in 97 %


def n_loud(speech_dbfs: Floats, min_dbfs: float, margin_db: float = ABOVE_FLOOR_DB) -> int:
    """The number of frames of a window (n_frames,) that are above ``min_dbfs`` and above its noise floor."""
    loud = speech_dbfs >= np.float32(quiet_dbfs(speech_dbfs) + margin_db)
    return int(np.count_nonzero(loud & (speech_dbfs > np.float32(min_dbfs))))


class ModelGate:
    """The bundle's gate, loaded.  It has no memory of earlier windows.  One thread owns it."""

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
        """Applies new settings from the next window; a margin over 3 dB is for the level gate only."""
        self._settings = settings

    def detects_speech(self, speech_dbfs: Floats, image: NDArray[np.int8]) -> bool:
        """Whether a window, ``image`` (n_frames, n_bands) of frames with these rms levels (n_frames,), holds speech."""
        settings = self._settings
        margin_db = min(ABOVE_FLOOR_DB, settings.margin_db)
        if n_loud(speech_dbfs, settings.min_dbfs, margin_db) < settings.min_frames:
            return False
        return float(self._interpreter.scores(image)[self._speech]) >= self._threshold
