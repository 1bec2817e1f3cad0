"""The soak's criteria, and a few minutes of a soak."""

import numpy as np
import pytest

from tests.tools.soak import Snapshot, flat, growth, main


def snapshots(megabytes_an_hour: float, *, noise_mb: float = 0.0) -> list[Snapshot]:
    """A hundred snapshots in a week of a process that grows at this rate, after it doubled in the first tenth."""
    noise = np.random.default_rng(7).normal(0, noise_mb, 100) if noise_mb else np.zeros(100)
    return [
        Snapshot(hour, 80 - 40 * (hour < 16) + megabytes_an_hour * hour + float(noise[index]), 13, 3)
        for index, hour in enumerate(np.linspace(0, 168, 100).tolist())
    ]


def test_growth_is_the_line_through_the_later_half() -> None:
    """The start, when caches fill, is ignored; noise shows as uncertainty."""
    grown, error = growth(snapshots(0.1), "resident_mb")
    assert grown == pytest.approx(0.1 * 168 * 49 / 99)
    assert error == pytest.approx(0, abs=1e-6)
    assert growth(snapshots(0, noise_mb=1), "resident_mb")[1] > 0.1


def test_leak_is_seen_and_noise_is_not_a_leak() -> None:
    """0.1 MB an hour, which fills a device in weeks, is a leak; varying memory is not."""
    assert flat(snapshots(0))
    assert flat(snapshots(0, noise_mb=2))
    assert not flat(snapshots(0.1))


def test_one_open_file_more_an_hour_is_seen() -> None:
    """Open files are checked like memory."""
    assert not flat([snapshot._replace(n_files=13 + round(snapshot.sound_h)) for snapshot in snapshots(0)])


def test_minutes_of_soak(capsys: pytest.CaptureFixture[str]) -> None:
    """A short soak runs and prints its snapshots; whether it is flat is not checked."""
    assert main(0.05) in {0, 1}
    printed = capsys.readouterr().out
    assert printed.count("times real time") > 40
    assert " windows, " in printed
