"""The structs of ``bundle.json``: each key of a bundle's manifest, with its type and range.

    bundle.json ──bundle.py──► Manifest

Format 1 has neither ``trunk``, ``adaptation`` nor ``dimensions``, and one geometry.  In format 2 (docs/decisions/0031)
a trunk may stand before the models, and the bundle may have a front end of its own.
"""

from typing import Annotated, Any, Literal

import msgspec

FORMAT = 2  # what is written; format 1 is read too
_MAX_LABELS = _MAX_MODELS = 32
_MAX_WIDTH = 2048  # 4096 features, whose means still fit into a state file

Routing = Literal["hard", "soft"]
# What a voice shows by degrees, beside its label.  Never gender, nor anything else that says who speaks.
DimensionName = Literal["intensity", "arousal", "valence", "dominance"]
Weight = Annotated[float, msgspec.Meta(ge=0, le=100)]
Label = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
Labels = Annotated[tuple[Label, ...], msgspec.Meta(max_length=_MAX_LABELS)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]  # goes into messages as it is
# The fields of features.geometry.Geometry, all of them.
Values = dict[Name, Annotated[int, msgspec.Meta(ge=0, le=10**9)] | float]
_File = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\.tflite\Z")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Count = Annotated[int, msgspec.Meta(gt=0)]
_Positive = Annotated[float, msgspec.Meta(gt=0, le=1000)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of the bundle and its outputs."""

    file: _File
    sha256: _Sha256
    labels: Labels  # of its outputs, in their order
    parameters: _Count
    multiply_adds: _Count  # for one window
    temperature: Annotated[float, msgspec.Meta(ge=0.01, le=100)] = 1.0  # its scores are raised to 1/temperature


class GateModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file that detects speech, if the bundle has one."""

    file: _File
    sha256: _Sha256
    labels: tuple[Label, ...]  # of its outputs, in their order; ``speech`` is one of them
    parameters: _Count
    multiply_adds: _Count  # for one window
    threshold: Annotated[float, msgspec.Meta(gt=0, lt=1)]  # score of ``speech`` from which a window holds speech
    geometry: Values | None = None  # of the windows that it gets, if they are not the bundle's


class Trunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file that computes from a window what all models get, if the bundle has one.

    Its outputs (n_positions, width) become 2 * width features: their mean and spread over the active positions.
    """

    file: _File
    sha256: _Sha256
    parameters: _Count
    multiply_adds: _Count  # for one window
    width: Annotated[int, msgspec.Meta(ge=1, le=_MAX_WIDTH)]  # outputs at each position
    active_db: Annotated[float, msgspec.Meta(gt=0, le=120)]  # a position this far below the loudest is not active


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file that computes a number from 0 to 1 from what the models get, if the bundle has some."""

    file: _File
    sha256: _Sha256
    parameters: _Count
    multiply_adds: _Count  # for one window


class AdaptationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """``adaptation`` in ``bundle.json``: the file of the statistics, and how the device uses them."""

    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}\.npz\Z")]
    sha256: _Sha256
    of: Literal["features", "bands"]  # of the trunk's features, or of the mean level of each band of the image
    caution_s: _Positive
    prior_weight_s: _Positive
    power: _Positive
    # Of the evidence, that of the corrected features, all if absent; the features as they come have the rest.  Not 1,
    # because msgspec omits a default by identity, and a number that was pickled is another one.
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None


class Branch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next node of the hard route when these labels together have the greatest score."""

    labels: Labels
    then: "Node"


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the hard route and where its answer leads; a label in no branch ends the route."""

    model: Name
    branches: tuple[Branch, ...] = ()


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Both ways through the cascade, and the one that won on validation speakers."""

    default: Routing
    hard: Node
    soft: Annotated[dict[Name, Weight], msgspec.Meta(max_length=_MAX_MODELS)]  # model -> weight of its evidence


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``bundle.json``."""

    format: Annotated[int, msgspec.Meta(ge=0, le=999)]
    name: Name
    version: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.+-]{1,64}\Z")]
    created: str  # RFC 3339, UTC
    licence: str
    geometry: Values  # of the windows that trunk or models get
    labels: Labels
    models: Annotated[dict[Name, Model], msgspec.Meta(max_length=_MAX_MODELS)]
    routes: Routes
    # Mean log scores of validation speakers by routing and true label, in nats; without them scores do not adapt.
    mean_log_scores: dict[Routing, dict[Label, tuple[float, ...]]] = msgspec.field(default_factory=dict, name="moods")
    training: dict[str, Any]  # recipe, corpora with licences and speakers, seed, command, commit
    metrics: dict[str, Any]  # with their protocol
    versions: dict[str, str]  # of what trained and converted it
    gate: GateModel | None = None  # bundles without it are gated by level
    trunk: Trunk | None = None  # the models of bundles without it get the windows themselves
    adaptation: AdaptationFile | None = None  # bundles without it adapt no features
    dimensions: dict[DimensionName, Dimension] | None = None  # bundles without them give labels alone
