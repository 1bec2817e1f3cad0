"""Log-mel by other packages, in our geometry: 1024 samples every 256 at 16 kHz, 128 mel bands, Hann.

    samples (n,) float32 ──► python_speech_features, librosa, kaldi-native-fbank ──► levels (k, 128) or (128, k)

Each is called as its documentation shows; nothing is computed beforehand that it would compute at each call.
"""

import kaldi_native_fbank
import librosa
import numpy as np
import python_speech_features
from numpy.typing import NDArray

from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

_RATE_HZ, _FRAME, _HOP, _BANDS = GEOMETRY.sample_rate_hz, GEOMETRY.n_fft, GEOMETRY.hop, GEOMETRY.n_mels


def by_python_speech_features(samples: Floats) -> NDArray[np.float64]:
    """(k, 128) natural logarithms of power."""
    levels = python_speech_features.logfbank(
        samples, _RATE_HZ, winlen=_FRAME / _RATE_HZ, winstep=_HOP / _RATE_HZ, nfilt=_BANDS, nfft=_FRAME
    )
    return np.asarray(levels)


def by_librosa(samples: Floats) -> Floats:
    """(128, k) dB."""
    power = librosa.feature.melspectrogram(y=samples, sr=_RATE_HZ, n_fft=_FRAME, hop_length=_HOP, n_mels=_BANDS)
    return np.asarray(librosa.power_to_db(power), np.float32)


def kaldi_stream() -> kaldi_native_fbank.OnlineFbank:
    """A stream that takes samples in pieces and computes each frame once."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = _RATE_HZ
    options.frame_opts.frame_length_ms = 1000 * _FRAME / _RATE_HZ
    options.frame_opts.frame_shift_ms = 1000 * _HOP / _RATE_HZ
    options.frame_opts.window_type = "hanning"
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = _BANDS
    return kaldi_native_fbank.OnlineFbank(options)


def by_kaldi(samples: Floats) -> Floats:
    """(k, 128) natural logarithms of power."""
    stream = kaldi_stream()
    stream.accept_waveform(_RATE_HZ, samples)
    stream.input_finished()
    return np.stack([stream.get_frame(index) for index in range(stream.num_frames_ready)])
