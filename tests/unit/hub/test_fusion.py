"""Fusion: the equation of the pool and its properties, the votes of the rule."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.hub.fusion import Evidence, most_frequent, of_label, pool, rule, through_channel, weight

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad")
UNIFORM = dict.fromkeys(LABELS, 1 / len(LABELS))
TAU_S = 5.0


def normalised(values: list[float]) -> dict[str, float]:
    """Positive numbers as probabilities of the labels."""
    return {label: value / math.fsum(values) for label, value in zip(LABELS, values, strict=True)}


distributions = st.lists(st.floats(0.001, 1), min_size=len(LABELS), max_size=len(LABELS)).map(normalised)
evidence = st.builds(
    Evidence,
    name=st.sampled_from(["voice", "text", "face"]),
    scores=distributions,
    reliability=st.floats(0, 1),
    age_s=st.floats(0, 60),
)
several = st.lists(evidence, max_size=5)


def test_pool_is_the_equation() -> None:
    """Two sources, computed by hand."""
    prior = {"a": 0.5, "b": 0.5}
    voice = Evidence(name="voice", scores={"a": 0.8, "b": 0.2})
    text = Evidence(name="text", scores={"a": 0.3, "b": 0.7}, reliability=0.5, age_s=5)
    w = 0.5 * math.exp(-1)
    a, b = 0.5 * 1.6 * 0.6**w, 0.5 * 0.4 * 1.4**w
    assert pool([voice, text], prior, 5)["a"] == pytest.approx(a / (a + b))
    assert weight(text, 5) == pytest.approx(w)


def test_pool_of_nothing_is_the_prior() -> None:
    """Without evidence what is usual is all that is known."""
    prior = normalised([1, 1, 1, 1, 5, 1])
    assert pool([], prior, TAU_S) == pytest.approx(prior)


@given(several, distributions)
def test_pool_sums_to_one(sources: list[Evidence], prior: dict[str, float]) -> None:
    """Whatever the sources say."""
    fused = pool(sources, prior, TAU_S)
    assert math.fsum(fused.values()) == pytest.approx(1)
    assert all(0 <= score <= 1 for score in fused.values())
    assert list(fused) == list(prior)


@given(several, evidence, distributions)
def test_source_of_weight_zero_is_absent(sources: list[Evidence], one: Evidence, prior: dict[str, float]) -> None:
    """What is not trusted at all changes nothing."""
    ignored = Evidence(name=one.name, scores=one.scores, reliability=0, age_s=one.age_s)
    assert pool([*sources, ignored], prior, TAU_S) == pytest.approx(pool(sources, prior, TAU_S))


@given(several, st.floats(0, 1), distributions)
def test_source_that_says_the_prior_changes_nothing(
    sources: list[Evidence], reliability: float, prior: dict[str, float]
) -> None:
    """A source that is there and knows no more than what is usual is as one that is absent."""
    silent = Evidence(name="text", scores=prior, reliability=reliability)
    assert pool([*sources, silent], prior, TAU_S) == pytest.approx(pool(sources, prior, TAU_S), abs=1e-9)


@given(distributions, distributions)
def test_one_source_of_weight_one_gives_itself_back(scores: dict[str, float], prior: dict[str, float]) -> None:
    """The prior cancels."""
    assert pool([Evidence(name="voice", scores=scores)], prior, TAU_S) == pytest.approx(scores)


@given(several, distributions, st.randoms())
def test_order_does_not_matter(sources: list[Evidence], prior: dict[str, float], chance: random.Random) -> None:
    """The product commutes."""
    shuffled = [*sources]
    chance.shuffle(shuffled)
    assert pool(shuffled, prior, TAU_S) == pytest.approx(pool(sources, prior, TAU_S))


@given(distributions, distributions, st.floats(0.1, 1))
def test_stale_source_fades_until_voice_stands_alone(
    voice: dict[str, float], face: dict[str, float], reliability: float
) -> None:
    """The difference to the voice alone only shrinks with the age of the face, and ends at none."""
    fresh = Evidence(name="voice", scores=voice)
    distances = []
    for age_s in (0, 5, 10, 20, 40, 200):
        stale = Evidence(name="face", scores=face, reliability=reliability, age_s=age_s)
        fused = pool([fresh, stale], UNIFORM, TAU_S)
        # Log-odds move linearly with the weight, so their distance shrinks at each step.
        distances.append(
            max(abs(math.log(fused[x] / fused["sad"]) - math.log(voice[x] / voice["sad"])) for x in LABELS)
        )
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(distances))
    assert distances[-1] < 1e-9


def test_zero_rules_nothing_out_for_ever() -> None:
    """A source that gives a label no chance at all leaves it one."""
    sure = Evidence(name="voice", scores=of_label("angry", LABELS))
    assert pool([sure], UNIFORM, TAU_S)["sad"] > 0


@given(st.sampled_from(LABELS), st.floats(1 / 6, 1))
def test_bare_label_stands_for_its_reliability(label: str, reliability: float) -> None:
    """r at the label, (1 - r) / (K - 1) elsewhere."""
    scores = through_channel(of_label(label, LABELS), reliability)
    assert scores[label] == pytest.approx(reliability)
    assert all(scores[x] == pytest.approx((1 - reliability) / 5) for x in LABELS if x != label)


@given(distributions, st.floats(0, 1))
def test_channel_keeps_probabilities(scores: dict[str, float], reliability: float) -> None:
    """They still sum to 1, and keep their order or become equal."""
    through = through_channel(scores, reliability)
    assert math.fsum(through.values()) == pytest.approx(1)
    order = sorted(LABELS, key=scores.__getitem__)
    assert all(through[a] <= through[b] + 1e-12 for a, b in itertools.pairwise(order))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], ""),
        ([("sad", 1), ("angry", 1), ("sad", 1)], "sad"),
        ([("sad", 1), ("angry", 1)], "angry"),
        ([("angry", 1), ("sad", 1), ("angry", 1), ("sad", 1)], "sad"),
        ([("sad", 3.5), ("angry", 1), ("angry", 1)], "sad"),
    ],
)
def test_most_frequent(said: list[tuple[str, float]], expected: str) -> None:
    """Of equals the newest."""
    assert most_frequent(said) == expected


@pytest.mark.parametrize(
    ("voice", "text", "face", "expected"),
    [
        ("angry", "", "", "angry"),
        ("", "sad", "", "sad"),
        ("", "", "happy", "happy"),
        ("", "", "neutral", "neutral"),
        ("", "", "surprise", ""),
        ("angry", "angry", "happy", "angry"),
        ("angry", "sad", "angry", "angry"),  # two of three
        ("", "sad", "happy", "sad"),  # tied: the words lead …
        ("", "sad", "surprise", "sad"),  # … above all against surprise …
        ("", "sad", "neutral", "sad"),  # … and a neutral face
        ("", "neutral", "happy", "happy"),  # neutral words say less than a face
        ("", "neutral", "neutral", "neutral"),
        ("angry", "sad", "happy", "sad"),
        ("angry", "sad", "", "sad"),
        ("angry", "", "happy", "angry"),
        ("angry", "", "neutral", "angry"),
        ("angry", "neutral", "neutral", "neutral"),
        ("", "", "", ""),
    ],
)
def test_rule(voice: str, text: str, face: str, expected: str) -> None:
    """The first label of the result is the mood."""
    shares = rule([("voice", voice), ("text", text), ("face", face)], LABELS)
    assert next(iter(shares), "") == expected
    assert not shares or math.fsum(shares.values()) == pytest.approx(1)


@given(st.lists(st.tuples(st.sampled_from(["voice", "text", "face"]), st.sampled_from([*LABELS, "surprise", ""]))))
def test_rule_sums_to_one_and_names_a_label(votes: list[tuple[str, str]]) -> None:
    """Only labels get shares, the first of them the most."""
    shares = rule(votes, LABELS)  # type: ignore[arg-type]
    assert set(shares) <= set(LABELS)
    assert not shares or (
        math.fsum(shares.values()) == pytest.approx(1) and shares[next(iter(shares))] == max(shares.values())
    )
