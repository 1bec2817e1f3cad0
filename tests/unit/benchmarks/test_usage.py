"""CPU time and memory of a command, without those of its parent."""

import sys

import numpy as np
import pytest

from benchmarks.usage import own_peak_mb, usage_of


def test_peak_is_that_of_the_command() -> None:
    """What this process holds does not count, what the command holds does."""
    held = np.ones(40_000_000)  # 320 MB
    assert usage_of([sys.executable, "-S", "-c", "pass"]).peak_mb < 60
    assert 100 < usage_of([sys.executable, "-S", "-c", "b = bytearray(100_000_000)"]).peak_mb < 160
    assert held[0] == 1


def test_own_peak_grows_with_what_is_held() -> None:
    """And stays when that is given back."""
    before_mb = own_peak_mb()
    np.ones(40_000_000)  # 320 MB
    assert own_peak_mb() >= max(before_mb, 320)


def test_busy_is_that_of_the_command() -> None:
    """Counted by the kernel, whatever else runs."""
    assert usage_of([sys.executable, "-S", "-c", "sum(range(3_000_000))"]).busy_s > 0.01


def test_failure_is_an_error() -> None:
    """The status is in the message."""
    with pytest.raises(RuntimeError, match="ended with 3"):
        usage_of([sys.executable, "-S", "-c", "raise SystemExit(3)"])
