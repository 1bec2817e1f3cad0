"""Sides of arousal and valence of a classification."""

from edged.events.circumplex import arousal, valence


def test_sides_of_an_uncertain_answer() -> None:
    """Angry and fear agree on both sides: strong and unpleasant."""
    scores = {"angry": 0.35, "fear": 0.3, "happy": 0.05, "neutral": 0.1, "sad": 0.1, "disgust": 0.1}
    assert (arousal(scores), valence(scores)) == ("high", "negative")


def test_disgust_has_no_side_of_arousal() -> None:
    """Disgust says nothing about arousal: the other labels decide."""
    scores = {"disgust": 0.9, "sad": 0.06, "angry": 0.04}
    assert (arousal(scores), valence(scores)) == ("low", "negative")


def test_one_label_sides() -> None:
    """Happy is strong and pleasant, neutral is weak and neither."""
    assert (arousal({"happy": 1.0}), valence({"happy": 1.0})) == ("high", "positive")
    assert (arousal({"neutral": 1.0}), valence({"neutral": 1.0})) == ("low", "neutral")


def test_labels_of_another_bundle_have_no_side() -> None:
    """Unknown labels have no side."""
    assert (arousal({"bored": 1.0}), valence({"bored": 1.0})) == (None, None)
