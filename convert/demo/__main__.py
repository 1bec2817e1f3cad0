"""``python -m convert.demo``: makes the demo's sample for a bundle.

    lines ──search──► deliveries.json ──vocoder──► sample.flac, sample.json

``make sample`` runs it with ``--ship`` when the shipped bundle changes: other models detect other emotions in the same
voice.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from convert.command_line import Parser, ended
from convert.commands.options import natural
from convert.data import recordings
from convert.data.atomic_file import check_place
from convert.demo.arrangement import Arrangement, arranged
from convert.demo.conversation import Spoken
from convert.demo.lines import LINES, VOICES
from convert.demo.scoring import Scorer
from convert.demo.search import USUAL, searched
from edged.cli.values import path
from edged.demo.sample import SAMPLE
from edged.errors import UsageError
from edged.models.bundle import DEFAULT_BUNDLE, Bundle, load_bundle

DELIVERIES = Path(__file__).with_name("deliveries.json")
_OUT = Path(__file__).parents[2] / "build" / "demo" / SAMPLE.name


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the last search."""

    bundle: str  # digest
    seed: int
    lines: list[Spoken]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit status."""
    return ended("convert.demo", lambda: _make(_parser().parse_args(arguments)))


def _parser() -> Parser:
    parser = Parser(prog="python -m convert.demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", type=path, default=DEFAULT_BUNDLE, help="the models to search for (%(default)s)")
    parser.add_argument("--seed", type=natural, default=1, help="of search and noise (%(default)s)")
    parser.add_argument("--as-found", action="store_true", help="no search: the committed deliveries")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", type=path, default=_OUT, help="the sample; the rest goes beside it (%(default)s)")
    place.add_argument("--ship", action="store_true", help="replace the sample of edged, and the committed deliveries")
    return parser


def _make(options: argparse.Namespace) -> None:
    out, deliveries = (SAMPLE, DELIVERIES) if options.ship else (options.out, options.out.with_name(DELIVERIES.name))
    if out.suffix != SAMPLE.suffix:
        raise UsageError(f"--out {out}: expected the name of a {SAMPLE.suffix} file")
    check_place("--out", out, "file")
    bundle = load_bundle(options.bundle)
    seed, candidates = _as_found() if options.as_found else (options.seed, _searched(bundle, options.seed))
    arrangement = arranged(bundle, candidates, seed)
    write(arrangement, out)
    if not options.as_found:
        found = Deliveries(bundle=bundle.digest, seed=seed, lines=arrangement.lines)
        deliveries.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    print(_table(arrangement))


def write(arrangement: Arrangement, out: Path) -> None:
    """The sample at ``out``, what is meant beside it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    recordings.write(out, np.asarray(arrangement.samples, np.float32))
    turns = msgspec.json.format(msgspec.json.encode(arrangement.turns), indent=1)
    out.with_suffix(".json").write_bytes(turns + b"\n")


def _searched(bundle: Bundle, seed: int) -> list[list[Spoken]]:
    """Candidates by line, the best first."""
    scorer = Scorer(bundle)
    candidates = []
    for line in LINES:
        found = searched(line, VOICES, scorer, seed, USUAL)
        best = ", ".join(f"{one.voice.name} {np.exp(one.score):.2f}" for one in found)
        print(f"{line.meant:<8} {best}", flush=True)
        candidates.append([Spoken(line=line, voice=one.voice, delivery=one.delivery) for one in found])
    return candidates


def _as_found() -> tuple[int, list[list[Spoken]]]:
    known = msgspec.json.decode(DELIVERIES.read_bytes(), type=Deliveries)
    return known.seed, [[line] for line in known.lines]


def _table(arrangement: Arrangement) -> str:
    rows = ["meant     worst  (share of the turn by which its emotion leads, in the worst condition)"]
    rows += [
        f"{turn.meant:<8} {outcome.lead:6.2f}"
        for turn, outcome in zip(arrangement.turns, arrangement.worst, strict=True)
    ]
    return "\n".join([*rows, f"{len(arrangement.samples) / 16_000:.1f} s"])


if __name__ == "__main__":
    sys.exit(main())
