"""``edged classify``: one label for a whole sound file.

file ──Recording──► samples ──ClipClassifier──► mean scores ──► ClipScores
"""

import argparse
import sys
from collections.abc import Callable, Iterable

import msgspec

from edged.audio.formats.names import READ
from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.screen import printable, width, wrapped
from edged.cli.sensor.inputs import Input, each, inputs
from edged.cli.sensor.json_lines import print_line
from edged.cli.sensor.progress import Progress
from edged.cli.values import sound_file
from edged.contract.payloads import ClipScores
from edged.events.payload_builder import published
from edged.events.tracker import NONE
from edged.features.geometry import GEOMETRY
from edged.pipeline.clip import ClipClassifier

_READ_S = 1.0

_DESCRIPTION = """\
Print one line per sound file: label, confidence, and the mean scores of all windows that contain speech. Nothing is
published.
"""
_EXAMPLES = """\
examples:
  edged classify call.wav
  edged classify --jsonl *.flac
  ffmpeg -i call.m4a -f wav - | edged classify -
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files and the output format."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("files", nargs="+", type=sound_file, metavar="FILE", help=f"sound file: {READ}; - is stdin")
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object per line")


def run(arguments: argparse.Namespace) -> int:
    """Print a line per file; returns the exit status."""
    config, bundle = prepared(config_file(arguments))
    classifier = ClipClassifier(config, bundle)  # loads the models, once for all files

    def show(file: Input) -> None:
        with Recording(file.path, audio=config.audio, name=file.name) as recording:
            name = printable(file.name or str(file.path))
            with Progress(sys.stderr, name) as progress:
                clip = clip_scores(classifier, recording, progress.show)
        if arguments.jsonl:
            print_line(clip)
            return
        print(_row(clip, name))

    with inputs(arguments.files) as files:
        return each(files, show)


def clip_scores(
    classifier: ClipClassifier, recording: Recording, progress: Callable[[float, float | None], None]
) -> ClipScores:
    """The mean scores of all windows of ``recording`` that contain speech; without speech the label is ``none``.

    ``progress`` is called with the seconds that are done and those of the whole file, if they are known.
    """
    classifier.restart()
    while not recording.ended:
        chunk = recording.read(_READ_S)
        if chunk is not None:
            classifier.add(chunk.samples)
            progress(classifier.n_samples / GEOMETRY.sample_rate_hz, recording.duration_s)
    classifier.finish()
    scores, labels = classifier.scores, classifier.labels
    clip = ClipScores(
        file=recording.name,
        label=NONE if scores is None else labels[int(scores.argmax())],
        reason=classifier.reason,
        confidence=None if scores is None else round(float(scores.max()), 4),
        scores=None
        if scores is None
        else {label: round(float(score), 4) for label, score in zip(labels, scores, strict=True)},
        duration_s=round(classifier.n_samples / GEOMETRY.sample_rate_hz, 3),
        windows=classifier.n_windows,
    )
    return msgspec.structs.replace(clip, **published(classifier.dimensions))


def _row(clip: ClipScores, name: str) -> str:
    """The line for people: with all scores in a pipe, with the highest that fit on a terminal."""
    confidence = "    " if clip.confidence is None else f"{clip.confidence:.2f}"
    head = f"{clip.label:<10} {confidence}  "
    scores = clip.scores or {}
    if not scores:
        return wrapped(f"{head}{clip.reason}  {name}", sys.stdout)
    if not sys.stdout.isatty():
        return f"{head}{_listed(scores.items())}  {name}"
    room = width(sys.stdout) - 1 - len(head) - len(f"  {name}")
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    while ranked and len(_listed(ranked)) > room:
        ranked.pop()
    return f"{head}{_listed(ranked)}  {name}" if ranked else f"{head}{name}"


def _listed(scores: Iterable[tuple[str, float]]) -> str:
    return " ".join(f"{label} {score:.2f}" for label, score in scores)
