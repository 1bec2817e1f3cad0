"""The command line of convert: every error is one line with the project's exit status."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from convert import corpora
from convert.__main__ import main
from convert.card.card import prove_whole
from convert.command_line import COMMANDS
from convert.commands.bundle import default_folder
from convert.data.material import material
from convert.recipes.catalogue import RECIPES, recipe
from convert.recipes.spec import AugmentSpec, Recipe, TeacherSpec, described
from convert.train.runs import Run
from edged.errors import UsageError
from edged.models.bundle import DEFAULT_BUNDLE
from tests.parts.models import layouts


def tiny(folder: Path) -> Path:
    """CREMA-D and EMO-DB with a speaker per split, RAVDESS as an unseen corpus, and noises for augmented copies."""
    layouts.cremad(folder / "cremad")
    layouts.emodb(folder / "emodb")
    layouts.ravdess(folder / "ravdess")
    layouts.esc10(folder / "esc10")
    layouts.noises(folder / "noise")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["all", "--clips"], "unrecognized arguments: --clips"),
        (["all", "--first"], "unrecognized arguments: --first"),
        (["quantize", "--fresh"], "unrecognized arguments: --fresh"),
        (["prepare", "--alternative", "a=b"], "unrecognized arguments: --alternative a=b"),
        (["prepare", "--rival", "a=b"], "unrecognized arguments: --rival a=b"),
        (["evaluate", "--rival", "a=b"], "--rival: this option is now called --alternative"),
        (["all", "--rival", "a=b"], "--rival: this option is now called --alternative"),
        (["evaluate", "--baseline"], "--baseline: this option is now called --adaptation"),
        (["evaluate", "--stream", "--clips"], "argument --clips: not allowed with argument --stream"),
        (["evaluate", "--clips", "--bundle", str(DEFAULT_BUNDLE)], "--clips: the rest of a bundle's card stays"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--seed", "0"], "--seed: names a run"),
        (["evaluate", "--index", "x.csv", "--recipe", "research"], "--recipe: names a run"),
        (["evaluate", "--stream", "--alternative", "a=b"], "--alternative: not measured with --stream"),
        (["evaluate", "--adaptation", "--runs", "a"], "--runs: not measured with --adaptation"),
        (["evaluate", "--adaptation", "--short"], "--short: --adaptation has no long recordings"),
        (["evaluate", "--conditions", "--short"], "--short: --conditions has no long recordings"),
        (["evaluate", "--stream", "--group", "a"], "--group: expected --bundle with it"),
        (["evaluate", "--stream", "--write"], "--write: expected --bundle with it"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--write"], "--write: expected --bundle with it, and"),
        (["evaluate", "--stream", "--index", "x.csv"], "--stream: of an index every metric is printed"),
        (["evaluate", "--alt", "a=b"], "unrecognized arguments: --alt a=b"),
        (["card"], "the following arguments are required: --bundle"),
        (["protocol"], "the following arguments are required: corpus"),
        (["protocol", "savee"], "protocol 'savee': expected one of ravdess, emodb, cremad"),
        (["prepare", "--recipe", "none"], "recipe 'none': expected one of default, default-undistilled"),
        (["train", "--epochs", "0"], "--epochs 0: expected 1 or more"),
        (["gate", "--corpora", "/nowhere"], "/nowhere: no cremad, emodb, ami, esc10, noise, expected every corpus"),
        (["gate", "--epochs", "0"], "--epochs 0: expected 1 or more"),
        (["prepare", "--corpora", "/nowhere"], "/nowhere/cremad: no such folder"),
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "argument COMMAND: invalid choice: 'fly'"),
        (["train", "--seed", "-1"], "'-1': expected a whole number, 0 or more"),
        (["train", "--seed", "x"], "'x': expected a whole number, 0 or more"),
        (["prepare", "--seed", "1"], "unrecognized arguments: --seed 1"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--alternative", "x"], "--alternative 'x': expected NAME=FILE"),
        (["evaluate", "--bundle", str(DEFAULT_BUNDLE), "--corpora", "/nowhere"], "/nowhere/cremad: no such folder"),
        (["all", "--own", ""], "argument --own: the name is empty, expected a file or folder"),
        (["prepare", "--work", ""], "argument --work: the name is empty, expected a file or folder"),
        (["all", "--out", "/proc/new"], "--out /proc/new: "),
        (["bundle", "--out", "/proc/new"], "--out /proc/new: "),
        (["text", "--output", "/proc/new"], "--output /proc/new: "),
        (["voices", "--out", "/proc/new.npz"], "--out /proc/new.npz: "),
        (["zoo", "--page", "/proc/zoo.md"], "--page /proc/zoo.md: "),
        (["zoo", "--page", "zoo.json"], "--page zoo.json: expected the name of a .md file, beside which"),
        (["text", "--output", "README.md"], "--output README.md: is a file, expected a folder"),
    ],
)
def test_usage_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """One line on stderr has the expectation, with exit status 64."""
    assert main(arguments) == 64
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.count("\n") == 1
    assert output.out == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every subcommand describes its own options, without former names."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert COMMANDS[name][1] in " ".join(text.split())
    assert "--rival" not in text
    assert ("--alternative" in text) == (name in {"evaluate", "all"})


def test_sound_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A clip that is not sound ends the command with its name and exit status 65."""
    (tiny(tmp_path) / "emodb" / "wav" / "15a01Wa.wav").write_text("hello", encoding="utf-8")
    assert main(["prepare", "--corpora", str(tmp_path), "--work", str(tmp_path / "work")]) == 65
    assert "15a01Wa.wav" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("command", [["evaluate", "--index", "x.csv"], ["gate"], ["protocol", "emodb"]])
def test_bundle_absent(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that is not there has exit status 78, before anything is trained."""
    assert main([*command, "--bundle", str(tmp_path)]) == 78
    assert "bundle.json" in capsys.readouterr().err


def test_prepare(tmp_path: Path) -> None:
    """All clips of the recipe and of its unseen corpora are prepared; those without a label are not."""
    assert main(["prepare", "--corpora", str(tiny(tmp_path)), "--work", str(tmp_path / "work")]) == 0
    # Six labels of three speakers twice, and RAVDESS' eight emotions less surprise.
    assert len(list((tmp_path / "work" / "cache").glob("*.npy"))) == 18 + 18 + 7


def test_material(tmp_path: Path) -> None:
    """Speakers are on the side of the lists; an absent unseen corpus is left out, an absent training corpus refused."""
    found = material(tiny(tmp_path), recipe("default"))
    assert {clip.speaker for clip in found.train} == {"CREMAD_1018", "EMODB_15"}
    assert {clip.speaker for clip in found.validation} == {"CREMAD_1005", "EMODB_13"}
    assert {clip.speaker for clips in found.test.values() for clip in clips} == {"CREMAD_1029", "EMODB_14"}
    assert found.unseen.keys() == {"ravdess"}
    with pytest.raises(UsageError, match="nemo: no such folder"):
        material(tmp_path, recipe("research"))


def test_material_without_a_split(tmp_path: Path) -> None:
    """A recipe needs test speakers."""
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
    """Neither a trial, a fold, a recipe of other licences nor a command without --size replaces the shipped bundle."""
    made = material(tiny(tmp_path), recipe("small"))

    def out(name: str, size: str | None, epochs: int | None = None, fold: int | None = None) -> Path:
        return default_folder(Run(recipe(name, epochs), 1, fold, tmp_path / "work", made), size)

    assert out("small", "small") == DEFAULT_BUNDLE
    trials = (out("small", "small", epochs=1), out("small", "small", fold=0))
    for other in (*trials, out("small", None), out("default", None), out("research", None)):
        assert other.parent == tmp_path / "work" / "bundles"


def test_metrics_of_an_older_evaluation_are_refused(tmp_path: Path) -> None:
    """Their card would lack sections; one line says what to do."""
    with pytest.raises(UsageError, match=r"metrics\.json: no robustness, stream, expected metrics of this version"):
        prove_whole({"rows": {}, "adaptation": {}}, str(tmp_path / "metrics.json"))
    prove_whole({part: {} for part in ("rows", "adaptation", "robustness", "stream")}, str(tmp_path / "metrics.json"))


def test_recipes_by_licence() -> None:
    """The default trains on nothing that forbids commercial use; unseen corpora are unseen."""
    assert set(RECIPES["default"].corpora) == {"cremad", "emodb"}
    for found in RECIPES.values():
        trained_on = [*found.corpora, *(found.trunk.unlabelled if found.trunk else ())]
        assert len(set(trained_on)) == len(trained_on), "with labels or without"
        assert not set(trained_on) & set(found.unseen)


def test_speech_without_labels(tmp_path: Path) -> None:
    """All clips of a corpus that is used without its labels, those of further emotions too; it must be there."""
    small = recipe("small-undistilled")
    assert small.trunk is not None
    chosen = dataclasses.replace(small, trunk=dataclasses.replace(small.trunk, unlabelled=("ravdess",)), unseen=())
    found = material(tiny(tmp_path), chosen)
    assert {clip.corpus for clip in found.unlabelled} == {"ravdess"}
    assert {clip.label for clip in found.unlabelled} == {None}
    assert {clip.id for clip in found.unlabelled} == {clip.id for clip in corpora.read(tmp_path / "ravdess")}
    assert not {clip.id for clip in found.unlabelled} & {clip.id for clip in found.all()}
    paths = {Run(chosen, 1, None, tmp_path, made).path for made in (found, dataclasses.replace(found, unlabelled=[]))}
    assert len(paths) == 2
    start = [Run(recipe("default"), 1, None, tmp_path, made) for made in (found, material(tmp_path, recipe("default")))]
    assert start[0].path == start[1].path, "what a trunk starts from is trained once"
    shutil.rmtree(tmp_path / "ravdess")
    with pytest.raises(UsageError, match="ravdess: no such folder, expected a corpus"):
        material(tmp_path, chosen)


def test_noises_for_copies(tmp_path: Path) -> None:
    """Augmented copies take their noises from the gate's training side; evaluation alone needs none."""
    chosen = recipe("default")
    found = material(tiny(tmp_path), chosen)
    assert [clip.id for clip in found.noises] == ["1-Rai", "1-Dog", "sb_noise_noise1"]
    paths = {Run(chosen, 1, None, tmp_path, made).path for made in (found, dataclasses.replace(found, noises=[]))}
    assert len(paths) == 2
    table = tmp_path / "esc10" / "index.csv"
    for wrong in ("file,sound,fold\n1.wav,Rain,two\n", "file,sound,fold\n1.wav,Rain\n", "sound,fold\nRain,1\n"):
        table.write_text(wrong, encoding="utf-8")
        with pytest.raises(UsageError, match=r"index\.csv:2: .*, expected the table of ESC-10"):
            material(tmp_path, chosen)
    table.unlink()
    with pytest.raises(UsageError, match="expected the table of ESC-10"):
        material(tmp_path, chosen)
    (tmp_path / "esc10").rename(tmp_path / "elsewhere")
    assert material(tmp_path, chosen).noises == []


def test_name_of_what_came_later() -> None:
    """A field that was added to recipes later is part of a training's name once it is not at its default."""
    plain = Recipe(name="t", corpora=())
    assert {"clean_p", "peak_db"}.isdisjoint(described(plain)["augment"])
    assert {"teacher", "augmented_copies", "sound", "start"}.isdisjoint(described(plain))
    changed = dataclasses.replace(plain, augment=AugmentSpec(clean_p=0.5), teacher=TeacherSpec(seeds=(1,)))
    assert described(changed)["augment"]["clean_p"] == 0.5
    assert described(changed)["teacher"]["seeds"] == (1,)
