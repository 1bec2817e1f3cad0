"""TensorFlow without traces, for tests that take a few steps with tiny networks.

tf.function ──► the Python function itself, until the test has ended
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def without_traces() -> Iterator[None]:
    """A trace takes seconds for each shape of a batch, which a few steps never bring in."""
    import tensorflow as tf  # noqa: PLC0415 -- it takes seconds

    tf.config.run_functions_eagerly(run_eagerly=True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(run_eagerly=False)


@pytest.fixture
def eager() -> Iterator[None]:
    """``without_traces`` for a whole test."""
    with without_traces():
        yield
