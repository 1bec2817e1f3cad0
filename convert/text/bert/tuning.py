"""The numbers of a fine-tuning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the BERT is fine-tuned."""

    sentences: int | None = None  # the first so many of the training sentences; None: all
    epochs: int = 1
    batch: int = 32
    frozen_layers: int = 2  # the lowest, beside the table of word pieces
    rate: float = 5e-5  # the highest, after the first tenth of the steps
    decay: float = 0.01
    seed: int = 1
    checkpoint_steps: int = 100
