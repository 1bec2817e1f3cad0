"""The emotions that a home is expected to have, before anything was detected.

    baseline.expected of the config, the bundle's labels ──► shares (n_labels,)

People speak neutrally most of the time, actors in a corpus do not.  The adaptation and the tracker weigh the scores of
a window by this prior distribution.
"""

from collections.abc import Mapping

from edged.errors import ConfigError

_USUAL = ("neutral", 0.7)  # if the config names none
_TOLERANCE = 1e-6


def prior_distribution(expected: Mapping[str, float], labels: tuple[str, ...]) -> tuple[float, ...]:
    """(n_labels,) shares, sum 1; labels that ``expected`` leaves out divide what it leaves.

    Raises:
        ConfigError: it names an unknown label, or its shares are more than 1, or less with no label left.
    """
    name, share = _USUAL
    named = expected or ({name: share} if name in labels else {})
    if unknown := sorted(named.keys() - set(labels)):
        raise ConfigError(
            f"baseline.expected names {', '.join(unknown)}, expected labels of the bundle: {list(labels)}"
        )
    total = sum(named.values())
    rest = [label for label in labels if label not in named]
    if total > 1 + _TOLERANCE or (not rest and total < 1 - _TOLERANCE):
        raise ConfigError(f"baseline.expected has shares of {total:g} together, expected {'at most ' if rest else ''}1")
    left = max(0.0, 1 - total) / max(1, len(rest))
    return tuple(float(named.get(label, left)) for label in labels)
