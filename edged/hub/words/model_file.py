"""The linear text model's two files, read and checked.

    text.json: format, labels, scales, offsets, hash ─┐
    text.bin: int8 weights, IDF, known words         ─┴─► TextModel, or a ModelError in one line

``text.bin`` is, end to end: int8 weights (65536, n_labels), uint8 IDF (65536,), and 2^18 bits of known words.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edged.decoding import MALFORMED
from edged.errors import ModelError
from edged.hub.words.ngrams import N_BUCKETS, N_WORD_BITS

FORMAT = 1
MANIFEST, WEIGHTS = "text.json", "text.bin"
SHIPPED = Path(__file__).with_name("english")
_MAX_BYTES = 4_000_000
_MAX_REASON = 200

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Number = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class TextManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``text.json``."""

    format: int
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}\Z")]
    created: str  # RFC 3339, UTC
    licence: str  # of the model file
    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=2, max_length=32)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]  # of text.bin
    scales: tuple[Positive, ...]  # by label: a weight is its int8 times this
    intercepts: tuple[Number, ...]  # by label
    idf_scale: Positive  # an IDF is its uint8 times this
    temperature: Positive  # logits are divided by it
    offsets: tuple[Number, ...]  # by label, added then: with them each label counts as equally frequent
    min_known: Share  # share of a sentence's letters that must be in known words
    training: dict[str, Any]  # sentences with licence, settings, seed, command, commit
    metrics: dict[str, Any]
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class TextModel:
    """A checked manifest and its arrays."""

    manifest: TextManifest
    weights: NDArray[np.int8]  # (65536, n_labels)
    idf: NDArray[np.uint8]  # (65536,)
    known: bytes  # 2^18 bits, lowest first


def load_text_model(folder: Path = SHIPPED) -> TextModel:
    """The text model in ``folder``.

    Raises:
        ModelError: a file is missing, unreadable, of another format, or not what its hash says.
    """
    file = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(_content(file), type=TextManifest)
    except MALFORMED as exc:
        reason = str(exc).encode("unicode_escape").decode()[:_MAX_REASON]
        raise ModelError(f"{file}: {reason or 'nested too deeply'}, expected a text model's manifest") from exc
    if manifest.format != FORMAT:
        raise ModelError(f"{file}: format is {manifest.format}, expected {FORMAT}")
    n_labels = len(manifest.labels)
    if len(set(manifest.labels)) != n_labels:
        raise ModelError(f"{file}: labels are {list(manifest.labels)}, expected each once")
    for name in ("scales", "intercepts", "offsets"):
        if len(getattr(manifest, name)) != n_labels:
            raise ModelError(f"{file}: {name} has {len(getattr(manifest, name))} numbers, expected {n_labels}")
    content = _content(folder / WEIGHTS)
    size = N_BUCKETS * (n_labels + 1) + N_WORD_BITS // 8
    if len(content) != size:
        raise ModelError(f"{folder / WEIGHTS}: {len(content)} bytes, expected {size} for {n_labels} labels")
    digest = hashlib.sha256(content).hexdigest()
    if digest != manifest.sha256:
        raise ModelError(f"{folder / WEIGHTS}: sha256 is {digest[:12]}…, expected {manifest.sha256[:12]}… ({MANIFEST})")
    return _unpacked(manifest, content)


def packed(weights: NDArray[np.int8], idf: NDArray[np.uint8], known: bytes) -> bytes:
    """What ``text.bin`` holds."""
    return weights.tobytes() + idf.tobytes() + known


def _unpacked(manifest: TextManifest, content: bytes) -> TextModel:
    n_labels = len(manifest.labels)
    n_weights = N_BUCKETS * n_labels
    weights = np.frombuffer(content, np.int8, n_weights).reshape(N_BUCKETS, n_labels)
    idf = np.frombuffer(content, np.uint8, N_BUCKETS, n_weights)
    return TextModel(manifest, weights, idf, content[n_weights + N_BUCKETS :])


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ModelError(f"{file}: {reason}, expected a file of the text model") from exc
    if len(content) > _MAX_BYTES:
        raise ModelError(f"{file}: larger than {_MAX_BYTES} bytes, expected a file of the text model")
    return content
