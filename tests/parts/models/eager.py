"""TensorFlow without traces, for tests that take a few steps with tiny networks.

tf.function ──► the Python function itself, until the test has ended
"""

from collections.abc import Iterator

import pytest


@pytest.fixture
def eager() -> Iterator[None]:
    """A trace takes seconds for each shape of a batch, which a few steps never bring in."""
    import tensorflow as tf  # noqa: PLC0415 -- it takes seconds

    tf.config.run_functions_eagerly(run_eagerly=True)
    yield
    tf.config.run_functions_eagerly(run_eagerly=False)
