"""A finished bundle on the clips of its recipe, or on those of any index.

    Bundle, clips by corpus ──measure──► metrics, joined with those that only its training can measure

Nothing from the training is needed: anyone with the bundle can repeat the numbers, also on other clips.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from convert.corpora.clip import Clip, as_label
from convert.corpora.index_csv import read_index
from convert.data import dataset
from convert.data.material import Material, material
from convert.evaluate.heads.seeds import seeds
from convert.evaluate.measure import Scope, Tested, adaptation, comparisons, conditions, measured, rows, streamed
from convert.evaluate.runs import evaluated_groups, with_material
from convert.recipes.catalogue import RECIPES, recipe
from convert.stream.stage import OTHER, VALIDATION
from edged.errors import UsageError
from edged.models.bundle import Bundle

# Metrics that need the training's own data, and those over several trainings.
_LASTING = ("validation_uar", "gate", "runs", "seeds", "protocols")


def material_of(bundle: Bundle, corpora: Path) -> Material:
    """The clips of the bundle's recipe, proved to hold no test speaker that it was trained on.

    Raises:
        UsageError: it is of no known recipe, or was trained on speakers who are to test it.
    """
    file, training = bundle.path / "bundle.json", bundle.manifest.training
    name = training.get("recipe", {}).get("name")
    if name not in RECIPES:
        raise UsageError(f"{file}: training.recipe is {name}, expected one of {', '.join(RECIPES)}")
    clips = material(corpora, recipe(name))
    sides = [corpus["speakers"] for corpus in training.get("corpora", {}).values()]
    trained = {speaker for by_side in sides for side in ("train", "validation") for speaker in by_side.get(side, [])}
    test = {clip.speaker for group in evaluated_groups(clips).values() for clip in group}
    if both := sorted(trained & test):
        raise UsageError(f"{file}: trained on {', '.join(both)}, expected none of the test speakers")
    return clips


def tested(clips: Material, work: Path) -> Tested:
    """``clips``, prepared, and where their scores are kept below ``work``."""
    dataset.prepare(clips.all(), work / "cache")
    return Tested(evaluated_groups(clips), clips.validation, work / "cache", work / "scores")


def bundle_metrics(bundle: Bundle, work: Path, scope: Scope) -> dict[str, Any]:
    """All metrics of ``bundle`` measured again; those that only its training can measure stay as they are.

    Raises:
        UsageError: see ``material_of``.
    """
    clips, old = material_of(bundle, scope.corpora), bundle.manifest.metrics
    prepared = tested(clips, work)
    metrics = measured(bundle, prepared, scope)
    metrics = with_material(metrics, clips, prepared, bundle.manifest.training.get("seed", 0))
    for group, row in old.get("rows", {}).items():
        if "float" in row and group in metrics["rows"]:
            metrics["rows"][group]["float"] = row["float"]
    lasting: dict[str, Any] = {key: old[key] for key in _LASTING if old.get(key)}
    return {**lasting, **_joined(old, metrics)}


def bundle_comparisons(bundle: Bundle, work: Path, scope: Scope) -> dict[str, Any]:
    """The metrics of ``bundle`` with those of the scope's alternatives and runs joined to them.

    Raises:
        UsageError: see ``material_of``.
    """
    prepared = tested(material_of(bundle, scope.corpora), work)
    old = bundle.manifest.metrics
    return {**old, **_joined(old, comparisons(prepared, scope))}


def bundle_part(bundle: Bundle, work: Path, scope: Scope, part: str) -> dict[str, Any]:
    """``rows``, ``adaptation``, ``stream``, ``conditions`` or ``seeds`` of ``bundle`` alone, on its recipe's material.

    Raises:
        UsageError: see ``material_of``; or the scope names a group that there is not.
    """
    clips = material_of(bundle, scope.corpora)
    there = (VALIDATION, OTHER, f"{VALIDATION} {OTHER}", *evaluated_groups(clips))
    if absent := sorted(set(scope.groups) - set(there)):
        raise UsageError(f"--group {absent[0]}: expected one of {', '.join(there)}")
    whole = tested(clips, work)
    groups = {name: group for name, group in whole.groups.items() if not scope.groups or name in scope.groups}
    validation = whole.validation if not scope.groups or any(VALIDATION in name for name in scope.groups) else []
    chosen = replace(whole, groups=groups, validation=validation)
    if part == "rows":
        return {part: rows(bundle, chosen)}
    if part == "stream":
        return {part: streamed(bundle, chosen, scope)}
    if part == "conditions":
        return conditions(bundle, chosen, scope)
    if part == "seeds":
        return {part: seeds(bundle, clips, list(groups), work, scope.n_trials)}
    return {part: adaptation(bundle, chosen, scope)}


def with_part(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The metrics ``old`` with those of one part; of groups that are not in ``new``, what ``old`` has stays.

    So does what only the training can measure of a group's row.
    """
    joined = {name: {**old.get(name, {}), **groups} for name, groups in new.items()}
    for group, row in new.get("rows", {}).items():
        joined["rows"][group] = {**old.get("rows", {}).get(group, {}), **row}
    for name in ("rows", "trade_off") if "stream" in new else ():
        rows = new["stream"][name]
        again = {row["group"] for row in rows}
        kept = [row for row in old.get("stream", {}).get(name, []) if row["group"] not in again]
        joined["stream"][name] = [*kept, *rows]
    return {**old, **joined}


def index_metrics(bundle: Bundle, index: Path, work: Path, scope: Scope) -> dict[str, Any]:
    """The metrics of ``bundle`` on the clips of any index whose labels it knows.

    Raises:
        UsageError: no clip of the index has one of the bundle's labels.
    """
    labels = bundle.manifest.labels
    known = [replace(clip, label=_label(clip, labels)) for clip in read_index(index)]
    clips = [clip for clip in known if clip.label in labels]
    if not clips:
        raise UsageError(f"{index}: no clip has one of the labels {', '.join(labels)}")
    dataset.prepare(clips, work / "cache")
    names = dict.fromkeys(clip.corpus for clip in clips)
    groups = {name: [clip for clip in clips if clip.corpus == name] for name in names}
    metrics = measured(bundle, Tested(groups, [], work / "cache", work / "scores"), scope)
    return {"bundle": bundle.manifest.name, "version": bundle.manifest.version, **metrics}


def _label(clip: Clip, labels: tuple[str, ...]) -> str | None:
    """The clip's own word if the bundle knows it, else the one of the six labels that it means."""
    return as_label(clip.emotion) if as_label(clip.emotion) in labels else clip.label


def _joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``new`` without what is empty; alternatives that ``old`` has join its own."""
    alternatives = {**old.get("alternatives", {}), **new.get("alternatives", {})}
    return {key: value for key, value in {**new, "alternatives": alternatives}.items() if value}
