"""Speech to 256 numbers that are similar for one speaker: the network of resemblyzer, in numpy.

    sound (n,) ──frames of 25 ms, 10 ms apart──► mel power (k, 40) ──windows of 1.6 s──► three layers of LSTM (256)
               ──last state, linear, ReLU, length 1──less what varies in one voice──► embeddings (windows, 256)

It was trained with the generalized end-to-end loss of Wan et al. (2018, arXiv 1710.10467), on people who are in none of
the corpora used here; the weights are those of the package resemblyzer (Resemble AI; Apache-2.0), as float16.  The mel
power is linear, so the sound must have the level of the training: see ``gain``.

An angry and a calm recording of one voice differ, over the telephone as much as two people of one gender.  So the
directions in which one speaker's embeddings vary most, over emotions and lines, are removed; they were learned from
EMO-DB's training speakers.  ``python -m convert voices`` writes the file with weights and directions.
"""

from copy import copy
from pathlib import Path
from typing import Self

import numpy as np

from edged.errors import ModelError, reason
from edged.features.geometry import Geometry
from edged.features.logmel import Floats, FrontEnd, mel_filters

WEIGHTS = Path(__file__).parent / "resemblyzer" / "voices.npz"
GEOMETRY = Geometry(n_fft=400, hop=160, n_mels=40, n_bands=40, n_frames=160)
N_FRAMES = 160  # of a window, 1.6 s
N_LAYERS, N_UNITS = 3, 256
_LEVEL = 10 ** (-30 / 20)  # rms of the training sound, -30 dBFS
_N_GATES = 4  # input, forget, cell, output, in this order
_N_STEPS = 20  # of one layer before the next: all at once would take 50 MB, one at a time its weights anew each time
_TINY = 1e-6


class VoiceEncoder:
    """The network.  Constant tables only."""

    def __init__(self, file: Path = WEIGHTS) -> None:
        """Reads the weights.

        Raises:
            ModelError: the file cannot be read, or is not what ``convert voices`` writes.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                self._layers = [_Layer(arrays, number) for number in range(N_LAYERS)]
                self._linear = np.ascontiguousarray(_floats(arrays, "linear").T)
                self._bias = np.asarray(arrays["linear_bias"], np.float32)
                self._varying = _floats(arrays, "varying")
        except (OSError, ValueError, KeyError, EOFError) as exc:
            raise ModelError(f"{file}: {reason(exc)}, expected the weights of the voice encoder") from exc
        self._front_end = FrontEnd(GEOMETRY)
        self._filters = np.ascontiguousarray(mel_filters(GEOMETRY).T)

    def with_directions(self, varying: Floats) -> Self:
        """The same network, which removes the directions ``varying`` (n, 256) from its embeddings."""
        other = copy(self)
        other._varying = varying  # noqa: SLF001 -- of its own class
        return other

    def without_directions(self) -> Self:
        """The same network, which removes nothing from its embeddings."""
        return self.with_directions(self._varying[:0])

    def frames(self, sound: Floats) -> Floats:
        """(k, 40) mel power of each whole frame in ``sound`` (n,)."""
        return np.asarray(self._front_end.power(np.ascontiguousarray(sound)) @ self._filters, np.float32)

    def embeddings(self, windows: Floats) -> Floats:
        """(b, 256), at most of length 1, from ``windows`` (b, 160, 40) of mel power at the encoder's level."""
        layers = [_LayerState(layer, len(windows)) for layer in self._layers]
        for first in range(0, windows.shape[1], _N_STEPS):
            states = windows[:, first : first + _N_STEPS].swapaxes(0, 1)  # (steps, b, n): a step's rows lie together
            for layer in layers:
                states = layer.next(states)
        embeddings = np.maximum(states[-1] @ self._linear + self._bias, 0)
        embeddings = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), _TINY)
        return np.asarray(embeddings - (embeddings @ self._varying.T) @ self._varying, np.float32)


def gain(rms: float) -> float:
    """The factor that brings the mel power of sound with this ``rms`` to the level of the training."""
    return (_LEVEL / max(rms, _TINY)) ** 2


class _Layer:
    """One LSTM layer; its gates are prepared so that one tanh serves all four: sigmoid(x) = (1 + tanh(x / 2)) / 2."""

    def __init__(self, arrays: "np.lib.npyio.NpzFile", number: int) -> None:
        half = np.full((_N_GATES, N_UNITS), 0.5, np.float32)
        half[2] = 1.0
        scale = half.reshape(-1, 1)
        self.input = np.ascontiguousarray((_floats(arrays, f"input_{number}") * scale).T)
        self.state = np.ascontiguousarray((_floats(arrays, f"state_{number}") * scale).T)
        self.bias = np.asarray(arrays[f"bias_{number}"], np.float32) * scale[:, 0]


class _LayerState:
    """The state of a layer in ``b`` windows."""

    def __init__(self, layer: _Layer, b: int) -> None:
        self._layer = layer
        self._hidden = np.zeros((b, N_UNITS), np.float32)
        self._cell = np.zeros((b, N_UNITS), np.float32)

    def next(self, x: Floats) -> Floats:
        """(steps, b, 256) the states after the next steps of ``x`` (steps, b, n)."""
        layer, hidden, cell = self._layer, self._hidden, self._cell
        given = x @ layer.input
        given += layer.bias
        states = np.empty((*x.shape[:2], N_UNITS), np.float32)
        gates = np.empty(given.shape[1:], np.float32)
        enter, forget, new, leave = (gates[:, at : at + N_UNITS] for at in range(0, gates.shape[1], N_UNITS))
        for index, row in enumerate(given):
            state = states[index]
            np.matmul(hidden, layer.state, out=gates)
            gates += row
            np.tanh(gates, out=gates)
            for gate in (enter, forget, leave):
                np.add(gate, 1, out=gate)
            cell *= forget
            new *= enter
            cell += new
            cell *= 0.5
            np.tanh(cell, out=state)
            state *= leave
            state *= 0.5
            hidden = state
        self._hidden = hidden
        return states


def _floats(arrays: "np.lib.npyio.NpzFile", name: str) -> Floats:
    return np.asarray(arrays[name], np.float32)
