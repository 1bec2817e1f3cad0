"""A bundle to the files in its folder, verified before they replace the old ones.

    run's results, gate ──► bundle.json, models, README.md, plots ──loaded, run──► edged/models/small
    a bundle, a gate or metrics ──► the same bundle with these

The folder is only replaced once the new one loads and runs on every installed runtime.
"""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.bundle import origin, results
from convert.bundle.draft import Gate, draft, gate_of, naming_gate, with_choices
from convert.bundle.place import check_out, made_here, replace
from convert.bundle.shipped_gate import PLOT, ShippedGate
from convert.card import card, plots
from convert.card.gate.plot import write_gate_plot
from convert.card.own.own_card import own_card
from convert.gate.stage import Made
from convert.score.isolated import apart
from convert.train.runs import Run
from edged.features.geometry import GEOMETRY
from edged.models.bundle import Bundle, Manifest, Routing, load_bundle
from edged.models.cascade import Cascade
from edged.models.interpreter import Seen, installed_runtimes
from edged.models.level_gate import GateSettings
from edged.models.speech_gate import ModelGate
from edged.models.trunk import Trunk

_ANY_LEVEL = GateSettings(margin_db=0, min_dbfs=-96, min_frames=1)
_GATE_LICENCE = "; its gate also on ami (CC BY 4.0), esc10 (CC BY 3.0) and noise, see README.md"


def bundle(run: Run, out: Path, gate: Gate | None = None) -> Bundle:
    """Writes the bundle of ``run`` into the folder ``out``, verified; with ``gate`` if given.

    Raises:
        UsageError: ``run`` has not been evaluated since its models were made.
        ModelError: the new bundle does not load or run.
    """
    made = draft(run)
    calibrated = with_choices(made, results.read_calibration(made))
    metrics, file = results.read_metrics(made)
    card.prove_whole(metrics, str(file))
    training = naming_gate(calibrated.manifest.training, gate)
    manifest = msgspec.structs.replace(calibrated.manifest, metrics=metrics, training=training)
    return written(out, manifest, model_files(made), gate)


def with_gate(path: Path, gate: Made) -> Bundle:
    """Puts ``gate`` into the bundle in ``path``, in place of a gate that it may have.

    Raises:
        ModelError: there is no bundle, or with the gate it does not load or run.
        UsageError: the bundle was not made here, so no card can be written for it.
    """
    old = made_here(path)
    return written(path, old.manifest, model_files(old), gate)


def with_protocol(path: Path, name: str, tested: dict[str, Any]) -> Bundle:
    """Adds folds of a corpus' protocol to those in the metrics and the card of the bundle in ``path``.

    Raises:
        ModelError: there is no bundle, or with them it does not load or run.
        UsageError: as above.
    """
    made = made_here(path)
    old = made.manifest.metrics.get("protocols", {})
    folds = {**old.get(name, {}).get("folds", {}), **tested["folds"]}
    return with_metrics(made, {**made.manifest.metrics, "protocols": {**old, name: {**tested, "folds": folds}}})


def with_metrics(made: Bundle, metrics: dict[str, Any]) -> Bundle:
    """Replaces the metrics of a bundle that was made here, and writes its card and plots again.

    Raises:
        ModelError: with them it does not load or run.
    """
    manifest = msgspec.structs.replace(made.manifest, metrics=metrics)
    files = model_files(made)
    if manifest.gate is not None and made.gate is not None:
        files |= {manifest.gate.file: made.gate, PLOT: (made.path / PLOT).read_bytes()}
    return written(made.path, manifest, files, None)


def with_card(path: Path) -> Bundle:
    """Writes the card and the plots of the bundle in ``path`` again, from its manifest alone.

    Raises:
        ModelError: there is no bundle, or it does not load or run.
        UsageError: the bundle was not made here, or its metrics are those of another version.
    """
    made = made_here(path)
    return with_metrics(made, made.manifest.metrics)


def prove(path: Path) -> None:
    """Loads the bundle in ``path`` and runs it, with both routings on every installed runtime.

    Raises:
        ModelError: it does not load, or does not run.
    """
    loaded = load_bundle(path)
    image = np.random.default_rng(0).integers(-128, 128, (GEOMETRY.n_frames, GEOMETRY.n_bands)).astype(np.int8)
    loud = np.zeros(GEOMETRY.n_frames, np.float32)
    levels = np.zeros((loaded.geometry.n_frames, loaded.geometry.n_bands), np.float32)
    routings: tuple[Routing, ...] = ("hard", "soft")
    for runtime in installed_runtimes():
        given: Seen = image
        if loaded.manifest.trunk is not None:
            given = Trunk(loaded, runtime=runtime).features(levels)
        for routing in routings:
            Cascade(loaded, routing, runtime=runtime).answer(given)
        if loaded.manifest.gate is not None:
            ModelGate(loaded, _ANY_LEVEL, runtime=runtime).detects_speech(loud, image)


def model_files(made: Bundle) -> dict[str, bytes]:
    """The files of ``made`` by name, without its gate."""
    manifest = made.manifest
    files = {manifest.models[name].file: content for name, content in made.contents.items()}
    files |= {(manifest.dimensions or {})[name].file: content for name, content in made.dimensions.items()}
    for part, content in ((manifest.trunk, made.trunk), (manifest.adaptation, made.adaptation)):
        if part is not None and content is not None:
            files[part.file] = content
    return files


def written(out: Path, manifest: Manifest, files: dict[str, bytes], gate: Gate | None) -> Bundle:
    """The bundle of ``manifest`` and its ``files``, written to ``out`` in place of its content.

    Raises:
        ModelError: it does not load or run.
        UsageError: see ``check_out``.
    """
    check_out(out)
    out = out.resolve()  # `.` has no name
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    if gate is not None:
        files = {**files, gate.model.file: gate.content}
        training = dict(gate.training)
        if isinstance(gate, ShippedGate):
            (part / PLOT).write_bytes(gate.plot)
        else:
            write_gate_plot(gate.curves, part / PLOT)
            training["commit"] = origin.commit()
        manifest = msgspec.structs.replace(
            manifest,
            gate=gate_of(manifest, gate.model),
            licence=manifest.licence.partition(_GATE_LICENCE)[0] + _GATE_LICENCE,
            metrics={**manifest.metrics, "gate": gate.metrics},
            training={**manifest.training, "gate": training},
        )
    for name, content in files.items():
        (part / name).write_bytes(content)
    (part / "bundle.json").write_bytes(msgspec.json.format(msgspec.json.encode(_keys_of(manifest)), indent=1) + b"\n")
    text = own_card(manifest) if "own" in manifest.training else card.card(manifest)
    (part / "README.md").write_text(text, encoding="utf-8")
    plots.write_plots(manifest, part)
    apart(prove, part)
    replace(out, part)
    return load_bundle(out)


def _keys_of(manifest: Manifest) -> dict[str, Any]:
    """The keys of ``manifest`` that are set: programs that only know format 1 refuse unknown keys."""
    whole: dict[str, Any] = msgspec.to_builtins(manifest)
    whole["gate"] = {key: value for key, value in (whole["gate"] or {}).items() if value is not None} or None
    return {key: value for key, value in whole.items() if value is not None}
