"""A mood in plain words."""

import pytest

from edged.hub.sentence import duration, sentence


@pytest.mark.parametrize(
    ("emotion", "held_s", "said", "expected"),
    [
        ("angry", 40, {"voice": "angry", "text": "angry"}, "angry for 40 s, voice and words agree"),
        ("angry", 3, {"voice": "angry"}, "angry for 3 s, by voice alone"),
        ("sad", 3, {"text": "sad"}, "sad for 3 s, by words alone"),
        ("sad", 3, {"text": "sad", "voice": "angry"}, "sad for 3 s, words say so, voice says angry"),
        (
            *("angry", 150, {"voice": "angry", "text": "angry", "face": "angry"}),
            "angry for 2 min, voice, words and face agree",
        ),
        (
            *("angry", 7300, {"voice": "angry", "text": "angry", "face": ""}),
            "angry for 2 h, voice and words agree, face says nothing clear",
        ),
        ("uncertain", 12, {"voice": "sad", "text": "happy"}, "uncertain for 12 s, voice says sad, words say happy"),
        ("happy", 1, {"voice": "sad", "text": "angry"}, "happy for 1 s, voice says sad, words say angry"),
        ("none", 61, {}, "no mood, no source says anything"),
    ],
)
def test_sentence(emotion: str, held_s: float, said: dict[str, str], expected: str) -> None:
    """Who agrees, and who says something else."""
    assert sentence(emotion, held_s, said) == expected


def test_duration_in_the_largest_unit_that_says_enough() -> None:
    """Seconds up to two minutes, minutes up to two hours."""
    assert [duration(s) for s in (0.4, 119, 120, 7199, 7200)] == ["0 s", "119 s", "2 min", "120 min", "2 h"]
