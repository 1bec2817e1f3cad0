"""Log-mel of 3 s at once: ours against python_speech_features, librosa and kaldi-native-fbank."""

from collections.abc import Callable
from functools import partial

from benchmarks.alternating import alternated, milliseconds, ratios
from benchmarks.peers.log_mel import by_kaldi, by_librosa, by_python_speech_features
from benchmarks.result import Outcome
from benchmarks.sound import three_seconds
from edged.features.logmel import Floats, FrontEnd

_ROUNDS, _WITHIN_S = 30, 40.0
PEERS: dict[str, Callable[[Floats], object]] = {
    "python_speech_features": by_python_speech_features,
    "librosa": by_librosa,
    "kaldi-native-fbank": by_kaldi,
}


def measured() -> Outcome:
    """Milliseconds of each, and how many times as long as ours a peer takes."""
    samples = three_seconds()
    contenders: dict[str, Callable[[], object]] = {"edged": partial(FrontEnd().clip_levels, samples)}
    contenders |= {name: partial(peer, samples) for name, peer in PEERS.items()}
    times_s = alternated(contenders, n_rounds=_ROUNDS, within_s=_WITHIN_S)
    spreads = {f"{name} ms": milliseconds(values) for name, values in times_s.items()}
    spreads |= {f"over {name}": ratios(times_s[name], times_s["edged"]) for name in PEERS}
    return Outcome(spreads=spreads)
