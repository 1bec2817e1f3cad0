"""The adaptation: what it learns, how far it goes, what it saves and what it refuses."""

import msgspec
import numpy as np
import pytest

from edged.config.priors import prior_distribution
from edged.errors import ConfigError, ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.adaptation import Adaptation, Settings

LABELS = ("angry", "happy", "neutral", "sad")
OTHERS = {label: tuple(-0.5 if other == label else -2.5 for other in LABELS) for label in LABELS}
WINDOW_S = GEOMETRY.window_s
FLAT = np.full(4, 0.25, np.float32)


def adaptation(**settings: object) -> Adaptation:
    """An adaptation without history."""
    return Adaptation(LABELS, OTHERS, msgspec.convert(settings, Settings))


def scores(*logs: float) -> Floats:
    """Scores with these logs, up to normalisation."""
    shares = np.exp(np.array(logs))
    return np.asarray(shares / shares.sum(), np.float32)


def usual(known: Adaptation, push: Floats, count: int, new_s: float = WINDOW_S) -> None:
    """Push windows with other speakers' mean log scores under the prior, plus ``push``."""
    expected = prior_distribution({}, LABELS) @ np.array([OTHERS[label] for label in LABELS])
    for _ in range(count):
        known.learn(np.exp(expected + push).astype(np.float32), new_s)


def test_start_changes_nothing() -> None:
    """Without history there is no shift, and scores do not change."""
    known = adaptation()
    assert not known.shift.any()
    assert known.corrected(scores(-1, -2, -3, -0.5)) == pytest.approx(scores(-1, -2, -3, -0.5))


def test_constant_shift_is_removed() -> None:
    """A constant push towards one label is removed from every window."""
    push = np.array([0.6, -0.2, -0.3, -0.1], np.float32)
    known = adaptation(half_life_min=10_000)
    usual(known, push, 20_000)
    assert known.shift == pytest.approx(push, abs=0.01)
    assert known.corrected(scores(*(np.array([-1, -2, -3, -0.5]) + push))) == pytest.approx(
        scores(-1, -2, -3, -0.5), abs=0.005
    )


def test_usual_place_has_no_shift() -> None:
    """Typical speakers under the prior get no shift."""
    known = adaptation()
    usual(known, np.zeros(4, np.float32), 500)
    assert known.shift == pytest.approx(np.zeros(4), abs=1e-3)


@pytest.mark.parametrize("count", [1, 8, 24])
def test_weight(count: int) -> None:
    """n independent windows remove n/(n+8) of the difference."""
    known = adaptation(half_life_min=10_000)
    usual(known, np.array([0.3, -0.1, -0.1, -0.1], np.float32), count)
    assert known.shift[0] == pytest.approx(0.3 * count / (count + 8), rel=1e-3)


def test_overlapping_windows_count_by_what_is_new() -> None:
    """Six windows a sixth of a window apart count as one."""
    push = np.array([0.3, -0.1, -0.1, -0.1], np.float32)
    known, other = adaptation(half_life_min=10_000), adaptation(half_life_min=10_000)
    usual(known, push, 6, WINDOW_S / 6)
    usual(other, push, 1)
    assert known.speech_s == pytest.approx(WINDOW_S, rel=1e-3)
    assert known.shift == pytest.approx(other.shift, rel=1e-3)


def test_bounded() -> None:
    """A log score moves at most by the bound, and not at all with 0."""
    push = np.array([2.0, -1.0, -1.0, 0.0], np.float32)
    for bound in (0.5, 0.0):
        known = adaptation(bound=bound)
        usual(known, push, 2000)
        assert np.abs(known.shift).max() == pytest.approx(bound, rel=0.01)


def test_half_life() -> None:
    """After a half-life of other speech, earlier speech counts exactly half."""
    known = adaptation(half_life_min=1, bound=5)
    known.learn(scores(0, -1, -1, -1), 1)
    before_s = known.speech_s
    known.learn(FLAT, 60)
    assert known.speech_s == pytest.approx(before_s / 2 + 60)
    for _ in range(1000):
        known.learn(FLAT, 60)
    assert known.speech_s == pytest.approx(120)  # the sum of all halves


def test_frozen_uses_and_does_not_learn() -> None:
    """While frozen the shift stays; switched on again it is updated."""
    known = adaptation()
    usual(known, np.array([0.9, -0.3, -0.3, -0.3], np.float32), 50)
    shift = known.shift
    known.change(Settings(mode="frozen"))
    usual(known, np.zeros(4, np.float32), 500)
    assert known.shift == pytest.approx(shift)
    known.change(Settings())
    usual(known, np.zeros(4, np.float32), 500)
    assert np.abs(known.shift).max() < np.abs(shift).max()


def test_zero_scores_are_learned_as_small() -> None:
    """A score of 0 has no log; it counts as half an int8 step and the shift stays finite."""
    known = adaptation()
    known.learn(np.array([1, 0, 0, 0], np.float32), WINDOW_S)
    assert np.isfinite(known.shift).all()
    assert known.corrected(np.array([1, 0, 0, 0], np.float32)).sum() == pytest.approx(1)


def test_prior_distribution() -> None:
    """Labels left out share the rest; by default mostly neutral, or uniform if there is no neutral."""
    assert prior_distribution({}, LABELS) == pytest.approx([0.1, 0.1, 0.7, 0.1])
    assert prior_distribution({}, ("calm", "loud")) == pytest.approx([0.5, 0.5])
    assert prior_distribution({"sad": 0.4}, LABELS) == pytest.approx([0.2, 0.2, 0.2, 0.4])
    assert prior_distribution({"angry": 0.4, "happy": 0.6}, LABELS) == pytest.approx([0.4, 0.6, 0, 0])


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"joy": 0.5}, "names joy, expected labels of the bundle"),
        ({"angry": 0.7, "sad": 0.7}, "shares of 1.4 together, expected at most 1"),
        (dict.fromkeys(LABELS, 0.2), "shares of 0.8 together, expected 1"),
    ],
)
def test_wrong_distribution_is_refused(expected: dict[str, float], words: str) -> None:
    """An unknown label, a sum above 1, or a sum below 1 without labels left."""
    with pytest.raises(ConfigError, match=words):
        prior_distribution(expected, LABELS)


def test_restore_what_was_encoded() -> None:
    """The restored state is exact."""
    known = adaptation()
    usual(known, np.array([0.9, -0.3, -0.3, -0.3], np.float32), 50)
    again = adaptation()
    assert again.restore(known.encoded(bundle="B", microphone="M"), bundle="B", microphone="M")
    assert (again.speech_s, again.shift.tolist()) == (known.speech_s, known.shift.tolist())


def test_restore_of_another_place() -> None:
    """State of another bundle or microphone is not restored; None accepts any microphone."""
    known = adaptation()
    usual(known, np.zeros(4, np.float32), 5)
    content = known.encoded(bundle="B", microphone="M")
    again = adaptation()
    assert not again.restore(content, bundle="C", microphone="M")
    assert not again.restore(content, bundle="B", microphone="N")
    assert again.speech_s == 0
    assert again.restore(content, bundle="B", microphone=None)


_HEAD = b'{"version":1,"bundle":"B","microphone":"M","labels":["angry","happy","neutral","sad"],'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"version":1}',
        b'{"version":1,"bundle":"B","microphone":"M","labels":["a"],"heard_s":1,"mean":[-1]}',
        _HEAD + b'"heard_s":1,"mean":[-1]}',
        _HEAD + b'"heard_s":1,"mean":[-1,-1,-1,9]}',
        _HEAD + b'"heard_s":-1,"mean":[-1,-1,-1,-1]}',
    ],
)
def test_restore_of_damaged_content(content: bytes) -> None:
    """Anything other than output of ``encoded`` is refused."""
    with pytest.raises(ModelError, match="expected "):
        adaptation().restore(content, bundle="B", microphone="M")
