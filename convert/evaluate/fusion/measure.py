"""All of ``python -m convert evaluate --fusion``: a bundle, text models, corpora and sentences to metrics.

    validation speakers, validation sentences ──► reliability of the words, early fusion
    test speakers, their own sentences ──► negative control
    test speakers, test sentences drawn by label, three draws ──► matched and mismatched pairs
    IEMOCAP, if present, with its transcripts ──► the figure of real speech

Nothing is chosen on test speakers or test sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert import corpora
from convert.corpora import iemocap
from convert.corpora.clip import Clip
from convert.corpora.spoken import EMODB_IN_ENGLISH
from convert.data import dataset
from convert.evaluate.bundles import material_of
from convert.evaluate.fusion import early, methods, trials
from convert.evaluate.fusion.rows import answers, gain, rows, sides
from convert.evaluate.fusion.trials import Scored, Trials
from convert.evaluate.fusion.voices import Voices, voices
from convert.evaluate.fusion.weight import allowed, transfer
from convert.evaluate.runs import evaluated_groups
from convert.text import sentences
from edged.models.bundle import Bundle

N_DRAWS = 3
VALIDATION = "validation"
_TRANSLATED = "emodb, in English"


@dataclass(frozen=True, slots=True)
class Fusion:
    """What was decided on validation: how much each text model's words count, and the early fusion with each."""

    transfers: Mapping[str, float]  # what dialogue allows at most
    weights: Mapping[str, float]
    networks: Mapping[str, Any]

    def answers(self, tested: Trials) -> dict[str, Any]:
        """By method."""
        return answers(tested, self.weights, self.networks)


def measured(
    bundle: Bundle, folders: Mapping[str, Path], models: Mapping[str, Scored], seed: int, limit: int | None = None
) -> dict[str, Any]:
    """All metrics; ``folders`` are those of corpora, text and work, ``limit`` how many sentences of a table count."""
    clips, work = material_of(bundle, folders["corpora"]), folders["work"]
    groups = {VALIDATION: clips.validation, **evaluated_groups(clips)}
    by_group = {name: _voices(bundle, group, work) for name, group in groups.items()}
    decided = decide(by_group[VALIDATION], folders["text"], models, seed, limit)
    test = sentences.read(folders["text"], "goemotions", "test")
    test = test.first(limit or len(test.texts))
    scored = {name: model(test.texts) for name, model in models.items()}
    control = {name: _control(of_group, models, decided) for name, of_group in by_group.items()}
    if "emodb" in by_group:
        control[_TRANSLATED] = _control(by_group["emodb"], models, decided, EMODB_IN_ENGLISH)
    tested = {name: of_group for name, of_group in by_group.items() if name != VALIDATION}
    drawn: dict[str, Any] = {"matched": {}, "mismatched": {}}
    for name, of_group in tested.items():
        for kind, by_name in drawn.items():
            draws = [
                trials.pairs(of_group, test, scored, seed + draw, matched=kind == "matched") for draw in range(N_DRAWS)
            ]
            joined = trials.joined(draws)
            chosen = decided.answers(joined)
            by_name[name] = {"rows": rows(joined, chosen), "sides": sides(joined, chosen)}
    real = folders["corpora"] / iemocap.NAME
    return {
        "seed": seed,
        "reliability": dict(decided.weights),
        "reliability_in_dialogue": dict(decided.transfers),
        "control": control,
        **drawn,
        "real": {iemocap.NAME: transcribed(bundle, real, work, models, decided)} if real.is_dir() else {},
    }


def decide(validation: Voices, text: Path, models: Mapping[str, Scored], seed: int, limit: int | None = None) -> Fusion:
    """The reliability from validation sentences and speakers, early fusion from matched pairs of both."""
    tables = [sentences.read(text, name, "validation") for name in ("meld", "goemotions")]
    dialogue, written = (table.first(limit or len(table.texts)) for table in tables)
    scored = {name: model(written.texts) for name, model in models.items()}
    draws = [trials.pairs(validation, written, scored, seed + draw, matched=True) for draw in range(N_DRAWS)]
    joined = trials.joined(draws)
    own = trials.own_sentences(validation, models)
    voice = methods.voice_answers(own)

    def weight(name: str, most: float) -> float:
        return allowed(most, lambda one: gain(own, methods.pool_answers(own, name, one), voice)[1])

    transfers = {name: transfer(model(dialogue.texts), dialogue.labels) for name, model in models.items()}
    return Fusion(
        transfers,
        {name: weight(name, most) for name, most in transfers.items()},
        {name: early.trained(joined, name, seed) for name in models},
    )


def transcribed(
    bundle: Bundle, folder: Path, work: Path, models: Mapping[str, Scored], decided: Fusion
) -> dict[str, Any]:
    """A corpus whose clips have transcripts: what fusion gains where both senses are real."""
    clips = [clip for clip in corpora.read(folder) if clip.label is not None]
    spoken = trials.own_sentences(_voices(bundle, clips, work), models)
    return {"clips": len(clips), "rows": rows(spoken, decided.answers(spoken))}


def _voices(bundle: Bundle, clips: Sequence[Clip], work: Path) -> Voices:
    dataset.prepare(clips, work / "cache")
    return voices(bundle, clips, work / "cache", work / "scores")


def _control(
    group: Voices, models: Mapping[str, Scored], decided: Fusion, words: Mapping[str, str] | None = None
) -> dict[str, Any]:
    spoken = trials.own_sentences(group, models, words)
    said = [clip.sentence for clip in group.clips]
    missing = {name: float((~np.isfinite(text).all(axis=1)).mean()) for name, text in spoken.text.items()}
    return {
        "clips": len(group.clips),
        "sentences": len(set(said)),
        "mutual_information": round(max(0.0, trials.mutual_information(said, [str(c.label) for c in group.clips])), 4),
        "no_evidence": {name: round(share, 4) for name, share in missing.items()},
        "rows": rows(spoken, decided.answers(spoken)),
    }
