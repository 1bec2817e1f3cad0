"""A whole sound file to one answer, as ``edged classify`` and the evaluation give it.

file ──Recording──► WindowClassifier ──windows with speech──► mean scores ──► ClipScores
"""

import argparse
from pathlib import Path

import numpy as np

from edged.audio.recording import Recording
from edged.cli.bundle import prepared
from edged.cli.sensor.files import each_file
from edged.cli.sensor.json_lines import print_line
from edged.config.structs import Config
from edged.contract.payloads import ClipScores
from edged.events.tracker import NONE
from edged.features.geometry import GEOMETRY
from edged.models.bundle import Bundle
from edged.pipeline.classifier import WindowClassifier

_READ_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Files and the form of the answers."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="wav, flac, ogg or mp3")
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each file; the exit status."""
    config, bundle = prepared(arguments)

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
    """The mean scores of the windows with speech over the whole of ``file``; no label where there is no speech."""
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
