"""The cascade: hand-computed numbers, with routes unlike the shipped bundle's."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats, FrontEnd, int8_input
from edged.models import cascade
from edged.models.bundle import Branch, Bundle, Manifest, Node, Routes, Routing, load_bundle
from edged.models.cascade import Cascade, SoftRoute, centred, hard_answer, sharpened, soft_answer
from tests.parts.models.bundles import NETWORKS, manifest, write_bundle
from tests.parts.models.trunk_bundles import trunk_bundle
from tests.parts.sound.speech import clips

# Labels: calm, tense, loud, flat.  Routes: all, then calm or flat -> quiet, tense -> edge, loud ends.
_TINY = msgspec.json.decode(json.dumps(manifest()), type=Manifest)


def floats(*scores: float) -> Floats:
    """Scores as from a model."""
    return np.array(scores, np.float32)


def models_with(**scores: Floats) -> Callable[[str], Floats]:
    """Models that return ``scores`` by name; running any other model fails the test."""
    return scores.__getitem__


def test_hard_branch_shares_out_anew() -> None:
    """Calm and flat have 0.6 together; the second model gives 0.3 of it to calm and 0.7 to flat."""
    answer = hard_answer(_TINY, models_with(all=floats(0.5, 0.25, 0.15, 0.1), quiet=floats(0.3, 0.7)))
    assert answer.label == "flat"
    assert answer.asked == ("all", "quiet")
    np.testing.assert_allclose(answer.scores, [0.18, 0.25, 0.15, 0.42], atol=1e-6)


def test_hard_group_beats_single_label() -> None:
    """Tense is the first model's best label, but calm and flat have more together."""
    answer = hard_answer(_TINY, models_with(all=floats(0.3, 0.35, 0.05, 0.3), quiet=floats(0.9, 0.1)))
    assert (answer.label, answer.asked) == ("calm", ("all", "quiet"))


def test_hard_label_without_branch_ends() -> None:
    """Loud has no branch: the first model's result is final, and no other model runs."""
    answer = hard_answer(_TINY, models_with(all=floats(0.1, 0.2, 0.6, 0.1)))
    assert (answer.label, answer.asked) == ("loud", ("all",))
    np.testing.assert_allclose(answer.scores, [0.1, 0.2, 0.6, 0.1], atol=1e-6)


def test_hard_answer_outside_its_branch() -> None:
    """The edge model re-examines tense and may choose the other label of its pair, which is outside the branch."""
    answer = hard_answer(_TINY, models_with(all=floats(0.1, 0.5, 0.2, 0.2), edge=floats(0.2, 0.8)))
    assert (answer.label, answer.asked) == ("loud", ("all", "edge"))
    np.testing.assert_allclose(answer.scores, [0.1, 0.14, 0.56, 0.2], atol=1e-6)


def test_hard_answer_has_greatest_score() -> None:
    """Calm wins its pair with 0.26 against tense's earlier 0.4: they are swapped, and the sum stays 1."""
    answer = hard_answer(_TINY, models_with(all=floats(0.25, 0.4, 0.1, 0.25), quiet=floats(0.52, 0.48)))
    assert answer.label == "calm"
    np.testing.assert_allclose(answer.scores, [0.4, 0.26, 0.1, 0.24], atol=1e-6)


def test_centred_log_ratio() -> None:
    """log score minus its mean: (2 log 2, log 2, 0) becomes (log 2, 0, -log 2); missing labels get 0."""
    scores = floats(1 / 5, 4 / 5)
    np.testing.assert_allclose(centred(_TINY, "edge", scores), [0, -np.log(2), np.log(2), 0], atol=1e-6)


def test_centred_many_at_once() -> None:
    """All clips at once, as in training, give the same numbers."""
    scores = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)
    expected = [centred(_TINY, "edge", row) for row in scores]
    np.testing.assert_array_equal(centred(_TINY, "edge", scores), expected)


def test_soft_multiplies_evidence() -> None:
    """Uniform scores add nothing; (4/5, 1/5) with weight 0.5 adds log 2 / 2 and -log 2 / 2."""
    answer = soft_answer(_TINY, {"all": floats(0.25, 0.25, 0.25, 0.25), "quiet": floats(0.8, 0.2)})
    shares = np.array([2**0.5, 1, 1, 2**-0.5])
    assert answer.label == "calm"
    assert answer.asked == ("all", "quiet")
    np.testing.assert_allclose(answer.scores, shares / shares.sum(), atol=1e-6)


def test_soft_agreement_and_veto() -> None:
    """A confident second model overrides the first one's choice within its pair."""
    unsure = floats(0.4, 0.1, 0.1, 0.4)
    assert soft_answer(_TINY, {"all": unsure, "quiet": floats(0.1, 0.9)}).label == "flat"
    assert soft_answer(_TINY, {"all": unsure, "quiet": floats(0.9, 0.1)}).label == "calm"


def test_soft_zero_scores() -> None:
    """A dequantised 0 counts as less than one int8 step, not as minus infinity."""
    answer = soft_answer(_TINY, {"all": floats(0, 0, 0, 1), "quiet": floats(0, 1)})
    assert answer.label == "flat"
    assert np.all(answer.scores > 0)
    assert answer.scores.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(5))
def test_soft_route_as_soft_answer(seed: int) -> None:
    """All models at once give what the models one by one give, zeros and sharp temperatures included."""
    rng = np.random.default_rng(seed)
    names = [name for name, weight in _TINY.routes.soft.items() if weight]
    route = SoftRoute(_TINY, names)
    for _ in range(3):  # nothing of the window before is left
        scores = {}
        for name in names:
            scores[name] = rng.dirichlet(np.full(len(_TINY.models[name].labels), 0.2)).astype(np.float32)
            route.places[name][:] = scores[name]
        sharp = {name: sharpened(row, _TINY.models[name].temperature) for name, row in scores.items()}
        expected, answer = soft_answer(_TINY, sharp), route.answer()
        np.testing.assert_allclose(answer.scores, expected.scores, atol=1e-5)
        assert (answer.label, answer.asked) == (expected.label, expected.asked)


def test_sharpened_temperature() -> None:
    """Temperature 2 takes roots, 1/2 squares; the sum stays 1."""
    scores = floats(0.2, 0.8)
    np.testing.assert_allclose(sharpened(scores, 1), scores, atol=1e-6)
    np.testing.assert_allclose(sharpened(scores, 2), [1 / 3, 2 / 3], atol=1e-6)
    np.testing.assert_allclose(sharpened(scores, 0.5), [1 / 17, 16 / 17], atol=1e-6)


@pytest.mark.parametrize("temperature", [0.01, 100])
def test_sharpened_extreme_temperature(temperature: float) -> None:
    """The manifest's limits give finite scores."""
    shares = sharpened(floats(0, 0.3, 0.3, 0.4), temperature)
    assert np.all(np.isfinite(shares))
    assert shares.sum() == pytest.approx(1)


def test_sharpened_many_at_once() -> None:
    """All clips at once, as in training, are sharpened independently."""
    scores = np.array([[0.0, 1.0], [0.4, 0.6], [0.5, 0.5]], np.float32)
    np.testing.assert_array_equal(sharpened(scores, 0.01), [sharpened(row, 0.01) for row in scores])


@pytest.fixture(scope="module")
def networks() -> Bundle:
    """Networks that see images, and routes between them."""
    return load_bundle(NETWORKS)


@pytest.mark.parametrize("routing", ["hard", "soft"])
def test_answer_networks(networks: Bundle, corpora: Path, routing: Routing) -> None:
    """Real models on real speech: a distribution over six labels, the best label first, only the bundle's models."""
    loaded = Cascade(networks, routing)
    for image in _images(corpora):
        answer = loaded.answer(image)
        assert answer.scores.shape == (6,)
        assert answer.scores.sum() == pytest.approx(1, abs=1e-5)
        assert answer.label == loaded.labels[int(answer.scores.argmax())]
        assert set(answer.asked) <= set(networks.manifest.models)


def test_answer_hard_fewer_models_than_soft(networks: Bundle, corpora: Path) -> None:
    """Hard routing stops at the end of its route; soft runs every model with a weight."""
    hard, soft = Cascade(networks, "hard"), Cascade(networks, "soft")
    weighted = {name for name, weight in networks.manifest.routes.soft.items() if weight}
    n_models = set()
    for image in _images(corpora):
        n_models.add(len(hard.answer(image).asked))
        assert set(soft.answer(image).asked) == weighted
    assert max(n_models) < len(networks.manifest.models)


def test_answer_other_labels_and_routes(networks: Bundle, corpora: Path) -> None:
    """The same files work with other labels and another route: neither is hard-coded."""
    names = dict(zip(networks.manifest.labels, ("red", "brown", "violet", "gold", "grey", "blue"), strict=True))
    models = {
        name: replace(model, labels=tuple(names[label] for label in model.labels))
        for name, model in networks.manifest.models.items()
    }
    first = networks.manifest.routes.hard.model
    other = next(name for name, model in models.items() if len(model.labels) == 2)
    everything = tuple(names.values())
    routes = Routes(default="hard", hard=Node(first, (Branch(everything, Node(other)),)), soft={other: 1.0})
    manifest = replace(networks.manifest, labels=everything, models=models, routes=routes)
    bundle = Bundle(networks.path, manifest, networks.contents)
    for image in _images(corpora):
        answer = Cascade(bundle).answer(image)
        assert answer.label in models[other].labels
        assert answer.asked == (first, other)
        assert Cascade(bundle, "soft").answer(image).asked == (other,)


def test_answer_of_features(tmp_path: Path) -> None:
    """With a trunk the models see its features, and a shift is removed from these."""
    loaded = Cascade(trunk_bundle(tmp_path, "float"))
    features, shift = np.eye(1, 8, 0, np.float32)[0], np.array([1, -1, 0, 0, 0, 0, 0, 0], np.float32)
    answer, shifted = loaded.answer(features), loaded.answer(features, shift)
    assert (answer.label, answer.asked) == ("calm", ("all", "quiet"))
    assert (shifted.label, shifted.asked) == ("loud", ("all", "edge"))
    np.testing.assert_array_equal(loaded.features(features), features)


def test_cascade_loads_only_what_routing_needs(networks: Bundle, tmp_path: Path) -> None:
    """A broken file does not matter to a routing that does not use it."""
    tiny = load_bundle(write_bundle(tmp_path))
    contents = {**tiny.contents, **dict.fromkeys(("all", "quiet"), b"")}
    with pytest.raises(ModelError, match=r"model model\.tflite: .* cannot load it"):
        Cascade(Bundle(tmp_path, tiny.manifest, contents))
    first = networks.manifest.routes.hard.model
    routes = replace(networks.manifest.routes, soft={first: 1.0})
    broken = {name: content if name == first else b"" for name, content in networks.contents.items()}
    Cascade(Bundle(networks.path, replace(networks.manifest, routes=routes), broken), "soft")


def test_cascade_without_runtime(networks: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a TFLite runtime the error names the packages."""
    monkeypatch.setattr(cascade, "installed_runtimes", list)
    with pytest.raises(
        ModelError, match=r"no TFLite runtime can be imported, expected tflite-runtime .* ai-edge-litert"
    ):
        Cascade(networks)


def _images(corpora: Path) -> list[NDArray[np.int8]]:
    front_end = FrontEnd()
    return [
        int8_input(front_end.image(front_end.clip_levels(clip)[: GEOMETRY.n_frames]))
        for clip in clips(corpora, "emodb", 12)
    ]
