"""Networks in both runtimes on real speech; everything else is refused."""

import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from edged.errors import ModelError
from edged.features.geometry import GEOMETRY, Geometry
from edged.features.logmel import FrontEnd, int8_input
from edged.models import interpreter
from edged.models.bundle import Bundle, load_bundle
from edged.models.interpreter import Interpreter, Network, Runtime, installed_runtimes
from tests.parts.models.bundles import NETWORKS
from tests.parts.sound.speech import clips
from tests.tools.tiny_models import FOLDER, weights

_RUNTIMES: tuple[Runtime, ...] = ("ai-edge-litert", "tflite-runtime")
_STEP = 1 / 256  # of an int8 score from 0 to 1


@pytest.fixture(scope="module")
def networks() -> Bundle:
    """Networks that see images."""
    return load_bundle(NETWORKS)


@pytest.fixture(scope="module")
def images(corpora: Path) -> list[NDArray[np.int8]]:
    """Windows of real speech in two languages, as model inputs."""
    front_end = FrontEnd()
    return [
        int8_input(front_end.image(front_end.clip_levels(clip)[: GEOMETRY.n_frames]))
        for corpus in ("emodb", "ravdess")
        for clip in clips(corpora, corpus, 20)
    ]


def opened(bundle: Bundle, name: str, runtime: Runtime) -> Interpreter:
    """Model ``name`` of ``bundle``, ready to run."""
    model = bundle.manifest.models[name]
    return Interpreter(model.file, bundle.contents[name], len(model.labels), n_threads=1, runtime=runtime)


def test_installed_runtimes_preferred_first() -> None:
    """Both runtimes are tested where both can be installed; tflite-runtime ends with Python 3.11."""
    expected = list(_RUNTIMES) if sys.version_info < (3, 12) else [_RUNTIMES[0]]
    assert installed_runtimes() == expected


def test_installed_runtimes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime that cannot be imported is not listed."""
    monkeypatch.setattr(interpreter, "_MODULES", {"tflite-runtime": "edged.no_such_module"})
    assert installed_runtimes() == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tflite-runtime has no wheels from Python 3.12 on")
def test_scores_runtimes_agree(networks: Bundle, images: list[NDArray[np.int8]]) -> None:
    """Scores of both runtimes differ by at most two quantisation steps, for every model and window."""
    for name in networks.manifest.models:
        one, other = (opened(networks, name, runtime) for runtime in _RUNTIMES)
        for image in images:
            assert np.abs(one.scores(image) - other.scores(image)).max() <= 2 * _STEP + 1e-6


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_scores_are_a_distribution(networks: Bundle, images: list[NDArray[np.int8]], runtime: Runtime) -> None:
    """Int8 softmax: scores in [0, 1] sum to 1 except for rounding; real speech gets different labels."""
    for name, model in networks.manifest.models.items():
        loaded = opened(networks, name, runtime)
        scores = np.array([loaded.scores(image) for image in images])
        assert scores.shape == (len(images), len(model.labels))
        assert scores.min() >= 0
        assert scores.max() <= 1
        assert np.abs(scores.sum(axis=1) - 1).max() <= len(model.labels) * _STEP
        assert len(set(scores.argmax(axis=1))) > 1


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_scores_keep_no_view(networks: Bundle, images: list[NDArray[np.int8]], runtime: Runtime) -> None:
    """Earlier scores survive the next run, and equal windows get equal scores."""
    loaded = opened(networks, next(iter(networks.manifest.models)), runtime)
    first = loaded.scores(images[0])
    copy = first.copy()
    for image in images[1:]:
        loaded.scores(image)
    np.testing.assert_array_equal(first, copy)
    np.testing.assert_array_equal(loaded.scores(images[0]), copy)


@pytest.mark.parametrize(("runtime", "n_labels"), list(product(installed_runtimes(), [1, 5, 7])))
def test_interpreter_other_number_of_labels(networks: Bundle, runtime: Runtime, n_labels: int) -> None:
    """A manifest whose labels do not match the model's outputs is refused."""
    name = networks.manifest.routes.hard.model
    message = rf"model m\.tflite: outputs are int8 \(1, 6\), expected int8 \(1, {n_labels}\)"
    with pytest.raises(ModelError, match=message):
        Interpreter("m.tflite", networks.contents[name], n_labels, n_threads=1, runtime=runtime)


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (Geometry(n_frames=94), r"inputs are int8 \(1, 188, 64, 1\), expected int8 \(1, 94, 64, 1\)"),
        (Geometry(top_db=60.0), "input scale 0.313726 and zero point -128, expected 0.235294 dB and -128"),
    ],
)
def test_interpreter_other_geometry(networks: Bundle, runtime: Runtime, geometry: Geometry, expected: str) -> None:
    """A model for another window or level range is refused."""
    with pytest.raises(ModelError, match=expected):
        Interpreter("m1", networks.contents["m1"], 6, n_threads=1, runtime=runtime, geometry=geometry)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_interpreter_of_features(networks: Bundle, runtime: Runtime) -> None:
    """A model of images is no head on features."""
    message = r"inputs are int8 \(1, 188, 64, 1\), expected float32 or int8 \(1, 1536\)"
    with pytest.raises(ModelError, match=message):
        Interpreter("m1", networks.contents["m1"], 6, n_threads=1, runtime=runtime, n_features=1536)


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize(("name", "scale", "tolerance"), [("head_float_4", 4.0, 1e-5), ("head_int8_4", 0.1, 0.02)])
def test_scores_of_features(runtime: Runtime, name: str, scale: float, tolerance: float) -> None:
    """Heads take features in float32, or in int8 with a scale of their own; beyond its range they are clipped."""
    content = (FOLDER / f"{name}.tflite").read_bytes()
    head = Interpreter(name, content, 4, n_threads=1, runtime=runtime, n_features=8)
    for features in (np.arange(8), np.zeros(8), np.arange(8)[::-1]):
        powers = np.exp(features.astype(np.float32) @ weights(4, scale))
        np.testing.assert_allclose(head.scores(features.astype(np.float32)), powers / powers.sum(), atol=tolerance)
    if scale < 1:
        assert np.isfinite(head.scores(np.full(8, 1e9, np.float32))).all()


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_interpreter_operators_that_cannot_run(
    networks: Bundle, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that loads but cannot run is detected at the start, not at the first speech."""

    def fail(_: Network, image: NDArray[np.int8]) -> None:
        raise RuntimeError(f"Input tensor 14 lacks data {image.shape}\nNode number 0")

    monkeypatch.setattr(Network, "run", fail)
    message = f"^model m1.tflite: {runtime} cannot run it: Input tensor 14 lacks data .1, 188, 64, 1.$"
    with pytest.raises(ModelError, match=message):
        opened(networks, "m1", runtime)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_interpreter_reason_on_one_line(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runtimes quote bytes of the file; an out-of-memory error has no text."""
    module = SimpleNamespace()
    monkeypatch.setattr("importlib.import_module", lambda _: module)
    for fault, reason in (
        (ValueError("identifier '\x03'\nline"), r"identifier '\x03'"),
        (MemoryError(), "MemoryError"),
    ):

        def refuse(fault: Exception = fault, **_: object) -> None:
            raise fault

        module.Interpreter = refuse
        with pytest.raises(ModelError) as caught:
            Interpreter("m.tflite", b"", 6, n_threads=1, runtime=runtime)
        assert str(caught.value) == f"model m.tflite: {runtime} cannot load it: {reason}"


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("content", [b"", b"not a model", b"\0" * 10_000], ids=["empty", "text", "zeros"])
def test_interpreter_not_a_model(runtime: Runtime, content: bytes) -> None:
    """Bytes that are no model give one line with runtime and file."""
    with pytest.raises(ModelError, match=f"^model m.tflite: {runtime} cannot load it: .+") as caught:
        Interpreter("m.tflite", content, 6, n_threads=1, runtime=runtime)
    assert "\n" not in str(caught.value)


def test_interpreter_runtime_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the missing runtime."""
    monkeypatch.setattr(interpreter, "_MODULES", {"tflite-runtime": "edged.no_such_module"})
    with pytest.raises(ModelError, match="tflite-runtime cannot load it: No module named"):
        Interpreter("m.tflite", b"", 6, n_threads=1, runtime="tflite-runtime")
