"""All metrics that need only a bundle and clips.

    Bundle, clips by corpus ──► rows of clips, adaptation, worse conditions, the stream, alternatives

Neither float networks nor training clips are needed: anyone with the bundle can measure it on any clips.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.corpora.clip import Clip
from convert.data.surroundings import Surroundings, surroundings
from convert.evaluate import adaptation_curves, feature_curves
from convert.evaluate.alternatives import Alternative, alternatives_metrics
from convert.evaluate.delivery.rows import delivery
from convert.evaluate.robustness import robustness
from convert.evaluate.seeds import over_runs
from convert.score import clip_scores
from convert.score.rows import clip_row
from convert.score.runtimes import int8, runtime_differences
from convert.stream import stage
from convert.train.heads import bundle_windows
from edged.models.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Scope:
    """What is measured besides the clips themselves."""

    corpora: Path  # folder of the sounds, noises and rooms
    alternatives: Sequence[Alternative] = ()
    runs: Sequence[Path] = ()
    lengths: stage.Lengths = stage.WHOLE
    n_trials: int = adaptation_curves.N_TRIALS  # of the adaptation, by speaker
    clips_only: bool = False  # neither worse conditions nor the stream
    groups: Sequence[str] = ()  # only these, where a part is measured alone; empty: all

    @property
    def around(self) -> dict[str, Surroundings]:
        """By side."""
        return {"validation": surroundings(self.corpora, "validation"), "test": surroundings(self.corpora, "test")}


@dataclass(frozen=True, slots=True)
class Tested:
    """Prepared clips, and where their log-mel and scores are kept."""

    groups: Mapping[str, Sequence[Clip]]  # by corpus
    validation: Sequence[Clip]  # empty where temperatures and settings were not chosen on any
    cache: Path  # log-mel
    store: Path  # scores


def measured(bundle: Bundle, tested: Tested, scope: Scope) -> dict[str, Any]:
    """All metrics of ``bundle`` that need only prepared clips."""
    store = tested.store
    first = bundle_windows.clip_windows(bundle, next(iter(tested.groups.values())), tested.cache, store)
    return {
        "rows": rows(bundle, tested),
        "adaptation": adaptation(bundle, tested, scope),
        **({"robustness": {}, "delivery": {}} if scope.clips_only else conditions(bundle, tested, scope)),
        "stream": {} if scope.clips_only else streamed(bundle, tested, scope),
        "runtimes": runtime_differences(bundle, first, store),
        **comparisons(tested, scope),
    }


def rows(bundle: Bundle, tested: Tested) -> dict[str, Any]:
    """By corpus the metrics of its clips as they are."""
    found = {}
    for name, clips in tested.groups.items():
        windows = bundle_windows.clip_windows(bundle, clips, tested.cache, tested.store)
        found[name] = clip_row(bundle.manifest, int8(bundle, windows, tested.store), windows)
    return found


def conditions(bundle: Bundle, tested: Tested, scope: Scope) -> dict[str, Any]:
    """The same clips under worse conditions, and delivered in other ways."""
    return {
        "robustness": robustness(bundle, tested.groups, scope.around["test"]),
        "delivery": delivery(bundle, tested.groups),
    }


def comparisons(tested: Tested, scope: Scope) -> dict[str, Any]:
    """The metrics of alternatives and of runs, which do not depend on the bundle."""
    others = scope.alternatives
    metrics = (
        alternatives_metrics(others, tested.validation, tested.groups, tested.cache, tested.store) if others else {}
    )
    return {"alternatives": metrics, **({"runs": over_runs(scope.runs)} if scope.runs else {})}


def streamed(bundle: Bundle, tested: Tested, scope: Scope) -> dict[str, Any]:
    """The episodes that the device publishes over long recordings of the groups and of validation speakers."""
    groups = {**({stage.VALIDATION: tested.validation} if tested.validation else {}), **tested.groups}
    around = scope.around
    stage.prepared(groups, around, tested.cache)
    return stage.streamed(bundle, groups, around, tested.cache, scope.lengths, scope.groups)


def adaptation(bundle: Bundle, tested: Tested, scope: Scope) -> dict[str, Any]:
    """By group of clips UAR after so many seconds of a speaker; adaptation's settings were chosen on validation."""
    manifest = bundle.manifest
    if not manifest.mean_log_scores and manifest.adaptation is None:
        return {}
    groups = {stage.VALIDATION: tested.validation, **tested.groups}
    groups = {name: clips for name, clips in groups.items() if clips}
    if manifest.adaptation is not None:
        return feature_curves.feature_curves(bundle, groups, tested.cache, tested.store, scope.n_trials)
    results = {}
    for name, clips in groups.items():
        windows = clip_scores.clip_windows(clips, tested.cache)
        raw = int8(bundle, windows, tested.store)
        left_out = name == stage.VALIDATION
        homes, device = adaptation_curves.score_homes(manifest, raw, windows, tested.cache, left_out=left_out)
        results[name] = adaptation_curves.curves(homes, device, scope.n_trials)
    return results
