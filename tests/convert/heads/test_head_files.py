"""A head's file: on every runtime the scores of the network that it was made of."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from convert.score.isolated import apart
from convert.train.heads.files import FLATTENING, head_file
from convert.train.heads.network import Fit, softmax
from edged.features.logmel import Floats
from edged.models.interpreter import Interpreter, installed_runtimes
from tests.convert.heads.features import FEW, N

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[convert]'"
)


def scores(content: bytes, runtime: str, rows: Floats) -> Floats:
    """(n, 6) of each of ``rows``."""
    head = Interpreter("m1", content, 6, n_threads=1, runtime=runtime, n_features=N)  # type: ignore[arg-type]
    return np.array([head.scores(row) for row in rows])


@pytest.mark.parametrize("direct", [(), (3, 4, 5, 6, 7, 8)])
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_head_file_gives_flattened_scores(runtime: str, direct: tuple[int, ...]) -> None:
    """Its logits, with features that are added to them, are divided by 5; weights in int8 are all the difference."""
    rng = np.random.default_rng(0)
    fit = Fit(rng.normal(0, 3, N).astype(np.float32), rng.uniform(0.1, 9, N).astype(np.float32), 64, 6, 10, FEW, 0)
    head = replace(fit.head, direct=direct, direct_weight=2.0)
    head.output[:] = rng.normal(0, 0.5, head.output.shape)
    rows = (head.centre + head.scale * rng.normal(0, 1, (20, N))).astype(np.float32)
    found = apart(scores, head_file(head), runtime, rows)
    np.testing.assert_allclose(found, softmax(head.logits(rows) / np.float32(FLATTENING)), atol=0.02)
