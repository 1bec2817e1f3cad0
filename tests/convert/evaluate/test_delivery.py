"""The same clips later, after silence, as one word, shouted and whispered."""

from pathlib import Path

import numpy as np
import pytest

from convert.card.robustness_section import DELIVERIES, delivery_section
from convert.evaluate.delivery.changes import changes
from convert.evaluate.delivery.rows import delivery
from edged.features.logmel import Floats
from edged.models.bundle import BUNDLES, load_bundle
from tests.convert.evaluate.test_robustness import clip
from tests.parts.models import layouts
from tests.parts.sound.speech import RATE_HZ, noise, sine


def changed(name: str, samples: Floats) -> Floats:
    """``samples`` after one change."""
    return changes()[name](samples, np.random.default_rng(0))


@pytest.mark.parametrize(("name", "by"), [("later_8", 128), ("later_250", 4000), ("silence", 48_000)])
def test_later(name: str, by: int) -> None:
    """Zeros before it, and nothing else."""
    samples = noise(1)
    moved = changed(name, samples)
    assert not moved[:by].any()
    assert np.array_equal(moved[by:], samples)


def test_word() -> None:
    """The loudest half second, in silence."""
    samples = np.concatenate([noise(1, 0.01), sine(440, 0.5, 0.5), noise(2, 0.01)])
    word = changed("word", samples)
    assert len(word) == 2.5 * RATE_HZ
    assert not word[:RATE_HZ].any()
    assert not word[-RATE_HZ:].any()
    middle = word[RATE_HZ + 800 : -RATE_HZ - 800]
    assert float(np.sqrt(np.mean(middle**2))) > 0.3


def test_word_of_a_short_clip() -> None:
    """A clip below half a second is the word."""
    assert len(changed("word", sine(440, 0.3, 0.5))) == 2.3 * RATE_HZ


@pytest.mark.parametrize("size", ["small", "large"])
def test_delivery(tmp_path: Path, size: str) -> None:
    """Each change has its row; a shift leaves the label; a corpus without sound has none; the card prints them."""
    spoken = [
        clip(layouts.sound(tmp_path / f"{label}{n}.wav", pitch_hz, 1.0), label, f"s{n}")
        for label, pitch_hz in (("angry", 300), ("sad", 120))
        for n in range(2)
    ]
    found = delivery(load_bundle(BUNDLES / size), {"c": spoken, "silent": []})
    assert found.keys() == {"c"}
    assert (found["c"]["clips"], found["c"]["speakers"]) == (4, 2)
    assert found["c"]["rows"].keys() == DELIVERIES.keys()
    assert found["c"]["rows"]["clean"]["same"] == 1
    text = delivery_section(found)
    assert "| clips of |  | as recorded | 8 ms later |" in text
    assert "| c | same label | 100% |" in text
