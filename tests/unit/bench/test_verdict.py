"""The verdict of `edged bench`: which stride is safe, and what a person reads."""

import pytest

from edged.bench.verdict import Spread, Verdict, safe_stride_s, spread, verdict

STRIDE_S = 0.5


def same(ms: float) -> Spread:
    """A stage that always takes as long."""
    return Spread(ms, ms, ms)


def given(features_ms: float, models_ms: float, *advice: str) -> Verdict:
    """Of two stages."""
    stages = {"features": same(features_ms), "models": same(models_ms)}
    return verdict(stages, same(features_ms + models_ms), STRIDE_S, advice)


def test_spread_of_seconds() -> None:
    """Milliseconds: median, 95th percentile, greatest."""
    assert spread([0.001 * n for n in range(1, 102)]) == Spread(51.0, 96.0, 101.0)


@pytest.mark.parametrize(
    ("models_ms", "word"), [(1, "light"), (49, "light"), (51, "fits"), (249, "fits"), (251, "tight"), (501, "too_slow")]
)
def test_words_by_share_of_the_stride(models_ms: float, word: str) -> None:
    """A tenth is light, a half is safe, and beyond the whole stride sound is lost."""
    found = given(0, models_ms)
    assert found.word == word
    assert found.share == pytest.approx(models_ms / 500)


def test_safe_stride_is_twice_the_window() -> None:
    """Cost by the window alone: 100 ms need 200 ms, rounded up to whole hops of 16 ms."""
    assert safe_stride_s({"models": same(100)}, same(100), STRIDE_S) == 0.208


def test_safe_stride_grows_with_the_cost_of_sound() -> None:
    """Features of 125 ms a half second take a quarter of a core at any stride: a quarter is left for 100 ms."""
    stages = {"features": same(125), "models": same(100)}
    assert safe_stride_s(stages, same(225), STRIDE_S) == 0.4


@pytest.mark.parametrize(("features_ms", "models_ms"), [(250, 1), (10, 1500)])
def test_no_stride_is_safe(features_ms: float, models_ms: float) -> None:
    """Features alone take half a core, or a window takes half of the longest stride that misses no sound."""
    found = given(features_ms, models_ms, "models.bundle to small")
    assert found.safe_stride_s is None
    assert "stride_s" not in found.text
    assert "models.bundle to small" in found.text or found.word == "tight"


def test_shortest_stride_is_one_hop() -> None:
    """A fast machine may look at every frame."""
    assert given(0.1, 1).safe_stride_s == 0.016


def test_text_names_share_and_remedy() -> None:
    """Whoever has a slow device reads what to set."""
    assert given(1, 9).text == "runs easily here: while somebody speaks, edged takes 2.0 % of one core"
    text = given(1, 300, "models.routing to hard").text
    assert text.startswith("is tight here: while somebody speaks, edged takes 60 % of one core, more than half; ")
    assert text.endswith("set models.stride_s to 0.608 or more, or models.routing to hard")
    assert given(1, 700).text.startswith(
        "is too slow here: a window takes 1.4 times its stride; set models.stride_s to"
    )


def test_slow_windows_count_not_their_median() -> None:
    """One window in twenty that takes long decides."""
    window = Spread(10, 300, 900)
    assert verdict({"models": window}, window, STRIDE_S).word == "tight"
