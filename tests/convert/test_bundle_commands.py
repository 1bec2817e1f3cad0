"""Commands on a bundle that is made: measured again alone or in parts, joined, given a gate, its card written anew."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from convert.__main__ import main
from convert.bundle.writer import with_protocol
from edged.errors import UsageError
from edged.models.bundle import Bundle, load_bundle
from tests.parts.models.trained import NEEDS, made, trained_default

pytestmark = NEEDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpora, and the output of ``python -m convert all --recipe default`` after one epoch."""
    return trained_default(tmp_path_factory)


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    """The resulting bundle."""
    return load_bundle(folder / "bundle")


def test_made_again_is_the_same(bundle: Bundle, folder: Path) -> None:
    """A repeated command on a finished run gives an identical bundle."""
    made("bundle", "--recipe", "default", folder=folder, out="again")
    for file in sorted(bundle.path.iterdir()):
        assert (folder / "again" / file.name).read_bytes() == file.read_bytes()


def test_bundle_evaluated_again(bundle: Bundle, folder: Path) -> None:
    """Evaluated alone the bundle gets the same metrics and card, with the date of the evaluation."""
    again = folder / "evaluated"
    shutil.copytree(bundle.path, again)
    places = ["--corpora", str(folder), "--work", str(folder / "work")]
    assert main(["evaluate", "--bundle", str(again), "--short", *places]) == 0
    found = load_bundle(again)
    metrics = dict(found.manifest.metrics)
    assert metrics.pop("evaluated")["command"] == "python -m convert evaluate --bundle"
    assert metrics == {key: value for key, value in bundle.manifest.metrics.items() if value}
    assert found.contents == bundle.contents
    assert found.gate == bundle.gate
    for file in sorted(bundle.path.glob("*.png")):
        assert (again / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(("part", "heading"), [("conditions", "## Moved, cut"), ("rows", "## Recall by label")])
def test_part_of_a_bundle_is_written(
    part: str, heading: str, bundle: Bundle, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One part measured alone is the same, and is put into the bundle and its card where that is asked for."""
    other = folder / f"part-{part}"
    shutil.copytree(bundle.path, other)
    command = ["evaluate", "--bundle", str(other), f"--{part}", "--corpora", str(folder), "--work"]
    assert main([*command, str(folder / "work"), "--write"]) == 0
    assert heading in capsys.readouterr().out
    metrics = dict(load_bundle(other).manifest.metrics)
    assert metrics.pop("parts")[part]["command"] == f"python -m convert evaluate --bundle --{part}"
    assert metrics == bundle.manifest.metrics
    card = (other / "README.md").read_text(encoding="utf-8")
    assert f"by `python -m convert evaluate --bundle --{part}` at commit" in card
    assert heading in card


def test_results_are_joined(bundle: Bundle, folder: Path) -> None:
    """An alternative and a protocol are added; other alternatives and metrics stay."""
    other = folder / "joined"
    shutil.copytree(bundle.path, other)
    places = ["--corpora", str(folder), "--work", str(folder / "work"), "--bundle", str(other)]
    for name in ("one", "two"):
        alternative = f"{name}={bundle.path / 'm1.tflite'}"
        assert main(["evaluate", "--clips", "--alternative", alternative, *places]) == 0
    for number in "21":
        row = {"labels": ["a", "b"], "speakers": {f"speaker {number}": [[3, 1], [0, 4]]}}
        fold = {number: {"rows": {"all": row}, "commit": "abc"}}
        with_protocol(other, "emodb", {"command": "make it", "of": 8, "folds": fold})
    metrics = dict(load_bundle(other).manifest.metrics)
    assert metrics.pop("alternatives").keys() == {"one", "two"}
    assert metrics.pop("protocols").keys() == {"emodb"}
    assert metrics == {key: value for key, value in bundle.manifest.metrics.items() if key != "alternatives"}
    card = (other / "README.md").read_text(encoding="utf-8")
    assert "| CREMA-D | two | " in card
    assert "The best alternative, one (" in card  # both are one file: the first of equals
    assert "| EMO-DB, all | 2 / 16 | 0.875 (0.875 to 0.875) | 2 of 8 |" in card


def test_evaluate_stream_alone(folder: Path, bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed gives the same episodes without the rest of the evaluation."""
    places = ["--corpora", str(folder), "--work", str(folder / "work")]
    assert main(["evaluate", "--recipe", "default", "--stream", "--json", "--epochs", "1", "--seed", "3", *places]) == 0
    assert json.loads(capsys.readouterr().out)["stream"] == bundle.manifest.metrics["stream"]
    assert main(["evaluate", "--stream", "--json", "--short", "--bundle", str(bundle.path), *places]) == 0
    assert json.loads(capsys.readouterr().out)["stream"] == bundle.manifest.metrics["stream"]


def test_evaluate_adaptation_alone(folder: Path, bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed gives the same metrics without the rest of the evaluation."""
    places = ["--corpora", str(folder), "--work", str(folder / "work")]
    assert (
        main(["evaluate", "--recipe", "default", "--adaptation", "--json", "--epochs", "1", "--seed", "3", *places])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["adaptation"] == bundle.manifest.metrics["adaptation"]


def test_evaluate_index(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The evaluation runs on a user's own index of clips; equal clips give equal metrics."""
    rows = ["file,speaker,gender,emotion"]
    emotions = {"W": "angry", "E": "disgust", "A": "fear", "F": "happy", "N": "neutral", "T": "sad", "L": "boredom"}
    rows += [f"wav/14a01{letter}a.wav,EMODB_14,female,{emotion}" for letter, emotion in emotions.items()]
    index = folder / "emodb" / "index.csv"
    index.write_text("\n".join(rows), encoding="utf-8")
    places = ["--corpora", str(folder), "--work", str(folder / "work"), "--bundle", str(folder / "bundle")]
    try:
        assert main(["evaluate", "--index", str(index), "--json", "--short", *places]) == 0
    finally:
        index.unlink()
    found = json.loads(capsys.readouterr().out)
    whole = load_bundle(folder / "bundle").manifest.metrics
    assert found["rows"]["emodb"]["soft"] == whole["rows"]["emodb"]["soft"]
    assert found["rows"]["emodb"]["hard"]["clips"] == 6
    assert found["robustness"]["emodb"] == whole["robustness"]["emodb"]
    own = [[row for row in one["stream"]["rows"] if row["group"] == "emodb"] for one in (found, whole)]
    assert own[0] == own[1]


def test_gate_is_put_into_a_bundle(bundle: Bundle, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``gate --bundle`` adds the same gate as ``all``, whatever was there before."""
    other = folder / "other"
    shutil.copytree(bundle.path, other)
    without = msgspec.structs.replace(
        bundle.manifest, gate=None, licence=bundle.manifest.licence.split("; its gate")[0]
    )
    (other / "bundle.json").write_bytes(msgspec.json.encode(without))
    (other / "gate.tflite").unlink()
    places = ["--corpora", str(folder), "--work", str(folder / "work"), "--bundle", str(other)]
    assert main(["gate", "--epochs", "1", "--seed", "3", *places]) == 0
    assert "| gate model |" in capsys.readouterr().out
    for file in sorted(bundle.path.iterdir()):
        assert (other / file.name).read_bytes() == file.read_bytes()


def test_gate_of_a_foreign_bundle(bundle: Bundle, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle without a possible card stays unchanged, with a one-line error, before anything is trained."""
    other = folder / "foreign"
    shutil.copytree(bundle.path, other)
    content = msgspec.json.encode(msgspec.structs.replace(bundle.manifest, training={}))
    (other / "bundle.json").write_bytes(content)
    places = ["--corpora", "/nowhere", "--work", "/nowhere", "--bundle", str(other)]
    for command in (["gate"], ["protocol", "emodb"], ["evaluate", "--adaptation", "--write"], ["evaluate"]):
        assert main([*command, *places]) == 64
        assert "training has no command, expected a bundle that convert made" in capsys.readouterr().err
    with pytest.raises(UsageError, match="training has no command"):
        with_protocol(other, "emodb", {})
    assert (other / "bundle.json").read_bytes() == content


def test_card_from_the_manifest(bundle: Bundle, folder: Path) -> None:
    """``card`` reproduces card and plots from the bundle alone."""
    other = folder / "carded"
    shutil.copytree(bundle.path, other)
    for name in ("README.md", "confusion.png", "adaptation.png", "stream.png"):
        (other / name).unlink()
    assert main(["card", "--bundle", str(other)]) == 0
    for file in sorted(bundle.path.iterdir()):
        assert (other / file.name).read_bytes() == file.read_bytes()


def test_card_of_an_older_version(bundle: Bundle, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Metrics of another version are refused in one line, and the bundle stays."""
    other = folder / "older"
    shutil.copytree(bundle.path, other)
    metrics = {key: value for key, value in bundle.manifest.metrics.items() if key != "adaptation"}
    content = msgspec.json.encode(msgspec.structs.replace(bundle.manifest, metrics=metrics))
    (other / "bundle.json").write_bytes(content)
    assert main(["card", "--bundle", str(other)]) == 64
    assert "bundle.json: no adaptation, expected metrics of this version" in capsys.readouterr().err
    assert (other / "bundle.json").read_bytes() == content
