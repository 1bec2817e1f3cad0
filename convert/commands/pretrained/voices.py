"""``python -m convert voices``: the weights that separate the two voices of a mono call; --evaluate: their error."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from convert import corpora
from convert.bundle import origin
from convert.card.tables import table
from convert.commands.options import add_folders, add_json, natural
from convert.data import splits
from convert.data.atomic_file import check_place
from convert.voices import weights
from convert.voices.error import call_errors, summary
from convert.voices.mono_calls import Person, pairs, people
from convert.voices.package import LICENCE, PACKAGE, WEIGHTS, fetch
from convert.voices.varying import varying, voice_embeddings
from edged.calls.settings import CallSettings
from edged.calls.voices import encoder as shipped
from edged.cli.values import path
from edged.config.structs import Config
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle

_TAUGHT_ON = "emodb"
_TEST, _VALIDATION = "ravdess", "emovo"
_N_PAIRS = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folders(parser)
    parser.add_argument("--wheel", type=path, help=f"the wheel of {PACKAGE}, where pip cannot fetch it")
    parser.add_argument("--out", type=path, help="file of the weights, the licence beside it (voices/made in --work)")
    parser.add_argument(
        "--evaluate",
        nargs="?",
        type=path,
        const=shipped.WEIGHTS,
        metavar="FILE",
        help="measure the weights in FILE, or those that ship; writes nothing",
    )
    parser.add_argument("--pairs", type=natural, default=_N_PAIRS, help="of speakers of one gender (%(default)s)")
    parser.add_argument("--seed", type=natural, default=1, help="of the pairs and their calls (%(default)s)")
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the weights beside their licence, or prints the errors."""
    if options.evaluate:
        _evaluate(options)
        return
    if options.out is not None:
        check_place("--out", options.out, "file")
    folder = fetch(options.work / "voices", options.wheel)
    out = options.out or folder / "made" / shipped.WEIGHTS.name
    arrays = weights.stored(weights.published(folder / WEIGHTS))
    plain = weights.write(arrays, folder / "plain.npz")
    known = taught_on(_people(options, _TAUGHT_ON))
    encoder = shipped.VoiceEncoder(plain)
    arrays["varying"] = varying([voice_embeddings(person, encoder) for person in known]).astype("float16")
    weights.write(arrays, out)
    (out.parent / LICENCE).write_bytes((folder / LICENCE).read_bytes())
    print(f"{out}: {out.stat().st_size} bytes, of {PACKAGE} and {len(known)} speakers of {_TAUGHT_ON}")


def taught_on(known: Sequence[Person]) -> list[Person]:
    """Those of the speakers ``known`` of EMO-DB that the directions are learned from."""
    split_of = splits.split_of(_TAUGHT_ON, {person.name for person in known})
    return [person for person in known if split_of[person.name] == "train"]


def _evaluate(options: argparse.Namespace) -> None:
    settings = CallSettings(config=Config(), bundle=load_bundle(DEFAULT_BUNDLE), customer="mono")
    found: dict[str, Any] = {"commit": origin.commit(), "seed": options.seed}
    encoder = shipped.VoiceEncoder(options.evaluate)
    for corpus in (_TEST, _VALIDATION):
        drawn = pairs(_people(options, corpus), options.pairs, options.seed)
        rows = call_errors([(*pair, encoder) for pair in drawn], settings, options.seed)
        found[corpus] = {**summary(rows), "rows": rows}
    rows = call_errors(_left_out(options, encoder), settings, options.seed)
    found[f"{_TAUGHT_ON}, pair left out"] = {**summary(rows), "rows": rows}
    print(json.dumps(found, indent=1) if options.json else _table(found))


def _left_out(options: argparse.Namespace, encoder: shipped.VoiceEncoder) -> Iterator[tuple[Person, Person, Any]]:
    """Pairs of the corpus that the directions were learned from, each with directions of the other speakers."""
    own = _people(options, _TAUGHT_ON)
    plain = encoder.without_directions()
    embeddings = {person.name: voice_embeddings(person, plain) for person in own}
    for pair in pairs(own, options.pairs, options.seed):
        others = [embeddings[person.name] for person in own if person not in pair]
        yield *pair, encoder.with_directions(varying(others))


def _people(options: argparse.Namespace, corpus: str) -> list[Person]:
    return people([clip for clip in corpora.read(options.corpora / corpus) if clip.audio is not None])


def _table(found: dict[str, Any]) -> str:
    rows = []
    for name, measured in found.items():
        if isinstance(measured, dict):
            for band in ("wide", "telephone"):
                one = measured[band]
                shown = [f"{one[key]:.1%}" if one[key] is not None else "-" for key in ("mean", "median", "worst")]
                rows.append([name, band, str(one["calls"]), *shown, str(one["not_split"])])
    return table(["pairs of one gender", "band", "calls", "mean error", "median", "worst", "not split"], rows)
