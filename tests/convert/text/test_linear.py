"""convert.text.linear and the command: a model of made-up sentences that the hub loads and that is right."""

import json
from pathlib import Path

import numpy as np
import pytest

from convert.__main__ import main
from convert.text import linear
from convert.text.sentences import read
from edged.hub.linear_text import load_text_scorer
from edged.hub.words.model_file import load_text_model
from tests.parts.models.tiny_bert import tables


def test_command_writes_what_the_hub_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trained, quantized, calibrated, measured and written; the file says where it comes from."""
    folder = tables(tmp_path / "text")
    output = tmp_path / "model"
    command = ["text", "--text", str(folder), "--work", str(tmp_path), "--seed", "2", "--output", str(output)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "| linear, seed 2, 140 sentences | MELD, test | 1.000 | 1.000 |" in printed
    scores = load_text_scorer(output).scores("I am so furious, shut it")
    assert scores is not None
    assert max(scores, key=scores.__getitem__) == "angry"
    manifest = load_text_model(output).manifest
    assert manifest.training["command"] == "python -m convert text --model linear --seed 2"
    assert manifest.training["licence"] == "Apache-2.0"
    assert manifest.metrics["rows"]["goemotions"]["scores"]["uar"] == 1.0
    assert manifest.min_known == 1.0
    assert str(tmp_path) not in (output / "text.json").read_text(encoding="utf-8")
    result = json.loads((tmp_path / "text" / "linear-seed2.json").read_text(encoding="utf-8"))
    assert set(result["rows"]) == {"goemotions", "meld", "goemotions, words alone"}


def test_same_seed_same_model(tmp_path: Path) -> None:
    """Every array, bit by bit."""
    train = read(tables(tmp_path), "goemotions", "train")
    first, second = (linear.trained(train, linear.Settings(seed=3)) for _ in range(2))
    assert (first.weights == second.weights).all()
    assert (first.idf == second.idf).all()
    assert first.known == second.known
    assert (first.scales, first.intercepts) == (second.scales, second.intercepts)


def test_quantization_uses_the_whole_range(tmp_path: Path) -> None:
    """The greatest weight of each label is 127 steps."""
    arrays = linear.trained(read(tables(tmp_path), "goemotions", "train"), linear.Settings())
    assert np.abs(arrays.weights.astype(int)).max(axis=0).tolist() == [127] * 7


def test_absent_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, status 64."""
    assert main(["text", "--text", str(tmp_path), "--work", str(tmp_path / "work")]) == 64
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "goemotions_train.tsv: No such file or directory, expected sentences (option --text)" in lines[0]
