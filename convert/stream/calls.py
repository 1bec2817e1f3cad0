"""``python -m convert evaluate --calls``: composed calls through ``edged.calls``, and whether the score orders them.

    speakers, plans, bands, seeds ──compose──► stereo recordings ──call_windows──► scores of each window
    ──with and without the two passes──► S by speaker and plan ──► speakers in order, margins, shuffled, intervals

A speaker is in order when the mean of both calming plans lies above flat neutral, and that above the mean of both
escalating ones.  Every call is scored, whatever ``calls.max_interval`` and the other limits say; how many would have no
score is counted.  Only the customer's channel reaches the models, so the same call with another speaker on the other
channel has the same score: the first speaker's calls are analysed both ways, and must agree exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from convert import corpora
from convert.corpora.clip import Clip
from convert.data import recordings
from convert.stream.call_plans import LABELS, PLANS, call, telephone
from edged.calls import score as scoring
from edged.calls.settings import CallSettings, rules
from edged.calls.sound.parties import Parties
from edged.calls.sound.windows import call_windows
from edged.calls.voice import adapted, feature_adaptation, second_pass
from edged.config.structs import Config
from edged.features.geometry import GEOMETRY
from edged.features.logmel import Floats
from edged.models.bundle import Bundle

BANDS = ("wide", "telephone")
# Speakers that no bundle was trained on, in no order that was chosen: all of nEMO, the test speakers of EMO-DB, and the
# first eleven of RAVDESS.
TEST = {
    "nemo": ("EB0", "IC0", "KD0", "MP0", "SM0", "TP0", "WR0"),
    "emodb": ("12", "14"),
    "ravdess": tuple(f"{number:02}" for number in range(1, 12)),
}
VALIDATION = {"emovo": ("f1", "f2", "f3", "m1", "m2", "m3"), "emodb": ("13",)}
SEEDS = (1, 2, 3)
_DEFAULTS = Config()
_SHUFFLES = 20
_DRAWS = 1000  # of the bootstrap over speakers
_CALMS, _FLAT, _ESCALATES = ("calms early", "calms late"), "flat neutral", ("escalates early", "escalates late")

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Analysed:
    """One composed call."""

    speaker: str
    plan: str
    band: str
    seed: int
    scores: Floats  # (n, n_labels) of the windows with speech, before adaptation
    speech_s: float
    second: Floats | None = None  # the same once the features are adapted to the voice; None: the bundle adapts none


def analysed(
    folder: Path, speakers: Mapping[str, Sequence[str]], bundle: Bundle, seeds: Sequence[int] = SEEDS
) -> list[Analysed]:
    """All calls of ``speakers`` (by corpus, without the corpus' prefix) of the corpora below ``folder``."""
    people = _people(folder, speakers)
    config = msgspec.structs.replace(Config(), baseline=msgspec.structs.replace(Config().baseline, mode="off"))
    settings = CallSettings(config=config, bundle=bundle, customer="left")
    found = []
    with TemporaryDirectory() as name:
        for index, (speaker, clips) in enumerate(people.items()):
            answers = _answers(people, index)
            for seed in seeds:
                for number, plan in enumerate(PLANS):
                    sides = call(clips, answers, plan, [seed, index, number])
                    for band in BANDS:
                        found.append(_analysed(Path(name), sides, settings, (speaker, plan, band, seed)))
                        if index == 0 and seed == seeds[0]:
                            _check_alone(Path(name), sides, settings, found[-1])
    return found


def call_metrics(calls: Sequence[Analysed], bundle: Bundle, config: Config = _DEFAULTS) -> dict[str, Any]:
    """Orders, margins and means by band, with and without the second pass."""
    rows = {}
    for two_passes in (True, False):
        settings = config if two_passes else _unadapted(config)
        for band in BANDS:
            own = [one for one in calls if one.band == band]
            rows[f"{band}, {'two passes' if two_passes else 'one pass'}"] = _row(own, bundle, settings)
    return {
        "speakers": sorted({one.speaker for one in calls}),
        "seeds": sorted({one.seed for one in calls}),
        "rules": msgspec.to_builtins(rules(config.calls, bundle.manifest.labels)),
        "rows": rows,
    }


def _row(calls: Sequence[Analysed], bundle: Bundle, config: Config) -> dict[str, Any]:
    of_score = rules(config.calls, bundle.manifest.labels)
    weights, m = tuple(of_score.weights.values()), of_score.opening_windows
    by_call: dict[tuple[str, int, str], float] = {}
    shuffled, n_without = [], 0
    for one in calls:
        scores = _scores(one, bundle, config)
        d = scoring.distress(scores, weights)
        by_call[one.speaker, one.seed, one.plan] = scoring.calming(d, m)[0]
        rng = np.random.default_rng(one.seed)
        shuffled += [scoring.calming(rng.permutation(d), m)[0] for _ in range(_SHUFFLES)]
        ranked = np.sort(scores, axis=1)
        uncertain = float(np.mean(ranked[:, -1] - ranked[:, -2] < config.tracker.margin))
        n_without += scoring.scored(d, of_score, speech_s=one.speech_s, uncertain=uncertain).interval is None
    speakers, seeds = sorted({one.speaker for one in calls}), sorted({one.seed for one in calls})
    values = np.array([[[by_call[name, seed, plan] for plan in PLANS] for seed in seeds] for name in speakers])
    plans = list(PLANS)
    calms = values[:, :, [plans.index(one) for one in _CALMS]].mean(axis=2)
    escalates = values[:, :, [plans.index(one) for one in _ESCALATES]].mean(axis=2)
    flat = values[:, :, plans.index(_FLAT)]
    ordered = (calms > flat) & (flat > escalates)
    pooled = (calms.mean(axis=1) > flat.mean(axis=1)) & (flat.mean(axis=1) > escalates.mean(axis=1))
    return {
        "speakers": len(speakers),
        "ordered": {str(seed): int(ordered[:, index].sum()) for index, seed in enumerate(seeds)},
        "ordered_mean_of_seeds": int(pooled.sum()),
        "calms_above_escalates": {str(seed): int((calms > escalates)[:, at].sum()) for at, seed in enumerate(seeds)},
        "margin": _interval(calms.mean(axis=1) - escalates.mean(axis=1)),
        "calms_over_flat": _interval(calms.mean(axis=1) - flat.mean(axis=1)),
        "flat_over_escalates": _interval(flat.mean(axis=1) - escalates.mean(axis=1)),
        "plans": {plan: _interval(values[:, :, at].mean(axis=1)) for at, plan in enumerate(plans)},
        "shuffled_mean": round(float(np.mean(shuffled)), 3),
        "without_score": round(n_without / len(calls), 3),
        "wrong": [name for name, right in zip(speakers, pooled, strict=True) if not right],
    }


def _interval(by_speaker: Values) -> list[float]:
    """The mean over speakers and its 95 % interval, by the bootstrap over speakers."""
    rng = np.random.default_rng(1)
    drawn = rng.choice(by_speaker, (_DRAWS, len(by_speaker))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return [round(float(value), 2) for value in (by_speaker.mean(), low, high)]


def _people(folder: Path, speakers: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[Clip]]]:
    """Clips by label of each speaker."""
    people: dict[str, dict[str, list[Clip]]] = {}
    for corpus, names in speakers.items():
        clips = [clip for clip in corpora.read(folder / corpus) if clip.label in LABELS]
        for name in names:
            own = [clip for clip in clips if clip.speaker.rpartition("_")[2] == name]
            people[f"{corpus} {name}"] = {label: [clip for clip in own if clip.label == label] for label in LABELS}
    return people


def _answers(people: Mapping[str, Mapping[str, Sequence[Clip]]], index: int) -> Sequence[Clip]:
    """Neutral clips of the next speaker."""
    others = list(people.values())
    return others[(index + 1) % len(others)]["neutral"]


def _analysed(folder: Path, sides: Floats, settings: CallSettings, which: tuple[str, str, str, int]) -> Analysed:
    speaker, plan, band, seed = which
    file = folder / "call.wav"
    if band == "telephone":
        recordings.write_narrow(file, telephone(sides))
    else:
        recordings.write(file, sides)
    voice = feature_adaptation(settings.bundle, _DEFAULTS)
    with Parties(file, settings) as parties:
        measured = call_windows(parties, settings, lambda _done_s, _total_s: None, keep_seen=voice is not None)
        speech_s = float(np.count_nonzero(measured.customer.frames(parties.n_samples // GEOMETRY.hop))) * GEOMETRY.hop_s
    if voice is None or not measured.seen:
        return Analysed(speaker, plan, band, seed, measured.scores, speech_s, None)
    cascade = measured.cascade
    first = np.stack([cascade.answer(one).scores for one in measured.seen])
    second = second_pass(cascade, _DEFAULTS, measured.seen, voice, _DEFAULTS.calls.stride_s)
    return Analysed(speaker, plan, band, seed, first, speech_s, second)


def _scores(one: Analysed, bundle: Bundle, config: Config) -> Floats:
    """(n, n_labels) of the second pass, or those before adaptation if ``baseline.mode`` is off."""
    is_unadapted = config.baseline.mode == "off" or one.second is None
    scores = one.scores if is_unadapted else one.second
    assert scores is not None  # noqa: S101 -- the line above
    return adapted(bundle, config, scores, config.calls.stride_s).scores


def _check_alone(folder: Path, sides: Floats, settings: CallSettings, with_other: Analysed) -> None:
    """The same call with silence on the other channel has the same scores.

    Raises:
        ValueError: it has not.
    """
    silent = np.stack([sides[:, 0], np.random.default_rng(1).normal(0, 1e-3, len(sides))], axis=1).astype(np.float32)
    one = with_other
    alone = _analysed(folder, silent, settings, (one.speaker, one.plan, one.band, one.seed))
    if not np.array_equal(alone.scores, with_other.scores):
        raise ValueError(f"{one.speaker}, {one.plan}: the other channel changes the scores, expected none of it")


def _unadapted(config: Config) -> Config:
    return msgspec.structs.replace(config, baseline=msgspec.structs.replace(config.baseline, mode="off"))
