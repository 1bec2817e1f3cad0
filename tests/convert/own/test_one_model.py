"""Networks of the zoo as one int8 model on the device's image: `edged` runs it; what has no int8 form."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.__main__ import main
from convert.own.device.cepstra import N_CEPSTRA, basis, of_images
from edged.models.bundle import Bundle, load_bundle
from edged.models.interpreter import installed_runtimes
from tests.convert.own.recordings import write_index
from tests.parts.system.program import edged

_LABELS = ("calm", "loud", "tense")
_CONFIG = """\
tracker: {enter: 0.2, leave: 0.1, margin: 0.0, min_duration_s: 1, smoothing: majority, span_s: 2}
"""
needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)


def test_cepstra_are_the_dct_of_decibels() -> None:
    """Orthonormal, of -80..0 dB, the mean over frames; silence has the first alone."""
    np.testing.assert_allclose(basis().T @ basis(), np.eye(N_CEPSTRA), atol=1e-6)
    found = of_images(np.zeros((1, 188, 64), np.float32))
    np.testing.assert_allclose(found[0, 0], -80 * 8, rtol=1e-5)
    np.testing.assert_allclose(found[0, 1:], 0, atol=1e-3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """``python -m convert bundle --model`` on made-up recordings."""
    folder = tmp_path_factory.mktemp("one")
    index = write_index(folder / "voices", _LABELS)
    places = ["--corpora", str(folder / "none"), "--work", str(folder / "work"), "--out", str(folder / "bundle")]
    given = ["--model", "1-D CNN", "--own", str(index), "--epochs", "4", "--jobs", "1"]
    assert main(["bundle", *given, *places]) == 0
    return load_bundle(folder / "bundle")


@needs_tensorflow
def test_one_model_answers_all_labels(bundle: Bundle) -> None:
    """Of the usual image, without a trunk; the card and the command say what it is."""
    manifest = bundle.manifest
    assert (list(manifest.models), manifest.labels, manifest.trunk) == (["m1"], _LABELS, None)
    assert manifest.training["command"].startswith('python -m convert bundle --model "1-D CNN" --own index.csv')
    assert set(manifest.metrics["window_ms"]) == set(installed_runtimes())
    assert "One model" in (bundle.path / "README.md").read_text(encoding="utf-8")


def lines(command: str, bundle: Bundle, folder: Path, *files: Path) -> list[dict[str, Any]]:
    """What ``edged command --jsonl`` prints with ``bundle`` in its config, which names no label."""
    config = folder / "config.yaml"
    config.write_text(f"models: {{bundle: {bundle.path}}}\n{_CONFIG}", encoding="utf-8")
    done = edged(command, "--jsonl", "--config", config, *files)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@needs_tensorflow
def test_edged_classifies_with_it(bundle: Bundle, tmp_path: Path) -> None:
    """Most clips that it was trained on get their label; a third is chance."""
    voices = sorted(bundle.path.parent.glob("voices/*/*.wav"))
    clips = lines("classify", bundle, tmp_path, *voices)
    assert len(clips) == len(voices) == 36
    for clip in clips:
        assert tuple(clip["scores"]) == _LABELS
        assert sum(clip["scores"].values()) == pytest.approx(1, abs=1e-3)
    truth = [voice.name.partition("-")[0] for voice in voices]
    assert sum(clip["label"] == label for clip, label in zip(clips, truth, strict=True)) > 24


@needs_tensorflow
def test_edged_replays_with_it(bundle: Bundle, speech: Path, tmp_path: Path) -> None:
    """Windows and episodes of real speech, by its speech gate, have its labels and its one model."""
    rows = lines("replay", bundle, tmp_path, speech)
    spoken = [row for row in rows if row["type"] == "window" and row["speech"]]
    assert len(spoken) > 30
    for window in spoken:
        assert tuple(window["scores"]) == _LABELS
        assert window["scores"][window["label"]] == max(window["scores"].values())
        assert window["asked"] == ["m1"]
    assert len({tuple(window["scores"].values()) for window in spoken}) > 5
    starts, ends = ([row["event_type"] for row in rows if row["type"] == kind] for kind in ("start", "end"))
    assert starts
    assert starts == ends
    assert set(starts) <= set(_LABELS)


@needs_tensorflow
def test_operation_without_int8_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The LSTM's loop: one line with the operation, status 78."""
    index = write_index(tmp_path / "voices", _LABELS)
    places = ["--corpora", str(tmp_path / "none"), "--work", str(tmp_path / "work")]
    assert main(["bundle", "--model", "CNN+LSTM", "--own", str(index), "--epochs", "1", "--jobs", "1", *places]) == 78
    assert "network CNN+LSTM: no int8 file: tf.TensorListReserve has no int8 form" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--model", "RF"], "--model: trains on recordings, expected --own"),
        (["--model", "RF", "--own", "index.csv"], "--model RF: expected one of 1-D CNN, own trunk"),
        (["--own", "index.csv"], "--own: expected --model NAME with it"),
        (["--model", "heads", "--own", "index.csv", "--size", "small"], "--size: not with --model"),
        (["--model", "heads", "--own", "index.csv", "--routes", "r.json"], "--routes: not with --model"),
        (["--model", "heads", "--own", "index.csv", "--from-scratch"], "--from-scratch: not with --model"),
    ],
)
@needs_tensorflow
def test_options_that_do_not_fit(given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is read."""
    assert main(["bundle", *given]) == 64
    assert words in capsys.readouterr().err


def test_degrees_follow_their_truth() -> None:
    """r and concordance by definition; a constant answer has none; clips that do not say do not count."""
    from convert.corpora.clip import Clip  # noqa: PLC0415 - for this test
    from convert.own.measured import agreement  # noqa: PLC0415 - as above

    def clip(number: int, arousal: float | None) -> Clip:
        return Clip(id=str(number), corpus="c", speaker="s", gender="", emotion="calm", label="calm", arousal=arousal)

    clips = [clip(0, 1.0), clip(1, 3.0), clip(2, 5.0), clip(3, None)]
    exact = agreement(clips, {"arousal": np.array([0, 0.5, 1, 0.2], np.float32)})
    assert exact["arousal"] == {"clips": 3, "r": 1.0, "concordance": 1.0}
    shifted = agreement(clips, {"arousal": np.array([0.25, 0.5, 0.75, 0.2], np.float32)})
    assert shifted["arousal"]["r"] == 1.0
    assert shifted["arousal"]["concordance"] == pytest.approx(0.8)
    assert agreement(clips, {"arousal": np.full(4, 0.5, np.float32)})["arousal"]["r"] == 0.0
    assert json.dumps(exact)
