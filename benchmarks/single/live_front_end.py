"""Log-mel of live sound, a window every 0.496 s: ours, which computes each frame once, against the same packages.

python_speech_features and librosa take a whole signal, so whoever uses them live computes the 3 s of each window anew.
kaldi-native-fbank also has a stream that computes each frame once; it is measured in both ways.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

import numpy as np

from benchmarks.alternating import alternated, milliseconds, ratios
from benchmarks.parts import TRANSFORM
from benchmarks.peers.log_mel import kaldi_stream
from benchmarks.result import Outcome
from benchmarks.single.front_end import PEERS, Transform
from benchmarks.sound import STRIDE, conversation
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.features.windows import Windows

_ROUNDS, _WITHIN_S = 30, 40.0
_STREAMED = "kaldi-native-fbank, streaming"
_STRIDE_S = STRIDE / GEOMETRY.sample_rate_hz


class LiveFeatures:
    """The device's own stream of windows; a call is a stride of sound."""

    def __init__(self, sound: Floats) -> None:
        self._windows, self._sound, self._at = Windows(GEOMETRY, STRIDE), sound, 0

    def __call__(self) -> None:
        """The next stride."""
        first = self._at % (len(self._sound) - STRIDE)
        for _ in self._windows.push(self._sound[first : first + STRIDE], self._at):
            pass
        self._at += STRIDE


class _Kaldi:
    """Its stream; frames that were read are dropped, as its ``pop`` is for."""

    def __init__(self, pieces: Iterator[Floats]) -> None:
        self._stream, self._pieces, self._n_read = kaldi_stream(), pieces, 0

    def __call__(self) -> object:
        """(k, 128) the frames that the next piece completes."""
        self._stream.accept_waveform(GEOMETRY.sample_rate_hz, next(self._pieces))
        ready = self._stream.num_frames_ready
        frames = np.stack([self._stream.get_frame(index) for index in range(self._n_read, ready)])
        self._stream.pop(ready - self._n_read)
        self._n_read = ready
        return frames


def measured() -> Outcome:
    """Milliseconds of CPU time for a second of sound, and the ratios."""
    sound = conversation()
    starts = range(0, len(sound) - GEOMETRY.window, STRIDE)
    pieces = cycle([np.ascontiguousarray(sound[at : at + STRIDE]) for at in starts])
    windows = {name: cycle([np.ascontiguousarray(sound[at : at + GEOMETRY.window]) for at in starts]) for name in PEERS}
    contenders: dict[str, Callable[[], object]] = {"edged": LiveFeatures(sound), _STREAMED: _Kaldi(pieces)}
    contenders |= {name: partial(_next_window, peer, windows[name]) for name, peer in PEERS.items()}
    contenders[TRANSFORM] = Transform(sound[: STRIDE - GEOMETRY.hop + GEOMETRY.n_fft])
    by_call_s = alternated(contenders, n_rounds=_ROUNDS, within_s=_WITHIN_S)
    times_s = {name: [value / _STRIDE_S for value in values] for name, values in by_call_s.items()}
    transform = milliseconds(times_s.pop(TRANSFORM)).median
    spreads = {f"{name} ms/s": milliseconds(values) for name, values in times_s.items()}
    spreads |= {f"over {name}": ratios(times_s[name], times_s["edged"]) for name in times_s if name != "edged"}
    return Outcome(spreads=spreads, figures={f"{TRANSFORM} ms/s": transform})


def _next_window(peer: Callable[[Floats], object], windows: Iterator[Floats]) -> None:
    peer(next(windows))
