"""``python -m convert evaluate``: the metrics of a run, of a bundle, or of a bundle on any clips.

a run ──► calibration.json, metrics.json beside its models
--bundle B ──► B with new metrics, card and plots
--bundle B --rows, --adaptation, --stream, --conditions or --seeds ──► that part, printed; --write puts it into B
--bundle B --index I, or --transforms, --calls, --fusion ──► printed, nothing is written
"""

import argparse
import dataclasses
import json
from typing import Any

from convert.bundle import origin, results
from convert.bundle.place import made_here
from convert.card.hub.fusion_section import fusion_section
from convert.card.printed.call_table import call_table
from convert.card.report import report
from convert.card.robustness_section import transform_table
from convert.commands.evaluate_options import arguments, check, part_of
from convert.commands.gate import gate_for
from convert.commands.options import need_tensorflow, run_of, scope_of, seed_of
from convert.commands.text import text_models
from convert.evaluate.measure import Scope
from convert.train.runs import Run
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

__all__ = ["arguments", "evaluate_run", "run"]


def run(options: argparse.Namespace) -> None:
    """Measures, writes where there is something to write to, and prints."""
    if options.transforms:
        _transforms(options)
        return
    if options.calls:
        _calls(options)
        return
    if options.fusion:
        _fusion(options)
        return
    check(options)
    if options.bundle or options.index:
        metrics = _of_bundle(options)
    else:
        need_tensorflow()
        metrics = _of_run(options, run_of(options))
    print(json.dumps(metrics, indent=1) if options.json else report(metrics))


def _transforms(options: argparse.Namespace) -> None:
    from convert.evaluate import transforms  # noqa: PLC0415 - it is needed for this part only

    metrics = transforms.measured(options.corpora, seed_of(options), options.checkout, options.bundle, options.side)
    print(json.dumps(metrics, indent=1) if options.json else transform_table(metrics))


def _calls(options: argparse.Namespace) -> None:
    """On test speakers, or with ``--side validation`` on the speakers on whom settings may be chosen."""
    from convert.stream import calls  # noqa: PLC0415 - it is needed for this part only

    bundle = load_bundle(options.bundle or DEFAULT_BUNDLE)
    speakers = calls.VALIDATION if options.side == "validation" else calls.TEST
    analysed = calls.analysed(options.corpora, speakers, bundle)
    metrics = calls.call_metrics(analysed, bundle)
    print(json.dumps(metrics, indent=1) if options.json else call_table(metrics))


def _fusion(options: argparse.Namespace) -> None:
    from convert.evaluate.fusion import measure  # noqa: PLC0415 - scikit-learn takes seconds

    folders = {"corpora": options.corpora, "text": options.text, "work": options.work}
    models = text_models(options.work / "text", seed_of(options))
    found = measure.measured(
        load_bundle(options.bundle or DEFAULT_BUNDLE), folders, models, seed_of(options), options.tested
    )
    found |= {"commit": origin.commit(), "text_models": list(models)}
    print(json.dumps(found, indent=1) if options.json else fusion_section(found))


def evaluate_run(training: Run, scope: Scope, gate: Any) -> dict[str, Any]:  # noqa: ANN401 - a gate, or None
    """Calibrates and measures the models of ``training``; writes both results beside them."""
    from convert.evaluate.runs import run_metrics  # noqa: PLC0415 - scikit-learn takes seconds

    made, fitted = _calibrated(training, gate)
    metrics = _with_commit(run_metrics(training, made, scope))
    metrics["validation_uar"] = fitted.validation_uar
    results.write_metrics(made, metrics)
    return metrics


def _of_run(options: argparse.Namespace, training: Run) -> dict[str, Any]:
    from convert.evaluate.measure import adaptation, conditions, streamed  # noqa: PLC0415 - as above
    from convert.evaluate.runs import tested  # noqa: PLC0415 - scikit-learn takes seconds

    scope = scope_of(options, clips_only=options.clips, short=options.short or options.epochs is not None)
    if options.adaptation:
        made, _ = _calibrated(training, None)
        return {"adaptation": adaptation(made, tested(training), scope)}
    if options.stream:
        made, _ = _calibrated(training, gate_for(options))
        return {"stream": streamed(made, tested(training), scope)}
    if options.conditions:
        made, _ = _calibrated(training, gate_for(options))
        return conditions(made, tested(training), scope)
    return evaluate_run(training, scope, None if options.clips else gate_for(options))


def _calibrated(training: Run, gate: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a gate, or None
    from convert.bundle.draft import draft, with_choices  # noqa: PLC0415 - it is needed for a run only
    from convert.evaluate.runs import calibration  # noqa: PLC0415 - scikit-learn takes seconds

    made = draft(training)
    fitted = calibration(training, made)
    results.write_calibration(made, fitted)
    return with_choices(made, fitted, gate), fitted


def _of_bundle(options: argparse.Namespace) -> dict[str, Any]:
    from convert.bundle.writer import with_metrics  # noqa: PLC0415 - matplotlib takes a second
    from convert.evaluate import bundles  # noqa: PLC0415 - scikit-learn takes seconds

    path, work = options.bundle or DEFAULT_BUNDLE, options.work
    scope = dataclasses.replace(scope_of(options, clips_only=options.clips, short=options.short), groups=options.group)
    if options.index:
        return bundles.index_metrics(load_bundle(path), options.index, work, scope)
    part = part_of(options)
    if part and not options.write:
        return bundles.bundle_part(load_bundle(path), work, scope, part)
    made = made_here(path)
    if part:
        measured = bundles.bundle_part(made, work, scope, part)
        with_metrics(made, _with_part(made.manifest.metrics, part, options.group, measured))
        return measured
    if options.clips:
        return dict(with_metrics(made, _with_commit(bundles.bundle_comparisons(made, work, scope))).manifest.metrics)
    metrics = _with_commit(bundles.bundle_metrics(made, work, scope))
    metrics["evaluated"] = {
        "command": "python -m convert evaluate --bundle",
        "commit": origin.commit(),
        "at": origin.now(),
    }
    return dict(with_metrics(made, metrics).manifest.metrics)


def _with_part(metrics: dict[str, Any], part: str, groups: list[str], measured: dict[str, Any]) -> dict[str, Any]:
    """``metrics`` of a bundle with one part measured again, and the command and commit of that."""
    from convert.evaluate.bundles import with_part  # noqa: PLC0415 - scikit-learn takes seconds

    command = " ".join(["python -m convert evaluate --bundle", f"--{part}", *(f"--group {name}" for name in groups)])
    made = {"command": command, "commit": origin.commit(), "at": origin.now()}
    parts = {**metrics.get("parts", {}), " ".join([part, *groups]): made}
    return {**with_part(metrics, measured), "parts": parts}


def _with_commit(metrics: dict[str, Any]) -> dict[str, Any]:
    """``metrics`` with the commit at which new alternatives were measured."""
    for other in metrics.get("alternatives", {}).values():
        other.setdefault("commit", origin.commit())
    return metrics
