"""A user's index to a bundle that classifies: eight labels, heads on the shipped trunk; and networks of their own."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convert.__main__ import main
from convert.bundle.writer import with_card
from convert.evaluate import bundles, measure
from convert.evaluate.measure import Scope
from convert.own import heads, stage
from convert.own.fold import scored_fold
from convert.own.plan import Plan
from convert.own.routes import given
from convert.recipes.spec import HeadsSpec
from convert.stream.stage import SHORT
from edged.models.bundle import BUNDLES, Bundle, load_bundle
from tests.convert.own.recordings import EIGHT, SPEAKERS, write_index

_REPOSITORY = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings, and the output of ``python -m convert all --own`` after a few epochs."""
    folder = tmp_path_factory.mktemp("own")
    index = write_index(folder / "voices")
    assert main(command(folder, index)) == 0
    return folder


def command(folder: Path, index: Path) -> list[str]:
    """For one process, without corpora."""
    places = ["--corpora", str(folder / "none"), "--work", str(folder / "work"), "--out", str(folder / "bundle")]
    return ["all", "--own", str(index), "--epochs", "3", "--jobs", "1", "--seed", "3", *places]


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    """The resulting bundle."""
    return load_bundle(folder / "bundle")


def test_bundle_has_the_labels_as_they_come(bundle: Bundle) -> None:
    """All eight, models and routes for them, the shipped trunk, statistics of eight labels, and a gate."""
    manifest = bundle.manifest
    assert (manifest.name, manifest.labels) == ("voices", EIGHT)
    assert manifest.models["m1"].labels == EIGHT
    assert len(manifest.models) > 1
    large = load_bundle(BUNDLES / "large")
    assert manifest.trunk == large.manifest.trunk
    assert bundle.trunk == large.trunk
    assert manifest.adaptation is not None
    assert manifest.gate is not None


def test_bundle_says_where_it_comes_from(bundle: Bundle, folder: Path) -> None:
    """Clips and speakers by label, seed, command, the encoder; no local path."""
    training = bundle.manifest.training
    assert training["command"] == "python -m convert all --own index.csv --size large --seed 3 --epochs 3"
    assert training["corpora"]["voices"]["labels"]["bored"] == {"clips": 12, "speakers": 4}
    assert training["corpora"]["voices"]["speakers"] == list(SPEAKERS)
    assert "BSD-2-Clause" in training["encoder"]["notice"]
    text = (bundle.path / "bundle.json").read_text(encoding="utf-8") + (bundle.path / "README.md").read_text("utf-8")
    assert str(folder) not in text
    assert str(_REPOSITORY) not in text


def test_figures_are_of_other_speakers(bundle: Bundle) -> None:
    """Every clip once, by models of another fold; the made-up voices are easily recognised."""
    metrics = bundle.manifest.metrics
    row = metrics["rows"]["voices"]["chosen"]
    assert (row["clips"], row["speakers"]) == (96, 4)
    assert sorted(name for fold in metrics["folds"] for name in fold["speakers"]) == list(SPEAKERS)
    assert row["uar"] > 0.5


def test_card_stands_beside_it(bundle: Bundle) -> None:
    """With figures by fold and label; written again from the manifest, it is the same."""
    card = bundle.path / "README.md"
    before = card.read_text(encoding="utf-8")
    for words in ("## Recordings", "### Fold by fold", "| surprise | 12 | 4 |", "Not to be used for", "confusion.png"):
        assert words in before
    with_card(bundle.path)
    assert card.read_text(encoding="utf-8") == before


def test_bundle_has_the_dimensions_of_its_index(bundle: Bundle) -> None:
    """Arousal, as a head on the trunk and with its figures; gender, which the index has too, is nowhere in it."""
    assert bundle.manifest.dimensions is not None
    assert list(bundle.manifest.dimensions) == list(bundle.dimensions) == ["arousal"]
    figures = bundle.manifest.metrics["dimensions"]["arousal"]
    assert figures["clips"] == 96
    assert figures["r"] > 0.3
    assert "gender" not in [*bundle.manifest.models, *bundle.manifest.dimensions]


def test_second_run_repeats_nothing(
    folder: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folds and whole are read; the models are the same; with ``--json`` stdout is JSON, and stderr says where."""
    monkeypatch.setattr(stage, "scored_fold", None)
    monkeypatch.setattr(stage, "whole", None)
    assert main([*command(folder, folder / "voices" / "index.csv"), "--json"]) == 0
    assert load_bundle(folder / "bundle").manifest.models == bundle.manifest.models
    printed = capsys.readouterr()
    assert json.loads(printed.out)["seed"] == 3
    assert f"edged: models.bundle: {folder / 'bundle'}" in printed.err


def test_changed_dimension_is_trained_anew(tmp_path: Path) -> None:
    """Results of an index that gives another dimension are kept in another folder."""
    index = write_index(tmp_path / "voices", EIGHT[:2])
    folders = []
    for line in ("file,speaker,emotion,gender,arousal", "file,speaker,emotion,gender,valence"):
        _, _, rows = index.read_text(encoding="utf-8").partition("\n")
        index.write_text(f"{line}\n{rows}", encoding="utf-8")
        plan = Plan(index, "large", 1, 3, None, corpora=tmp_path / "none", work=tmp_path / "work")
        folders.append(stage.folder(plan))
    assert folders[0] != folders[1]


def test_edged_classifies_with_it(folder: Path, bundle: Bundle) -> None:
    """The device's own command, with nothing but the bundle in its config."""
    config = folder / "config.yaml"
    config.write_text(f"models: {{bundle: {bundle.path}}}\ngate: {{kind: level}}\n", encoding="utf-8")
    files = [str(folder / "voices" / "ada" / f"{label}-0.wav") for label in ("angry", "surprise")]
    ended = subprocess.run(
        [sys.executable, "-m", "edged", "classify", "--jsonl", "--config", str(config), *files],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(tuple(line["scores"]) == EIGHT for line in lines)
    assert lines[0]["scores"]["angry"] > lines[1]["scores"]["angry"]
    assert all(0 <= line["arousal"] <= 1 for line in lines)
    assert all("gender" not in line for line in lines)


def test_bundle_is_evaluated_on_its_own_labels(folder: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """``evaluate --index`` takes the labels of the bundle, not the six."""
    index = write_index(folder / "others", ("Bored", "surprise", "yawning"), ("eva",), 2)
    seen: list[measure.Tested] = []

    def measured(_bundle: Bundle, tested: measure.Tested, _scope: Scope) -> dict[str, Any]:
        seen.append(tested)
        return {}

    monkeypatch.setattr(bundles, "measured", measured)
    bundles.index_metrics(bundle, index, folder / "work", Scope(folder / "none", [], [], SHORT, clips_only=True))
    (tested,) = seen
    assert [clip.label for clip in tested.groups["others"]] == ["bored", "bored", "surprise", "surprise"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--recipe", "research"], "--recipe: not with --own"),
        (["--fold", "0"], "--fold: not with --own"),
        (["--shipped-gate"], "--shipped-gate: not with --own"),
        (["--alternative", "other=scores.csv"], "--alternative: not with --own"),
        (["--runs", "build"], "--runs: not with --own"),
        (["--from-scratch", "--size", "small"], "--size: not with --from-scratch"),
        (["--jobs", "0"], "argument --jobs: '0': expected a whole number, 1 or more"),
        (["--out", "{folder}/voices"], "voices: holds files but no bundle.json, expected a new folder"),
        (["--out", "{folder}/voices/index.csv"], "index.csv: is a file, expected a folder"),
    ],
)
def test_options_without_effect_are_refused(
    tmp_path: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is read."""
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "index.csv").touch()
    options = [argument.format(folder=tmp_path) for argument in more]
    assert main([*command(tmp_path, tmp_path / "voices" / "index.csv"), *options]) == 64
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--routes", "routes.json"], ["--from-scratch"], ["--licence", "MIT"]])
def test_options_without_recordings_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """They would change nothing, after hours."""
    for command in ("all", "bundle"):
        assert main([command, *option]) == 64
        assert f"{option[0]}: expected --own INDEX.csv with it" in capsys.readouterr().err


def test_heads_on_the_small_trunk(tmp_path: Path) -> None:
    """``--size small``: the same on the trunk of the other shipped bundle, which sees the usual image."""
    labels = ("calm", "loud", "tense")
    plan = Plan(
        index=write_index(tmp_path / "few", labels),
        size="small",
        seed=1,
        epochs=3,
        cascade=None,
        corpora=tmp_path / "none",
        work=tmp_path / "work",
    )
    found = scored_fold(plan, 0)
    assert found["models"]["m1"] == list(labels)
    assert len(found["models"]) > 1
    assert len(found["clips"]) == len(found["degrees"]["arousal"]) == 9
    groups = heads.features(plan, plan.recipe.heads or HeadsSpec())
    shipped = load_bundle(BUNDLES / "small")
    assert groups[0].values.shape[1] == shipped.n_features


def test_networks_of_their_own(tmp_path: Path) -> None:
    """``--from-scratch``: a fold is trained from the first layer on, quantized, and tested on other speakers."""
    labels = ("calm", "loud", "tense")
    index = write_index(tmp_path / "few", labels)
    routes = {
        "models": {"m1": labels, "m2": ["loud", "tense"]},
        "hard": {"model": "m1", "branches": [{"labels": ["loud", "tense"], "then": {"model": "m2"}}]},
    }
    (tmp_path / "routes.json").write_text(json.dumps(routes), encoding="utf-8")
    plan = Plan(
        index=index,
        size="scratch",
        seed=1,
        epochs=1,
        cascade=given(tmp_path / "routes.json", labels),
        corpora=tmp_path / "none",
        work=tmp_path / "work",
    )
    found = scored_fold(plan, 0)
    assert found["models"] == {"m1": list(labels), "m2": ["loud", "tense"]}
    assert len(found["clips"]) == len(found["scores"]["soft"]) == 9
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in found["scores"]["hard"])
