"""Comparison of two machines: model inputs for a recording, and scores of every model for given inputs.

        python model_scores.py RUNTIME SOUND INPUTS GIVEN

    SOUND ──front end──► OWN (.npy), (n, 188, 64) int8        GIVEN (.npy) ──trunk, every model──► {model: [[…], …]}

Standalone: it is copied to machines where only edged is installed.
"""

import json
import sys
from pathlib import Path

import numpy as np

from edged.audio.recording import Recording
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.models.interpreter import Interpreter, installed_runtimes
from edged.models.trunk import Trunk

_STRIDE = 31 * GEOMETRY.hop


def main(name: str, sound: Path, inputs: Path, given: Path) -> None:
    """Write the model inputs, print the scores."""
    (runtime,) = (installed for installed in installed_runtimes() if installed == name)
    windows, images = Windows(GEOMETRY, _STRIDE), []
    with Recording(sound) as recording:
        while not recording.ended:
            if chunk := recording.read(1):
                images += [window.image for window in windows.push(chunk.samples, chunk.start)]
    np.save(inputs, np.stack(images))
    bundle, scores = load_bundle(DEFAULT_BUNDLE), {}
    trunk = Trunk(bundle, runtime=runtime)
    features = [trunk.features(image) for image in np.load(given)]
    for model, known in bundle.manifest.models.items():
        interpreter = Interpreter(
            model,
            bundle.contents[model],
            len(known.labels),
            n_threads=1,
            runtime=runtime,
            n_features=bundle.n_features,
        )
        scores[model] = [interpreter.scores(row).tolist() for row in features]
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
