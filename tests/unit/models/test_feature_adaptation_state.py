"""The saved state of the adaptation of the features: what comes back of it, and what is refused."""

import msgspec
import numpy as np
import pytest

from edged.errors import ModelError
from edged.models.feature_adaptation import FeatureAdaptation
from tests.parts.models.feature_places import CLEAR, PRIOR, WINDOW_S, adaptation, calibration, listen, place


def learned() -> FeatureAdaptation:
    """One that has listened and was calibrated."""
    known = adaptation()
    listen(known, place(), PRIOR, 100)
    known.calibrate(calibration(-place()), 6.0)
    known.observe(CLEAR[0].astype(np.float32), CLEAR[1].astype(np.float32), WINDOW_S)
    return known


def test_restore_what_was_encoded() -> None:
    """The restored state is encoded as the same bytes, and corrects as before."""
    content = learned().encoded(bundle="B", microphone="M")
    again = adaptation()
    assert again.restore(content, bundle="B", microphone="M")
    assert again.encoded(bundle="B", microphone="M") == content
    assert again.shift == pytest.approx(learned().shift, abs=1e-5)


def test_restore_of_another_place() -> None:
    """State of another bundle or microphone is not restored; None accepts any microphone."""
    content = learned().encoded(bundle="B", microphone="M")
    again = adaptation()
    assert not again.restore(content, bundle="C", microphone="M")
    assert not again.restore(content, bundle="B", microphone="N")
    assert not again.shift.any()
    assert again.restore(content, bundle="B", microphone=None)


def test_state_does_not_grow() -> None:
    """A thousand windows take as many bytes as one."""
    one, many = adaptation(), adaptation()
    listen(one, place(), PRIOR, 1)
    listen(many, place(), PRIOR, 1000)
    sizes = [len(known.encoded(bundle="B", microphone="M")) for known in (one, many)]
    assert abs(sizes[0] - sizes[1]) < 30  # digits of the seconds


GOOD = msgspec.json.decode(learned().encoded(bundle="B", microphone="M"))


def changed(**values: object) -> bytes:
    """A state whose calibration has other values."""
    return msgspec.json.encode({**GOOD, "calibration": {**GOOD["calibration"], **values}})


def means(*values: float) -> bytes:
    """Means as they are stored."""
    return np.array(values, "<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected an adaptation state"),
        (b"\xff\xfe", "expected an adaptation state"),
        (b"[]", "expected an adaptation state"),
        (b'{"version":1}', "expected an adaptation state"),
        (changed(x=means(1, 2)), "has 8 and 16 bytes, expected 4 for each of 12"),
        (changed(p=means(1)), "has 48 and 4 bytes"),
        (changed(x=means(*[np.nan] * 12)), "a mean that no speech has"),
        (changed(x=means(*[1e30] * 12)), "a mean that no speech has"),
        (changed(p=means(2, -1, 0, 0)), "a mean that no speech has"),
        (changed(p=means(np.nan, 0, 0, 1)), "a mean that no speech has"),
        (changed(speech_s=-1), "expected 0 to"),
        (changed(speech_s=1e300), "expected 0 to"),
        (msgspec.json.encode({**GOOD, "effect": [1]}), "effect has 1 numbers"),
        (msgspec.json.encode({**GOOD, "effect": [1, 1, 1, 99]}), "one above 10"),
        (msgspec.json.encode({**GOOD, "labels": ["a", "b"]}), "labels are"),
    ],
)
def test_restore_of_damaged_content(content: bytes, words: str) -> None:
    """Anything other than output of ``encoded`` is refused in one line, and nothing of it is taken."""
    known = adaptation()
    with pytest.raises(ModelError, match=words) as fault:
        known.restore(content, bundle="B", microphone="M")
    assert "\n" not in str(fault.value)
    assert len(str(fault.value)) < 300
    assert not known.shift.any()
