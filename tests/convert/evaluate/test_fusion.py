"""convert.evaluate.fusion: trials, methods, the weight of the words, and IEMOCAP's transcripts end to end."""

from pathlib import Path

import numpy as np
import pytest

from convert.card.hub.fusion_section import fusion_section
from convert.corpora.clip import LABELS, Clip
from convert.evaluate.fusion import early, methods, trials
from convert.evaluate.fusion.measure import Fusion, transcribed
from convert.evaluate.fusion.rows import DEFAULT_POOL, answers, gain, rows, sides
from convert.evaluate.fusion.trials import Trials
from convert.evaluate.fusion.voices import Voices
from convert.evaluate.fusion.weight import allowed, transfer
from convert.text.sentences import Sentences
from convert.text.stage import shipped
from edged.features.logmel import Floats
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.models import layouts

ANGRY, NEUTRAL, SAD = (LABELS.index(label) for label in ("angry", "neutral", "sad"))


def _scores(best: list[int], n_labels: int, share: float = 0.6) -> Floats:
    """Each row has ``share`` at one label; a negative index is a row of NaN."""
    values = np.full((len(best), n_labels), (1 - share) / (n_labels - 1), np.float32)
    for row, index in zip(values, best, strict=True):
        row[:] = np.nan if index < 0 else row
        if index >= 0:
            row[index] = share
    return values


def _trials(voice: list[int], text: list[int], truth: list[int]) -> Trials:
    voiced = _scores(voice, 6)
    outputs = np.log(voiced).astype(np.float32)
    speakers = [f"s{index % 2}" for index in range(len(truth))]
    said = np.array(text)
    return Trials(voiced, outputs, {"linear": _scores(text, 7)}, np.array(truth), said, speakers)


def test_no_evidence_leaves_the_voice() -> None:
    """Pool and rule without words are the voice; the words alone have no answer."""
    tested = _trials([ANGRY, SAD], [-1, -1], [ANGRY, SAD])
    assert methods.pool_answers(tested, "linear", 1.0).tolist() == [ANGRY, SAD]
    assert methods.rule_answers(tested, "linear").tolist() == [ANGRY, SAD]
    assert methods.text_answers(tested, "linear").tolist() == [-1, -1]


def test_weight_decides_who_wins() -> None:
    """Equally sure senses: below weight 1 the voice wins; the rule follows words that name one of the six."""
    tested = _trials([ANGRY, ANGRY], [SAD, len(LABELS)], [ANGRY, ANGRY])
    assert methods.pool_answers(tested, "linear", 0.5).tolist() == [ANGRY, ANGRY]
    assert methods.rule_answers(tested, "linear").tolist() == [SAD, ANGRY]


def test_other_says_nothing() -> None:
    """Its share goes to all six evenly."""
    assert methods.six(_scores([6], 7)) == pytest.approx(np.full((1, 6), 1 / 6), abs=1e-6)


def test_pairs_have_the_label_they_should() -> None:
    """Matched sentences have the clip's label, mismatched ones any other; the seed decides which."""
    clips = [Clip(id=str(k), corpus="x", speaker="s", gender="", emotion="", label=None) for k in range(60)]
    truth = np.arange(60) % 6
    voices = Voices(clips, _scores(truth.tolist(), 6), np.zeros((60, 16), np.float32), truth)
    sentences = Sentences([str(k) for k in range(70)], np.arange(70) % 7)
    scored = {"linear": _scores(sentences.labels.tolist(), 7)}
    matched = trials.pairs(voices, sentences, scored, 1, matched=True)
    assert (matched.said == truth).all()
    mismatched = trials.pairs(voices, sentences, scored, 1, matched=False)
    assert (mismatched.said != truth).all()
    assert set(mismatched.said.tolist()) <= set(range(6))
    assert trials.joined([matched, mismatched]).truth.shape == (120,)


def test_rows_and_gain() -> None:
    """Words that are always right gain what the voice lacks; shares of both sides sum to 1."""
    truth = [0, 1, 2, 3, 4, 5] * 4
    tested = _trials([0, 1, 2, 3, 3, 3] * 4, truth, truth)
    voice = methods.voice_answers(tested)
    assert gain(tested, np.array(truth), voice) == pytest.approx([1 / 3] * 3, abs=1e-4)
    by_method = {"voice": voice, "linear text": methods.text_answers(tested, "linear")}
    made = rows(tested, by_method)
    assert made["voice"]["uar"] == pytest.approx(2 / 3, abs=1e-4)
    assert made["linear text"]["uar"] == 1.0
    assert sides(tested, by_method)["voice"] == {"clip": 0.6667, "sentence": 0.6667, "neither": pytest.approx(-0.3333)}


def test_mutual_information() -> None:
    """0 bit for independent labellings, all of it for equal ones."""
    first = ["a", "b"] * 8
    assert trials.mutual_information(first, ["x", "x", "y", "y"] * 4) == pytest.approx(0)
    assert trials.mutual_information(first, first) == pytest.approx(1)


def test_weight_is_bounded_by_the_control() -> None:
    """The greatest step before the first that costs more than half a point, and never more than dialogue allows."""
    assert allowed(0.26, lambda weight: -0.04 * weight) == 0.1
    assert allowed(0.26, lambda _weight: 0.0) == 0.25
    assert allowed(0.26, lambda _weight: -1.0) == 0.0


def test_transfer_is_the_exponent_of_true_scores() -> None:
    """Scores that claim twice the evidence deserve half; those of chance none."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(7), 300)
    evidence = rng.normal(0, 1, (2100, 7)) + np.eye(7)[labels]
    true = np.exp(evidence) / np.exp(evidence).sum(axis=1, keepdims=True)
    doubled = true**2 / (true**2).sum(axis=1, keepdims=True)
    assert transfer(doubled.astype(np.float32), labels) == pytest.approx(0.5, abs=0.06)
    assert transfer(doubled.astype(np.float32), rng.permutation(labels)) < 0.05


def test_early_fusion_learns_both_senses() -> None:
    """It takes whichever sense is right, and answers without words too."""
    truth = [0, 1, 2, 3, 4, 5] * 50
    tested = _trials([0, 1, 2, 3, 3, 3] * 50, truth, truth)
    network = early.trained(tested, "linear", 1)
    assert (early.early_answers(network, tested, "linear") == np.array(truth)).mean() > 0.95
    silent = _trials([0], [-1], [0])
    assert early.early_answers(network, silent, "linear").shape == (1,)


def test_iemocap_with_transcripts(tmp_path: Path) -> None:
    """A made-up corpus in the authors' layout: sound and words of each turn reach every method and the table."""
    folder = layouts.iemocap(tmp_path / "iemocap")
    truth = [0, 1, 2, 3, 4, 5] * 20
    made_up = _trials(truth, truth, truth)
    bundle = load_bundle(DEFAULT_BUNDLE)
    outputs = np.zeros((120, sum(len(model.labels) for model in bundle.manifest.models.values())), np.float32)
    training = Trials(made_up.voice, outputs, made_up.text, made_up.truth, made_up.said, made_up.speakers)
    decided = Fusion({"linear": 0.3}, {"linear": 0.1}, {"linear": early.trained(training, "linear", 1)})
    found = transcribed(bundle, folder, tmp_path / "work", {"linear": shipped().scores}, decided)
    assert found["clips"] == 7
    methods_of_text = ["linear text, rule", "linear text, pool", f"linear text, {DEFAULT_POOL}", "linear text, early"]
    assert list(found["rows"]) == ["voice", "linear text", *methods_of_text]
    # Three turns have words, and their emotion is what they say; the others are missed.
    assert found["rows"]["linear text"]["uar"] > 0.4
    empty = {"rows": found["rows"], "sides": {}}
    control = {**empty, "clips": 7, "sentences": 7, "mutual_information": 0.0, "no_evidence": {"linear": 0.5}}
    text = fusion_section(
        {
            "seed": 1,
            "reliability": {"linear": 0.1},
            "reliability_in_dialogue": {"linear": 0.3},
            "control": {"iemocap": control},
            "matched": {"iemocap": empty},
            "mismatched": {"iemocap": {**empty, "sides": sides(made_up, answers(made_up, {}, {}))}},
            "real": {"iemocap": found},
        }
    )
    assert "Real speech with its transcripts" in text
    assert text.count("| linear text, pool |") == 3
    assert text.count("| linear text, pool at 0.05, the hub's default |") == 3
