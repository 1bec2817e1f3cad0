"""The large encoder that a window is compared with has the architecture that it is named after."""

import numpy as np

from benchmarks.peers.wav2vec2 import features, wav2vec2_base
from edged.features.geometry import GEOMETRY


def test_parameters_and_frames() -> None:
    """As many parameters as ``Wav2Vec2Model(Wav2Vec2Config())``, and a frame every 20 ms."""
    network, n_parameters = wav2vec2_base(GEOMETRY.window)
    training_only = 768 + 128  # the mask embedding, the norms of the position embedding's weight
    assert n_parameters + training_only == 94_371_712
    assert features(network, np.zeros(GEOMETRY.window, np.float32)).shape == (1, 149, 768)
