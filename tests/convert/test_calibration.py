"""Calibration recovers known temperatures and weights, cross-validated over validation speakers."""

import hashlib
from dataclasses import asdict

import numpy as np
import pytest

from convert.corpora import LABELS, Clip
from convert.recipes.cascade import HARD, TASKS
from convert.score.calibration import calibrated, routed, soft_weights, temperature, with_calibration
from convert.score.clip_scores import ClipWindows
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.bundle import FORMAT, Manifest, Model, Routes
from edged.models.cascade import hard_answer, sharpened, soft_answer

N_CLIPS, N_SPEAKERS = 600, 6
RNG = np.random.default_rng(11)
TRUTH = RNG.integers(0, len(LABELS), N_CLIPS)


def manifest() -> Manifest:
    """The cascade's five models, files apart."""
    digest = hashlib.sha256(b"").hexdigest()
    models = {
        name: Model(file=f"{name}.tflite", sha256=digest, labels=labels, parameters=1, multiply_adds=1)
        for name, labels in TASKS.items()
    }
    return Manifest(
        format=FORMAT, name="t", version="1", created="", licence="", geometry=asdict(GEOMETRY), labels=LABELS,
        models=models, routes=Routes(default="hard", hard=HARD, soft=dict.fromkeys(TASKS, 1.0)), training={},
        metrics={}, versions={},
    )  # fmt: skip


def validation_windows() -> ClipWindows:
    """Clips of six speakers, the first hundred of two windows, the others of one."""
    clips = [
        Clip(
            id=str(n), corpus="c", speaker=f"S{n % N_SPEAKERS}", gender="", emotion=LABELS[k], label=LABELS[k]
        )
        for n, k in enumerate(TRUTH)
    ]  # fmt: skip
    owner = np.repeat(np.arange(N_CLIPS), [2 if n < 100 else 1 for n in range(N_CLIPS)])
    return ClipWindows(clips, np.zeros((len(owner), 0, 0), np.uint8), owner)


def drawn(labels: tuple[str, ...], sharpness: float = 1.0) -> Floats:
    """Scores (n_windows, n) whose logits are one above the others' for the true label, in noise; then sharpened."""
    owner = validation_windows().owner
    logits = RNG.normal(0, 1, (len(owner), len(labels)))
    for window, clip in enumerate(owner):
        if LABELS[TRUTH[clip]] in labels:
            logits[window, labels.index(LABELS[TRUTH[clip]])] += 1
    # With this mean and spread the scores of softmax are already what they say.
    shares = np.exp(logits * sharpness)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("sharpness", [0.25, 1.0, 2.0])
def test_temperature_is_found(sharpness: float) -> None:
    """The temperature undoes sharpening or flattening."""
    found = temperature(drawn(LABELS, sharpness), validation_windows(), LABELS)
    assert found == pytest.approx(sharpness, rel=0.2)


def test_temperature_of_few_labels() -> None:
    """A model of two labels is fitted to the clips that have one of them."""
    labels = TASKS["m4"]
    assert temperature(drawn(labels, 2.0), validation_windows(), labels) == pytest.approx(2, rel=0.3)


def test_soft_weights_find_what_knows() -> None:
    """An informative model gets weight, a random one almost none, and no weight is negative."""
    windows = validation_windows()
    tempered = {
        name: np.full((len(windows.owner), len(labels)), 1 / len(labels), np.float32) for name, labels in TASKS.items()
    }
    tempered["m1"] = drawn(LABELS)
    tempered["m4"] = np.asarray(RNG.dirichlet(np.ones(2), len(windows.owner)), np.float32)
    weights = soft_weights(manifest(), tempered, TRUTH[windows.owner], np.ones(len(windows.owner)))
    assert weights["m1"] == pytest.approx(1, abs=0.15)
    assert weights["m4"] < 0.15
    assert min(weights.values()) >= 0


def test_routed_is_the_cascade() -> None:
    """Cached scores give the results of the device's own functions."""
    raw = {name: drawn(labels)[:20] for name, labels in TASKS.items()}
    warm = with_calibration(manifest(), dict.fromkeys(TASKS, 0.7), dict.fromkeys(TASKS, 0.5), "soft")
    for place in range(20):
        row = {name: sharpened(scores[place], 0.7) for name, scores in raw.items()}
        assert np.allclose(routed(warm, raw, "soft")[place], soft_answer(warm, row).scores, atol=1e-6)
        assert np.allclose(routed(warm, raw, "hard")[place], hard_answer(warm, row.__getitem__).scores, atol=1e-6)


def test_calibrated() -> None:
    """The routing with the higher UAR is the default; the UAR of each is recorded."""
    found = calibrated(manifest(), {name: drawn(labels) for name, labels in TASKS.items()}, validation_windows())
    assert found.validation_uar.keys() == {"hard", "soft", "m1"}
    assert found.default == ("soft" if found.validation_uar["soft"] >= found.validation_uar["hard"] else "hard")
    # Five independent models: their product knows more than one of them.
    assert found.validation_uar["soft"] > found.validation_uar["m1"]
    assert all(0.05 <= value <= 10 for value in found.temperatures.values())
