"""The whole training once, on tiny corpora: from sound to a valid bundle that classifies."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from convert.bundle.draft import draft
from convert.data.material import material
from convert.recipes.cascade import LABELS, TASKS
from convert.recipes.catalogue import recipe
from convert.recipes.spec import HeadsSpec, TowerSpec, TrunkSpec
from convert.score.isolated import apart
from convert.train.heads import stage
from convert.train.heads.scoring import statistics_of
from convert.train.runs import Run
from edged.features.geometry import GEOMETRY
from edged.features.windows import Windows
from edged.models.bundle import Bundle, load_bundle
from edged.models.cascade import Answer, Cascade
from edged.models.interpreter import Interpreter, installed_runtimes
from edged.models.trunk import Trunk
from tests.parts.models.encoder_folder import encoder_folder
from tests.parts.models.trained import NEEDS, trained_default

pytestmark = NEEDS
_REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpora, and the output of ``python -m convert all --recipe default`` after one epoch."""
    return trained_default(tmp_path_factory)


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    """The resulting bundle."""
    return load_bundle(folder / "bundle")


def test_bundle_says_where_it_comes_from(bundle: Bundle) -> None:
    """Recipe, seed, command, corpora with licences and speakers, date, and no local path."""
    manifest = bundle.manifest
    assert (manifest.name, manifest.created, manifest.labels) == ("default", "1970-01-01T00:00:00Z", LABELS)
    assert manifest.training["command"] == "python -m convert all --recipe default --seed 3 --epochs 1"
    assert manifest.training["corpora"]["cremad"]["licence"].startswith("ODbL")
    assert manifest.training["corpora"]["cremad"]["speakers"]["test"] == ["CREMAD_1029"]
    text = (bundle.path / "bundle.json").read_text(encoding="utf-8")
    assert str(bundle.path.parent) not in text
    assert str(_REPOSITORY) not in text


def test_bundle_has_metrics(bundle: Bundle) -> None:
    """Test speakers and the unseen corpus with each routing, each model on its own task, and the SVMs."""
    rows = bundle.manifest.metrics["rows"]
    assert {name: row["never_trained"] for name, row in rows.items()} == {
        "cremad": False,
        "emodb": False,
        "ravdess": True,
    }
    for row in rows.values():
        assert {"hard", "soft", "first", "float", "tasks", "svm"} <= row.keys()
        assert row["tasks"].keys() == TASKS.keys()
        assert row["svm"].keys() == {"dct", "dct m2", "dct m3", "dct m4", "dct m5", "mfcc"}
        assert {"gender", "uncertain", "reliability"} <= row.keys()
        assert row["hard"]["clips"] == np.sum(row["hard"]["confusion"])
    runtimes = bundle.manifest.metrics["runtimes"]
    assert runtimes["compared"] == installed_runtimes()
    assert max(runtimes["quanta_apart"].values()) <= 2


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("routing", ["hard", "soft"])
def test_bundle_answers(bundle: Bundle, folder: Path, runtime: Any, routing: Any) -> None:  # noqa: ANN401 - literals
    """The cascade runs on each runtime, from sound as on the device."""
    samples, _ = soundfile.read(folder / "emodb" / "wav" / "14a01Wa.wav", dtype="float32")
    windows = Windows(GEOMETRY, 31 * GEOMETRY.hop)
    image = [*windows.push(samples, 0), *windows.finish()][0].image
    answer = apart(answer_of, bundle, routing, runtime, image)
    assert answer.scores[LABELS.index(answer.label)] == answer.scores.max()
    assert answer.scores.sum() == pytest.approx(1)


def answer_of(made: Bundle, routing: Any, runtime: Any, image: Any) -> Answer:  # noqa: ANN401 - literals, an array
    """What the whole cascade answers."""
    return Cascade(made, routing, runtime=runtime).answer(image)


def test_bundle_has_stream_and_conditions(bundle: Bundle) -> None:
    """Episodes of every group and of sounds without speech, with and without adaptation, in worse conditions."""
    stream = bundle.manifest.metrics["stream"]
    kinds = {(row["group"], row["kind"]) for row in stream["rows"]}
    assert {("validation", "emotions"), ("emodb", "neutral"), ("ravdess", "emotions"), ("other", "other")} <= kinds
    assert {point["group"] for point in stream["trade_off"]} == {"validation", "cremad", "emodb", "ravdess"}
    robustness = bundle.manifest.metrics["robustness"]
    assert robustness.keys() == {"cremad", "emodb", "ravdess"}
    assert {"clean", "noise_0", "telephone", "mp3", "softer"} <= robustness["emodb"]["rows"].keys()


def test_small_bundle_starts_from_these_networks(folder: Path) -> None:
    """Its trunk has the first network, that network's own answers, and a tower, also taught without labels."""
    chosen = recipe("small", 1)
    tower = TowerSpec(place=2, statistics_of=(1,), components=4)
    heads = replace(chosen.heads or HeadsSpec(), versions=2, members=1, batch=8)
    chosen = replace(chosen, trunk=TrunkSpec(towers=(tower,), unlabelled=("ami", "ravdess")), heads=heads, unseen=())
    shutil.copytree(encoder_folder(), folder / "work" / "encoder")
    run = Run(chosen, 3, None, folder / "work", material(folder, chosen))
    stage.train(run)
    made = draft(run)
    manifest, width = made.manifest, 2 * 96 + len(LABELS)
    assert manifest.trunk is not None
    assert (manifest.trunk.width, manifest.trunk.parameters > 200_000) == (width, True)
    assert (made.geometry, list(manifest.models)) == (GEOMETRY, list(TASKS))
    assert manifest.licence.startswith("non-commercial research only: trained on cremad")
    assert "and without labels on ami (CC BY 4.0), ravdess (CC BY-NC-SA 4.0); taught by an" in manifest.licence
    assert {file.stem[:5] for file in (run.work / "meetings").iterdir()} == {"trn00"}
    notice = manifest.training["encoder"]["notice"]
    assert "none of its weights. They also matched them on speech without labels, of the AMI" in notice
    assert "CC BY 4.0), ravdess (Livingstone, Russo 2018" in notice
    assert manifest.training["command"] == "python -m convert all --size small --seed 3 --epochs 1"
    assert statistics_of(made).n_features == made.n_features == 2 * width
    image = np.random.default_rng(0).integers(-128, 128, (GEOMETRY.n_frames, GEOMETRY.n_bands)).astype(np.int8)
    first = (run.work / "runs").glob("default-seed3-*/m1.tflite")
    scores = apart(answers_of, made, next(first).read_bytes(), image)
    for said, alone in scores:
        np.testing.assert_allclose(said, alone, atol=0.02)


def answers_of(made: Bundle, network: bytes, image: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - arrays
    """By runtime: the shares that the trunk's answers stand for, and the network's own flattened scores."""
    pairs = []
    for runtime in installed_runtimes():
        features = Trunk(made, runtime=runtime).features(image)
        assert Cascade(made, runtime=runtime).answer(features).label in LABELS
        shares = np.exp(features[96:102])
        alone = Interpreter("m1", network, len(LABELS), n_threads=1, runtime=runtime)
        pairs.append((shares / shares.sum(), alone.scores(image)))
    return pairs


def test_bundle_has_plots(bundle: Bundle) -> None:
    """The plots linked in the card exist and are small enough to ship."""
    card = (bundle.path / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"!\[[^]]*\]\(([^)]+)\)", card))
    assert {"confusion.png", "reliability.png", "stream.png", "gate.png"} <= shown
    for name in shown:
        content = (bundle.path / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 40_000


def test_bundle_has_adaptation(bundle: Bundle) -> None:
    """Both routings have a table, since validation has every label, and so adaptation curves."""
    assert bundle.manifest.mean_log_scores.keys() == {"hard", "soft"}
    assert bundle.manifest.metrics["adaptation"].keys() == {"validation", "cremad", "emodb", "ravdess"}


def test_card(bundle: Bundle) -> None:
    """Prohibited uses, licences, speakers, both verdicts, all rows."""
    card = (bundle.path / "README.md").read_text(encoding="utf-8")
    for part in ("Article 5(1)(f)", "ODbL", "CREMAD_1029", "M1 alone", "SVM, MFCC", "RAVDESS (never trained on)"):
        assert part in card
    data = card.partition("\n## Data and licences\n")[2].partition("\n## ")[0]
    assert "on 2 augmented copies of it" in data
    assert "Piczak" in data
    assert "over sounds of esc10" in bundle.manifest.licence
    assert str(_REPOSITORY) not in card


def test_bundle_has_a_gate(bundle: Bundle) -> None:
    """The gate is within its budget, runs, and has metrics, plot and the attribution of its data."""
    gate = bundle.manifest.gate
    assert gate is not None
    assert gate.labels == ("other", "speech")
    assert gate.parameters <= 20_000
    assert gate.multiply_adds <= 5_000_000
    metrics = bundle.manifest.metrics["gate"]
    assert metrics["gates"].keys() == {"model", "webrtcvad", "level"}
    assert {"emodb", "ami", "ravdess", "ESC-10: Rain", "noise", "made: digital silence"} <= metrics["groups"].keys()
    assert metrics["groups"]["made: digital silence"]["errors"]["model"] == 0
    assert (bundle.path / "gate.png").read_bytes().startswith(b"\x89PNG")
    card = (bundle.path / "README.md").read_text(encoding="utf-8")
    for part in ("## Speech gate", "gate.png", "Piczak", "AMI Meeting Corpus", "webrtcvad"):
        assert part in card
    assert "esc10 (CC BY 3.0)" in bundle.manifest.licence
