"""Changes of an utterance before it reaches a device: later, after silence, only a word of it, shouted, whispered.

    samples (n,) at 16 kHz ──change──► samples (m,)

The words stay the same, and a listener does not notice a shift or silence.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter1d

from convert.gate.recipe import VoiceSpec
from convert.gate.voices import shouted, whispered
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats

AS_RECORDED = "clean"
SHIFTS_MS = (8, 50, 100, 250)
_RATE_HZ = GEOMETRY.sample_rate_hz
_SILENCE_S = 3.0
_WORD_S = 0.5
_AROUND_WORD_S = 1.0  # of silence, before and after
_VOICE = VoiceSpec()

Change = Callable[[Floats, np.random.Generator], Floats]


def changes() -> dict[str, Change]:
    """By name; the first leaves everything as it is."""
    found: dict[str, Change] = {AS_RECORDED: lambda samples, _rng: samples}
    for ms in SHIFTS_MS:
        found[f"later_{ms}"] = _later(ms / 1000)
    found["silence"] = _later(_SILENCE_S)
    found["word"] = lambda samples, _rng: _word(samples)
    found["shout"] = lambda samples, rng: shouted(samples, _VOICE, rng)
    found["whisper"] = lambda samples, rng: whispered(samples, _VOICE, rng)
    return found


def _later(by_s: float) -> Change:
    before = np.zeros(round(by_s * _RATE_HZ), np.float32)
    return lambda samples, _rng: np.concatenate([before, samples])


def _word(samples: Floats) -> Floats:
    """The loudest half second, faded in and out, in silence."""
    size = round(_WORD_S * _RATE_HZ)
    energy = uniform_filter1d(samples.astype(np.float64) ** 2, size, mode="constant")
    first = max(0, min(int(energy.argmax()) - size // 2, len(samples) - size))
    word = samples[first : first + size].copy()
    fade = np.linspace(0, 1, min(size // 20, len(word) // 2), dtype=np.float32)
    word[: len(fade)] *= fade
    word[len(word) - len(fade) :] *= fade[::-1]
    return np.pad(word, round(_AROUND_WORD_S * _RATE_HZ)).astype(np.float32)
