"""wav2vec 2.0 with a tiny random checkpoint, which the test saves; and what is said where it cannot run."""

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import MagicMock, call

import numpy as np
import pytest

from convert.corpora.clip import LABELS, Clip
from convert.zoo.catalogue import ENTRIES
from convert.zoo.families.wav2vec2 import VARIABLE, Settings, Wav2Vec2
from convert.zoo.features.store import Store
from convert.zoo.problems import named
from convert.zoo.recogniser import Task
from edged.errors import UsageError


def test_without_a_checkpoint(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's name, and what it should hold."""
    monkeypatch.delenv(VARIABLE, raising=False)
    make = ENTRIES["wav2vec 2.0, rate 0.01"].make
    assert make is not None
    with pytest.raises(UsageError, match=r"EDGED_WAV2VEC2: not set, expected the folder of a checkpoint"):
        make(store)


@pytest.mark.parametrize("rate", [0.01, 1e-5])
def test_rate_and_clipping(
    rate: float, clips: Sequence[Clip], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both rows: AdamW at the rate of the name, gradients clipped at 1 before each step, nothing fetched."""
    torch, transformers = MagicMock(), MagicMock()
    torch.cat.return_value.numpy.return_value = np.full((6, len(LABELS)), 1 / 6)
    monkeypatch.setattr("convert.zoo.families.wav2vec2._libraries", lambda: (torch, transformers))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    make = ENTRIES[f"wav2vec 2.0, rate {rate}"].make
    assert make is not None
    make(store).fit(Task(LABELS, 1), clips[:12], clips[:6])
    load = transformers.AutoModelForAudioClassification.from_pretrained
    parameters = load.return_value.parameters()
    assert load.call_args.kwargs["local_files_only"]
    torch.optim.AdamW.assert_called_once_with(parameters, lr=rate)
    n_steps = torch.optim.AdamW.return_value.step.call_count
    assert torch.nn.utils.clip_grad_norm_.mock_calls == [call(parameters, 1.0)] * n_steps
    steps = [one[0] for one in torch.mock_calls if one[0] in {"nn.utils.clip_grad_norm_", "optim.AdamW().step"}]
    assert steps[:2] == ["nn.utils.clip_grad_norm_", "optim.AdamW().step"]


@pytest.mark.torch
def test_folder_without_a_checkpoint(clips: Sequence[Clip], tmp_path: Path) -> None:
    """The folder, and what is expected there; nothing is fetched."""
    recogniser = Wav2Vec2(Settings(rate=1e-3), tmp_path)
    with pytest.raises(UsageError, match=r"expected a checkpoint of wav2vec 2\.0"):
        recogniser.fit(Task(LABELS, 1), clips[:6], clips[:6])


@pytest.mark.torch
def test_tiny_checkpoint_is_fine_tuned(clips: Sequence[Clip], tmp_path: Path) -> None:
    """Scores are probabilities that training changes, and the same seed gives the same ones."""
    import transformers  # noqa: PLC0415 -- the extra convert-torch

    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8),
        conv_kernel=(10, 8),
        conv_stride=(20, 16),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        mask_time_length=2,
    )
    transformers.Wav2Vec2Model(config).save_pretrained(tmp_path)
    sides = named("emodb").sides(clips, 0)
    task = Task(LABELS, 1)
    found = []
    for epochs in (1, 2, 2):
        recogniser = Wav2Vec2(Settings(rate=1e-2, epochs=epochs), tmp_path)
        recogniser.fit(task, sides["train"], sides["validation"])
        found.append(recogniser.scores(sides["test"]))
        assert recogniser.multiply_adds > 0
    assert found[0].shape == (len(sides["test"]), len(LABELS))
    np.testing.assert_allclose(found[0].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found[1], found[2])
