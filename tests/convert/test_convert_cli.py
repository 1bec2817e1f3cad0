"""The command line of convert: what is wrong is said in one line, with the project's exit status."""

import dataclasses
from pathlib import Path

import pytest

from convert.__main__ import _out, main
from convert.bundle.writer import prove_whole
from convert.data.material import material
from convert.recipes.catalogue import RECIPES, recipe
from convert.recipes.spec import AugmentSpec, Recipe, TeacherSpec, described
from convert.train.runs import Run
from edged.errors import UsageError
from edged.models.bundle import DEFAULT_BUNDLE
from tests.parts.models import layouts


def tiny(folder: Path) -> Path:
    """CREMA-D and EMO-DB with a speaker of each split, RAVDESS to be a stranger, and what copies are laid over."""
    layouts.cremad(folder / "cremad")
    layouts.emodb(folder / "emodb")
    layouts.ravdess(folder / "ravdess")
    layouts.esc10(folder / "esc10")
    layouts.noises(folder / "noise")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["all", "--clips"], "--clips: leaves out what a bundle's card must have"),
        (["evaluate", "--clips", "--bundle", str(DEFAULT_BUNDLE)], "--clips: a bundle's card keeps the rest"),
        (["prepare", "--recipe", "none"], "recipe 'none': expected one of default, default-untaught"),
        (["train", "--epochs", "0"], "--epochs 0: expected 1 or more"),
        (["gate", "--corpora", "/nowhere"], "/nowhere: no cremad, emodb, ami, esc10, noise, expected every corpus"),
        (["gate", "--epochs", "0"], "--epochs 0: expected 1 or more"),
        (["prepare", "--corpora", "/nowhere"], "/nowhere/cremad: no such folder"),
        (["fly"], "invalid choice: 'fly'"),
        (["prepare", "--seed", "x"], "invalid int value: 'x'"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--rival", "x"], "--rival 'x': expected NAME=FILE"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--corpora", "/nowhere"], "/nowhere/cremad: no such folder"),
    ],
)
def test_usage_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """One line on stderr that says what was expected, exit status 64."""
    assert main(arguments) == 64
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_sound_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A clip that is not sound ends the command with its name and exit status 65."""
    (tiny(tmp_path) / "emodb" / "wav" / "15a01Wa.wav").write_text("hello", encoding="utf-8")
    assert main(["prepare", "--corpora", str(tmp_path), "--work", str(tmp_path / "work")]) == 65
    assert "15a01Wa.wav" in capsys.readouterr().err.splitlines()[-1]


def test_evaluate_bundle_absent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that is not there is a bundle's fault, exit status 78."""
    assert main(["evaluate", "--bundle", str(tmp_path), "--index", "x.csv"]) == 78
    assert "bundle.json" in capsys.readouterr().err


def test_prepare(tmp_path: Path) -> None:
    """All clips of the recipe and of its strangers are prepared; what has no label is not."""
    assert main(["prepare", "--corpora", str(tiny(tmp_path)), "--work", str(tmp_path / "work")]) == 0
    # Six labels of three speakers twice, and RAVDESS' eight emotions less surprise.
    assert len(list((tmp_path / "work" / "cache").glob("*.npy"))) == 18 + 18 + 7


def test_material(tmp_path: Path) -> None:
    """Speakers lie where the lists have them; an absent stranger is left out, an absent corpus is not."""
    found = material(tiny(tmp_path), recipe("default"))
    assert {clip.speaker for clip in found.train} == {"CREMAD_1018", "EMODB_15"}
    assert {clip.speaker for clip in found.validation} == {"CREMAD_1005", "EMODB_13"}
    assert {clip.speaker for clips in found.test.values() for clip in clips} == {"CREMAD_1029", "EMODB_14"}
    assert found.strangers.keys() == {"ravdess"}
    with pytest.raises(UsageError, match="nemo: no such folder"):
        material(tmp_path, recipe("research"))


def test_material_without_a_split(tmp_path: Path) -> None:
    """A corpus without test speakers cannot be told of honestly."""
    layouts.cremad(tmp_path / "cremad", {"train": "1018", "validation": "1005"})
    layouts.sound(tmp_path / "emodb" / "wav" / "15a01Wa.wav")
    with pytest.raises(UsageError, match="no clips for test"):
        material(tmp_path, recipe("default"))


def test_run_is_known_again(tmp_path: Path) -> None:
    """The same training has the same folder; another seed, fold, number or sound has another."""
    made = material(tiny(tmp_path), recipe("default"))

    def path(epochs: int | None = None, seed: int = 1, fold: int | None = None) -> Path:
        return Run(recipe("default", epochs), seed, fold, tmp_path, made).path

    assert path() == path()
    assert len({path(), path(epochs=2), path(seed=2), path(fold=1)}) == 4
    before = path()
    made.train.pop()
    assert path() != before


def test_shipped_bundle_is_safe(tmp_path: Path) -> None:
    """Neither a try, a fold nor a recipe of other licences is put in the place of the shipped bundle."""
    made = material(tiny(tmp_path), recipe("default"))

    def out(name: str, epochs: int | None = None, fold: int | None = None) -> Path:
        return _out(Run(recipe(name, epochs), 1, fold, tmp_path / "work", made))

    assert out("default") == DEFAULT_BUNDLE
    for other in (out("default", epochs=1), out("default", fold=0), out("research")):
        assert other.parent == tmp_path / "work" / "bundles"


def test_figures_of_an_older_evaluation_are_refused(tmp_path: Path) -> None:
    """Their card would lack sections; one line says what to do."""
    with pytest.raises(UsageError, match=r"metrics\.json: no robust, stream, expected figures of this version"):
        prove_whole({"rows": {}, "heard": {}}, tmp_path / "metrics.json")
    prove_whole({part: {} for part in ("rows", "heard", "robust", "stream")}, tmp_path / "metrics.json")


def test_recipes_by_licence() -> None:
    """The default is trained on nothing that forbids commercial use; no recipe is judged on what it was trained on."""
    assert set(RECIPES["default"].corpora) == {"cremad", "emodb"}
    for found in RECIPES.values():
        assert not set(found.corpora) & set(found.strangers)


def test_noises_for_copies(tmp_path: Path) -> None:
    """A recipe with copies lays them over recordings that the gate trains on as well; who only evaluates needs none."""
    taught = recipe("default")
    found = material(tiny(tmp_path), taught)
    assert [clip.id for clip in found.noises] == ["1-Rai", "1-Dog", "sb_noise_noise1"]
    paths = {Run(taught, 1, None, tmp_path, made).path for made in (found, dataclasses.replace(found, noises=[]))}
    assert len(paths) == 2
    (tmp_path / "esc10" / "index.csv").unlink()
    with pytest.raises(UsageError, match="expected the table of ESC-10"):
        material(tmp_path, taught)
    (tmp_path / "esc10").rename(tmp_path / "elsewhere")
    assert material(tmp_path, taught).noises == []


def test_name_of_what_came_later() -> None:
    """A number that recipes have had only since a later day is in a training's name once it is not at its default."""
    plain = Recipe(name="t", corpora=())
    assert {"clean_p", "peak_db"}.isdisjoint(described(plain)["augment"])
    assert {"teacher", "copies", "sound", "start"}.isdisjoint(described(plain))
    changed = dataclasses.replace(plain, augment=AugmentSpec(clean_p=0.5), teacher=TeacherSpec(seeds=(1,)))
    assert described(changed)["augment"]["clean_p"] == 0.5
    assert described(changed)["teacher"]["seeds"] == (1,)
