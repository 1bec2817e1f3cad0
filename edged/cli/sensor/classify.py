"""``edged classify``: one label for a whole sound file.

file ──Recording──► WindowClassifier ──windows with speech──► mean scores ──► ClipScores
"""

import argparse
from pathlib import Path

import numpy as np

from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.config_file import config_file
from edged.cli.sensor.files import each_file
from edged.cli.sensor.json_lines import print_line
from edged.config.structs import Config
from edged.contract.payloads import ClipScores
from edged.events.tracker import NONE
from edged.features.geometry import GEOMETRY
from edged.models.bundle import Bundle
from edged.pipeline.classifier import WindowClassifier

_READ_S = 1.0

_DESCRIPTION = """\
Print one line per sound file: label, confidence, and the mean scores of all windows that contain speech. Nothing is
published.
"""
_EXAMPLES = """\
examples:
  edged classify call.wav
  edged classify --jsonl *.flac
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files and the output format."""
    parser.description = _DESCRIPTION
    parser.epilog = _EXAMPLES
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="sound file: wav, flac, ogg or mp3")
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object per line")


def run(arguments: argparse.Namespace) -> int:
    """Print a line per file; returns the exit status."""
    config, bundle = prepared(config_file(arguments))

    def show(file: Path) -> None:
        clip = clip_scores(config, bundle, file)
        if arguments.jsonl:
            print_line(clip)
            return
        confidence = "    " if clip.confidence is None else f"{clip.confidence:.2f}"
        scores = " ".join(f"{label} {score:.2f}" for label, score in (clip.scores or {}).items())
        print(f"{clip.label:<10} {confidence}  {scores}  {file}")

    return each_file(arguments.files, show)


def clip_scores(config: Config, bundle: Bundle, file: Path) -> ClipScores:
    """The mean scores of all windows of ``file`` that contain speech; without speech the label is ``none``."""
    classifier = WindowClassifier(config, bundle)
    answers, n_samples = [], 0
    with Recording(file, audio=config.audio) as recording:
        while not recording.ended:
            chunk = recording.read(_READ_S)
            if chunk is not None:
                n_samples += len(chunk.samples)
                answers += [
                    classified.answer
                    for classified in classifier.classify(chunk.samples, chunk.start)
                    if classified.answer
                ]
    answers += [classified.answer for classified in classifier.finish() if classified.answer]
    scores = np.mean([answer.scores for answer in answers], axis=0) if answers else None
    labels = bundle.manifest.labels
    return ClipScores(
        file=recording.name,
        label=NONE if scores is None else labels[int(scores.argmax())],
        confidence=None if scores is None else round(float(scores.max()), 4),
        scores=None
        if scores is None
        else {label: round(float(score), 4) for label, score in zip(labels, scores, strict=True)},
        duration_s=round(n_samples / GEOMETRY.sample_rate_hz, 3),
        windows=len(answers),
    )
