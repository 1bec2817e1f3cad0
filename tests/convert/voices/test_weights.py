"""The published weights to the stored file, and the directions of a voice."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from convert.commands.pretrained.voices import taught_on
from convert.corpora import read
from convert.voices import package
from convert.voices.mono_calls import people
from convert.voices.varying import N_DIRECTIONS, varying, voice_embeddings
from convert.voices.weights import stored, write
from edged.calls.voices.encoder import N_LAYERS, N_UNITS, WEIGHTS, VoiceEncoder
from edged.errors import UsageError


def test_stored_file_is_what_the_encoder_reads(tmp_path: Path) -> None:
    """Any weights of those shapes make a file that is read; the same ones make the same bytes."""
    rng = np.random.default_rng(1)
    weights = {}
    for layer in range(N_LAYERS):
        n_inputs = N_UNITS if layer else 40
        weights[f"lstm.weight_ih_l{layer}"] = rng.normal(0, 0.1, (4 * N_UNITS, n_inputs))
        weights[f"lstm.weight_hh_l{layer}"] = rng.normal(0, 0.1, (4 * N_UNITS, N_UNITS))
        for kind in ("ih", "hh"):
            weights[f"lstm.bias_{kind}_l{layer}"] = rng.normal(0, 0.1, 4 * N_UNITS)
    weights["linear.weight"], weights["linear.bias"] = rng.normal(0, 0.1, (N_UNITS, N_UNITS)), np.zeros(N_UNITS)
    first, second = (write(stored(weights), tmp_path / f"{name}.npz") for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    assert VoiceEncoder(first).embeddings(np.ones((1, 160, 40), np.float32)).shape == (1, N_UNITS)


def test_shipped_file_and_licence() -> None:
    """The shipped weights have the directions, and the licence that their owners ask for lies beside them."""
    with np.load(WEIGHTS) as arrays:
        assert arrays["varying"].shape == (N_DIRECTIONS, N_UNITS)
        assert {array.dtype for array in map(arrays.__getitem__, arrays.files)} == {np.dtype(np.float16)}
    assert WEIGHTS.stat().st_size < 3_000_000
    assert "Apache License" in (WEIGHTS.parent / package.LICENCE).read_text(encoding="utf-8")


def test_shipped_directions_suit_the_encoder(corpora: Path) -> None:
    """They take out as much of how a voice varies as when they were made; any eight of 256 would take out 3 %."""
    person = taught_on(people([clip for clip in read(corpora / "emodb") if clip.audio is not None]))[0]
    few = dataclasses.replace(person, clips=person.clips[:6])
    embeddings = voice_embeddings(few, VoiceEncoder().without_directions())
    centred = embeddings - embeddings.mean(axis=0)
    with np.load(WEIGHTS) as arrays:
        directions = arrays["varying"].astype(np.float32)
    assert np.sum((centred @ directions.T) ** 2) / np.sum(centred**2) == pytest.approx(0.411, abs=0.003)


def test_directions_in_which_a_voice_varies() -> None:
    """What differs between speakers is none of them; what each varies in is."""
    rng = np.random.default_rng(1)
    speakers = []
    for _ in range(4):
        embeddings = rng.normal(0, 0.01, (200, N_UNITS))
        embeddings[:, :N_DIRECTIONS] += rng.normal(0, 1, (200, N_DIRECTIONS))
        embeddings[:, 100] += rng.normal(0, 10)
        speakers.append(embeddings.astype(np.float32))
    found = varying(speakers)
    assert np.linalg.norm(found[:, :N_DIRECTIONS]) ** 2 == pytest.approx(N_DIRECTIONS, rel=0.01)


def test_absent_wheel(tmp_path: Path) -> None:
    """A path that leads nowhere is a line, no traceback."""
    with pytest.raises(UsageError, match="No such file"):
        package.fetch(tmp_path / "out", tmp_path / "absent.whl")
