"""What a training is made of: sizes of the network, strengths of augmentation, teacher, schedule.

    Recipe: corpora, NetworkSpec, AugmentSpec, SoundSpec, TeacherSpec, schedule ──described──► plain values, hashed

A field that was added later is left out of the name of a training while it is at its default, so that older trainings
keep their names.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import msgspec

from convert.recipes.cascade import SIX, Cascade

# Marks a field that was added later, see above.
_LATER = {"later": True}
UNDISTILLED = "-undistilled"  # suffix of a recipe's name without its teacher


def described(spec: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of this file
    """``spec`` as plain values, without later fields that are at their default."""
    values: dict[str, Any] = {}
    for part in dataclasses.fields(spec):
        value = getattr(spec, part.name)
        if not (part.metadata == _LATER and value == part.default):
            if isinstance(value, msgspec.Struct):
                value = msgspec.to_builtins(value)
            values[part.name] = _plain(value)
    return values


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field's value
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    return described(value) if dataclasses.is_dataclass(value) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """Sizes of the network."""

    stem: int = 16
    stem_kernel: tuple[int, int] = (5, 5)
    stem_stride: tuple[int, int] = (2, 2)
    blocks: tuple[tuple[int, int, str], ...] = ((32, 2, "plain"), (32, 1, "plain"), (48, 2, "plain"), (48, 1, "plain"))
    fold: int = 96  # channels after the bands are folded, each with its own weights
    temporal: tuple[int, ...] = (96,)
    temporal_kernel: int = 3
    pooling: str = "mean_max"
    dropout: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSpec:
    """Strengths; a probability of 0 switches a part off."""

    speed: float = 0.12  # time stretch, ± share
    band_shift: float = 1.5  # ± bands
    band_stretch: float = 0.06  # ± share of the band axis
    moved_p: float = 0.4  # share of clips that do not start at frame 0
    part_p: float = field(default=0.0, metadata=_LATER)  # share of clips of which only a word or two is there
    part_frames: tuple[int, int] = field(default=(31, 100), metadata=_LATER)  # 0.5 to 1.6 s
    contrast: float = 0.08  # ± share of the dB scale
    tilt_db: float = 3.0  # sd of the slope over the band axis
    curve_db: float = 1.5  # sd of a smooth curve over the band axis
    clean_p: float = field(default=0.0, metadata=_LATER)  # share of clips whose own noise floor is removed
    clean_over: tuple[float, float] = field(default=(2.0, 30.0), metadata=_LATER)  # over-subtraction factor
    lows_p: float = field(default=0.0, metadata=_LATER)  # share of clips whose lowest bands are attenuated
    lows_db: float = field(default=30.0, metadata=_LATER)  # at most
    lows_bands: tuple[float, float] = field(default=(2.0, 10.0), metadata=_LATER)  # bands affected
    peak_db: float = field(default=0.0, metadata=_LATER)  # maximum distance of the loudest cell from 0 dB
    noise_p: float = 0.5
    noise_db: tuple[float, float] = (-80.0, -25.0)
    n_time_masks: int = 2
    time_mask: int = 20  # frames at most
    n_band_masks: int = 2
    band_mask: int = 6  # bands at most
    mixup_p: float = 0.3
    mixup_alpha: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSpec:
    """Strengths on samples, for augmented copies; a probability of 0 switches a part off."""

    speed: float = 0.1  # ± share
    pitch: float = 1.5  # ± semitones, on top of the change of speed
    room_p: float = 0.5
    room_s: tuple[float, float] = (0.15, 0.8)  # reverberation time, 60 dB
    direct_db: tuple[float, float] = (-3.0, 15.0)  # direct-to-reverberant ratio
    noise_p: float = 0.6
    noise_db: tuple[float, float] = (0.0, 25.0)  # signal-to-noise ratio
    microphone_p: float = 0.5
    lowest_hz: tuple[float, float] = (50.0, 350.0)
    highest_hz: tuple[float, float] = (3000.0, 7600.0)
    codec_p: float = 0.3
    gain_db: tuple[float, float] = (-30.0, 6.0)  # from a peak at full scale; above 0 it clips


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSpec:
    """The teacher: first models of ``seeds``, undistilled; the student starts from the weights of its own seed's."""

    seeds: tuple[int, ...] = ()
    share: float = 0.5  # of the loss; the labels have the rest
    temperature: float = 2.0
    epochs: int = 60  # of the student, on top of those that it started with
    learning_rate: float = 3e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsSpec:
    """The heads of a bundle whose models share a trunk, and the adaptation of its features."""

    outputs: tuple[int, ...] = (0, 2, 3)  # of an encoder as the trunk, by half layers: see convert/encoder/trunk.py
    active_db: float = 30.0  # positions this far below the loudest are not pooled
    versions: int = 8  # of each training clip: as it comes, moved, and the rest in other places
    hidden: int = 128
    hidden_after: int = 32  # of all models but the first
    members: int = 3  # networks that are averaged in the first model
    epochs: int = 6
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    dropout: float = 0.4
    smoothing: float = 0.05
    intended_share: float = 1.0
    repeats: tuple[tuple[str, float], ...] = ()  # how much more a corpus' windows count
    start_share: float = field(default=0.0, metadata=_LATER)  # of the logits of the model that the trunk started from
    # Places in training, in windows of one clip each.
    homes: int = 6  # that each place is to different windows of it, in every epoch
    adapted_to: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 15, 20, 40)
    unadapted_p: float = 0.3
    neutral_p: float = 0.5  # share of homes that are mostly neutral
    balanced_p: float = 0.2
    certainty: float = 0.5  # with which the emotions of the windows adapted to are known
    caution: float = 1.0
    # Of the device.
    caution_s: float = 2.5
    prior_weight_s: float = 12.0
    power: float = 0.6
    share: float | None = field(default=None, metadata=_LATER)  # of the evidence of the corrected features; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerSpec:
    """A network of a trunk that all models share: it imitates the encoder, with features adapted to a place."""

    place: int = 8  # clips of one speaker in a batch: one place, whose features are adapted to each other
    statistics_of: tuple[int, ...] = (1, 2, 3, 4, 7)  # other clips that a clip is adapted to, drawn
    adapted_p: float = 0.5  # share of clips that are adapted
    caution: float = 0.5  # clips that weigh as much as the assumption that nothing is to be adapted
    layers: tuple[int, ...] = (1, 2)  # of the encoder, whose features are matched
    components: int = 96  # principal ones of the encoder's features
    match: float = 1.0  # weight of their distance
    soft: float = 0.5  # share of the labels that the encoder's head gives; the intended labels have the rest
    others: float = 0.2  # weight of the losses of m2 to m5
    dropout: float = 0.3  # of features


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSpec:
    """Networks side by side: the convolutions of another recipe's first model, and towers that start from them."""

    start: str = "default"  # the other recipe; empty: towers start from nothing, and stand alone
    towers: tuple[TowerSpec, ...] = (TowerSpec(),)
    budgets: int = 5  # how many models' size it may have
    unlabelled: tuple[str, ...] = field(default=(), metadata=_LATER)  # corpora that towers only imitate the encoder on


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training; two runs of one recipe differ in seed and fold only."""

    name: str
    corpora: tuple[str, ...]  # trained on
    unseen: tuple[str, ...] = ()  # never trained on, tested on all of their speakers
    network: NetworkSpec = field(default_factory=NetworkSpec)
    augment: AugmentSpec = field(default_factory=AugmentSpec)
    epochs: int = 100  # of the first model
    epochs_after: int = 25  # of those that start from its weights
    batch: int = 64
    learning_rate: float = 5e-3
    learning_rate_after: float = 2e-3
    warmup_epochs: int = 3
    warmup_epochs_after: int = 2
    weight_decay: float = 1e-2
    averaging: float = 0.99  # decay of the exponentially averaged weights
    intended_share: float = 1.0  # of the target where listeners voted; their votes have the rest
    smoothing: float = 0.05
    gender_weight: float = 0.1  # of the loss of a head that is cut off before quantization
    level_weight: float = 0.1
    augmented_copies: int = field(default=0, metadata=_LATER)  # of each clip: another room, noise, microphone, codec
    sound: SoundSpec = field(default=SoundSpec(), metadata=_LATER)
    learned_weights: bool = field(default=False, metadata=_LATER)  # of the heads, starting from the two above
    start: str = field(default="", metadata=_LATER)  # the run whose first model is fine-tuned
    teacher: TeacherSpec = field(default=TeacherSpec(), metadata=_LATER)
    trunk: TrunkSpec | None = field(default=None, metadata=_LATER)  # none: five networks apart
    budgets: int = field(default=1, metadata=_LATER)  # how many models' size a network may have
    repeats: tuple[tuple[str, int], ...] = ()  # how often an epoch repeats the clips of a corpus
    heads: HeadsSpec | None = field(default=None, metadata=_LATER)  # on a trunk: the one above, or the encoder
    cascade: Cascade = field(default=SIX, metadata=_LATER)  # models and routes
